"""`unisafe export --format harness`: the file that lmms-eval itself wrote, with what it lacks."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.corpora import assert_each
from tests.harnesses.conftest import Finished
from unisafe_tasks import cli

Results = dict[str, Any]


def saved(done: Finished, folder: Path, **config: Any) -> Path:
    """Have lmms-eval write its results file, as its command does."""
    from lmms_eval.loggers import EvaluationTracker

    results = {key: value for key, value in done.results.items() if key != "samples"}
    results["config"] = results.get("config", {}) | config
    tracker = EvaluationTracker(output_path=str(folder))
    tracker.general_config_tracker.log_experiment_args("model", "model=carrot", "", "", False)
    tracker.save_results_aggregated(
        results=results, samples=done.results["samples"], datetime_str="20260301_100000"
    )
    (path,) = folder.rglob("*_results.json")
    return path


def export(*words: str | Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["unisafe", "export", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.fixture
def answered(evaluate: Callable[..., Finished]) -> Callable[..., Finished]:
    """Run the demo's text tasks with a model that repeats the scripted model's answers."""

    def run(*tasks: str, answer: Callable[[str], Any] | None = None) -> Finished:
        from tests.harnesses.models import Model

        return evaluate(Model(lambda prompt, *_: (answer or str)(prompt)), *tasks)

    return run


@pytest.fixture
def judged_by_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A judge server whose verdicts depend on the case, and a panel that names it."""
    from tests.servers import JudgeServer
    from tests.tasks.commands import by_case

    with JudgeServer(by_case) as server:
        panel = tmp_path / "panel.yaml"
        panel.write_text(
            "rubric: unisafe-v1\njudges:\n  - name: local\n    backend: openai-compatible\n"
            f"    model: judge\n    base_url: {server.base_url}\n"
        )
        monkeypatch.setenv("UNISAFE_PANEL", str(panel))
        yield server


def loaded(path: Path) -> Results:
    value: Results = json.loads(path.read_text("utf-8"))
    return value


def without_folders(path: Path) -> Results:
    """The harness's file with the last part of each path alone."""
    value: Results = json.loads(re.sub(r'"/[^"]+/([^"/]+)"', r'"\1"', path.read_text("utf-8")))
    return value


def without_ours(value: Mapping[str, Any]) -> Results:
    """The enriched file with our keys taken out again."""
    kept = {key: entry for key, entry in value.items() if key != "unisafe"}
    for section in ("results", "groups"):
        kept[section] = {
            name: {key: entry for key, entry in values.items() if "_ci_" not in key}
            for name, values in kept.get(section, {}).items()
        }
    return kept


