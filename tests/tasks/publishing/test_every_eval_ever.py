"""Every Eval Ever records: what the format asks for is there, and scores read back unchanged."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.commands import DEMO, Command, info_of, metrics_of
from tests.tasks.publishing.synthetic import (
    FINGERPRINT,
    PANEL,
    REVISION,
    SUBSET_DATA,
    rewrite,
    synthetic_run,
)
from tests.tasks.samples import rows_of_file, write_rows
from unisafe_judges.rubrics.unisafe_v1 import load_unisafe_rubric
from unisafe_tasks import METRICS, Status
from unisafe_tasks.errors import PublishingError
from unisafe_tasks.metric_facts import SCORES
from unisafe_tasks.publishing.every_eval_ever import read_record
from unisafe_tasks.runs.folder import RunFolder
from unisafe_tasks.runs.metrics_file import build_metrics
from unisafe_tasks.runs.reading import read_run

Record = dict[str, Any]
Export = Callable[..., Record]

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.json")
LABELS_ONLY = (
    "rubric: unisafe-v1\njudges:\n  - name: people\n    backend: labels\n    path: l.jsonl\n"
)


@pytest.fixture
def export(unisafe: Command, tmp_path: Path) -> Export:
    """Export one run with the public command and read the record."""

    def run(folder: Path, *words: str) -> Record:
        out = tmp_path / "records"
        done = unisafe("export", folder, "--format", "every-eval-ever", "--out", out, *words)
        assert done.code == 0, done.err
        (path,) = out.rglob("*.json")
        record: Record = json.loads(path.read_text("utf-8"))
        return record | {"path": path.relative_to(out).as_posix()}

    return run


def results_of(record: Record) -> dict[str, Record]:
    return {entry["evaluation_result_id"]: entry for entry in record["evaluation_results"]}


def texts_of(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of every object that the format wants to be texts only."""
    if isinstance(value, dict):
        for name, entry in value.items():
            if name in ("additional_details", "details"):
                yield from entry.items()
            else:
                yield from texts_of(entry, name)
    elif isinstance(value, list):
        for entry in value:
            yield from texts_of(entry, key)


# What eval.schema.json of version 0.3.0 requires.
REQUIRED = {
    "record": (
        "schema_version",
        "evaluation_id",
        "retrieved_timestamp",
        "source_metadata",
        "model_info",
        "eval_library",
        "evaluation_results",
    ),
    "source_metadata": ("source_type", "source_organization_name", "evaluator_relationship"),
    "eval_library": ("name", "version"),
    "model_info": ("name", "id", "additional_details"),
    "model_details": ("deployment_type", "model_availability"),
    "result": ("evaluation_name", "source_data", "metric_config", "score_details"),
    "source_data": ("dataset_name", "source_type"),
    "metric_config": ("lower_is_better", "score_type", "min_score", "max_score"),
    "llm_scoring": ("judges", "input_prompt"),
}
OPTIONAL_AT_THE_TOP = {"evaluation_timestamp", "detailed_evaluation_results", "path"}


def test_every_field_that_the_format_requires_is_there(export: Export, full_run: Path) -> None:
    record = export(full_run)
    # At the top the format allows no field of one's own.
    assert set(record) - set(REQUIRED["record"]) <= OPTIONAL_AT_THE_TOP
    parts = [
        (record, "record"),
        (record["source_metadata"], "source_metadata"),
        (record["eval_library"], "eval_library"),
    ]
    models = [record["model_info"]]
    for entry in record["evaluation_results"]:
        parts.append((entry, "result"))
        parts.append((entry["source_data"], "source_data"))
        parts.append((entry["metric_config"], "metric_config"))
        if scoring := entry["metric_config"].get("llm_scoring"):
            parts.append((scoring, "llm_scoring"))
            models += [judge["model_info"] for judge in scoring["judges"]]
    for model in models:
        parts.append((model, "model_info"))
        parts.append((model["additional_details"], "model_details"))
    assert len(parts) > 28 * 3
    for value, kind in parts:
        assert set(REQUIRED[kind]) <= set(value), kind
    assert record["schema_version"] == "0.3.0"
    assert record["source_metadata"]["source_type"] == "evaluation_run"
    assert all(isinstance(value, str) for _, value in texts_of(record))
    for entry in record["evaluation_results"]:
        config, score = entry["metric_config"], entry["score_details"]["score"]
        assert config["score_type"] == "continuous"
        assert config["min_score"] <= score <= config["max_score"]


