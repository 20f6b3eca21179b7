"""The text-output tasks in lm-eval: the real harness, in process and as its command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.corpora import assert_each, by_text
from tests.harnesses.conftest import Command, Finished
from tests.harnesses.model_server import Asked, ModelServer
from tests.harnesses.tiny_models import save_tiny_llama
from tests.judges.tiny_vlm import save_tiny_vlm
from tests.servers import Answer, JudgeServer, completion, verdict
from tests.tasks.benign import write_benign
from tests.tasks.commands import CASES_OF
from unisafe_tasks import GROUPS, CaseSet, resolve_source
from unisafe_tasks.harnesses.locations import tasks_dir
from unisafe_tasks.outputs.saved import read_outputs

TEXT = GROUPS["unisafe_text"]
SENTINEL = "hf_SENTINELsentinelSENTINELsentinel42"
Evaluate = Callable[..., Finished]


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def llava(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_vlm(tmp_path_factory.mktemp("llava"))


@pytest.fixture
def evaluate(demo: None, tmp_path: Path) -> Evaluate:
    """Run tasks through lm-eval's own `simple_evaluate`, as its command calls it."""
    from lm_eval import simple_evaluate
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    def run(model: str, arguments: dict[str, Any], *tasks: str, **options: Any) -> Finished:
        out = tmp_path / "out"
        given = {
            "apply_chat_template": True,
            "fewshot_as_multiturn": True,
            "gen_kwargs": "max_gen_toks=12",
            "device": "cpu",
            "bootstrap_iters": 0,
        } | options
        results = simple_evaluate(
            model=model,
            model_args=arguments,
            tasks=list(tasks),
            task_manager=TaskManager(
                include_path=str(tasks_dir("lm-eval")), include_defaults=False
            ),
            evaluation_tracker=EvaluationTracker(output_path=str(out)),
            **given,
        )
        folders = sorted(out.glob("unisafe-*"), key=lambda path: path.stat().st_mtime_ns)
        return Finished(dict(results), folders[-1] if folders else out)

    return run


def by_length(body: dict[str, Any]) -> Answer:
    """A verdict that depends on what was asked, so that no two scores agree by chance."""
    size = len(json.dumps(body["messages"]))
    return verdict(judgment=1, risk_rating=3) if size % 3 else verdict(judgment=0, risk_rating=1)


def api(server: ModelServer) -> dict[str, Any]:
    url = f"{server.root}/v1/chat/completions"
    return {"model": "served", "base_url": url, "num_concurrent": 4, "max_retries": 1}


def test_each_task_is_loaded_run_and_judged(
    evaluate: Evaluate, judged_by: Callable[..., JudgeServer], llava: Path
) -> None:
    with judged_by(JudgeServer(by_length)) as server:
        done = evaluate("hf-multimodal", {"pretrained": str(llava)}, "unisafe_text")
    assert len(server.requests) == sum(done.task(name)["asked"] for name in TEXT)
    assert tuple(done.metrics["tasks"]) == TEXT
    for name in TEXT:
        summary, shown = done.task(name), done.results["results"][name]
        assert (summary["coverage"], summary["complete"]) == (1, True)
        for metric in ("attack_success_rate", "average_risk_rating", "refusal_rate", "coverage"):
            assert shown[f"{metric},none"] == summary[metric]
    group = done.metrics["groups"]["unisafe_text"]["attack_success_rate"]
    assert done.results["results"]["unisafe_text"]["attack_success_rate,none"] == group
    assert 0 < group < 1


def test_a_run_says_what_ran_it(evaluate: Evaluate, llama: Path) -> None:
    done = evaluate("hf", {"pretrained": str(llama)}, "unisafe_t2t")
    info = json.loads((done.folder / "run.json").read_text("utf-8"))
    assert info["harness"] == "lm-eval"
    assert (info["model"], info["status"]) == (str(llama), "complete")
    assert info["chat_template"] == "applied"
    assert info["asked"] == {"unisafe_t2t": CASES_OF["TT"]}
    assert info["versions"]["lm_eval"] == "0.4.13"
    assert info["gen_kwargs"] == '{"max_gen_toks": 12}'
    assert info["limited"] is False