def test_the_file_of_a_run_gains_intervals_coverage_panel_and_notes(
    demo: None,
    judged_by_size: Any,
    answered: Callable[..., Finished],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = answered("unisafe_text")
    original = saved(done, tmp_path / "saved")
    before = original.read_bytes()
    words = (done.folder, "--format", "harness", "--results", original, "--out", tmp_path / "o")
    assert export(*words, monkeypatch=monkeypatch) == 0
    assert original.read_bytes() == before
    (path,) = (tmp_path / "o").iterdir()
    assert path.name == f"{original.stem}_unisafe.json"
    enriched, metrics = loaded(path), done.metrics
    assert without_ours(enriched) == {"groups": {}, **without_folders(original)}
    for section in ("tasks", "groups"):
        for name, values in metrics[section].items():
            for metric, interval in values["intervals"].items():
                for end in ("low", "high"):
                    written = enriched["results"][name][f"{metric}_ci_{end},none"]
                    assert written == (interval[end] if interval else "N/A")
            assert enriched["unisafe"][section][name]["coverage"] == values["coverage"]
            assert enriched["unisafe"][section][name]["intervals"] == values["intervals"]
    assert set(enriched["unisafe"]["groups"]) == {"unisafe_text"}
    ours = enriched["unisafe"]
    assert {key: ours[key] for key in ("model", "data", "panel", "notes", "judge_versions")} == {
        key: metrics[key] for key in ("model", "data", "panel", "notes", "judge_versions")
    }
    assert "Demo data" in ours["notes"][0]


def test_a_task_without_a_score_stays_nan_there_and_is_null_in_ours(
    demo: None,
    judged_by_size: Any,
    answered: Callable[..., Finished],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = answered("unisafe_t2t", "unisafe_t2i")
    original = saved(done, tmp_path / "saved")
    words = (done.folder, "--format", "harness", "--results", original, "--out", tmp_path / "o")
    assert export(*words, monkeypatch=monkeypatch) == 0
    enriched = loaded(next((tmp_path / "o").iterdir()))
    assert math.isnan(enriched["results"]["unisafe_t2i"]["attack_success_rate,none"])
    assert enriched["results"]["unisafe_t2i"]["attack_success_rate_ci_low,none"] == "N/A"
    ours = enriched["unisafe"]["tasks"]["unisafe_t2i"]
    assert (ours["coverage"], ours["complete"], ours["scored"]) == (0, False, 0)
    assert ours["intervals"]["attack_success_rate"] is None


def test_a_file_that_is_not_the_runs_is_refused_and_named(
    demo: None,
    judged_by_size: Any,
    answered: Callable[..., Finished],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = answered("unisafe_t2t")
    original = saved(done, tmp_path / "saved")
    results = loaded(original)

    def refused(content: str, sentence: str) -> None:
        capsys.readouterr()
        path = tmp_path / "changed_results.json"
        path.write_text(content)
        words = (done.folder, "--format", "harness", "--results", path, "--out", tmp_path / "o")
        assert export(*words, monkeypatch=monkeypatch) == 1
        told = capsys.readouterr().err
        assert str(path) in told
        assert sentence in told
        assert not (tmp_path / "o").exists()

    value = results["results"]["unisafe_t2t"]
    for wrong in (value["attack_success_rate,none"] + 0.01, math.nan, None, "0.5", True):
        changed = value | {"attack_success_rate,none": wrong}
        refused(
            json.dumps(results | {"results": {"unisafe_t2t": changed}}),
            "it says attack_success_rate ",
        )
    refused(
        json.dumps(results | {"results": {"unisafe_i2t": value}}), "it has the tasks unisafe_i2t"
    )
    refused(json.dumps({"scores": 1}), "is not a results file of lmms-eval")
    refused("[1]", "is not a results file of lmms-eval")
    refused("{", "cannot be read")


def test_without_the_file_those_beside_the_run_are_named(
    demo: None,
    judged_by_size: Any,
    answered: Callable[..., Finished],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = answered("unisafe_t2t")
    original = saved(done, done.folder.parent)
    words = (done.folder, "--format", "harness", "--out", tmp_path / "o")
    assert export(*words, monkeypatch=monkeypatch) == 1
    told = capsys.readouterr().err
    assert "--format harness needs --results FILE" in told
    assert str(original) in told
    wrong = (done.folder, "--format", "model-index", "--results", original, "--out", tmp_path / "o")
    assert export(*wrong, monkeypatch=monkeypatch) == 1
    assert "--results belongs to --format harness, and to no other" in capsys.readouterr().err


def test_a_key_in_the_harness_own_settings_is_not_copied(
    demo: None,
    judged_by_size: Any,
    answered: Callable[..., Finished],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = answered("unisafe_t2t")
    secret = "carrotcarrotcarrot"
    original = saved(
        done,
        tmp_path / "saved",
        model_args=f"model=turnip,api_key={secret}",
        resolved_cli_args={"hf_token": secret, "model": "turnip"},
    )
    assert secret in original.read_text("utf-8")
    words = (done.folder, "--format", "harness", "--results", original, "--out", tmp_path / "o")
    assert export(*words, monkeypatch=monkeypatch) == 0
    text = next((tmp_path / "o").iterdir()).read_text("utf-8")
    assert secret not in text
    config = json.loads(text)["config"]
    assert config["model_args"] == "model=turnip,api_key=[redacted]"
    assert config["resolved_cli_args"] == {"hf_token": "[redacted]", "model": "turnip"}
    assert json.loads(text)["configs"] == without_folders(original)["configs"]


def test_where_the_harness_ran_is_not_copied(
    demo: None,
    judged_by_size: Any,
    answered: Callable[..., Finished],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = answered("unisafe_t2t")
    original = saved(
        done,
        tmp_path / "saved",
        model_args="pretrained=/home/alice/private/weights,base_url=http://10.1.2.3:9000/v1,seed=1",
        resolved_cli_args={
            "output_path": "/home/alice/out",
            "hf_hub_log_args": ",output_path=/home/alice/out",
            "server": "10.1.2.3",
        },
    )
    value = loaded(original) | {
        "model_name": "/home/alice/private/weights",
        "model_name_sanitized": "__home__alice__private__weights",
    }
    original.write_text(json.dumps(value), "utf-8")
    words = (done.folder, "--format", "harness", "--results", original, "--out", tmp_path / "o")
    assert export(*words, monkeypatch=monkeypatch) == 0
    text = next((tmp_path / "o").iterdir()).read_text("utf-8")
    for private in ("alice", "private", "10.1.2.3", str(tmp_path)):
        assert private not in text
    config = json.loads(text)["config"]
    assert config["model_args"] == "pretrained=weights,seed=1"
    assert config["resolved_cli_args"] == {
        "output_path": "out",
        "hf_hub_log_args": ",output_path=out",
        "server": "[address]",
    }
    assert json.loads(text)["model_name_sanitized"] == "weights"


OTHERS: tuple[tuple[list[str], str, dict[str, str], str | None], ...] = (
    (["lmms-eval", "--model", "carrot"], "", {"model": "turnip"}, "it is of --model turnip"),
    (["lmms-eval", "--model=carrot"], "", {"model": "turnip"}, "the run of --model carrot"),
    ([], "pretrained=a/b", {"model_args": "pretrained=a/c"}, "the run of pretrained=a/b"),
    ([], "pretrained=a/b", {"model_args": ""}, "it is of --model_args none"),
    (
        ["lmms-eval", "--model", "carrot"],
        "",
        {"model": "carrot", "model_args": "pretrained=a/c,api_key=turnipturnip"},
        "it is of --model_args pretrained=a/c,api_key=[redacted], the run of none",
    ),
    ([], "key=[redacted],a=1", {"model_args": "key=x,a=2"}, "--model_args key=[redacted],a=2"),
    (["lmms-eval", "--model", "carrot"], "", {"model": "carrot", "model_args": ""}, None),
    ([], "a=1,key=[redacted]", {"model_args": "a=1,key=turnip"}, None),
    (["pytest"], "", {"model": "turnip", "model_args": "a=1"}, None),
)
"""A run's command and --model_args, those of the file, and what is said if they do not agree."""


def test_a_file_of_another_model_with_the_same_scores_is_refused(
    demo: None,
    judged_by_size: Any,
    answered: Callable[..., Finished],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = answered("unisafe_t2t")
    folder, value = done.folder, loaded(saved(done, tmp_path / "saved"))
    info = json.loads((folder / "run.json").read_text("utf-8"))

    def check(number: int) -> None:
        command, model_args, theirs, sentence = OTHERS[number]
        stated = info | {"command": command, "model_args": model_args}
        (folder / "run.json").write_text(json.dumps(stated), "utf-8")
        path, out = tmp_path / f"theirs-{number}_results.json", tmp_path / f"out-{number}"
        path.write_text(json.dumps(value | {"config": value["config"] | theirs}), "utf-8")
        words = (folder, "--format", "harness", "--results", path, "--out", out)
        assert export(*words, monkeypatch=monkeypatch) == (1 if sentence else 0)
        told = capsys.readouterr().err
        assert (f"{path} is not of {folder}: " in told) is bool(sentence)
        assert (sentence or "") in told
        assert out.exists() is not bool(sentence)
        assert "turnipturnip" not in told

    assert_each(check, {f"{number}": number for number in range(len(OTHERS))})