@pytest.mark.parametrize("model", ["demo", "demo-cautious"])
def test_a_real_runs_scores_read_back_as_metrics_json_has_them(
    export: Export, demo_run: Callable[[str], Path], tmp_path: Path, model: str
) -> None:
    folder = demo_run(model)
    record = export(folder)
    assert read_record(tmp_path / "records" / record["path"]) == {
        task: {metric: values[metric] for metric in METRICS if values[metric] is not None}
        for task, values in metrics_of(folder)["tasks"].items()
    }


def test_intervals_errors_and_counts_are_those_of_metrics_json(
    export: Export, full_run: Path
) -> None:
    entries = results_of(export(full_run))
    metrics = metrics_of(full_run)
    seen = 0
    for task, values in metrics["tasks"].items():
        for metric in SCORES:
            uncertainty = entries[f"{task}/{metric}"]["score_details"]["uncertainty"]
            interval = values["intervals"][metric]
            assert uncertainty["confidence_interval"] == {
                "lower": interval["low"],
                "upper": interval["high"],
                "confidence_level": 0.95,
                "method": interval["method"],
            }
            assert uncertainty["num_samples"] == values["scored"] == 16
            assert uncertainty["standard_error"]["value"] == values["standard_error"][metric] > 0
            if interval["method"] == "bootstrap":
                assert uncertainty["num_bootstrap_samples"] == metrics["bootstrap"]["draws"]
                seen += 1
        assert "uncertainty" not in entries[f"{task}/coverage"]["score_details"]
    assert seen >= 7


def test_how_far_the_judges_agree_goes_along(
    export: Export, full_run: Path, demo_run: Callable[[str], Path], tmp_path: Path
) -> None:
    tasks = metrics_of(full_run)["tasks"]
    record = export(full_run)
    for name, entry in results_of(record).items():
        stored = tasks[name.split("/")[0]]["agreement"]
        told = json.loads(entry["score_details"]["details"]["judge_agreement"])
        assert told == {key: stored[key] for key in told}
        assert set(told) == {"cases", "judgment_alpha", "risk_rating_alpha"}
    (tmp_path / "records" / record["path"]).unlink()
    alone = results_of(export(demo_run("demo")))["unisafe_t2t/coverage"]
    assert "judge_agreement" not in alone["score_details"]["details"]


def test_each_judges_score_says_of_how_many_cases_it_is(export: Export, two_tasks: Path) -> None:
    rows = rows_of_file(two_tasks / "verdicts.jsonl")
    silent = {"judgment": None, "risk_rating": None, "refusal": None, "failure": "timeout"}
    for row in [row for row in rows if row["judge"] == "qwen" and row["scenario_type"] == "TT"][:9]:
        row |= silent
    write_rows(two_tasks / "verdicts.jsonl", rows)
    contents = read_run(two_tasks)
    metrics = build_metrics(contents.info, contents.cases)
    RunFolder(two_tasks).write_json("metrics.json", metrics)
    judges = metrics["tasks"]["unisafe_t2t"]["judges"]
    for metric in METRICS:
        details = results_of(export(two_tasks))[f"unisafe_t2t/{metric}"]["score_details"]["details"]
        assert json.loads(details["by_judge"]) == {
            "nano": {"score": judges["nano"][metric], "scored": 16, "asked": 16},
            "qwen": {"score": judges["qwen"][metric], "scored": 7, "asked": 16},
        }


def test_what_a_four_turn_model_was_shown_goes_along_with_its_scores_alone(
    export: Export, full_run: Path
) -> None:
    for name, entry in results_of(export(full_run)).items():
        told = entry["score_details"]["details"].get("histories")
        assert told == ('{"full": 16}' if name.startswith("unisafe_mt2i/") else None)


@pytest.mark.parametrize(
    ("changed", "begins"),
    [({}, []), ({"limited": True}, ["*"]), ({"substituted": {"leek-2": 1}}, ["§"])],
)
def test_a_score_says_what_its_marks_mean(
    export: Export, two_tasks: Path, changed: dict[str, Any], begins: list[str]
) -> None:
    rewrite(two_tasks, "run.json", **changed)
    (two_tasks / "metrics.json").unlink()
    for entry in results_of(export(two_tasks)).values():
        marks = json.loads(entry["score_details"]["details"].get("marks", "[]"))
        assert [mark[0] for mark in marks] == begins


