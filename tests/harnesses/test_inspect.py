"""The tasks through Inspect: its own providers against loopback servers, and scripted models."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import logging
import math
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai import eval_retry, eval_set
from inspect_ai._util.error import PrerequisiteError
from inspect_ai.log import EvalLog, EvalSample, read_eval_log
from inspect_ai.log._samples import sample_active
from inspect_ai.model import (
    ChatMessage,
    Content,
    ContentImage,
    ContentReasoning,
    ContentText,
    GenerateConfig,
    Model,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    get_model,
    modelapi,
)
from inspect_ai.model._model_output import StopReason
from inspect_ai.tool import ToolChoice, ToolInfo

from tests.corpora import assert_each, by_text
from tests.harnesses.conftest import Command
from tests.harnesses.model_server import Asked, ModelServer, drawing
from tests.harnesses.tiny_models import save_tiny_llama
from tests.servers import Answer, JudgeServer, verdict
from tests.tasks.samples import picture
from unisafe_judges.images import MAX_BYTES
from unisafe_tasks import METRICS, TASKS, read_predictions, resolve_source
from unisafe_tasks.files import encode_json
from unisafe_tasks.harnesses.inspect import unisafe_t2t
from unisafe_tasks.harnesses.inspect.outputs import read_output
from unisafe_tasks.harnesses.inspect.scorer import _verdicts, unisafe_scores
from unisafe_tasks.judging.offline import judge_outputs
from unisafe_tasks.judging.panels import resolve_panel
from unisafe_tasks.judging.session import Pending
from unisafe_tasks.outputs.predictions import predictions_path
from unisafe_tasks.outputs.saved import read_outputs
from unisafe_tasks.outputs.status import status_of
from unisafe_tasks.results.scored_run import read_scored_run
from unisafe_tasks.tasks import MAX_NEW_TOKENS

ALL = tuple(task.name for task in TASKS.values())
KEY = "sk-for-tests-0123456789abcdef"
USAGE = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
RED = picture("red")
LIMIT_S = 120

Reply = Callable[[list[ChatMessage]], ModelOutput]


@dataclass
class Script:
    """What a scripted model answers, and what it was asked."""

    reply: Reply
    asked: list[list[ChatMessage]] = field(default_factory=list)


SCRIPTS: dict[str, Script] = {}
"""By the model's name, since Inspect makes a model anew for a retry."""


class Scripted(ModelAPI):
    """A provider whose answers a function gives."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config or GenerateConfig())
        self.script = SCRIPTS[model_name]

    async def generate(
        self,
        input: list[ChatMessage],  # noqa: A002 -- Inspect's name
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        self.script.asked.append(input)
        return self.script.reply(input)


@modelapi("scripted")
def _scripted() -> type[ModelAPI]:
    return Scripted


def scripted(reply: Reply, name: str = "one") -> Model:
    SCRIPTS[name] = Script(reply)
    return get_model(f"scripted/{name}", memoize=False)


def asked_by(model: Model) -> list[list[ChatMessage]]:
    """What a scripted model was asked so far."""
    assert isinstance(model.api, Scripted)
    return model.api.script.asked


def said(
    content: str | list[Content], stop: StopReason = "stop", usage: ModelUsage | None = USAGE
) -> ModelOutput:
    output = ModelOutput.from_content("scripted", content, stop)
    output.usage = usage
    return output


def uri(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def drawn(data: bytes = RED, words: str = "Here.") -> ModelOutput:
    return said([ContentText(text=words), ContentImage(image=uri(data))])


class Ran:
    """Evaluations that ran: their logs, and the run folders."""

    def __init__(self, logs: Sequence[EvalLog], out: Path) -> None:
        self.logs = logs
        self.folders = sorted(out.glob("unisafe-*"))

    @property
    def folder(self) -> Path:
        (folder,) = self.folders
        return folder

    @property
    def info(self) -> dict[str, Any]:
        return read(self.folder / "run.json")

    def metrics(self, number: int = -1) -> dict[str, Any]:
        return read(self.folders[number] / "metrics.json")

    def rows(self, name: str = "predictions", number: int = -1) -> list[dict[str, Any]]:
        lines = (self.folders[number] / f"{name}.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def samples(self, number: int = 0) -> list[EvalSample]:
        samples = self.logs[number].samples
        assert samples is not None
        return samples

    def numbers(self, number: int = 0) -> dict[str, float]:
        """What Inspect's log says of a task."""
        results = self.logs[number].results
        assert results is not None
        return {name: metric.value for name, metric in results.scores[0].metrics.items()}


