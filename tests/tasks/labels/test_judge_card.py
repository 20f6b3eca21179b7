"""`unisafe calibrate`, end to end: two judges against people, with every figure known by hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import datasets
import pytest
from scipy import stats

from tests.tasks import samples
from tests.tasks.commands import DEMO, Command, Done, rows_by_case
from unisafe_judges.rubrics import load_policy_file
from unisafe_tasks import resolve_source
from unisafe_tasks.errors import LabelError
from unisafe_tasks.judging.offline import judge_outputs
from unisafe_tasks.judging.panels import resolve_panel
from unisafe_tasks.labels.annotations import read_annotations
from unisafe_tasks.labels.judge_card import card_for, card_name, read_card
from unisafe_tasks.outputs.saved import read_outputs

PLACES = {
    **dict.fromkeys(("a1", "a2", "a3", "a4"), ("Hate", "H1")),
    **dict.fromkeys(("b1", "b2"), ("Violence", "V1")),
    **dict.fromkeys(("b3", "b4"), ("Violence", "V2")),
}
ONE = {"a1": 1, "a2": 1, "a3": 0, "a4": 0, "b1": 1, "b2": 0, "b3": 1, "b4": 0}
TWO = {"a1": 1, "a2": 0, "a3": 0, "a4": 0, "b1": 1, "b2": 0, "b3": 1, "b4": 1}
HUMAN = {"a1": 1, "a2": 0, "a3": 1, "a4": 0, "b1": 1, "b2": 0, "b4": 1}
"""Nobody labelled b3."""


class Bench:
    """Eight cases, models that answer them, two judges with verdicts by case, and people."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data, self.panel = folder / "data", folder / "panel.yaml"
        self.carrot = folder / "run-carrot"
        self.unisafe: Command | None = None

    def make(self) -> None:
        """The cases, the panel, and a run of one model."""
        rows = [
            samples.row("TT", name, category=category, subcategory=subcategory)
            for name, (category, subcategory) in PLACES.items()
        ]
        samples.export(self.data, rows)
        self.panel.write_text(
            "rubric: unisafe-v1\njudges:\n  - {name: one, backend: labels, path: one.jsonl}\n"
            "  - {name: two, backend: labels, path: two.jsonl}\n"
        )
        self.run("carrot", "A turnip waves")

    def run(self, model: str, words: str) -> Path:
        """A run judged by both; the judges say the same of every model's answers.

        Each model makes the judges' files longer, and so the panel another one.
        """
        outputs = samples.write_rows(
            self.folder / f"{model}.jsonl",
            (
                {"id": name, "scenario_type": "TT", "model": model}
                | {"output_text": f"{words} to {name}."}
                for name in PLACES
            ),
        )
        self.judge(outputs, self.folder / f"raw-{model}", None)
        for judge, said in (("one", ONE), ("two", TWO)):
            path = self.folder / f"{judge}.jsonl"
            before = samples.rows_of_file(path) if path.exists() else []
            samples.write_rows(path, [*before, *self.labels(self.folder / f"raw-{model}", said)])
        return self.judge(outputs, self.folder / f"run-{model}", self.panel)

    def judge(self, outputs: Path, folder: Path, panel: Path | None) -> Path:
        source = resolve_source(str(self.data))
        chosen = resolve_panel(str(panel) if panel else "none", source)
        judge_outputs(read_outputs(str(outputs), source, ()), source, chosen, folder, {})
        return folder

    def judge_again(self, *runs: Path) -> None:
        """By the panel as it is now, so that all are of one."""
        for run in runs:
            model = run.name.removeprefix("run-")
            shutil.rmtree(run)
            self.judge(self.folder / f"{model}.jsonl", run, self.panel)

    def labels(self, run: Path, said: dict[str, int], **more: Any) -> list[dict[str, Any]]:
        digests = rows_by_case(run / "predictions.jsonl")
        return [
            {
                "id": name,
                "scenario_type": "TT",
                "output_sha256": digests[name, "TT"]["output_sha256"],
                "judgment": judgment,
                "risk_rating": 3 if judgment else 1,
                **more,
            }
            for name, judgment in said.items()
        ]

    def calibrate(self, *runs: Path, labels: list[dict[str, Any]]) -> Done:
        path = samples.write_rows(self.folder / "labels.jsonl", labels)
        assert self.unisafe is not None
        return self.unisafe("calibrate", *runs, "--labels", path, "--out", self.folder / "cards")

    def card(self) -> dict[str, Any]:
        (path,) = (self.folder / "cards").iterdir()
        return read_card(path)


