"""The tasks of the benign set in lmms-eval and lm-eval, alone and beside UniSAFE's."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.harnesses.conftest import Command, Finished
from tests.harnesses.model_server import ModelServer
from tests.harnesses.tiny_models import save_tiny_llama
from tests.servers import Answer, JudgeServer, verdict
from tests.tasks.benign import TARGETS, write_benign
from tests.tasks.commands import CASES_OF, DEMO
from tests.tasks.samples import write_rows
from unisafe_tasks.harnesses.locations import tasks_dir
from unisafe_tasks.leaderboard import build
from unisafe_tasks.metric_facts import BENIGN_FACTS, FACTS
from unisafe_tasks.models.umm_openai import UmmOpenAI
from unisafe_tasks.outputs.parsing import encode_output
from unisafe_tasks.results.scored_run import read_scored_runs
from unisafe_tasks.tasks import BENIGN_GROUPS

Evaluate = Callable[..., Finished]

DECLINED = "I must decline that."


def models() -> Any:
    from tests.harnesses import models as module

    return module


def folders(out: Path) -> dict[str, Finished]:
    """The run folders of an evaluation by their data source's name."""
    found = [Finished({}, path) for path in out.glob("unisafe-*")]
    return {str(info(run)["data"]["source"]).partition(":")[0]: run for run in found}


def info(run: Finished) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((run.folder / "run.json").read_text("utf-8"))
    return value


def are_joined(both: Mapping[str, Finished]) -> None:
    """Check that the leaderboard takes the runs of one evaluation for two arms of its model."""
    folders = [run.folder for run in both.values()]
    board = build(read_scored_runs(folders, takes_benign=True))
    assert board.unjoined == ()
    assert [len(block.rows) for block in board.joined] == [1]


def says_refusal(body: dict[str, Any]) -> Answer:
    """A judge that sees a refusal where the model has declined, and nothing unsafe."""
    is_refusal = DECLINED in json.dumps(body["messages"])
    return verdict(judgment=0, risk_rating=0 if is_refusal else 1, refusal=is_refusal)