def test_where_a_spread_cannot_be_known_none_is_given(
    export: Export, demo_run: Callable[[str], Path]
) -> None:
    folder = demo_run("demo-flaky")
    for name, entry in results_of(export(folder)).items():
        task, metric = name.split("/")
        interval = (metrics_of(folder)["tasks"][task]["intervals"]).get(metric)
        uncertainty = entry["score_details"].get("uncertainty", {})
        assert ("confidence_interval" in uncertainty) is (interval is not None)
        assert ("standard_error" in uncertainty) is (interval is not None)


@pytest.mark.parametrize(
    ("metric", "lower_is_better", "highest", "words"),
    [
        ("attack_success_rate", True, 1, "lower is better"),
        ("average_risk_rating", True, 3, "lower is better"),
        ("refusal_rate", False, 1, "neither lower nor higher is better"),
        ("coverage", False, 1, "higher is better"),
    ],
)
def test_each_metric_says_its_bounds_and_which_way_is_better(
    export: Export,
    two_tasks: Path,
    metric: str,
    lower_is_better: bool,
    highest: int,
    words: str,
) -> None:
    config = results_of(export(two_tasks))[f"unisafe_t2i/{metric}"]["metric_config"]
    assert config["lower_is_better"] is lower_is_better
    assert (config["min_score"], config["max_score"]) == (0, highest)
    assert config["additional_details"]["direction"] == words
    assert config["evaluation_description"].endswith(f" {words.capitalize()}.")
    assert config["metric_id"] == f"unisafe.{metric}"


def test_the_judges_are_named_with_model_decoding_version_rubric_and_prompt(
    export: Export, two_tasks: Path
) -> None:
    entries = results_of(export(two_tasks))
    config = entries["unisafe_t2t/attack_success_rate"]["metric_config"]
    panel = info_of(two_tasks)["panel"]
    details = config["additional_details"]
    assert (details["panel"], details["panel_sha256"]) == (panel["name"], panel["sha256"])
    assert details["rubric_sha256"] == panel["rubric"]["sha256"]
    scoring = config["llm_scoring"]
    assert scoring["aggregation_method"] == "average"
    nano, qwen = scoring["judges"]
    assert (nano["model_info"]["id"], qwen["model_info"]["id"]) == (
        "gpt-5-nano",
        "Qwen/Qwen2.5-VL-72B-Instruct",
    )
    assert qwen["temperature"] == 0
    assert nano["additional_details"] == {
        "name": "nano",
        "backend": "openai",
        "api": "responses",
        "reasoning_effort": "low",
        "replies_by_version": json.dumps({"nano-2026-02": 32}),
    }
    rubric = load_unisafe_rubric()
    assert rubric.scenarios["TT"] in scoring["input_prompt"]
    assert rubric.reminder in scoring["input_prompt"]
    assert "llm_scoring" not in entries["unisafe_t2t/coverage"]["metric_config"]


def test_where_a_judge_is_reached_and_what_it_costs_stays_here(
    export: Export, two_tasks: Path
) -> None:
    text = json.dumps(export(two_tasks))
    assert "gpt-5-nano" in text
    for private in ("judge.internal.example", "QWEN_API_KEY", "OPENAI_API_KEY", "price"):
        assert private not in text


def test_no_word_of_a_case_or_an_output_is_in_a_record(export: Export, two_tasks: Path) -> None:
    assert "The carrot is calm" in (two_tasks / "verdicts.jsonl").read_text("utf-8")
    text = json.dumps(export(two_tasks))
    assert "The carrot is calm" not in text
    assert "D1-0" not in text


@pytest.mark.parametrize(
    ("ensemble", "metric", "method", "words"),
    [
        ("soft-mean", "average_risk_rating", "average", "mean over the judges"),
        ("soft-mean", "refusal_rate", None, "a refusal if any judge calls it one"),
        ("majority", "attack_success_rate", None, "median over the judges"),
        ("any-unsafe", "attack_success_rate", None, "highest of the judges"),
    ],
)
def test_how_judges_are_combined_is_only_called_what_it_is(
    export: Export, tmp_path: Path, ensemble: str, metric: str, method: str | None, words: str
) -> None:
    folder = synthetic_run(tmp_path / "run", ["TT"], panel=f"ensemble: {ensemble}\n{PANEL}")
    entry = results_of(export(folder))[f"unisafe_t2t/{metric}"]
    scoring = entry["metric_config"]["llm_scoring"]
    assert scoring.get("aggregation_method") == method
    assert scoring["additional_details"]["aggregation"].startswith(words)
    assert entry["metric_config"]["additional_details"]["ensemble"] == ensemble


