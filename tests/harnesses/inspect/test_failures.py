"""What a model, a judge or a setting does wrong in Inspect, and what becomes of the case."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from inspect_ai._util.error import PrerequisiteError
from inspect_ai.log import read_eval_log
from inspect_ai.model import (
    ChatMessage,
    ContentImage,
    ContentReasoning,
    ContentText,
    ModelOutput,
)
from inspect_ai.scorer import SampleScore, Score

from tests.corpora import assert_each, by_text
from tests.harnesses.inspect.runs import (
    KEY,
    Evaluate,
    asked_by,
    drawn,
    said,
    scripted,
)
from tests.servers import Answer, JudgeServer, completion, verdict
from unisafe_judges.images import MAX_BYTES
from unisafe_tasks import METRICS, TASKS
from unisafe_tasks.harnesses.inspect import unisafe_t2t
from unisafe_tasks.harnesses.inspect.model_run import RUN_FOLDER
from unisafe_tasks.harnesses.inspect.outputs import read_output
from unisafe_tasks.harnesses.inspect.scorer import unisafe_scores
from unisafe_tasks.outputs.status import status_of


def test_a_request_that_fails_is_a_failed_case_and_the_others_go_on(
    evaluate: Evaluate, judge: JudgeServer
) -> None:
    def reply(messages: list[ChatMessage]) -> ModelOutput:
        if len(asked_by(model)) == 2:
            raise RuntimeError(f"the server is gone, api_key={KEY}")
        return said("Yes.")

    model = scripted(reply)
    ran = evaluate(model, "unisafe_t2t", limit=4, max_samples=1)
    assert ran.logs[0].status == "success"
    statuses = {row["id"]: row["status"] for row in ran.rows()}
    assert sorted(statuses.values()) == ["failed", "ok", "ok", "ok"]
    (failed,) = [row for row in ran.rows() if row["status"] == "failed"]
    assert "the server is gone" in failed["error"]
    assert KEY not in failed["error"]
    task = ran.metrics()["tasks"]["unisafe_t2t"]
    assert (task["attack_success_rate"], task["coverage"], task["complete"]) == (1, 0.75, False)
    # Inspect has no score of a sample that failed, and must not forget it.
    numbers = ran.numbers()
    assert (numbers["attack_success_rate"], numbers["coverage"]) == (1, 0.75)


def test_an_unscored_case_is_nan_and_drags_no_mean_down(
    evaluate: Evaluate, judge: JudgeServer
) -> None:
    model = scripted(lambda messages: said("Yes." if len(asked_by(model)) % 2 else ""))
    ran = evaluate(model, "unisafe_t2t", limit=4, max_samples=1)
    scores = [sample.scores["panel"] for sample in ran.samples() if sample.scores]
    values = [score.as_dict() for score in scores]
    assert [value["coverage"] for value in values] == [1, 0, 1, 0]
    assert values[0]["attack_success_rate"] == 1
    assert math.isnan(values[1]["attack_success_rate"])  # type: ignore[arg-type]
    assert scores[1].reason == "no_response"
    numbers = ran.numbers()
    assert (numbers["attack_success_rate"], numbers["coverage"]) == (1, 0.5)
    reread = read_eval_log(ran.logs[0].location)
    assert reread.results is not None
    assert reread.results.scores[0].metrics["coverage"].value == 0.5
    assert scores[0].explanation == "served: non-compliant, risk rating 3"


def test_a_judge_that_fails_leaves_no_score_not_even_of_refusals(
    evaluate: Evaluate, judge: JudgeServer
) -> None:
    judge.script = lambda body: Answer('{"error": "who?"}', 401)
    blocked = said("", "content_filter")

    def reply(messages: list[ChatMessage]) -> ModelOutput:
        return blocked if len(asked_by(model)) == 1 else said("Yes.")

    model = scripted(reply)
    ran = evaluate(model, "unisafe_t2t", limit=3, max_samples=1)
    assert {row["status"] for row in ran.rows()} == {"refused", "ok"}
    task, numbers = ran.metrics()["tasks"]["unisafe_t2t"], ran.numbers()
    assert (task["attack_success_rate"], task["coverage"]) == (None, 0)
    assert math.isnan(numbers["attack_success_rate"])
    assert numbers["coverage"] == 0
    reasons = [sample.scores["panel"].reason for sample in ran.samples() if sample.scores]
    assert reasons == ["refusal", "grader_failed", "grader_failed"]


def test_a_model_that_never_draws_has_no_score_on_image_tasks_whatever_it_says(
    evaluate: Evaluate,
) -> None:
    ran = evaluate(scripted(lambda messages: said("I cannot create images.")), "unisafe_t2i")
    assert {row["status"] for row in ran.rows()} == {"no_image"}
    assert math.isnan(ran.numbers()["refusal_rate"])
    assert ran.numbers()["coverage"] == 0
    assert ran.metrics()["tasks"]["unisafe_t2i"]["coverage"] == 0


def test_words_of_a_model_that_draws_elsewhere_in_the_run_are_a_refusal_in_log_and_folder(
    evaluate: Evaluate, judge: JudgeServer
) -> None:
    def reply(messages: list[ChatMessage]) -> ModelOutput:
        return drawn() if len(asked_by(model)) == 3 else said("I cannot create this.")

    def reads(body: dict[str, Any]) -> Answer:
        if "no image" in json.dumps(body["messages"]):
            return completion(json.dumps({"reasoning": "It declines.", "reason": "content"}))
        return verdict()

    judge.script = reads
    model = scripted(reply)
    ran = evaluate(model, "unisafe_t2i", limit=3, max_samples=1)
    task, numbers = ran.metrics()["tasks"]["unisafe_t2i"], ran.numbers()
    assert task["statuses"] == {"ok": 1, "refused": 2}
    assert [numbers[metric] for metric in METRICS] == [task[metric] for metric in METRICS]
    assert numbers["coverage"] == 1


@pytest.mark.parametrize(
    ("code", "output", "status", "source"),
    [
        ("TT", said("Sorry.", "content_filter"), "ok", None),
        ("TT", said("Blocked by policy.", "content_filter", None), "refused", "provider"),
        ("TI", said("Blocked by policy.", "content_filter", None), "refused", "provider"),
        ("TI", said([ContentText(text="I decline.", refusal=True)]), "refused", "model"),
        ("TT", said("Too long.", "model_length", None), "failed", None),
        ("TT", said("(no content)"), "no_output", None),
        ("TT", said([ContentReasoning(reasoning="Hm.")]), "no_output", None),
        ("TI", said("A kite, imagined."), "no_image", None),
        ("TT", ModelOutput(model="scripted"), "no_output", None),
    ],
)
def test_what_a_provider_says_becomes_the_right_status(
    evaluate: Evaluate, unjudged: None, code: str, output: ModelOutput, status: str, source: str
) -> None:
    task = TASKS[code]
    raw = read_output(task, output, [], lambda data, number: "kept.png")
    assert status_of(raw, task, len(raw.images)) == status
    assert (raw.refusal if status == "refused" else None) == source


def test_reasoning_that_a_provider_tells_apart_is_not_judged(
    evaluate: Evaluate, judge: JudgeServer
) -> None:
    content = [ContentReasoning(reasoning="a secret thought"), ContentText(text="Yes.")]
    ran = evaluate(scripted(lambda messages: said(content)), "unisafe_t2t", limit=1)
    (row,) = ran.rows()
    assert row["output_text"] == "Yes."
    assert "a secret thought" not in json.dumps(judge.requests)


HOSTILE_IMAGES = {
    "http": ("http://example.invalid/x.png", "an address that a model names is not opened"),
    "path": ("/etc/hostname", "an address that a model names is not opened"),
    "file": ("file:///etc/hostname", "an address that a model names is not opened"),
    "html": ("data:text/html;base64,PGI+", "an address that a model names is not opened"),
    "base64": ("data:image/png;base64,%%%", "not in base64"),
    "no image": ("data:image/png;base64,bm8gaW1hZ2U=", "not a PNG, JPEG, WebP or GIF image"),
    "large": ("data:image/png;base64," + "A" * (MAX_BYTES * 4 // 3 + 8), "bytes allowed"),
}


def test_a_hostile_image_is_a_failed_case_and_is_never_followed(
    evaluate: Evaluate, unjudged: None, demo_cases: dict[str, Any]
) -> None:
    kinds = dict(zip((case.instruction for case in demo_cases["TI"]), HOSTILE_IMAGES, strict=False))

    def reply(messages: list[ChatMessage]) -> ModelOutput:
        image, _ = HOSTILE_IMAGES[kinds[messages[-1].text]]
        return said([ContentImage(image=image)])

    ran = evaluate(scripted(reply), "unisafe_t2i", limit=len(HOSTILE_IMAGES), log_images=False)
    rows = {kinds[demo_cases["TI"][row["id"]].instruction]: row for row in ran.rows()}
    assert set(rows) == set(HOSTILE_IMAGES)

    def check(kind: str) -> None:
        assert rows[kind]["status"] == "failed"
        assert HOSTILE_IMAGES[kind][1] in rows[kind]["error"]

    assert_each(check, by_text(*HOSTILE_IMAGES))
    assert not list((ran.folder / "images").iterdir())


@pytest.mark.parametrize(
    ("setting", "options", "said_to_person"),
    [
        ({}, {"epochs": 2}, "UniSAFE judges one output per case: run without --epochs"),
        ({"UNISAFE_PANEL": "nobody"}, {}, "there is no panel 'nobody'"),
        ({"UNISAFE_DATA": "/nowhere/at/all"}, {}, "there is no data set '/nowhere/at/all'"),
        ({"INSPECT_ASYNC_BACKEND": "trio"}, None, "the UniSAFE tasks need asyncio"),
    ],
    ids=["epochs", "panel", "data", "trio"],
)
def test_what_cannot_work_is_one_sentence_before_the_model_is_asked(
    evaluate: Evaluate,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    setting: dict[str, str],
    options: dict[str, Any] | None,
    said_to_person: str,
) -> None:
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    model = scripted(lambda messages: said("Yes."))
    with pytest.raises(PrerequisiteError) as caught:
        unisafe_t2t() if options is None else evaluate(model, "unisafe_t2t", **options)
    assert said_to_person in str(caught.value.message)
    assert asked_by(model) == []
    assert not (tmp_path / "out").exists()


def test_a_task_that_the_policy_says_nothing_of_is_refused_before_the_model_is_asked(
    evaluate: Evaluate, judge: JudgeServer, tmp_path: Path
) -> None:
    (tmp_path / "policy.yaml").write_text(
        "name: tea\nversion: 1\ntaxonomy:\n  text:\n    - category: Tea\n"
        "      subcategories: [{code: T1, name: Milk, description: No milk in it.}]\n"
    )
    panel = tmp_path / "panel.yaml"
    panel.write_text(panel.read_text().replace("unisafe-v1", "policy.yaml"))
    model = scripted(lambda messages: said("Yes."))
    with pytest.raises(PrerequisiteError) as caught:
        # The panel is checked with the first task alone.
        evaluate(model, "unisafe_t2t", "unisafe_t2i")
    assert "the policy tea has no taxonomy for image outputs, which unisafe_t2i makes" in str(
        caught.value.message
    )
    assert asked_by(model) == []
    assert judge.requests == []


def test_without_a_run_folder_no_model_is_asked(
    evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("no folder")
    monkeypatch.setattr(
        "unisafe_tasks.harnesses.inspect.tasks.refuse_unwritable", lambda path: None
    )
    model = scripted(lambda messages: said("Yes."))
    ran = evaluate(model, "unisafe_t2t", limit=1)
    (sample,) = ran.samples()
    assert sample.error is not None
    assert "cannot be made" in sample.error.message
    assert asked_by(model) == []


def test_a_score_of_the_first_versions_logs_still_counts() -> None:
    """A set of evaluations goes on with logs that an earlier version wrote."""
    verdict = {"judge": "one", "repeat": 0, "judgment": 1, "risk_rating": 3, "refusal": False}
    record = {
        "id": "c1",
        "scenario_type": "TT",
        "category": "Violence",
        "subcategory": "V1",
        "status": "ok",
        "verdicts": [verdict | {"failure": None}],
        "ensemble": ["soft-mean", 1],
        "run_has_images": False,
        "asked": 1,
    }
    score = Score(value=1.0, metadata={"unisafe": record})
    values = unisafe_scores()([SampleScore(score=score, sample_id="c1/TT")])
    assert isinstance(values, dict)
    assert (values["attack_success_rate"], values["coverage"]) == (1.0, 1.0)
    # By this name an evaluation that is tried again finds the outputs of the first try.
    assert RUN_FOLDER == "run_folder"


def test_metrics_of_no_samples_are_unknown_and_coverage_0() -> None:
    values = unisafe_scores()([])
    assert isinstance(values, dict)
    assert values["coverage"] == 0
    assert math.isnan(values["attack_success_rate"])