def read(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return value


Evaluate = Callable[..., Ran]


@pytest.fixture(scope="module", autouse=True)
def collected() -> Iterator[None]:
    """Inspect leaves streams open for the garbage collector, whose warnings belong to here, and
    sets the level of all logs."""
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)
    gc.collect()


@pytest.fixture
def evaluate(demo: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evaluate:
    """Run tasks in this process."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("GOOGLE_API_KEY", KEY)

    def run(model: Any, *tasks: str, **options: Any) -> Ran:
        logs = inspect_eval(
            [f"unisafe_tasks/{name}" for name in tasks],
            model=model,
            task_args={"output_path": str(tmp_path / "out")},
            log_dir=str(tmp_path / "logs"),
            display="none",
            log_level="error",
            ctl_server=False,
            **options,
        )
        return Ran(logs, tmp_path / "out")

    return run


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
def interruptible() -> Iterator[None]:
    """However the tests were started, this process hears an interrupt."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def unjudged(demo: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNISAFE_PANEL", "none")


@pytest.fixture
def judge(tmp_path: Path, demo: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeServer]:
    """A judge that calls everything non-compliant, unless its script says otherwise."""
    with JudgeServer() as running:
        monkeypatch.setenv("UNISAFE_PANEL", str(panel_file(tmp_path, running)))
        yield running


def panel_file(folder: Path, running: JudgeServer) -> Path:
    path = folder / "panel.yaml"
    path.write_text(
        "rubric: unisafe-v1\njudges:\n  - name: served\n    backend: openai-compatible\n"
        f"    model: judge\n    base_url: {running.base_url}\n"
    )
    return path


def openai(server: ModelServer) -> Model:
    return get_model(
        "openai/gpt-4.1", base_url=f"{server.root}/v1", responses_api=True, memoize=False
    )


def replaying(name: str) -> Reply:
    """The outputs of a bundled scripted model."""
    rows = read_predictions(predictions_path(name), {})

    def reply(messages: list[ChatMessage]) -> ModelOutput:
        active = sample_active()
        assert active is not None
        case_id, _, code = str(active.sample.id).rpartition("/")
        row = rows[case_id, code]
        if row.error:
            raise RuntimeError(row.error)
        turn = sum(message.role == "user" for message in messages)
        words = [ContentText(text=row.text, refusal=row.refusal == "model" or None)]
        images = [ContentImage(image=uri(path.read_bytes())) for path in row.images[turn - 1 :][:1]]
        return said([*(words if row.text else []), *images])

    return reply


@pytest.mark.parametrize(
    ("name", "tasks"),
    # The cautious one refuses edits and conversations, of which `demo` refuses none.
    [
        ("demo", ALL),
        ("demo-cautious", ("unisafe_i2i", "unisafe_mt2i", "unisafe_t2t", "unisafe_t2i")),
    ],
    ids=["all-demo", "some-cautious"],
)
def test_a_run_gives_the_numbers_that_the_same_outputs_have_elsewhere(
    evaluate: Evaluate, tmp_path: Path, name: str, tasks: tuple[str, ...]
) -> None:
    ran = evaluate(scripted(replaying(name)), *tasks)
    assert {log.status for log in ran.logs} == {"success"}
    source = resolve_source()
    chosen = [task for task in TASKS.values() if task.name in tasks]
    outputs = read_outputs(name, source, chosen)
    elsewhere = judge_outputs(
        outputs, source, resolve_panel(None, source), tmp_path / "elsewhere", {}
    )
    assert set(elsewhere["tasks"]) == set(tasks)
    for task, summary in elsewhere["tasks"].items():
        # The bundled outputs do not say what a model was shown in each turn; here it is known.
        theirs = {key: value for key, value in summary.items() if key != "histories"}
        own = {k: v for k, v in ran.metrics()["tasks"][task].items() if k != "histories"}
        assert own == theirs, task
    assert ran.metrics()["groups"] == elsewhere["groups"]
    turns = ran.metrics()["tasks"]["unisafe_mt2i"]
    assert turns["histories"] == {"full": turns["scored"]}
    assert ran.info["status"] == "complete"
    assert_inspects_own_metrics_are_those_of_metrics_json(ran, tasks)
    assert scored_again(ran.folder) == (ran.folder / "metrics.json").read_bytes()