def test_people_are_not_called_a_language_model(export: Export, tmp_path: Path) -> None:
    (tmp_path / "l.jsonl").write_text("")
    folder = synthetic_run(tmp_path / "run", ["TT"], panel=LABELS_ONLY)
    config = results_of(export(folder))["unisafe_t2t/attack_success_rate"]["metric_config"]
    assert "llm_scoring" not in config
    (people,) = json.loads(config["additional_details"]["label_judges"])
    assert (people["name"], people["backend"]) == ("people", "labels")


def test_a_rubric_that_is_not_ours_is_named_and_not_copied(export: Export, two_tasks: Path) -> None:
    panel = info_of(two_tasks)["panel"] | {"rubric": {"name": "paper", "sha256": "3" * 64}}
    rewrite(two_tasks, "run.json", panel=panel)
    entries = results_of(export(two_tasks))
    prompt = entries["unisafe_t2i/refusal_rate"]["metric_config"]["llm_scoring"]["input_prompt"]
    assert prompt == f"Rubric paper for TI, SHA-256 {'3' * 64}; its text is not reproduced here."


# --- data, model, time and place ---


def test_the_published_data_is_named_with_its_commit_split_and_fingerprint(
    export: Export, two_tasks: Path
) -> None:
    entries = results_of(export(two_tasks))
    source = entries["unisafe_t2i/coverage"]["source_data"]
    assert (source["dataset_name"], source["source_type"]) == ("UniSAFE", "hf_dataset")
    assert (source["hf_repo"], source["hf_split"]) == ("segyulee/UniSAFE", "image")
    details = source["additional_details"]
    assert (details["revision"], details["fingerprint"]) == (REVISION, FINGERPRINT)
    assert entries["unisafe_t2t/coverage"]["source_data"]["hf_split"] == "text"


@pytest.mark.parametrize(
    ("source", "collection"),
    [("demo", "unisafe-demo"), ("local:cases", "unisafe-other"), ("a/b", "unisafe-other")],
)
def test_results_on_other_data_say_so_everywhere_and_lie_elsewhere(
    export: Export, tmp_path: Path, source: str, collection: str
) -> None:
    data = {"source": source, "revision": None, "fingerprint": FINGERPRINT}
    folder = synthetic_run(tmp_path / "run", ["TT"], settings={"data": data})
    record = export(folder)
    assert record["path"].startswith(f"data/{collection}/teaville/carrot-7b/")
    assert record["evaluation_id"].startswith(f"{collection}@")
    for entry in record["evaluation_results"]:
        assert entry["evaluation_name"] == f"{collection}.t2t"
        assert entry["source_data"]["dataset_name"] == f"{source} (not UniSAFE)"
        assert entry["metric_config"]["evaluation_description"].startswith("Not a UniSAFE result")
        assert entry["source_data"]["source_type"] == ("hf_dataset" if source == "a/b" else "other")
    is_demo = record["source_metadata"]["additional_details"]["demo_data"]
    assert is_demo == json.dumps(source == "demo")


def test_results_on_a_subset_are_none_on_the_full_set_and_say_what_they_are(
    export: Export, tmp_path: Path
) -> None:
    record = export(synthetic_run(tmp_path / "run", ["TT"], settings={"data": SUBSET_DATA}))
    assert record["path"].startswith("data/unisafe-other/")
    for entry in record["evaluation_results"]:
        assert entry["source_data"]["dataset_name"].startswith(SUBSET_DATA["source"])
        assert entry["source_data"]["source_type"] == "other"
        assert "hf_repo" not in entry["source_data"]
    (note,) = json.loads(record["source_metadata"]["additional_details"]["notes"])
    assert note == (
        f"Subset {SUBSET_DATA['source']}: 4 targets a subcategory of segyulee/UniSAFE; "
        "intervals are of the full set's value."
    )


def test_the_path_is_the_formats_and_the_same_run_always_has_the_same(
    unisafe: Command, two_tasks: Path, tmp_path: Path
) -> None:
    words = ("export", two_tasks, "--format", "every-eval-ever", "--out", tmp_path / "o")
    unisafe(*words)
    (first,) = (tmp_path / "o").rglob("*.json")
    data = first.read_bytes()
    unisafe(*words)
    assert list((tmp_path / "o").rglob("*.json")) == [first]
    assert first.read_bytes() == data
    parts = first.relative_to(tmp_path / "o").parts
    assert parts[:-1] == ("data", "unisafe", "teaville", "carrot-7b")
    assert UUID4.fullmatch(parts[-1])