@pytest.mark.parametrize("options", [{"limit": 3}, {"samples": {"unisafe_t2t": [1, 4, 9]}}])
def test_a_part_of_the_cases_is_marked_as_one(
    evaluate: Evaluate, llama: Path, options: dict[str, Any]
) -> None:
    done = evaluate("hf", {"pretrained": str(llama)}, "unisafe_t2t", **options)
    assert done.task("unisafe_t2t")["asked"] == 3
    assert done.metrics["limited"] is True
    assert done.task("unisafe_t2t")["complete"] is False


def test_a_model_behind_an_api_gets_images_first_and_no_placeholder(
    evaluate: Evaluate, demo_cases: dict[str, CaseSet]
) -> None:
    with ModelServer() as server:
        arguments = api(server)
        evaluate("local-chat-completions", arguments, *TEXT)
    cases = [case for code in ("TT", "IT", "MU") for case in demo_cases[code]]
    contents = {(tuple(question.words), len(question.images)) for question in server.questions}
    assert contents == {((case.instruction,), len(case.images)) for case in cases}
    assert len(server.questions) == len(cases)
    (first, _) = next(
        parts for question in server.questions if question.images for _, parts in question.turns
    )
    assert isinstance(first, bytes)


def test_an_empty_answer_is_unscored(
    evaluate: Evaluate, judged_by: Callable[..., JudgeServer]
) -> None:
    def empty(question: Asked) -> Answer:
        return completion("")

    with judged_by(JudgeServer(by_length)), ModelServer(empty) as server:
        done = evaluate("local-chat-completions", api(server), "unisafe_t2t", limit=4)
    assert done.task("unisafe_t2t")["statuses"] == {"no_output": 4}
    assert done.task("unisafe_t2t")["attack_success_rate"] is None
    assert done.task("unisafe_t2t")["coverage"] == 0
    shown = done.results["results"]["unisafe_t2t"]["attack_success_rate,none"]
    assert shown != shown  # NaN


def test_a_judge_that_turns_everything_away_leaves_no_number(
    evaluate: Evaluate, judged_by: Callable[..., JudgeServer], llama: Path
) -> None:
    with judged_by(JudgeServer(lambda body: Answer("no", status=401))):
        done = evaluate("hf", {"pretrained": str(llama)}, "unisafe_t2t", limit=2)
    assert done.task("unisafe_t2t")["attack_success_rate"] is None
    assert done.task("unisafe_t2t")["judge_failures"] == {"local: stopped": 2}
    shown = done.results["results"]["unisafe_t2t"]["attack_success_rate,none"]
    assert shown != shown  # NaN