@pytest.fixture(scope="module")
def made(shared_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bench with one model's run, made once."""
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNISAFE_CACHE", str(shared_cache / "unisafe"))
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", shared_cache / "datasets")
        Bench(folder).make()
    return folder


@pytest.fixture
def bench(made: Path, tmp_path: Path, unisafe: Command) -> Bench:
    """A bench to work at."""
    bench = Bench(Path(shutil.copytree(made, tmp_path / "bench")))
    bench.unisafe = unisafe
    return bench


# --- the figures ---


def test_a_card_of_a_policy_names_it_with_its_version(bench: Bench) -> None:
    start = files("unisafe_judges").joinpath("rubrics/policy_start.yaml").read_text("utf-8")
    (bench.folder / "policy.yaml").write_text(start)
    bench.panel.write_text(bench.panel.read_text().replace("unisafe-v1", "./policy.yaml"))
    bench.judge_again(bench.carrot)
    run = bench.carrot
    assert bench.calibrate(run, labels=bench.labels(run, HUMAN)).code == 0
    rubric = load_policy_file(bench.folder / "policy.yaml")
    assert bench.card()["panel"]["rubric"] == {
        "name": "house-rules",
        "sha256": rubric.sha256,
        "version": "1",
    }


def test_every_figure_of_a_card_by_hand(bench: Bench) -> None:
    run = bench.carrot
    done = bench.calibrate(run, labels=bench.labels(run, HUMAN))
    assert done.code == 0
    card = bench.card()
    info = json.loads((run / "run.json").read_text("utf-8"))
    assert card["panel"] == {key: info["panel"][key] for key in ("name", "sha256", "rubric")}
    assert card["data"]["fingerprint"] == info["data"]["fingerprint"]
    assert card["counts"] == {
        "labels": 7,
        "annotators": 1,
        "outputs": 7,
        "cells": 1,
        "unmatched_labels": 0,
        "unscored_outputs": 0,
    }
    # The ensemble calls a2 and b4, on which the judges are divided, non-compliant.
    cells = ("true_positives", "false_positives", "false_negatives", "true_negatives")
    assert [card["ensemble"][cell] for cell in cells] == [3, 1, 1, 2]
    assert [card["judges"]["one"][cell] for cell in cells] == [2, 1, 2, 2]
    assert [card["judges"]["two"][cell] for cell in cells] == [3, 0, 1, 3]
    for rate, value in (("precision", 3 / 4), ("recall", 3 / 4), ("specificity", 2 / 3)):
        assert card["ensemble"][rate]["value"] == pytest.approx(value)
    assert card["ensemble"]["f1"] == pytest.approx(0.75)
    assert card["judges"]["two"]["f1"] == pytest.approx(6 / 7)
    soft = [(ONE[name] + TWO[name]) / 2 for name in HUMAN]
    expected = stats.pearsonr(soft, list(HUMAN.values()))
    correlations = card["correlations"]["ensemble"]
    assert correlations["outputs"]["value"] == pytest.approx(expected.statistic)
    low, high = expected.confidence_interval(0.95)
    assert correlations["outputs"]["low"] == pytest.approx(low, abs=1e-6)
    assert correlations["outputs"]["high"] == pytest.approx(high, abs=1e-6)
    assert correlations["cells"] is None
    (row,) = card["corrected"]
    # H1 1.5/4, V1 0.5, V2 0.75.
    assert row["attack_success_rate"] == pytest.approx((1.5 / 4 + 0.625) / 2)
    # Calls: H1 2/4, V1 1/2, V2 1: 0.625; Se 3/4, Sp 2/3.
    assert row["rogan_gladen"]["value"] == pytest.approx((0.625 + 2 / 3 - 1) / (5 / 12))
    # b4 stands for b3 too: H1 2/4, V1 1/2, V2 1.
    assert row["prediction_powered"]["value"] == pytest.approx(0.625)
    assert (row["model"], row["task"], row["labelled"]) == ("carrot", "unisafe_t2t", 7)
    assert card["annotators"] is None
    assert card["notes"][:2] == [
        "People called 4 labelled outputs non-compliant and 3 compliant: with fewer than 30 of a "
        "kind, take every rate with its interval.",
        "Fewer than 30 labels make rough corrections: carrot unisafe_t2t (7).",
    ]


def test_the_table_says_what_the_card_says(bench: Bench) -> None:
    run = bench.carrot
    done = bench.calibrate(run, labels=bench.labels(run, HUMAN))
    card = bench.card()
    assert f"panel ({card['panel']['sha256'][:12]}) on {card['data']['source']}: 7 " in done.out
    lines = [line.split() for line in done.lines]
    assert ["ensemble", "3", "1", "1", "2", "75.0"] in [line[:6] for line in lines]
    assert ["two", "3", "0", "1", "3", "100.0"] in [line[:6] for line in lines]
    (rates,) = (line for line in lines if line[:1] == ["carrot"])
    assert rates[:5] == ["carrot", "unisafe_t2t", "7", "50.0", "70.0"]
    assert "62.5" in rates
    assert done.lines[-1] == f"Judge card: {bench.folder / 'cards' / card_name(card)}"


def test_models_and_tasks_are_correlated_by_their_means(bench: Bench) -> None:
    runs = [bench.run(model, f"The {model} bows") for model in ("beet", "kale", "leek")]
    said = [dict(HUMAN), dict.fromkeys(HUMAN, 1), HUMAN | {"a1": 0}]
    labels = [
        row
        for run, judgments in zip(runs, said, strict=True)
        for row in bench.labels(run, judgments)
    ]
    bench.judge_again(*runs)
    # Two judges who say the same of each model do not vary among them.
    assert bench.calibrate(*runs, labels=labels).code == 0
    card = bench.card()
    assert card["counts"]["cells"] == 3
    assert card["models"] == ["beet", "kale", "leek"]
    assert card["correlations"]["ensemble"]["cells"] is None
    # With fewer of them labelled they do.
    kept = [row for row in labels if (row["id"], row["output_sha256"]) != left_out(labels)]
    assert bench.calibrate(*runs, labels=kept).code == 0
    ensemble = {name: (ONE[name] + TWO[name]) / 2 for name in HUMAN}
    means = [sum(ensemble.values()) / 7] * 2 + [(sum(ensemble.values()) - ensemble["b1"]) / 6]
    people = [4 / 7, 1, (3 - 1) / 6]
    expected = stats.pearsonr(means, people).statistic
    correlation = bench.card()["correlations"]["ensemble"]["cells"]
    assert correlation == {"value": pytest.approx(expected), "low": None, "high": None}


def left_out(labels: list[dict[str, Any]]) -> tuple[str, str]:
    """The label of b1 in the last model's run."""
    rows = [row for row in labels if row["id"] == "b1"]
    return "b1", rows[-1]["output_sha256"]


def test_the_majority_of_several_annotators_counts_and_a_tie_is_non_compliant(
    bench: Bench,
) -> None:
    run = bench.carrot
    ada = bench.labels(run, HUMAN, annotator="ada")
    bo = bench.labels(run, HUMAN | {"a1": 0, "a2": 1}, annotator="bo")
    assert bench.calibrate(run, labels=[*ada, *bo]).code == 0
    card = bench.card()
    assert (card["counts"]["labels"], card["counts"]["annotators"]) == (14, 2)
    cells = ("true_positives", "false_positives", "false_negatives", "true_negatives")
    assert [card["ensemble"][cell] for cell in cells] == [4, 0, 1, 2]
    # a1 and a2 are divided: of 7 pairs 5 agree, 8 of 14 verdicts are non-compliant.
    alpha = 1 - 13 * (2 * 2) / (2 * 8 * 6)
    agreement = card["annotators"]
    assert agreement["outputs"] == 7
    assert agreement["judgment_alpha"]["value"] == pytest.approx(alpha)
    assert agreement["judgment_alpha"]["low"] < alpha < agreement["judgment_alpha"]["high"]
    assert "Of several annotators the majority counts" in card["notes"][0]


# --- which labels count ---


def test_a_label_of_another_output_is_counted_and_never_used(bench: Bench) -> None:
    run = bench.carrot
    labels = bench.labels(run, HUMAN)
    labels[0]["output_sha256"] = "ab" * 32
    assert bench.calibrate(run, labels=labels).code == 0
    card = bench.card()
    assert (card["counts"]["outputs"], card["counts"]["unmatched_labels"]) == (6, 1)
    assert card["ensemble"]["true_positives"] == 2
    assert any(note.startswith("1 of 7 labels are of outputs that") for note in card["notes"])


def test_a_label_of_one_model_is_not_one_of_another_with_the_same_words(bench: Bench) -> None:
    runs = [bench.run(model, "No carrots today") for model in ("beet", "kale")]
    bench.judge_again(runs[0])
    assert bench.calibrate(*runs, labels=bench.labels(runs[0], HUMAN, model="beet")).code == 0
    assert [row["labelled"] for row in bench.card()["corrected"]] == [7, 0]
    # One that names nobody is on the output, whoever made it.
    assert bench.calibrate(*runs, labels=bench.labels(runs[0], HUMAN)).code == 0
    assert [row["labelled"] for row in bench.card()["corrected"]] == [7, 7]


def test_labels_that_fit_nothing_make_no_card(bench: Bench) -> None:
    run = bench.carrot
    labels = bench.labels(run, HUMAN)
    for row in labels:
        row["output_sha256"] = "cd" * 32
    done = bench.calibrate(run, labels=labels)
    assert done.code == 1
    assert "no label is of an output that these runs have a score for" in done.err
    assert not (bench.folder / "cards").exists()


def test_a_labelled_output_without_a_verdict_is_no_call(bench: Bench) -> None:
    run = bench.carrot
    path = run / "verdicts.jsonl"
    rows = samples.rows_of_file(path)
    for row in rows:
        if row["id"] == "a1":
            row |= dict.fromkeys(("judgment", "risk_rating", "refusal")) | {"failure": "timeout"}
    samples.write_rows(path, rows)
    assert bench.calibrate(run, labels=bench.labels(run, HUMAN)).code == 0
    card = bench.card()
    assert (card["counts"]["outputs"], card["counts"]["unscored_outputs"]) == (6, 1)
    assert "1 labelled outputs have no verdict and were not used." in card["notes"]
    assert any("7 of 8 cases scored" in note for note in card["run_notes"])


# --- which runs go together ---


def test_runs_of_different_panels_are_not_measured_together(bench: Bench) -> None:
    first, second = bench.carrot, bench.run("kale", "A kale bows")
    done = bench.calibrate(first, second, labels=bench.labels(first, HUMAN))
    assert done.code == 1
    assert f"{first} and {second} differ in panels" in done.err


def test_a_card_goes_into_a_folder(bench: Bench) -> None:
    (bench.folder / "cards").write_text("mine")
    done = bench.calibrate(bench.carrot, labels=bench.labels(bench.carrot, HUMAN))
    assert done.code == 1
    assert "is a file: --out names the folder" in done.err
    assert (bench.folder / "cards").read_text() == "mine"


def test_a_model_has_one_run(bench: Bench) -> None:
    run = bench.carrot
    shutil.copytree(run, bench.folder / "copy")
    done = bench.calibrate(run, bench.folder / "copy", labels=bench.labels(run, HUMAN))
    assert done.code == 1
    assert "are both runs of carrot: name one of them" in done.err


def test_a_run_that_was_not_judged_has_nothing_to_measure(bench: Bench) -> None:
    run = bench.carrot
    done = bench.calibrate(bench.folder / "raw-carrot", labels=bench.labels(run, HUMAN))
    assert done.code == 1
    assert "was not judged" in done.err


# --- the demo, and hostile names ---


def test_a_card_of_the_demo_says_so_and_is_made_from_a_filled_in_sample(
    unisafe: Command, tmp_path: Path
) -> None:
    run = tmp_path / "demo"
    words = ("--task", "unisafe_text", "--out", run)
    unisafe("judge", DEMO / "predictions" / "demo.jsonl", *words)
    unisafe("label", "export", run, "--out", tmp_path / "sheet", "--per-cell", "1")
    key = samples.rows_of_file(tmp_path / "sheet" / "key.jsonl")
    verdicts = rows_by_case(run / "verdicts.jsonl")
    lines = ["item,annotator,judgment,risk_rating,refusal,note"]
    for number, row in enumerate(key):
        verdict = verdicts[row["id"], row["scenario_type"]]
        judgment = verdict["judgment"] if number % 5 else 1 - verdict["judgment"]
        lines.append(f"{row['item']},[red]ada\x1b,{judgment},{3 if judgment else 1},,")
    (tmp_path / "sheet" / "labels.csv").write_text("\r\n".join(lines), "utf-8")
    done = unisafe("label", "import", tmp_path / "sheet", "--out", tmp_path / "labels.jsonl")
    assert (done.code, "\x1b" in done.out) == (0, False)
    done = unisafe("calibrate", run, "--labels", tmp_path / "labels.jsonl", "--out", tmp_path)
    assert done.code == 0
    assert "Demo data: these are not UniSAFE results and must not be reported as such." in done.out
    (path,) = tmp_path.glob("judge-card-*.json")
    card = read_card(path)
    assert path.name == f"judge-card-{card['panel']['sha256'][:12]}.json"
    wrong = card["ensemble"]["false_positives"] + card["ensemble"]["false_negatives"]
    assert wrong == len(range(0, len(key), 5))
    assert len(read_annotations(tmp_path / "labels.jsonl")) == card["counts"]["outputs"]


def test_a_models_name_cannot_style_the_table(bench: Bench) -> None:
    run = bench.carrot
    info = json.loads((run / "run.json").read_text("utf-8"))
    (run / "run.json").write_text(json.dumps(info | {"model": "[bold]carrot\x1b"}), "utf-8")
    done = bench.calibrate(run, labels=bench.labels(run, HUMAN))
    assert done.code == 0
    assert "[bold]carrot\ufffd" in done.out


# --- cards that are read ---


@pytest.fixture
def card(bench: Bench) -> dict[str, Any]:
    run = bench.carrot
    bench.calibrate(run, labels=bench.labels(run, HUMAN))
    return bench.card()


def test_the_card_of_a_panel_is_found_by_its_hash(card: dict[str, Any]) -> None:
    other = card | {"panel": card["panel"] | {"sha256": "0" * 64}}
    assert card_for([other, card], card["panel"]["sha256"]) is card
    assert card_for([other], card["panel"]["sha256"]) is None
    with pytest.raises(LabelError, match="there are 2 judge cards of panel"):
        card_for([card, card], card["panel"]["sha256"])


def test_a_damaged_card_is_one_sentence(card: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "card.json"

    def problem_of(change: Callable[[dict[str, Any]], object]) -> str:
        value = json.loads(json.dumps(card))
        change(value)
        path.write_text(json.dumps(value), "utf-8")
        with pytest.raises(LabelError) as raised:
            read_card(path)
        assert len(str(raised.value).splitlines()) == 1
        assert str(raised.value).startswith(f"judge card {path} is damaged: ")
        return str(raised.value)

    assert "format" in problem_of(lambda value: value.update(format="unisafe-metrics/1"))
    assert "panel.sha256" in problem_of(lambda value: value["panel"].pop("sha256"))
    assert "ensemble.recall.value" in problem_of(
        lambda value: value["ensemble"]["recall"].update(value="high")
    )
    assert "corrected.0.attack_success_rate" in problem_of(
        lambda value: value["corrected"][0].update(attack_success_rate=float("nan"))
    )
    assert "ensemble.true_positives" in problem_of(
        lambda value: value["ensemble"].update(true_positives=-1)
    )


def test_what_is_no_card_is_said(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="cannot be read"):
        read_card(tmp_path / "none.json")
    path = tmp_path / "card.json"
    path.write_text("[" * 100_000, "utf-8")
    with pytest.raises(LabelError, match="is not valid JSON"):
        read_card(path)
    path.write_text("[]", "utf-8")
    with pytest.raises(LabelError, match="is damaged: the file"):
        read_card(path)


def test_a_card_of_other_models_is_not_overwritten(bench: Bench) -> None:
    other = bench.run("beet", "The beet bows")
    bench.judge_again(bench.carrot)
    assert bench.calibrate(bench.carrot, labels=bench.labels(bench.carrot, HUMAN)).code == 0
    before = bench.card()
    done = bench.calibrate(other, labels=bench.labels(other, HUMAN))
    assert done.code == 1
    assert "is of other models' runs: name another folder with --out" in done.err
    assert bench.card() == before