@pytest.mark.parametrize(
    "change",
    [
        {"model": "teaville/turnip"},
        {"ended": "2026-03-01T11:30:01+00:00"},
        {"data": {"source": "segyulee/UniSAFE", "fingerprint": "4" * 64}},
    ],
)
def test_another_run_is_another_record(
    export: Export, two_tasks: Path, change: dict[str, Any], tmp_path: Path
) -> None:
    first = export(two_tasks)
    (tmp_path / "records" / first["path"]).unlink()
    rewrite(two_tasks, "run.json", **change)
    second = export(two_tasks)
    assert Path(first["path"]).name != Path(second["path"]).name


def test_times_are_those_of_the_run_and_not_of_the_export(export: Export, two_tasks: Path) -> None:
    record = export(two_tasks)
    assert record["evaluation_timestamp"] == "2026-03-01T10:00:00+00:00"
    assert record["retrieved_timestamp"] == "1772364600"
    assert record["evaluation_id"].endswith("/teaville/carrot-7b/1772364600")


def test_what_no_run_knows_is_said_by_the_person_or_said_to_be_missing(
    unisafe: Command, export: Export, tmp_path: Path
) -> None:
    folder = synthetic_run(tmp_path / "run", ["TT"], settings={"model": "carrot"})
    silent = unisafe("export", folder, "--format", "every-eval-ever", "--out", tmp_path / "o")
    assert "the record names no developer of the model: say --model-id ORG/NAME." in silent.err
    assert "the record names no publisher: say --organization NAME." in silent.err
    facts = ("--model-id", "teaville/carrot", "--organization", "Teaville University")
    record = export(folder, *facts, "--relationship", "third_party")
    assert record["model_info"]["name"] == "carrot"
    assert record["model_info"]["id"] == "teaville/carrot"
    assert record["model_info"]["developer"] == "teaville"
    assert record["path"].startswith("data/unisafe/teaville/carrot/")
    source = record["source_metadata"]
    assert source["source_organization_name"] == "Teaville University"
    assert source["evaluator_relationship"] == "third_party"


@pytest.mark.parametrize(
    ("model", "folder"),
    [
        ("/home/someone/weights/carrot-7b", "unknown/carrot-7b"),
        ("../../escape", "unknown/escape"),
        ("a/../../b", "unknown/b"),
        ("CON/aux.txt", "_CON/_aux.txt"),
        ("data/data", "_data/_data"),
        ("carrot\x1b[31m <b>/\u202e", None),
        ("/", "unknown/unknown"),
    ],
)
def test_a_models_name_cannot_lead_out_of_the_folder(
    export: Export, two_tasks: Path, model: str, folder: str | None
) -> None:
    rewrite(two_tasks, "run.json", model=model)
    path = export(two_tasks)["path"]
    parts = path.split("/")
    assert len(parts) == 5
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", part) for part in parts)
    if folder is not None:
        assert "/".join(parts[2:4]) == folder


# --- marks ---


def test_a_task_without_a_score_is_named_and_no_zero(export: Export, tmp_path: Path) -> None:
    folder = synthetic_run(tmp_path / "run", ["TI", "TT"], unscored=["TI"])
    record = export(folder)
    entries = results_of(record)
    assert set(entries) == {
        "unisafe_t2i/coverage",
        *(f"unisafe_t2t/{metric}" for metric in METRICS),
    }
    assert entries["unisafe_t2i/coverage"]["score_details"]["score"] == 0
    details = record["source_metadata"]["additional_details"]
    assert json.loads(details["unscored"]) == {"unisafe_t2i": list(SCORES)}
    assert "unisafe_t2i: the model cannot do this task." in json.loads(details["notes"])


