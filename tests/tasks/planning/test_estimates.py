"""`unisafe estimate`: each number is the product that its line shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers import JudgeServer
from tests.tasks.commands import CASES_OF, Command
from unisafe_judges import load_panel
from unisafe_judges.costs import TOKENS_PER_REPLY
from unisafe_tasks.data.sources import load_cases, source_of
from unisafe_tasks.planning.estimates import Counts, estimate_judging, estimate_model
from unisafe_tasks.planning.models_file import GpuHour, ModelEntry
from unisafe_tasks.tasks import TASKS, Arm

COUNTS = Counts({"TI": 100, "IE": 50, "MT": 25, "TT": 200}, "Said.")
HOUR = GpuHour(dollars=3, source="assumed")


def entry(**given: object) -> ModelEntry:
    return ModelEntry.model_validate({"name": "carrot-1", "model": "bagel", **given})


def test_a_model_on_gpus_is_seconds_times_outputs() -> None:
    timed = entry(
        tasks=["TI", "MT", "TT"], gpus=2, gpu_gb=40, shards=4, seconds={"image": 36, "text": 9}
    )
    estimate = estimate_model(timed, COUNTS, HOUR)
    # A four-turn case is four images.
    hours = (100 + 4 * 25) * 36 / 3600 + 200 * 9 / 3600
    assert (hours, estimate.hours) == (2.5, pytest.approx(2.5 / 4))
    assert estimate.gpu_hours == pytest.approx(5)
    assert estimate.dollars == pytest.approx(15)
    assert estimate.lines == (
        "200 images x 36 s = 2.0 h",
        "200 texts x 9 s = 0.5 h",
        "2.5 h x 2 GPUs (40 GB) = 5.0 GPU hours x $3 = $15.00",
        "in 4 shards side by side: 0.6 h",
    )


def test_a_model_behind_an_api_is_calls_times_tokens_times_price() -> None:
    tokens = {"image": {"input": 100, "output": 1000}, "text": {"input": 50, "output": 400}}
    priced = entry(tasks=["TI", "TT"], price={"input": 2, "output": 30}, tokens=tokens)
    estimate = estimate_model(priced, COUNTS, HOUR)
    expected = 100 * (100 * 2 + 1000 * 30) / 1e6 + 200 * (50 * 2 + 400 * 30) / 1e6
    assert estimate.dollars == pytest.approx(expected)
    assert (estimate.hours, estimate.gpu_hours) == (None, None)
    assert estimate.lines[0] == ("100 images x (100 tokens x $2 + 1,000 x $30) / million = $3.02")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "not known: neither the seconds of an output nor a price is given"),
        ({"seconds": {"image": 5}}, "200 texts: the seconds of one are not given"),
        ({"price": {"input": 1, "output": 1}}, "100 images: the tokens of a call are not given"),
    ],
)
def test_what_is_not_known_is_said_and_makes_no_sum(given: dict[str, object], words: str) -> None:
    estimate = estimate_model(entry(tasks=["TI", "TT"], **given), COUNTS, HOUR)
    assert words in estimate.lines
    assert (estimate.hours, estimate.gpu_hours, estimate.dollars) == (None, None, None)


def test_a_judge_is_asked_about_each_case_of_each_model(
    panel_of: Callable[..., Path], serve: Callable[..., JudgeServer], store: Path
) -> None:
    priced = load_panel(panel_of(serve(), "price: {input: 1, output: 2}", judge_repeats=2))
    models = [entry(tasks=["TI", "TT"]), entry(name="b", tasks=["TT"])]
    gone = ModelEntry(name="gone", tasks=("TI",), gone="since 2026")
    (estimate,) = estimate_judging(priced, [*models, gone], COUNTS)
    calls, tokens = 2 * (100 + 2 * 200), r"(\d[\d,]*)"
    found = re.match(rf"{calls:,} calls x about {tokens} tokens sent", estimate.lines[0])
    assert found
    sent = int(found.group(1).replace(",", ""))
    assert estimate.dollars == pytest.approx(calls * (sent + 2 * TOKENS_PER_REPLY) / 1e6, rel=0.01)


def test_benign_cases_are_counted_from_their_own_set(unisafe: Command, tmp_path: Path) -> None:
    models = tmp_path / "models.yaml"
    models.write_text(
        "date: 2026-11-27\nmodels:\n  - {name: carrot-1, tasks: [TI], benign: [TI, TT],"
        " model: bagel, seconds: {image: 36, text: 36}}\n"
    )
    benign = {code: len(load_cases(source_of(Arm.BENIGN), TASKS[code])) for code in ("TI", "TT")}
    done = unisafe("estimate", models)
    assert done.code == 0, done.err
    assert "carrot-1 (TI; benign TI TT)" in done.lines
    images, texts = CASES_OF["TI"] + benign["TI"], benign["TT"]
    assert f"{images} images x 36 s = {images / 100:.1f} h" in done.lines
    assert f"{texts} texts x 36 s = {texts / 100:.1f} h" in done.lines


def test_a_model_with_an_unknown_price_beside_its_gpus_has_no_sum() -> None:
    half = entry(tasks=["TI"], gpus=1, seconds={"image": 36}, price={"input": 1, "output": 1})
    estimate = estimate_model(half, COUNTS, HOUR)
    assert (estimate.gpu_hours, estimate.dollars) == (pytest.approx(1), None)


def test_the_command_prints_every_factor(unisafe: Command, tmp_path: Path) -> None:
    models = tmp_path / "models.yaml"
    models.write_text(
        "date: 2026-11-27\ngpu_hour: {dollars: 2, source: assumed}\nmodels:\n"
        "  - {name: carrot-1, tasks: [TI], model: bagel, gpus: 1, gpu_gb: 40,"
        " seconds: {image: 90}}\n"
        "  - {name: turnip-2, tasks: [TT], gone: since 2026-10-01}\n"
    )
    done = unisafe("estimate", models, "--panel", "hosted")
    assert done.code == 0, done.err
    assert f"{CASES_OF['TI']} images x 90 s = 0.2 h" in done.lines
    assert "An hour of a GPU: $2, assumed." in done.lines
    assert "cannot be had any more: since 2026-10-01" in done.lines
    assert f"All models: 0 GPU hours, ${CASES_OF['TI'] * 90 / 3600 * 2:.2f}." in done.lines
    assert "Judging all of them, panel hosted:" in done.lines
    assert re.search(
        rf"gpt-6-luna: {CASES_OF['TI']} calls x about [\d,]+ tokens sent and 500 written, at",
        done.out,
    )


def test_without_data_and_counts_the_command_says_what_to_do(
    unisafe: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UNISAFE_DATA")
    models = tmp_path / "models.yaml"
    models.write_text("date: 2026-11-27\nmodels:\n  - {name: a, tasks: [TI], model: bagel}\n")
    done = unisafe("estimate", models)
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "name the data (--data, UNISAFE_DATA), or write how many there are" in done.err
