"""The run folders of evaluations with Inspect: of some, of several, stopped and tried again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import eval_retry, eval_set
from inspect_ai.log import read_eval_log
from inspect_ai.log._samples import sample_active
from inspect_ai.model import (
    ChatMessage,
    ContentImage,
    ModelOutput,
)

from tests.harnesses.inspect.runs import (
    RED,
    Evaluate,
    Ran,
    asked_by,
    drawn,
    panel_file,
    read,
    said,
    scored_again,
    scripted,
    uri,
)
from tests.servers import Answer, JudgeServer, verdict
from tests.tasks.commands import CASES_OF
from tests.tasks.samples import picture
from tests.waiting import LIMIT_S
from unisafe_tasks.files import encode_json
from unisafe_tasks.harnesses.inspect.scorer import _verdicts
from unisafe_tasks.judging.session import Pending
from unisafe_tasks.runs.metrics_file import build_metrics
from unisafe_tasks.runs.reading import read_run


@pytest.mark.parametrize("logged", [True, False])
def test_a_log_without_images_holds_no_drawing_either(
    evaluate: Evaluate, unjudged: None, logged: bool
) -> None:
    broken = RuntimeError("after two turns")

    def reply(messages: list[ChatMessage]) -> ModelOutput:
        if sum(message.role == "user" for message in messages) == 3:
            raise broken
        return drawn()

    ran = evaluate(scripted(reply), "unisafe_t2i", "unisafe_mt2i", limit=1, log_images=logged)
    assert {row["status"] for row in ran.rows()} == {"ok", "failed"}
    assert (ran.folder / ran.rows()[0]["output_image"]).read_bytes() == RED
    for log in ran.logs:
        text = read_eval_log(log.location, resolve_attachments=True).model_dump_json()
        assert (uri(RED) in text) is logged


def test_of_several_images_the_last_counts(evaluate: Evaluate, unjudged: None) -> None:
    drafts = [ContentImage(image=uri(picture("blue"))), ContentImage(image=uri(RED))]
    ran = evaluate(scripted(lambda messages: said(drafts)), "unisafe_t2i", limit=1)
    (row,) = ran.rows()
    assert (ran.folder / row["output_image"]).read_bytes() == RED


def test_models_of_one_evaluation_have_folders_of_their_own(
    evaluate: Evaluate, unjudged: None
) -> None:
    models = [scripted(lambda messages, name=name: said(name), name) for name in ("one", "two")]
    ran = evaluate(models, "unisafe_t2t", "unisafe_i2t", max_tasks=4)
    assert len(ran.folders) == 2
    for number, folder in enumerate(ran.folders):
        info = read(folder / "run.json")
        name = info["model"].removeprefix("scripted/")
        assert {row["output_text"] for row in ran.rows(number=number)} == {name}
        assert (info["status"], len(info["asked"])) == ("complete", 2)


def test_a_sample_id_is_a_part_of_the_cases(evaluate: Evaluate, unjudged: None) -> None:
    ran = evaluate(scripted(lambda messages: said("Yes.")), "unisafe_t2t", sample_id="demo-001/TT")
    assert [row["id"] for row in ran.rows()] == ["demo-001"]
    assert ran.info["limited"] is True
    assert ran.info["asked"] == {"unisafe_t2t": 1}
    assert any("a part of the cases" in note for note in ran.metrics()["notes"])


@pytest.mark.parametrize(
    ("name", "versions", "substituted"),
    [
        ("scripted", None, None),
        ("carrot-2026-11-01", {"carrot-2026-11-01": 2}, None),
        ("turnip", {"turnip": 2}, {"turnip": 2}),
    ],
)
def test_the_name_under_which_a_model_answered_is_kept(
    evaluate: Evaluate,
    unjudged: None,
    name: str,
    versions: dict[str, int] | None,
    substituted: dict[str, int] | None,
) -> None:
    def reply(messages: object) -> ModelOutput:
        return ModelOutput.from_content(name, "Yes.")

    info = evaluate(scripted(reply, "carrot"), "unisafe_t2t", limit=2).info
    assert info.get("model_versions") == versions
    assert info.get("substituted") == substituted


def test_verdicts_are_not_paid_for_twice(evaluate: Evaluate, judge: JudgeServer) -> None:
    for _ in range(2):
        ran = evaluate(scripted(lambda messages: said("Yes.")), "unisafe_t2t", limit=3)
        assert len(judge.requests) == 3
    assert len(ran.folders) == 2
    assert all(row["cached"] for row in ran.rows("verdicts"))


def test_the_split_and_the_second_view_are_those_of_the_stored_run(
    evaluate: Evaluate, tmp_path: Path, demo: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_view(body: dict[str, Any]) -> Answer:
        alone = "You are shown the output alone." in json.dumps(body)
        safe = {"judgment": 0, "risk_rating": 1}
        return verdict() if alone else verdict(depicts_target="no", **safe)

    with JudgeServer(by_view) as server:
        server.first = lambda body: verdict(depicts_target="fully")
        panel = panel_file(tmp_path, server)
        words = panel.read_text().replace("unisafe-v1", "unisafe-v2")
        panel.write_text(f"views: [in-context, output-only]\n{words}")
        monkeypatch.setenv("UNISAFE_PANEL", str(panel))
        ran = evaluate(scripted(lambda messages: said("Yes.")), "unisafe_t2t", limit=3)
        # All cases have the same answer, which is one question without its request.
        assert len(server.requests) == 3 + 1
    metrics = ran.metrics()
    assert metrics["tasks"]["unisafe_t2t"]["split"]["evasion_rate"] == 1
    view = metrics["views"]["output-only"]["unisafe_t2t"]
    assert (view["scored"], view["attack_success_rate"], view["agreement"]) == (3, 1, 0)
    stored = read_run(ran.folder)
    written = (ran.folder / "metrics.json").read_bytes()
    assert encode_json(build_metrics(stored.info, stored.cases)) == written


def test_judging_overlaps_generation(evaluate: Evaluate, judge: JudgeServer) -> None:
    seen = threading.Event()

    def wait(body: dict[str, Any]) -> Answer:
        # Answered only once the model is asked for what comes after the first cases.
        assert seen.wait(LIMIT_S)
        return verdict()

    def reply(messages: list[ChatMessage]) -> ModelOutput:
        if len(asked_by(model)) == 8:
            seen.set()
        return said("Yes.")

    judge.script = wait
    model = scripted(reply)
    ran = evaluate(model, "unisafe_t2t", limit=8, max_samples=8)
    assert ran.numbers()["coverage"] == 1


def test_no_thread_waits_for_a_verdict() -> None:
    waiting = [Pending({}) for _ in range(2000)]

    async def all_of_them() -> list[list[dict[str, Any]]]:
        tasks = [asyncio.create_task(_verdicts(pending)) for pending in waiting]
        await asyncio.sleep(0)
        before = threading.active_count()
        settler = threading.Thread(target=lambda: [p.settle([{"n": 1}]) for p in waiting])
        settler.start()
        assert threading.active_count() <= before + 1
        results = await asyncio.gather(*tasks)
        settler.join()
        return results

    assert asyncio.run(all_of_them()) == [[{"n": 1}]] * 2000


def test_an_interrupted_evaluation_is_readable_and_its_retry_asks_only_for_the_rest(
    evaluate: Evaluate, judge: JudgeServer, tmp_path: Path, interruptible: None
) -> None:
    count, lock, go_on = [0], threading.Lock(), threading.Event()

    def slow(body: dict[str, Any]) -> Answer:
        with lock:
            count[0] += 1
            number = count[0]
        if number == 6:
            os.kill(os.getpid(), signal.SIGINT)
        if number > 5:
            go_on.wait(LIMIT_S)
        return verdict()

    def reply(messages: list[ChatMessage]) -> ModelOutput:
        active = sample_active()
        assert active is not None
        return drawn(words=str(active.sample.id))

    judge.script = slow
    model = scripted(reply)
    with pytest.raises(KeyboardInterrupt):
        evaluate(model, "unisafe_t2i", max_samples=1, log_images=False)
    go_on.set()
    (log,) = tmp_path.glob("logs/*.eval")
    stopped = Ran([], tmp_path / "out")
    assert stopped.info["status"] == "stopped"
    assert len(stopped.rows()) == 6
    task = stopped.metrics()["tasks"]["unisafe_t2i"]
    assert (task["scored"], task["asked"], task["complete"]) == (5, CASES_OF["TI"], False)
    assert scored_again(stopped.folder) == (stopped.folder / "metrics.json").read_bytes()

    question_count, judged = len(asked_by(model)), len(judge.requests)
    prior = read_eval_log(str(log))
    assert prior.status == "cancelled"
    again = eval_retry(prior, log_dir=str(tmp_path / "logs"), display="none", ctl_server=False)
    ran = Ran(again, tmp_path / "out")
    task = ran.metrics()["tasks"]["unisafe_t2i"]
    assert task["scored"] == task["asked"] == CASES_OF["TI"]
    assert task["complete"] is True
    assert ran.numbers()["coverage"] == 1
    assert len(asked_by(model)) - question_count == CASES_OF["TI"] - 5
    assert len(judge.requests) - judged == CASES_OF["TI"] - 5


def test_a_set_of_evaluations_that_tries_again_has_one_folder(
    evaluate: Evaluate, judge: JudgeServer, tmp_path: Path
) -> None:
    broken = [True]

    def reply(messages: list[ChatMessage]) -> ModelOutput:
        if broken[0] and len(asked_by(model)) == 3:
            broken[0] = False
            raise RuntimeError("for a moment")
        return said("Yes.")

    model = scripted(reply)
    success, _ = eval_set(
        ["unisafe_tasks/unisafe_t2t", "unisafe_tasks/unisafe_i2t"],
        log_dir=str(tmp_path / "set"),
        model=model,
        task_args={"output_path": str(tmp_path / "out")},
        retry_wait=0.01,
        fail_on_error=True,
        limit=4,
        max_samples=1,
        display="none",
        ctl_server=False,
    )
    assert success
    ran = Ran([], tmp_path / "out")
    assert ran.info["status"] == "complete"
    for name in ("unisafe_t2t", "unisafe_i2t"):
        task = ran.metrics()["tasks"][name]
        assert (task["scored"], task["asked"]) == (4, 4)
    assert len(asked_by(model)) == 9
