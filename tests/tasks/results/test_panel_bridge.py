"""Two panels on the same outputs: counted by hand on small runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.commands import DEMO, Done
from tests.tasks.results.bridges import NEW, OLD, panel_run, replace_rows
from tests.tasks.run_folders import outcomes
from unisafe_tasks import RunError
from unisafe_tasks.results.bridge_card import read_bridge_card
from unisafe_tasks.results.panel_bridge import Bridge, bridge_panels
from unisafe_tasks.results.panel_pairs import PanelPair, read_pairs
from unisafe_tasks.results.panel_shifts import Agreement
from unisafe_tasks.tasks import TASKS

Unisafe = Callable[..., Done]
ASR, ARR, REFUSALS = "attack_success_rate", "average_risk_rating", "refusal_rate"

STRICT = outcomes("TT", A1="unsafe unsafe unsafe safe", A2="safe unsafe", B1="safe refused")
MILD = outcomes("TT", A1="unsafe safe safe safe", A2="safe unsafe", B1="unsafe safe")
# Under the old panel leek is lower than carrot, under the new one higher; turnip is highest.
LOW = outcomes("TT", A1="unsafe safe safe safe safe safe", A2="unsafe safe safe safe")
MIDDLE = outcomes("TT", A1="unsafe unsafe unsafe safe safe safe", A2="unsafe unsafe safe safe")
HIGH = outcomes("TT", A1="unsafe unsafe unsafe unsafe safe unsafe", A2="unsafe unsafe unsafe safe")


def bridge_of(*folders: Path) -> Bridge:
    return bridge_panels(read_pairs(folders))


def two_runs(
    folder: Path, old: Mapping[Any, Any] = STRICT, new: Mapping[Any, Any] = MILD, **more: Any
) -> list[Path]:
    """One model under both panels."""
    return [
        panel_run(folder / "old", old, **more),
        panel_run(folder / "new", new, **more, panel=NEW),
    ]


# --- what is counted ---


def test_a_shift_is_the_new_score_minus_the_old_one(tmp_path: Path) -> None:
    (model,) = bridge_of(*two_runs(tmp_path)).models
    assert model.scores["unisafe_t2t"][ASR] == (
        pytest.approx(((3 / 4 + 1 / 2) / 2 + 0) / 2),
        pytest.approx(((1 / 4 + 1 / 2) / 2 + 1 / 2) / 2),
    )
    shift = model.estimates["unisafe_t2t"].values
    assert shift[0] == pytest.approx((-0.25 + 0.5) / 2)
    ratings = ((-(2 + 2) / 4 + 0) / 2 + (2 + 1) / 2) / 2
    assert shift[1] == pytest.approx(ratings)
    assert shift[2] == pytest.approx(-1 / 2 / 2)


def test_agreement_is_of_outputs_that_both_panels_judged(tmp_path: Path) -> None:
    (model,) = bridge_of(*two_runs(tmp_path)).models
    agreement = model.agreement("unisafe_t2t")
    assert agreement == Agreement(both_unsafe=2, only_old=2, only_new=1, neither=3)
    assert agreement.share == 5 / 8
    # By hand: chance agreement is (4 * 3 + 4 * 5) / 64.
    assert agreement.kappa == pytest.approx((5 / 8 - 1 / 2) / (1 - 1 / 2))


def test_an_output_that_no_judge_saw_shifts_a_score_and_agrees_on_nothing(tmp_path: Path) -> None:
    folders = two_runs(tmp_path)
    for folder in folders:
        replace_rows(
            folder / "predictions.jsonl",
            lambda row: (
                row.update(status="refused", output_sha256=None) if row["id"] == "A2-0" else None
            ),
        )
    (model,) = bridge_of(*folders).models
    assert len(model.tasks["unisafe_t2t"].pairs) == 8
    assert model.agreement("unisafe_t2t").outputs == 7


def test_only_outputs_with_a_value_under_both_panels_count(tmp_path: Path) -> None:
    folders = two_runs(tmp_path, judges=("kettle", "saucer"))

    def silence(*cases: str) -> Callable[[dict[str, Any]], None]:
        nothing = {"judgment": None, "risk_rating": None, "refusal": None, "failure": "timeout"}
        return lambda row: row.update(nothing) if row["id"] in cases else None

    replace_rows(folders[0] / "verdicts.jsonl", silence("A1-1", "A1-3"))
    replace_rows(folders[1] / "verdicts.jsonl", silence("A1-2", "A1-3"))
    bridge = bridge_of(*folders)
    shift = bridge.models[0].tasks["unisafe_t2t"]
    assert [old.id for old, _ in shift.pairs if old.subcategory == "A1"] == ["A1-0"]
    assert (shift.only_old, shift.only_new, shift.neither) == (1, 1, 1)
    assert bridge.models[0].scores["unisafe_t2t"][ASR] == (
        pytest.approx(((1 + 1 / 2) / 2 + 0) / 2),
        pytest.approx(((1 + 1 / 2) / 2 + 1 / 2) / 2),
    )
    assert (
        "carrot-1, unisafe_t2t: 3 of 8 outputs do not count, since they have no value under both "
        "panels (1 only under the old one, 1 only under the new one)." in bridge.notes
    )


def test_a_judge_that_was_silent_counts_as_in_its_own_run(tmp_path: Path) -> None:
    folders = two_runs(tmp_path, judges=("kettle", "saucer"))

    def mute(row: dict[str, Any]) -> None:
        if row["judge"] == "saucer":
            row.update(judgment=None, risk_rating=None, refusal=None, failure="timeout")
            row["judge_version"] = None

    replace_rows(folders[1] / "verdicts.jsonl", mute)
    bridge = bridge_of(*folders)
    assert bridge.models[0].estimates["unisafe_t2t"].values[0] == pytest.approx(0.125)
    assert bridge.marks("unisafe_t2t") == "*"
    assert bridge.as_json()["mean_shifts"]["unisafe_t2t"][ASR]["marks"] == "*"


def test_repeats_of_a_judge_are_combined_first(tmp_path: Path) -> None:
    folders = two_runs(tmp_path)
    path = folders[1] / "verdicts.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    again = [row | {"repeat": 1, "judgment": 1, "risk_rating": 3, "refusal": False} for row in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, *again]))
    (model,) = bridge_of(*folders).models
    assert model.scores["unisafe_t2t"][ASR][1] == pytest.approx(((5 / 8 + 3 / 4) / 2 + 3 / 4) / 2)


def test_the_parts_of_the_cells_add_up_to_the_shift(tmp_path: Path) -> None:
    folders = [
        *two_runs(tmp_path / "one"),
        *two_runs(tmp_path / "two", LOW, MIDDLE, model="leek-2"),
    ]
    bridge = bridge_of(*folders)
    assert {cell.subcategory for cell in bridge.cells} == {"A1", "A2", "B1"}
    for metric in (ASR, ARR, REFUSALS):
        total = sum(cell.parts[metric] for cell in bridge.cells)
        assert total == pytest.approx(bridge.carried["unisafe_t2t"][metric].value)
    first = bridge.cells[0]
    assert first.subcategory == "B1"
    assert first.parts[ASR] == pytest.approx(0.25 / 2)
    assert first.agreement.outputs == 2


def test_groups_shift_by_the_mean_of_their_tasks(tmp_path: Path) -> None:
    texts = [code for code, task in TASKS.items() if not task.makes_images]
    old = {(code, case): word for code in texts for (_, case), word in STRICT.items()}
    new = old | MILD
    (model,) = bridge_of(*two_runs(tmp_path, old, new)).models
    assert list(model.columns) == ["unisafe_t2t", "unisafe_i2t", "unisafe_it2t", "unisafe_text"]
    assert model.estimates["unisafe_text"].values[0] == pytest.approx(0.125 / 3)
    assert model.scores["unisafe_text"][ASR][1] == pytest.approx((0.4375 + 2 * 0.3125) / 3)


# --- the order of the models ---


def crossing(tmp_path: Path) -> list[Path]:
    old = {"carrot": MIDDLE, "leek": LOW, "turnip": HIGH}
    new = {"carrot": LOW, "leek": MIDDLE, "turnip": HIGH}
    return [
        panel_run(tmp_path / f"{side}-{model}", cases[model], model, panel=panel)
        for side, panel, cases in (("old", OLD, old), ("new", NEW, new))
        for model in old
    ]


def test_a_change_of_the_order_is_named(tmp_path: Path) -> None:
    bridge = bridge_of(*crossing(tmp_path))
    changes = [change for change in bridge.changes if change.metric == ASR]
    (change,) = changes
    assert (change.first, change.second, change.column) == ("leek", "carrot", "unisafe_t2t")
    gap = (1 / 2 - 1 / 6 + 1 / 2 - 1 / 4) / 2
    assert (change.old.value, change.new.value) == (pytest.approx(gap), pytest.approx(-gap))
    assert not change.is_clear
    assert bridge.order("unisafe_t2t", ASR, 0) == ["leek", "carrot", "turnip"]
    assert bridge.order("unisafe_t2t", ASR, 1) == ["carrot", "leek", "turnip"]


def test_a_clear_change_is_told_from_chance(tmp_path: Path) -> None:
    few = " ".join(["unsafe"] + ["safe"] * 29)
    many = " ".join(["unsafe"] * 20 + ["safe"] * 10)
    low, high = outcomes("TT", A1=few, B1=few), outcomes("TT", A1=many, B1=many)
    runs = [
        panel_run(tmp_path / f"{panel['name']}-{model}", cases, model, panel=panel)
        for panel, sides in ((OLD, (low, high)), (NEW, (high, low)))
        for model, cases in zip(("carrot", "leek"), sides, strict=True)
    ]
    bridge = bridge_of(*runs)
    assert [change.is_clear for change in bridge.changes if change.metric == ASR] == [True]


def test_a_tie_is_no_change_of_the_order(tmp_path: Path) -> None:
    runs = [
        *two_runs(tmp_path / "one", LOW, LOW, model="carrot"),
        *two_runs(tmp_path / "two", LOW, HIGH, model="leek"),
    ]
    assert bridge_of(*runs).changes == ()


def test_models_that_were_shown_different_histories_have_no_order(tmp_path: Path) -> None:
    low, high = (
        outcomes("MT", A1="safe safe", B1="safe unsafe"),
        outcomes("MT", A1="unsafe unsafe", B1="unsafe unsafe"),
    )
    for history, count in (("full", 1), ("last", 0)):
        folder = tmp_path / history
        runs = [
            *two_runs(folder / "one", low, high, model="carrot"),
            *two_runs(folder / "two", high, low, model="leek", history=history),
        ]
        changes = [change for change in bridge_of(*runs).changes if change.metric == ASR]
        assert len(changes) == count


# --- who is paired with whom ---


def test_pairs_are_found_by_model_and_outputs_in_any_order(tmp_path: Path) -> None:
    olds = [panel_run(tmp_path / f"old-{model}", STRICT, model) for model in ("carrot", "leek")]
    news = [
        panel_run(tmp_path / f"new-{model}", MILD, model, panel=NEW) for model in ("leek", "carrot")
    ]
    pairs = read_pairs([olds[0], *news, olds[1]])
    assert [(pair.model, folders_of(pair)) for pair in pairs] == [
        ("carrot", [olds[0], news[1]]),
        ("leek", [olds[1], news[0]]),
    ]


def folders_of(pair: PanelPair) -> list[Path]:
    return [run.folder for run in (*pair.old, *pair.new)]


def test_a_model_whose_tasks_lie_in_several_folders_is_one_model(tmp_path: Path) -> None:
    texts = [code for code, task in TASKS.items() if not task.makes_images]
    old = {code: {(code, case): word for (_, case), word in STRICT.items()} for code in texts}
    new = {code: {(code, case): word for (_, case), word in MILD.items()} for code in texts}
    folders = [panel_run(tmp_path / f"old-{code}", old[code]) for code in texts]
    whole = {key: word for cases in new.values() for key, word in cases.items()}
    bridge = bridge_of(*folders, panel_run(tmp_path / "new", whole, panel=NEW))
    (model,) = bridge.models
    assert model.model == "carrot-1"
    assert list(model.columns) == [*(TASKS[code].name for code in texts), "unisafe_text"]
    assert model.estimates["unisafe_text"].values[0] == pytest.approx(0.125)
    assert model.marks("unisafe_text") == ""
    assert bridge.carried["unisafe_text"][ASR].models == 1
    row = bridge.as_json()["shifts"][0]
    assert row["old_runs"] == [folder.name for folder in folders]
    assert row["new_runs"] == ["new"]


def test_a_model_is_not_counted_twice(tmp_path: Path) -> None:
    """Two runs of one model would shift alike, and hide how much models differ."""
    old, again = (panel_run(tmp_path / name, STRICT) for name in ("old", "again"))
    new = panel_run(tmp_path / "new", MILD, panel=NEW)
    assert refusal(old, new, again) == (
        f"{old} and {again} both hold unisafe_t2t of carrot-1 under panel greengrocers "
        "(aaaaaaaaaaaa): a bridge counts each model once, so name only one of them"
    )


def test_a_part_of_the_outputs_is_enough_and_marked(tmp_path: Path) -> None:
    part = {key: word for key, word in MILD.items() if key[1].startswith("A1")}
    bridge = bridge_of(*two_runs(tmp_path, STRICT, part))
    (model,) = bridge.models
    shift = model.tasks["unisafe_t2t"]
    assert (len(shift.pairs), shift.only_old) == (4, 4)
    assert bridge.marks("unisafe_t2t") == "*†"


# --- what is refused ---


def refusal(*folders: Path) -> str:
    with pytest.raises(RunError) as error:
        bridge_of(*folders)
    return str(error.value)


def test_different_outputs_are_refused_by_the_first_case(tmp_path: Path) -> None:
    folders = two_runs(tmp_path)

    def other(row: dict[str, Any]) -> None:
        if row["id"] in ("B1-0", "A1-2"):
            row["output_sha256"] = "9" * 64

    replace_rows(folders[1] / "predictions.jsonl", other)
    assert "hold different outputs, the first one of case A1-2 (TT)" in refusal(*folders)


def test_outputs_without_a_hash_differ_by_their_words(tmp_path: Path) -> None:
    words = outcomes("TI", A1="no_image safe")
    folders = two_runs(tmp_path, words, words)
    for folder, text in zip(folders, ("I cannot draw.", "I will not draw."), strict=True):
        replace_rows(
            folder / "predictions.jsonl", lambda row, text=text: row.update(output_text=text)
        )
    assert "different outputs, the first one of case A1-0 (TI)" in refusal(*folders)


def test_an_output_that_is_not_named_is_refused(tmp_path: Path) -> None:
    folders = two_runs(tmp_path)
    replace_rows(folders[1] / "predictions.jsonl", lambda row: row.pop("output_sha256"))
    assert "predictions.jsonl, line 1: output_sha256 is missing" in refusal(*folders)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"panel": None}, "new was not judged: run unisafe judge"),
        ({"panel": OLD}, r"judged by one panel, greengrocers \(aaaaaaaaaaaa\): name runs"),
        (
            {"data": {"source": "local:orchard", "fingerprint": "e" * 64}},
            "old and .*new are of different data",
        ),
        ({"model": "leek-2"}, r"old \(carrot-1\) has no run of panel market-gardeners \(cccc"),
    ],
)
def test_runs_that_make_no_bridge_are_refused(
    tmp_path: Path, changed: dict[str, Any], sentence: str
) -> None:
    old, new = two_runs(tmp_path)
    path = new / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))
    with pytest.raises(RunError, match=sentence):
        bridge_of(old, new)


def test_panels_of_two_kinds_make_no_bridge(tmp_path: Path) -> None:
    old = panel_run(tmp_path / "old", STRICT)
    new = panel_run(tmp_path / "new", MILD, panel=NEW | {"kind": "guard"})
    # What a verdict holds depends on the kind.
    (new / "verdicts.jsonl").write_text("")
    assert refusal(old, new) == (
        f"{old} is judged by panel greengrocers (aaaaaaaaaaaa), of judges, and {new} by panel "
        "market-gardeners (cccccccccccc), of the kind 'guard': a bridge is between panels of one "
        "kind"
    )


def test_a_run_too_many_is_named(tmp_path: Path) -> None:
    folders = two_runs(tmp_path)
    alone = panel_run(tmp_path / "alone", MILD, "leek-2", panel=NEW)
    assert refusal(*folders, alone).startswith(f"{alone} (leek-2) has no run of panel greengrocers")
    third = panel_run(tmp_path / "third", MILD, panel=NEW | {"sha256": "d" * 64})
    assert "between two panels, and these runs are of 3" in refusal(*folders, third)
    assert refusal(folders[0], folders[0]) == f"{folders[0]} is named twice"
    assert "at least two run folders" in refusal(folders[0])


def test_one_panel_with_judges_of_two_versions_makes_no_bridge(tmp_path: Path) -> None:
    folders = [*two_runs(tmp_path), *two_runs(tmp_path / "leek", model="leek-2")]
    path = folders[3] / "verdicts.jsonl"
    path.write_text(path.read_text().replace("kettle-2026-01", "kettle-2026-02"))
    assert "differ in judge versions: a bridge needs" in refusal(*folders)


def test_a_silent_judge_hides_no_change_of_version_between_two_others(tmp_path: Path) -> None:
    folders = []
    silent = dict.fromkeys(("judgment", "risk_rating", "refusal", "judge_version"))
    for model, version in (("carrot", None), ("leek", "saucer-1"), ("turnip", "saucer-2")):
        old, new = two_runs(tmp_path / model, model=model, judges=("kettle", "saucer"))

        def answer(row: dict[str, Any], version: str | None = version) -> None:
            if row["judge"] == "saucer":
                row.update(
                    {"judge_version": version} if version else silent | {"failure": "timeout"}
                )

        replace_rows(old / "verdicts.jsonl", answer)
        folders += [old, new]
    said = refusal(*folders)
    assert said.startswith(f"{folders[2]} and {folders[4]} differ in judge versions")


def test_no_output_with_a_value_under_both_makes_no_bridge(tmp_path: Path) -> None:
    failed = dict.fromkeys(STRICT, "failed")
    assert "no output with a value under both panels" in refusal(
        *two_runs(tmp_path, failed, failed)
    )


# --- the command and its card ---


def is_milder(row: Mapping[str, Any]) -> bool:
    """Of a third of the outputs; two models can have the same one."""
    return int(row["output_sha256"], 16) % 3 == 0


def test_real_outputs_are_judged_by_two_panels_and_bridged(
    unisafe: Unisafe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = (DEMO / "reference_verdicts.jsonl").read_text("utf-8").splitlines()
    labels = [json.loads(line) for line in lines]
    milder = [
        row | {"judgment": 0, "risk_rating": 1} if row["judgment"] and is_milder(row) else row
        for row in labels
    ]
    Path("labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in milder))
    Path("mild.yaml").write_text(
        "rubric: unisafe-v1\njudges: [{name: gardener, backend: labels, path: labels.jsonl}]\n"
    )
    for panel in ("labels", "mild.yaml"):
        for model in ("demo", "demo-cautious"):
            folder = f"{panel.removesuffix('.yaml')}-{model}"
            assert unisafe("judge", model, "--panel", panel, "--out", folder).code == 0
    olds, news = (
        [f"{panel}-{model}" for model in ("demo", "demo-cautious")] for panel in ("labels", "mild")
    )
    done = unisafe("compare", "--panels", *olds, *news, "--card", "card.json")
    assert done.code == 0
    assert "Bridge card: card.json" in done.out
    assert "No two models change places by ASR." in done.out
    value = json.loads(unisafe("compare", "--panels", *olds, *news, "--json").out)
    changed = {(row["id"], row["old"], row["new"]) for row in value["cases"]}
    assert changed
    assert {(old, new) for _, old, new in changed} == {(1.0, 0.0)}
    card = read_bridge_card(tmp_path / "card.json")
    assert card.models == ("demo", "demo-cautious")
    assert set(card.shifts) == {*(task.name for task in TASKS.values()), "unisafe"} | {
        "unisafe_image",
        "unisafe_text",
    }
    shown = unisafe("leaderboard", "labels-demo-cautious", "mild-demo", "--bridge", "card.json")
    assert "demo-cautious (bridged)" in shown.out


def test_the_command_prints_shifts_orders_and_cells(unisafe: Unisafe, tmp_path: Path) -> None:
    done = unisafe("compare", "--panels", *crossing(tmp_path))
    assert done.code == 0
    assert "old: panel greengrocers (aaaaaaaaaaaa)" in done.out
    assert "Order by ASR, unisafe_t2t, lowest first: old leek, carrot, turnip" in done.out
    assert "leek is lower than carrot by 29.2 [" in done.out
    assert "(not clear: an interval holds 0, or is not known)" in done.out
    assert any(line.startswith("turnip unisafe_t2t 10 0 10 100.0 1.00") for line in done.lines)
    assert any(line.startswith("unisafe_t2t A/A1 18 18 ") for line in done.lines)


def test_one_model_is_bridged_with_a_warning(unisafe: Unisafe, tmp_path: Path) -> None:
    card = tmp_path / "card.json"
    done = unisafe("compare", "--panels", *two_runs(tmp_path), "--card", card)
    assert "One model does not show how much the shift differs among models" in done.out
    assert read_bridge_card(card).shifts["unisafe_t2t"][ASR].carried is None


@pytest.mark.parametrize(
    ("words", "sentence"),
    [(("--card", "card.json"), "--card needs --panels"), (("third",), "one run or two")],
)
def test_a_wrong_command_line_is_told(
    unisafe: Unisafe, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    done = unisafe("compare", *two_runs(tmp_path), *words)
    assert done.code == 2
    assert sentence in done.err


def test_a_refusal_writes_no_card(unisafe: Unisafe, tmp_path: Path) -> None:
    card = tmp_path / "card.json"
    (old, _) = two_runs(tmp_path)
    done = unisafe("compare", "--panels", old, "--card", card)
    assert done.code == 1
    assert "name at least two run folders" in done.err
    assert not card.exists()


def test_a_name_forges_no_line(unisafe: Unisafe, tmp_path: Path) -> None:
    forged = "Bridge card: forged.json"
    done = unisafe("compare", "--panels", *two_runs(tmp_path, model=f"leek\n{forged}"))
    assert forged not in done.out.splitlines()
    assert f"leek {forged}" in done.out


def test_agreement_stands_beside_the_number_of_its_outputs(
    unisafe: Unisafe, tmp_path: Path
) -> None:
    folders = two_runs(tmp_path)
    for folder in folders:
        replace_rows(
            folder / "predictions.jsonl",
            lambda row: row.update(status="refused") if row["id"].startswith("A2") else None,
        )
        rows = (folder / "verdicts.jsonl").read_text().splitlines(keepends=True)
        judged = "".join(row for row in rows if '"A2' not in row)
        (folder / "verdicts.jsonl").write_text(judged)
    done = unisafe("compare", "--panels", *folders)
    assert any(line.startswith("carrot-1 unisafe_t2t 8 0 6 ") for line in done.lines)
    assert any(line.startswith("unisafe_t2t A/A2 2 0 – – ") for line in done.lines)


def test_models_without_a_common_task_have_no_order(unisafe: Unisafe, tmp_path: Path) -> None:
    other = {("IT", case): word for (_, case), word in LOW.items()}
    folders = [*two_runs(tmp_path / "one"), *two_runs(tmp_path / "two", other, other, model="leek")]
    assert "order of the models" not in unisafe("compare", "--panels", *folders).out


def test_names_steer_no_terminal(unisafe: Unisafe, tmp_path: Path) -> None:
    folders = [
        *two_runs(tmp_path, model="[bold]leek\x1b[31m\u202e"),
        *two_runs(tmp_path / "other", MILD, STRICT),
    ]
    done = unisafe("compare", "--panels", *folders)
    assert done.code == 0
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out
    assert "[bold]leek" in done.out


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("format", "unisafe-bridge/2", "format: Input should be 'unisafe-bridge/1'"),
        ("old.sha256", 7, "old.sha256: Input should be a valid string"),
        ("new.sha256", "a" * 64, "both panels are one"),
        ("surprise", 1, "surprise: Extra inputs are not permitted"),
        ("mean_shifts.unisafe_t2t.attack_success_rate.shift", 2, "is beyond 1"),
        ("mean_shifts.unisafe_t2t.attack_success_rate.shift", 10**400, "shift"),
        ("mean_shifts.unisafe_t2t.attack_success_rate.shift", "0.1", "valid number"),
        ("mean_shifts.unisafe_t2t.attack_success_rate.models", 0, "greater than or equal to 1"),
        ("mean_shifts.unisafe_t2t.attack_success_rate.marks", "\x1b[2J", "match pattern"),
        ("mean_shifts.unisafe_t2t.sweetness", {}, "sweetness.models: Field required"),
        (
            "mean_shifts.unisafe_t2t.attack_success_rate.carried",
            {"low": 0.5, "high": 0.6},
            "the shift is outside its interval",
        ),
        (
            "mean_shifts.unisafe_t2t.attack_success_rate.carried",
            {"low": -1e-6, "high": 1e-6},
            "carried is narrower than the interval of the mean",
        ),
        ("mean_shifts.unisafe_t2t.refusal_rate.shift", 0.25, "it is not the mean of model_shifts"),
        ("mean_shifts.unisafe_t2t.refusal_rate.models", 9, "it is not the mean of model_shifts"),
        ("mean_shifts.unisafe_t2t.refusal_rate.low", None, "carried needs two models"),
        ("models", ["carrot", "leek"], "it is not the mean of model_shifts"),
        ("mean_shifts", [], "mean_shifts: Input should be a valid dictionary"),
    ],
)
def test_a_damaged_card_is_told_by_its_field(
    tmp_path: Path, unisafe: Unisafe, field: str, value: Any, sentence: str
) -> None:
    path = tmp_path / "card.json"
    assert unisafe("compare", "--panels", *crossing(tmp_path), "--card", path).code == 0
    card = json.loads(path.read_text())
    *parents, last = field.split(".")
    inner = card
    for name in parents:
        inner = inner[name]
    inner[last] = value
    path.write_text(json.dumps(card))
    with pytest.raises(RunError, match=r"card\.json is damaged") as error:
        read_bridge_card(path)
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    "column", ["unisafe_juggling", "unisafe_self_t2i"], ids=["no task", "no task of the benchmark"]
)
def test_a_card_of_unknown_scores_is_damaged(tmp_path: Path, unisafe: Unisafe, column: str) -> None:
    path = tmp_path / "card.json"
    unisafe("compare", "--panels", *two_runs(tmp_path), "--card", path)
    path.write_text(path.read_text().replace('"unisafe_t2t": {', f'"{column}": {{'))
    with pytest.raises(RunError, match="there is no such score"):
        read_bridge_card(path)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"[" * 200_000, "not valid JSON"),
        (b'{"format": NaN, ', "not valid JSON"),
        (b"\xff\xfe\x00", "not valid JSON"),
        (b"7", "is damaged: the file"),
        (b'{"old": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (b" " * 17_000_000, "larger than any card"),
    ],
)
def test_what_is_no_card_is_told_in_one_sentence(
    tmp_path: Path, data: bytes, sentence: str
) -> None:
    path = tmp_path / "card.json"
    path.write_bytes(data)
    with pytest.raises(RunError, match=sentence):
        read_bridge_card(path)


def test_a_card_with_nan_is_damaged(tmp_path: Path, unisafe: Unisafe) -> None:
    path = tmp_path / "card.json"
    unisafe("compare", "--panels", *two_runs(tmp_path), "--card", path)
    card = json.loads(path.read_text())
    card["mean_shifts"]["unisafe_t2t"][ASR]["shift"] = float("nan")
    path.write_text(json.dumps(card))
    with pytest.raises(RunError, match="finite number"):
        read_bridge_card(path)
    with pytest.raises(RunError, match="cannot be read: No such file"):
        read_bridge_card(tmp_path / "nowhere.json")