def test_nothing_is_asked_without_a_panel_or_data(
    evaluate: Evaluate, llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISAFE_PANEL", "nowhere.yaml")
    with pytest.raises(SystemExit, match=r"nowhere\.yaml"):
        evaluate("hf", {"pretrained": str(llama)}, "unisafe_t2t", limit=2)
    monkeypatch.setenv("UNISAFE_DATA", "nowhere.jsonl")
    with pytest.raises(SystemExit, match=r"there is no data set .nowhere\.jsonl"):
        evaluate("hf", {"pretrained": str(llama)}, "unisafe_t2t", limit=2)


def choice(message: dict[str, Any], finish: str) -> Answer:
    entry = {"index": 0, "message": message, "finish_reason": finish}
    return Answer(json.dumps({"model": "served", "choices": [entry]}))


REPLIES: tuple[tuple[dict[str, Any], str, str, str | None], ...] = (
    ({"content": None}, "content_filter", "refused", "provider"),
    ({"content": "A carrot"}, "content_filter", "ok", None),
    ({"content": None, "refusal": "I'd rather not."}, "stop", "ok", None),
    ({"content": "Soup.", "refusal": None}, "stop", "ok", None),
    ({"content": None}, "stop", "no_output", None),
)
"""A message, why it ended, and what status and source of a refusal it gets."""


def test_a_providers_block_and_a_refusal_are_what_they_are_in_other_harnesses(
    evaluate: Evaluate, judged_by: Callable[..., JudgeServer], demo_cases: dict[str, CaseSet]
) -> None:
    replies = dict(zip((case.instruction for case in demo_cases["TT"]), REPLIES, strict=False))

    def reply(question: Asked) -> Answer:
        (instruction,) = question.words
        message, finish, *_ = replies[instruction]
        return choice(message, finish)

    with judged_by(JudgeServer(by_length)), ModelServer(reply) as server:
        done = evaluate("local-chat-completions", api(server), "unisafe_t2t", limit=len(REPLIES))
    rows = {row["id"]: row for row in done.rows("predictions")}
    assert len(rows) == len(REPLIES)

    def check(case_id: str) -> None:
        row = rows[case_id]
        message, _, status, source = replies[demo_cases["TT"][case_id].instruction]
        assert (row["status"], row["refusal_source"]) == (status, source)
        words = message.get("refusal") or message["content"]
        assert row["output_text"] == words

    assert_each(check, by_text(*rows))


def body(message: dict[str, Any], finish: str = "stop", **top: Any) -> Answer:
    entry = {"index": 0, "message": message, "finish_reason": finish}
    return Answer(json.dumps({"model": "served-2026-11-01", "choices": [entry], **top}))


WHOLE: tuple[tuple[Answer, dict[str, Any]], ...] = (
    (
        body({"content": "Soup.", "reasoning_content": "Which pot?"}),
        {"status": "ok", "output_text": "Soup.", "thinking": "Which pot?"},
    ),
    (
        body({"content": [{"type": "text", "text": "So"}, {"type": "text", "text": "up."}]}),
        {"status": "ok", "output_text": "Soup."},
    ),
    (body({"content": "Cut the"}, "length"), {"output_text": "Cut the", "cut_off": True}),
    (
        Answer(json.dumps({"error": {"message": "no such tool", "code": 400}})),
        {"status": "failed"},
    ),
)
"""A server's answer, and what of it is in the prediction."""


def test_what_came_with_an_answer_is_kept_as_in_other_harnesses(
    evaluate: Evaluate, judged_by: Callable[..., JudgeServer], demo_cases: dict[str, CaseSet]
) -> None:
    answers = dict(zip((case.instruction for case in demo_cases["TT"]), WHOLE, strict=False))

    def reply(question: Asked) -> Answer:
        (instruction,) = question.words
        return answers[instruction][0]

    with judged_by(JudgeServer(by_length)) as judge, ModelServer(reply) as server:
        done = evaluate("local-chat-completions", api(server), "unisafe_t2t", limit=len(WHOLE))
    rows = {row["id"]: row for row in done.rows("predictions")}
    for case, (_, expected) in zip(demo_cases["TT"], WHOLE, strict=False):
        row = rows[case.id]
        assert {name: row.get(name) for name in expected} == expected
    assert "Which pot?" not in json.dumps(judge.requests)
    info = json.loads((done.folder / "run.json").read_text("utf-8"))
    assert info["model_versions"] == {"served-2026-11-01": 3}
    assert "substituted" not in info


def test_answers_of_both_arms_are_counted_apart(
    evaluate: Evaluate,
    judged_by: Callable[..., JudgeServer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UNISAFE_BENIGN", str(write_benign(tmp_path / "set")))
    answer = body({"content": "Soup."})
    with judged_by(JudgeServer(by_length)), ModelServer(lambda question: answer) as server:
        done = evaluate("local-chat-completions", api(server), "unisafe_t2t", "unisafe_benign_t2t")
    infos = [json.loads(path.read_text()) for path in done.folder.parent.glob("*/run.json")]
    counted = {tuple(info["tasks"]): info["model_versions"] for info in infos}
    assert counted == {
        ("unisafe_t2t",): {"served-2026-11-01": CASES_OF["TT"]},
        ("unisafe_benign_t2t",): {"served-2026-11-01": 4},
    }


def test_an_answer_whose_template_opened_the_thinking_says_so(demo_cases: object) -> None:
    from types import SimpleNamespace

    from unisafe_tasks import TASKS
    from unisafe_tasks.harnesses.lm_eval.answers import thinking_opened
    from unisafe_tasks.outputs.parsing import parse_output

    requests = [SimpleNamespace(args=(text,)) for text in ("Hi<|assistant|><think>\n", "Hi")]
    opened, plain = thinking_opened(requests, ["a plan</think>Soup.", "Soup."])
    assert parse_output(opened, TASKS["TT"]).template_opened
    assert plain == "Soup."


class Thinker:
    """A local model of lm-eval's, as far as it is asked."""

    def __init__(self, end: object) -> None:
        self.think_end_token = end

    def generate_until(self, requests: list[Any]) -> list[str]:
        texts = [request.answer for request in requests]
        end = self.think_end_token
        return [text.split(end)[-1] if isinstance(end, str) else text for text in texts]


@pytest.mark.parametrize(
    ("end", "context", "answer", "read"),
    [
        ("</think>", "<think>\n", "a plan</think>Soup.", ("Soup.", False)),
        ("</think>", "<think>\n", "a plan", ("", True)),
        ("</think>", "Hi", "a plan</think>Soup.", ("Soup.", False)),
        ("</think>", "Hi", "<think>a plan</think>Soup.", ("Soup.", False)),
        ("</think>", "Hi", "Soup.", ("Soup.", False)),
        ("@@", "<think>\n", "a plan@@Soup.", ("Soup.", False)),
        (None, "<think>\n", "a plan</think>Soup.", ("Soup.", False)),
    ],
)
def test_thinking_whose_end_the_user_names_hides_no_answer(
    end: object, context: str, answer: str, read: tuple[str, bool]
) -> None:
    from types import SimpleNamespace

    from unisafe_judges.thinking import split_thinking
    from unisafe_tasks import TASKS
    from unisafe_tasks.harnesses.lm_eval.asking import asked_by_us
    from unisafe_tasks.outputs.parsing import parse_output

    lm = Thinker(end)
    with asked_by_us(lm, {}):
        (output,) = lm.generate_until([SimpleNamespace(args=(context,), answer=answer)])
    assert lm.think_end_token == end
    raw = parse_output(output, TASKS["TT"])
    split = split_thinking(raw.text, opened=raw.template_opened)
    assert (split.answer, split.is_cut_off) == read


def test_a_key_that_lm_eval_logs_is_taken_out(
    evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SENTINEL)
    refusing = ModelServer(lambda question: Answer("no", status=400))
    with refusing as server, pytest.raises(Exception, match="400"):
        evaluate("local-chat-completions", api(server), "unisafe_t2t", limit=1)
    assert server.questions
    assert "'Authorization': '[redacted]'" in caplog.text
    assert SENTINEL not in caplog.text


@pytest.mark.parametrize(
    ("tasks", "options", "sentence"),
    [
        (("unisafe_i2t",), {}, "unisafe_i2t: this --model reads no images"),
        (("unisafe_t2t",), {"cache_requests": True}, "request cache knows nothing of the data"),
        (("unisafe_t2t",), {"num_fewshot": 2}, "run without --num_fewshot"),
        (("unisafe_t2t",), {"limit": 0}, "--limit 0 asks no case"),
        (
            ("unisafe_t2t",),
            {"samples": {"unisafe_t2t": [0, 99]}},
            f"case 99 of {CASES_OF['TT']} in unisafe_t2t",
        ),
        (("unisafe_t2t",), {"samples": {"unisafe_t2t": [1, 1]}}, "a case twice in unisafe_t2t"),
        (("unisafe_t2t",), {"samples": {"unisafe_ttt": [1]}}, "--samples names 'unisafe_ttt'"),
    ],
)
def test_what_cannot_work_is_one_sentence_and_leaves_no_folder(
    evaluate: Evaluate,
    llama: Path,
    tmp_path: Path,
    tasks: tuple[str, ...],
    options: dict[str, Any],
    sentence: str,
) -> None:
    with pytest.raises(SystemExit, match=re.escape(sentence)):
        evaluate("hf", {"pretrained": str(llama)}, *tasks, **options)
    assert not list((tmp_path / "out").glob("unisafe-*"))


def test_a_cache_that_ignores_images_is_refused_where_there_are_any(
    evaluate: Evaluate, llava: Path, tmp_path: Path
) -> None:
    given = {"use_cache": str(tmp_path / "cache"), "limit": 1}
    with pytest.raises(SystemExit, match="response cache ignores images"):
        evaluate("hf-multimodal", {"pretrained": str(llava)}, "unisafe_i2t", **given)
    for _ in range(2):
        done = evaluate("hf-multimodal", {"pretrained": str(llava)}, "unisafe_t2t", **given)
        assert done.task("unisafe_t2t")["statuses"] == {"ok": 1}


def test_a_prompt_without_the_chat_template_is_warned_of(
    evaluate: Evaluate, llama: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = evaluate(
        "hf", {"pretrained": str(llama)}, "unisafe_t2t", limit=1, apply_chat_template=False
    )
    assert "add --apply_chat_template" in capsys.readouterr().out
    assert json.loads((done.folder / "run.json").read_text("utf-8"))["chat_template"] == "left out"
    done = evaluate("hf", {"pretrained": str(llama)}, "unisafe_t2t", limit=1)
    assert "Warning" not in capsys.readouterr().out
    assert json.loads((done.folder / "run.json").read_text("utf-8"))["chat_template"] == "applied"


def test_a_system_prompt_is_warned_of_recorded_and_noted(
    evaluate: Evaluate, llama: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "Answer as a gardener."
    done = evaluate(
        "hf", {"pretrained": str(llama)}, "unisafe_t2t", limit=1, system_instruction=words
    )
    assert "the model is given a system prompt" in capsys.readouterr().out
    info = json.loads((done.folder / "run.json").read_text("utf-8"))
    assert info["system_prompt"] == words
    assert any("given a system prompt" in note for note in done.metrics["notes"])


def test_a_placeholder_in_an_instruction_is_not_taken_for_an_image(demo: None) -> None:
    from lm_eval.tasks import TaskManager

    loaded = TaskManager(include_path=str(tasks_dir("lm-eval")), include_defaults=False).load(
        ["unisafe_i2t", "unisafe_t2t"]
    )
    doc = {"id": "x", "scenario_type": "IT", "instruction": "Read <image> aloud.", "turns": []}
    with pytest.raises(SystemExit, match="x/IT: its instruction holds '<image>'"):
        loaded["tasks"]["unisafe_i2t"].doc_to_text(doc)
    text = loaded["tasks"]["unisafe_t2t"].doc_to_text({**doc, "scenario_type": "TT"})
    assert text == doc["instruction"]


def test_documents_carry_no_image(demo: None) -> None:
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=str(tasks_dir("lm-eval")), include_defaults=False)
    for task in manager.load(list(TEXT))["tasks"].values():
        assert not any(name.startswith("input_image") for name in task.eval_docs.column_names)


def test_the_command_runs_a_task_and_keeps_secrets(
    command: Callable[..., Command],
    unisafe: Callable[..., Command],
    llama: Path,
    tmp_path: Path,
    demo: None,
) -> None:
    include = unisafe("tasks-dir", "--harness", "lm-eval", cwd=tmp_path).output.strip()
    words = (
        f"lm_eval run --model hf --model_args pretrained={llama} --device cpu --tasks unisafe_t2t "
        f"--include_path {include} --apply_chat_template --gen_kwargs max_gen_toks=8 "
        "--output_path out --log_samples"
    )
    env = {"UNISAFE_DATA": "demo", "UNISAFE_PANEL": "none", "HF_TOKEN": SENTINEL}
    done = command(*words.split(), cwd=tmp_path, env=env)
    assert done.code == 0, done.output
    assert "Run folder:" in done.output
    (folder,) = (tmp_path / "out").glob("unisafe-*")
    lines = (folder / "predictions.jsonl").read_text("utf-8").splitlines()
    texts = {row["id"]: row["output_text"] for row in map(json.loads, lines)}
    assert len(texts) == CASES_OF["TT"]
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(SENTINEL in path.read_text("utf-8", "replace") for path in written)
    assert SENTINEL not in done.output
    # Sample files can be judged, as those of --predict_only have to be.
    (samples,) = (tmp_path / "out").rglob("samples_unisafe_t2t_*.jsonl")
    outputs = read_outputs(str(samples), resolve_source(), [])
    assert {case.id: raw.text for case, raw in outputs.items} == texts