def assert_inspects_own_metrics_are_those_of_metrics_json(ran: Ran, tasks: tuple[str, ...]) -> None:
    for number, name in enumerate(tasks):
        assert ran.logs[number].eval.task == f"unisafe_tasks/{name}"
        task = ran.metrics()["tasks"][name]
        numbers = ran.numbers(number)
        assert [numbers[metric] for metric in METRICS] == [task[metric] for metric in METRICS]
        for metric, error in task["standard_error"].items():
            shown = numbers[f"{metric}_stderr"]
            assert math.isnan(shown) if error is None else shown == error


def scored_again(folder: Path) -> bytes:
    return encode_json(read_scored_run(folder).metrics)


def test_the_command_finds_the_tasks_and_leaves_one_folder_without_a_credential(
    command: Callable[..., Command], server: ModelServer, tmp_path: Path
) -> None:
    words = ["inspect", "eval", "unisafe_tasks/unisafe_i2t", "unisafe_tasks/unisafe_i2i"]
    words += ["--model", "openai/gpt-4.1", "--model-base-url", f"{server.root}/v1"]
    words += ["-M", "responses_api=true", "--limit", "2", "--display", "plain", "--no-log-images"]
    env = {"UNISAFE_DATA": "demo", "UNISAFE_PANEL": "labels", "OPENAI_API_KEY": KEY}
    done = command(*words, cwd=tmp_path, env=env)
    assert done.code == 0, done.output
    (folder,) = tmp_path.glob("unisafe_runs/unisafe-openai-gpt-4.1-*")
    assert f"Run folder: {folder}" in done.output
    assert "Traceback" not in done.output
    info = read(folder / "run.json")
    assert (info["harness"], info["model"], info["status"]) == (
        "inspect",
        "openai/gpt-4.1",
        "complete",
    )
    assert info["asked"] == {"unisafe_i2t": 2, "unisafe_i2i": 2}
    assert info["tasks"] == ["unisafe_i2i", "unisafe_i2t"]
    assert info["limited"] is True
    assert "inspect_ai" in info["versions"]
    logs = sorted(tmp_path.glob("logs/*.eval"))
    assert sorted(info["inspect_log"].values()) == [log.name for log in logs]
    for path in [folder / "run.json", *logs]:
        assert KEY.encode() not in path.read_bytes()
    for log in logs:
        assert "data:image" not in read_eval_log(str(log)).model_dump_json()


def test_the_model_gets_images_byte_for_byte_and_in_order_then_the_instruction(
    evaluate: Evaluate, server: ModelServer, demo_cases: dict[str, Any], unjudged: None
) -> None:
    evaluate(openai(server), "unisafe_mmi2i", "unisafe_it2t", "unisafe_t2t")
    asked = [asked.turns for asked in server.asked]
    for code in ("IC", "MU", "TT"):
        for case in demo_cases[code]:
            shown = [image.read() for image in case.images]
            assert [("user", [*shown, case.instruction])] in asked


def test_decoding_is_greedy_and_images_are_asked_for_where_they_are_due(
    evaluate: Evaluate, server: ModelServer, unjudged: None
) -> None:
    evaluate(openai(server), "unisafe_t2t", "unisafe_t2i", limit=1)
    by_tools = {bool(asked.body.get("tools")): asked.body for asked in server.asked}
    text, image = by_tools[False], by_tools[True]
    assert (text["temperature"], text["max_output_tokens"]) == (0, MAX_NEW_TOKENS)
    assert image["tools"] == [{"type": "image_generation"}]
    assert (image["temperature"], image.get("max_output_tokens")) == (0, None)


def test_inspects_own_flags_go_before_our_decoding(
    evaluate: Evaluate, server: ModelServer, unjudged: None
) -> None:
    ran = evaluate(openai(server), "unisafe_t2t", limit=1, max_tokens=5, temperature=0.5)
    (asked,) = server.asked
    assert (asked.body["temperature"], asked.body["max_output_tokens"]) == (0.5, 5)
    assert ran.info["gen_kwargs"] == {"unisafe_t2t": {"temperature": 0.5, "max_tokens": 5}}


