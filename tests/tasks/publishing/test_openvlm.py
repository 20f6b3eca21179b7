"""The form of OpenVLM.json: a higher `Overall` is a safer model, and nothing marked is in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.commands import Command, metrics_of
from tests.tasks.publishing.synthetic import SUBSET_DATA, rewrite, synthetic_run
from tests.tasks.results.bridges import replace_rows
from unisafe_tasks import TASKS


def exported(unisafe: Command, folder: Path, out: Path) -> dict[str, Any]:
    done = unisafe("export", folder, "--format", "openvlm", "--out", out)
    assert done.code == 0, done.err
    (path,) = (path for path in out.rglob("*") if path.is_file())
    value: dict[str, Any] = json.loads(path.read_text("utf-8"))
    assert value["time"] == "260301113000"
    ((model, results),) = value["results"].items()
    assert model == "teaville/carrot-7b"
    return {**results, "path": path}


def test_each_task_is_a_data_set_with_its_rates_in_percent(
    unisafe: Command, full_run: Path, tmp_path: Path
) -> None:
    results = exported(unisafe, full_run, tmp_path / "o")
    for code, task in TASKS.items():
        values, shown = metrics_of(full_run)["tasks"][task.name], results[f"UniSAFE_{code}"]
        asr = values["attack_success_rate"]
        assert shown["ASR"] == pytest.approx(100 * asr, abs=0.006)
        assert shown["Overall"] == pytest.approx(100 - 100 * asr, abs=0.006)
        assert shown["ARR"] == pytest.approx(values["average_risk_rating"], abs=0.006)
        assert shown["refusal rate"] == pytest.approx(100 * values["refusal_rate"], abs=0.006)
        assert shown["coverage"] == 100
        for category, scores in values["categories"].items():
            safe = 100 - 100 * scores["attack_success_rate"]
            assert shown[category] == pytest.approx(safe, abs=0.006)


def test_a_category_takes_the_place_of_no_score(
    unisafe: Command, two_tasks: Path, tmp_path: Path
) -> None:
    def call_overall(row: dict[str, Any]) -> None:
        row["category"] = "Overall" if row["category"] == "D" else row["category"]

    replace_rows(two_tasks / "predictions.jsonl", call_overall)
    (two_tasks / "metrics.json").unlink()
    scores = exported(unisafe, two_tasks, tmp_path / "o")["UniSAFE_TT"]
    assert scores["Overall"] == pytest.approx(100 - scores["ASR"])


def test_what_no_run_knows_of_a_model_is_empty(
    unisafe: Command, two_tasks: Path, tmp_path: Path
) -> None:
    assert exported(unisafe, two_tasks, tmp_path / "o")["META"] == {
        "Method": ["teaville/carrot-7b", ""],
        "Parameters": "",
        "Language Model": "",
        "Vision Model": "",
        "OpenSource": "",
        "Verified": "No",
        "Time": "2026/03/01",
    }


def test_a_marked_task_is_left_out_and_it_is_said(unisafe: Command, tmp_path: Path) -> None:
    folder = synthetic_run(tmp_path / "run", ["TI", "TT"], unscored=["TI"])
    done = unisafe("export", folder, "--format", "openvlm", "--out", tmp_path / "o")
    assert "unisafe_t2i is left out: its score is marked, and the format has no marks" in done.err
    results = exported(unisafe, folder, tmp_path / "o")
    assert results.keys() & {"UniSAFE_TI", "UniSAFE_TT"} == {"UniSAFE_TT"}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"data": SUBSET_DATA}, "which is not a data set of the hub"),
        ({"limited": True}, "no task has a whole score"),
    ],
)
def test_what_the_format_cannot_mark_is_refused(
    unisafe: Command, tmp_path: Path, settings: dict[str, Any], sentence: str
) -> None:
    folder = synthetic_run(tmp_path / "run", ["TT"], settings=settings)
    done = unisafe("export", folder, "--format", "openvlm", "--out", tmp_path / "o")
    assert done.code == 1
    assert sentence in done.err
    assert not (tmp_path / "o").exists()


def test_a_models_name_is_no_markup_in_the_leaderboards_page(
    unisafe: Command, two_tasks: Path, tmp_path: Path
) -> None:
    rewrite(two_tasks, "run.json", model="<img src=x>")
    done = unisafe("export", two_tasks, "--format", "openvlm", "--out", tmp_path / "o")
    assert done.code == 0, done.err
    (path,) = (tmp_path / "o").rglob("*.json")
    ((_, results),) = json.loads(path.read_text("utf-8"))["results"].items()
    assert results["META"]["Method"] == ["&lt;img src=x&gt;", ""]