def test_a_score_that_is_not_of_the_whole_task_is_marked(
    unisafe: Command, export: Export, tmp_path: Path
) -> None:
    # The two cases of a subcategory failed.
    failed = [
        {**{key: row[key] for key in ("id", "scenario_type", "model")}, "error": "no answer"}
        if row["id"] in ("demo-010", "demo-029") and row["scenario_type"] == "IE"
        else row
        for row in rows_of_file(DEMO / "predictions" / "demo.jsonl")
    ]
    shutil.copytree(DEMO / "predictions" / "images", tmp_path / "images")
    outputs = write_rows(tmp_path / "outputs.jsonl", failed)
    folder = tmp_path / "run"
    assert unisafe("judge", outputs, "--out", folder).code == 0
    record = export(folder)
    entries = results_of(record)
    marked = entries["unisafe_i2i/attack_success_rate"]["score_details"]["details"]
    assert (marked["complete"], marked["coverage"]) == ("false", str(10 / 12))
    assert (marked["scored"], marked["asked"]) == ("10", "12")
    assert json.loads(marked["statuses"])[str(Status.FAILED)] == 2
    whole = entries["unisafe_t2i/attack_success_rate"]["score_details"]["details"]
    assert whole["complete"] == "true"
    details = record["source_metadata"]["additional_details"]
    assert (details["complete"], details["limited"]) == ("false", "false")
    assert json.loads(details["notes"]) == metrics_of(folder)["notes"]


def test_a_limited_and_stopped_run_is_marked(export: Export, tmp_path: Path) -> None:
    settings = {"limited": True, "status": "stopped"}
    record = export(synthetic_run(tmp_path / "run", ["TT"], settings=settings))
    details = record["source_metadata"]["additional_details"]
    assert (details["limited"], details["status"]) == ("true", "stopped")
    assert (details["complete"], len(json.loads(details["notes"]))) == ("false", 2)


def test_a_run_of_an_older_format_gains_its_intervals(export: Export, two_tasks: Path) -> None:
    old = metrics_of(two_tasks)
    for values in old["tasks"].values():
        del values["intervals"]
    rewrite(two_tasks, "metrics.json", format="unisafe-metrics/1", tasks=old["tasks"])
    entry = results_of(export(two_tasks))["unisafe_t2t/attack_success_rate"]
    assert "confidence_interval" in entry["score_details"]["uncertainty"]


def test_a_judge_that_changed_its_version_is_seen(export: Export, two_tasks: Path) -> None:
    path = two_tasks / "verdicts.jsonl"
    path.write_text(path.read_text("utf-8").replace("nano-2026-02", "nano-2026-03", 1), "utf-8")
    contents = read_run(two_tasks)
    RunFolder(two_tasks).write_json("metrics.json", build_metrics(contents.info, contents.cases))
    record = export(two_tasks)
    assert record["source_metadata"]["additional_details"]["complete"] == "false"
    scoring = results_of(record)["unisafe_t2i/refusal_rate"]["metric_config"]["llm_scoring"]
    versions = json.loads(scoring["judges"][0]["additional_details"]["replies_by_version"])
    assert versions == {"nano-2026-02": 31, "nano-2026-03": 1}


# --- reading back ---


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "cannot be read as an every_eval_ever record"),
        ("[]", "cannot be read as an every_eval_ever record"),
        ('{"evaluation_results": 3}', "cannot be read as an every_eval_ever record"),
        ('{"evaluation_results": [{}]}', r"evaluation_results\[0\]: it lacks a result id"),
        (
            '{"evaluation_results": [{"evaluation_result_id": "mmlu/acc", '
            '"score_details": {"score": 1}}]}',
            "mmlu/acc is not one of our metrics",
        ),
        (
            '{"evaluation_results": [{"evaluation_result_id": "unisafe_t2t/coverage", '
            '"score_details": {"score": null}}]}',
            "the score is None, expected a number",
        ),
        (
            '{"evaluation_results": [{"evaluation_result_id": "unisafe_t2t/coverage", '
            '"score_details": {"score": NaN}}]}',
            "the score is nan, expected a number",
        ),
    ],
)
def test_a_record_that_is_none_of_ours_is_an_error(
    tmp_path: Path, content: str, sentence: str
) -> None:
    path = tmp_path / "record.json"
    path.write_text(content)
    with pytest.raises(PublishingError, match=sentence) as caught:
        read_record(path)
    assert str(path) in str(caught.value)


def test_a_score_that_is_there_twice_is_an_error(
    unisafe: Command, export: Export, two_tasks: Path, tmp_path: Path
) -> None:
    record = export(two_tasks)
    record["evaluation_results"].append(record["evaluation_results"][0])
    path = tmp_path / "twice.json"
    path.write_text(json.dumps(record))
    with pytest.raises(PublishingError, match="or it is there twice"):
        read_record(path)