@pytest.mark.parametrize("provider", ["openai", "google"])
def test_four_turns_are_a_conversation_with_its_whole_history(
    evaluate: Evaluate,
    server: ModelServer,
    demo_cases: dict[str, Any],
    unjudged: None,
    provider: str,
) -> None:
    model = openai(server)
    if provider == "google":
        model = get_model("google/gemini-2.5-flash-image", base_url=server.root, memoize=False)
    ran = evaluate(model, "unisafe_mt2i", "unisafe_i2i")
    rows = [row for row in ran.rows() if row["scenario_type"] == "MT"]
    assert len(rows) == len(demo_cases["MT"])
    for row in rows:
        case = demo_cases["MT"][row["id"]]
        assert (row["status"], row["history"]) == ("ok", "full")
        images = [(ran.folder / name).read_bytes() for name in row["output_images"]]
        for number in range(4):
            asked = [(users_words(asked), asked.images) for asked in server.asked]
            assert (list(case.turns[: number + 1]), images[:number]) in asked
    edits = {json.dumps(users_words(a)): a for a in server.asked if a.words}
    for row in ran.rows():
        if row["scenario_type"] == "IE":
            case = demo_cases["IE"][row["id"]]
            asked_for = edits[json.dumps([case.instruction])]
            assert (ran.folder / row["output_image"]).read_bytes() == drawing(asked_for)


def users_words(asked: Asked) -> list[str]:
    return [
        part
        for role, parts in asked.turns
        for part in parts
        if role == "user" and isinstance(part, str)
    ]


def test_a_turn_without_an_image_ends_the_case(evaluate: Evaluate, unjudged: None) -> None:
    def reply(messages: list[ChatMessage]) -> ModelOutput:
        turn = sum(message.role == "user" for message in messages)
        return drawn() if turn == 1 else said("I cannot draw that.")

    model = scripted(reply)
    ran = evaluate(model, "unisafe_mt2i", limit=1)
    (row,) = ran.rows()
    assert (row["status"], row["text_refusal"], row["history"]) == ("no_image", True, "full")
    assert len(row["output_images"]) == 1
    assert len(asked_by(model)) == 2


def test_a_tiny_llama_says_through_inspect_what_transformers_has_it_say(
    evaluate: Evaluate, unjudged: None, tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path = save_tiny_llama(tmp_path / "llama")
    ran = evaluate(f"hf/{path}", "unisafe_t2t", limit=3, max_tokens=6, model_args={"device": "cpu"})
    words = AutoTokenizer.from_pretrained(path)
    model = AutoModelForCausalLM.from_pretrained(path)
    for sample, row in zip(ran.samples(), ran.rows(), strict=True):
        assert isinstance(sample.input, list)
        asked = words.apply_chat_template(
            [{"role": "user", "content": sample.input[0].text}],
            add_generation_prompt=True,
            tokenize=False,
        )
        tokens = words(asked, return_tensors="pt")
        with torch.no_grad():
            made = model.generate(**tokens, do_sample=False, max_new_tokens=6)[0]
        given = tokens["input_ids"].shape[1]
        assert row["output_text"] == words.decode(made[given:], skip_special_tokens=True)


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
    "http": ("http://example.invalid/x.png", "what a model names is not followed"),
    "path": ("/etc/hostname", "what a model names is not followed"),
    "file": ("file:///etc/hostname", "what a model names is not followed"),
    "html": ("data:text/html;base64,PGI+", "what a model names is not followed"),
    "base64": ("data:image/png;base64,%%%", "not in base64"),
    "no image": ("data:image/png;base64,bm8gaW1hZ2U=", "no PNG, JPEG, WebP or GIF image"),
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


def test_verdicts_are_not_paid_for_twice(evaluate: Evaluate, judge: JudgeServer) -> None:
    for _ in range(2):
        ran = evaluate(scripted(lambda messages: said("Yes.")), "unisafe_t2t", limit=3)
        assert len(judge.requests) == 3
    assert len(ran.folders) == 2
    assert all(row["cached"] for row in ran.rows("verdicts"))


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
    assert (task["scored"], task["asked"], task["complete"]) == (5, 8, False)
    assert scored_again(stopped.folder) == (stopped.folder / "metrics.json").read_bytes()

    asked, judged = len(asked_by(model)), len(judge.requests)
    prior = read_eval_log(str(log))
    assert prior.status == "cancelled"
    again = eval_retry(prior, log_dir=str(tmp_path / "logs"), display="none", ctl_server=False)
    ran = Ran(again, tmp_path / "out")
    task = ran.metrics()["tasks"]["unisafe_t2i"]
    assert (task["scored"], task["asked"], task["complete"]) == (8, 8, True)
    assert ran.numbers()["coverage"] == 1
    assert len(asked_by(model)) - asked == 3
    assert len(judge.requests) - judged == 3


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


def test_metrics_of_no_samples_are_unknown_and_coverage_0() -> None:
    values = unisafe_scores()([])
    assert isinstance(values, dict)
    assert values["coverage"] == 0
    assert math.isnan(values["attack_success_rate"])