@pytest.fixture
def benign(demo: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in set in the place of the bundled one, and no other data."""
    monkeypatch.setenv("UNISAFE_BENIGN", str(write_benign(tmp_path / "set")))
    monkeypatch.delenv("UNISAFE_DATA")


@pytest.fixture
def judge(benign: None, judged_by: Callable[..., JudgeServer]) -> Iterator[JudgeServer]:
    with JudgeServer(says_refusal) as server:
        yield judged_by(server)


def test_a_model_that_refuses_all_over_refuses_all(evaluate: Evaluate, judge: JudgeServer) -> None:
    done = evaluate(models().Model(lambda prompt, images, doc: DECLINED), "unisafe_benign_text")
    for name in BENIGN_GROUPS["unisafe_benign_text"]:
        task, table = done.task(name), done.results["results"][name]
        for source in (task, {key: table[f"{key},none"] for key in BENIGN_FACTS}):
            assert source["over_refusal_rate"] == 1
            assert source["provider_block_rate"] == 0
            assert source["benign_unsafe_rate"] == 0
            assert source["coverage"] == 1
        assert not set(task) & (set(FACTS) - set(BENIGN_FACTS))
    group = done.metrics["groups"]["unisafe_benign_text"]
    assert (group["over_refusal_rate"], group["asked"]) == (1, 12)
    assert group["intervals"]["over_refusal_rate"]["high"] == 1


def test_a_model_that_complies_with_all_over_refuses_nothing(
    evaluate: Evaluate, judge: JudgeServer
) -> None:
    done = evaluate(models().Model(lambda prompt, images, doc: "Gladly."), "unisafe_benign_t2t")
    task = done.task("unisafe_benign_t2t")
    assert (task["over_refusal_rate"], task["benign_unsafe_rate"]) == (0, 0)
    # With four cases nobody knows that it is 0.
    assert task["intervals"]["over_refusal_rate"]["high"] > 0.3
    assert done.metrics["notes"][0].startswith("Benign set: harmless requests that we wrote.")


def test_a_model_without_images_has_coverage_0_and_no_over_refusal(
    evaluate: Evaluate, judge: JudgeServer
) -> None:
    model = models().Model(lambda prompt, images, doc: "I cannot create images.")
    done = evaluate(model, "unisafe_benign_i2i")
    task = done.task("unisafe_benign_i2i")
    assert (task["coverage"], task["over_refusal_rate"]) == (0, None)
    assert math.isnan(done.results["results"]["unisafe_benign_i2i"]["over_refusal_rate,none"])
    assert any("this is no over-refusal rate of 0 %" in note for note in done.metrics["notes"])
    assert judge.requests == []


def test_blocks_of_the_provider_are_told_apart(evaluate: Evaluate, judge: JudgeServer) -> None:
    blocked = encode_output("", refusal="provider")
    own = encode_output("", refusal="model")
    answers = {0: blocked, 1: own, 2: "Gladly.", 3: "Gladly."}
    model = models().Model(lambda prompt, images, doc: answers[doc])
    task = evaluate(model, "unisafe_benign_t2t").task("unisafe_benign_t2t")
    # Two cells of two cases each, and the first has both refusals.
    assert (task["over_refusal_rate"], task["provider_block_rate"]) == (0.5, 0.25)
    assert task["blocked"] == 1
    assert set(task["intervals"]["provider_block_rate"]) == {"low", "high", "method"}


def test_a_judge_is_not_told_that_a_request_is_benign(
    evaluate: Evaluate, judge: JudgeServer
) -> None:
    evaluate(models().Model(lambda prompt, images, doc: "Gladly."), "unisafe_benign_t2t")
    for request in judge.requests:
        text = json.dumps(request["messages"]).lower()
        assert "benign" not in text.replace("benign-", "")
        assert "nobody is harmed" not in text


def test_both_arms_run_in_one_evaluation_and_leave_a_folder_each(
    evaluate: Evaluate, judge: JudgeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_DATA", "demo")
    model = models().Model(lambda prompt, images, doc: "Tea is ready.")
    done = evaluate(model, "unisafe_t2t", "unisafe_benign_t2t", "unisafe_benign_it2t")
    both = folders(tmp_path / "out")
    assert set(both) == {"demo", "unisafe-benign"}
    assert tuple(both["demo"].metrics["tasks"]) == ("unisafe_t2t",)
    assert set(both["unisafe-benign"].metrics["tasks"]) == {
        "unisafe_benign_t2t",
        "unisafe_benign_it2t",
    }
    assert info(both["demo"])["tasks"] == ["unisafe_t2t"]
    assert info(both["unisafe-benign"])["data_setting"] == "benign"
    assert set(done.results["results"]["unisafe_t2t"]) >= {"attack_success_rate,none"}
    assert "attack_success_rate,none" not in done.results["results"]["unisafe_benign_t2t"]
    alone = evaluate(model, "unisafe_t2t")
    # What else is run changes nothing of UniSAFE's scores.
    path = both["demo"].folder / "metrics.json"
    assert (alone.folder / "metrics.json").read_bytes() == path.read_bytes()


def test_a_shard_is_a_part_of_each_arm(
    evaluate: Evaluate, judge: JudgeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_DATA", "demo")
    monkeypatch.setenv("UNISAFE_SHARD", "1/2")
    model = models().Model(lambda prompt, images, doc: "Tea is ready.")
    evaluate(model, "unisafe_t2t", "unisafe_benign_t2t")
    both = folders(tmp_path / "out")
    halves = {"demo": CASES_OF["TT"] // 2, "unisafe-benign": len(TARGETS) // 2}
    assert {name: len(run.rows("predictions")) for name, run in both.items()} == halves
    for run in both.values():
        assert info(run)["shard"] == {"number": 1, "of": 2}
        assert sum("Only shard 1 of 2 was run" in note for note in run.metrics["notes"]) == 1


def test_a_stored_run_is_judged_again_and_scored_as_before(
    evaluate: Evaluate, judge: JudgeServer, unisafe: Callable[..., Command], tmp_path: Path
) -> None:
    settings = {key: value for key, value in os.environ.items() if key.startswith("UNISAFE_")}
    # UNISAFE_DATA is of the other arm, and does not hinder.
    settings["UNISAFE_DATA"] = "demo"
    model = models().Model(lambda prompt, images, doc: DECLINED if doc else "Gladly.")
    done = evaluate(model, "unisafe_benign_t2t", "unisafe_benign_it2t")
    asked = len(judge.requests)
    again = tmp_path / "again"
    ran = unisafe("judge", str(done.folder), "--out", str(again), cwd=tmp_path, env=settings)
    assert ran.code == 0, ran.output
    assert "over-refusal" in ran.output
    assert len(judge.requests) == asked
    old, new = done.metrics, json.loads((again / "metrics.json").read_text("utf-8"))
    assert new["tasks"] == old["tasks"]
    scored = unisafe("score", str(again), "--json", cwd=tmp_path, env=settings)
    assert json.loads(scored.output) == new


def test_unisafe_data_that_names_the_benign_set_is_refused_for_unisafes_tasks(
    evaluate: Evaluate, judge: JudgeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_DATA", "benign")
    with pytest.raises(
        SystemExit, match="which has harmless requests: run the tasks unisafe_benign"
    ):
        evaluate(models().Model(lambda prompt, images, doc: "Tea."), "unisafe_t2t")


def test_a_row_without_a_reason_stops_the_run_before_the_model_is_asked(
    evaluate: Evaluate, judge: JudgeServer, tmp_path: Path
) -> None:
    file = tmp_path / "set" / "cases.jsonl"
    file.write_text(file.read_text("utf-8").replace("why_harmless", "why"), "utf-8")
    model = models().Model(lambda prompt, images, doc: "Tea.")
    with pytest.raises(
        SystemExit, match=r"cases\.jsonl, line 1: why_harmless must say in one line"
    ):
        evaluate(model, "unisafe_benign_t2t")
    assert model.seen == []


def test_lm_eval_runs_the_text_tasks_of_both_arms(
    judge: JudgeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lm_eval import simple_evaluate
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    monkeypatch.setenv("UNISAFE_DATA", "demo")
    results = simple_evaluate(
        model="hf",
        model_args={"pretrained": str(save_tiny_llama(tmp_path / "llama"))},
        tasks=["unisafe_t2t", "unisafe_benign_t2t"],
        task_manager=TaskManager(include_path=str(tasks_dir("lm-eval")), include_defaults=False),
        evaluation_tracker=EvaluationTracker(output_path=str(tmp_path / "out")),
        apply_chat_template=True,
        fewshot_as_multiturn=True,
        gen_kwargs="max_gen_toks=12",
        device="cpu",
        bootstrap_iters=0,
    )
    both = folders(tmp_path / "out")
    assert set(both) == {"demo", "unisafe-benign"}
    are_joined(both)
    task = both["unisafe-benign"].task("unisafe_benign_t2t")
    assert (task["coverage"], task["asked"]) == (1, 4)
    table = results["results"]["unisafe_benign_t2t"]
    assert {name: table[f"{name},none"] for name in BENIGN_FACTS} == {
        name: task[name] for name in BENIGN_FACTS
    }


def test_an_adapter_asks_both_arms_at_once_and_counts_their_answers_apart(
    evaluate: Evaluate, judge: JudgeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_DATA", "demo")
    tasks = ("unisafe_mt2i", *BENIGN_GROUPS["unisafe_benign_image"])
    with ModelServer() as server:
        model = UmmOpenAI(model="unified", base_url=f"{server.root}/v1")
        evaluate(model, *tasks)
        asked = len(server.questions)
        first = folders(tmp_path / "out")
        for path in (tmp_path / "out").iterdir():
            path.rename(tmp_path / path.name)
        evaluate(model, *tasks)
        assert len(server.questions) == asked
    second = folders(tmp_path / "out")
    conversations = len(second["demo"].rows("predictions"))
    assert info(second["demo"])["answers"]["reused"] == 4 * conversations
    # Four targets in three tasks of one question, and in one of four.
    assert info(second["unisafe-benign"])["answers"]["reused"] == 4 * 3 + 4 * 4
    assert set(first) == set(second)
    for name in BENIGN_GROUPS["unisafe_benign_image"]:
        task = second["unisafe-benign"].task(name)
        assert (task["coverage"], task["over_refusal_rate"]) == (1, 0)
    are_joined(second)
    histories = second["unisafe-benign"].task("unisafe_benign_mt2i")["histories"]
    assert histories == {"full": 4}


def test_sample_files_of_both_arms_are_judged_apart(
    judge: JudgeServer,
    lmms_eval: Callable[..., Command],
    unisafe: Callable[..., Command],
    tmp_path: Path,
) -> None:
    settings = {key: value for key, value in os.environ.items() if key.startswith("UNISAFE_")}
    settings["UNISAFE_DATA"] = "demo"
    with ModelServer() as server:
        given = f"model=unified,base_url={server.root}/v1,api=chat"
        done = lmms_eval(
            *("--model", "umm_openai", "--model_args", given, "--predict_only"),
            *("--tasks", "unisafe_t2t,unisafe_benign_t2t", "--output_path", "out"),
            *("--log_samples",),
            cwd=tmp_path,
            env=settings,
        )
    assert done.code == 0, done.output
    (samples,) = {path.parent for path in (tmp_path / "out").rglob("*samples_unisafe_*.jsonl")}
    words = ("judge", str(samples), "--data", "benign", "--out", "judged")
    ran = unisafe(*words, cwd=tmp_path, env=settings)
    assert ran.code == 0, ran.output
    metrics = json.loads((tmp_path / "judged" / "metrics.json").read_text("utf-8"))
    assert {name: task["asked"] for name, task in metrics["tasks"].items()} == {
        "unisafe_benign_t2t": 4
    }


def test_a_file_of_the_other_set_is_one_sentence_and_leaves_no_run_of_its_set(
    evaluate: Evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_DATA", "demo")
    file = DEMO / "predictions" / "benign" / "demo.jsonl"
    with pytest.raises(SystemExit) as ended:
        evaluate("predictions", "unisafe_t2t", model_args=f"predictions={file}")
    assert str(ended.value) == (
        f"{file} holds outputs for tasks of unisafe_benign, and unisafe_t2t is none: name tasks of "
        "unisafe_benign, or another file"
    )
    assert not list((tmp_path / "out").glob("unisafe-benign*"))


def test_a_bundled_model_is_replayed_for_the_tasks_of_both_sets(
    evaluate: Evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    names = {"unisafe_t2t": "demo", "unisafe_benign_t2t": None}
    for name, data in names.items():
        if data is None:
            # The benign task needs no gated data.
            monkeypatch.delenv("UNISAFE_DATA", raising=False)
        else:
            monkeypatch.setenv("UNISAFE_DATA", data)
        evaluate("predictions", name, model_args="predictions=demo")
    both = folders(tmp_path / "out")
    assert both["demo"].task("unisafe_t2t")["statuses"] == {"ok": CASES_OF["TT"]}
    assert "failed" not in both["unisafe-benign"].task("unisafe_benign_t2t")["statuses"]


def test_outputs_made_elsewhere_are_replayed_on_the_set_that_they_are_of(
    evaluate: Evaluate, judge: JudgeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_DATA", "demo")
    file = write_rows(
        tmp_path / "mine.jsonl",
        [
            {"id": target, "scenario_type": "TT", "model": "mine", "output_text": DECLINED}
            for target in TARGETS
        ],
    )
    done = evaluate(
        "predictions", "unisafe_t2t", "unisafe_benign_t2t", model_args=f"predictions={file}"
    )
    both = folders(tmp_path / "out")
    assert both["unisafe-benign"].task("unisafe_benign_t2t")["over_refusal_rate"] == 1
    # There is no row for a case of the other set.
    assert both["demo"].task("unisafe_t2t")["statuses"] == {"failed": CASES_OF["TT"]}
    assert math.isnan(done.results["results"]["unisafe_t2t"]["attack_success_rate,none"])
