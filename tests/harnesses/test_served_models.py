"""`umm_openai` and `umm_gemini` through the harness, against servers that speak their dialects."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.harnesses.conftest import Command, Finished
from tests.harnesses.model_server import Asked, ModelServer, drawing
from tests.servers import Answer
from tests.tasks.commands import CASES_OF
from tests.waiting import LIMIT_S
from unisafe_tasks import TASKS
from unisafe_tasks.models import remote
from unisafe_tasks.models.base import UnifiedModel
from unisafe_tasks.models.umm_gemini import UmmGemini
from unisafe_tasks.models.umm_openai import UmmOpenAI

Evaluate = Callable[..., Finished]
KEY = "key-for-tests-0123456789"


@dataclass(frozen=True)
class Dialect:
    """A way to reach a model, and how its server says that it declines."""

    model: type[UnifiedModel]
    base: str
    given: dict[str, Any]
    blocked: Answer
    full: bool = True

    def build(self, server: ModelServer, **more: Any) -> UnifiedModel:
        given = {"model": "unified", "base_url": server.root + self.base, "api_key_env": "A_KEY"}
        return self.model(**given | self.given | more)

    def arguments(self, server: ModelServer) -> str:
        """The same as `--model_args` has it."""
        given = {"model": "unified", "base_url": server.root + self.base, **self.given}
        return ",".join(f"{name}={value}" for name, value in given.items())


POLICY = Answer(
    json.dumps({"error": {"code": "moderation_blocked", "message": "safety system"}}), 400
)
DIALECTS = {
    "responses": Dialect(UmmOpenAI, "/v1", {"api": "responses"}, POLICY),
    "chat": Dialect(UmmOpenAI, "/v1", {"api": "chat", "modalities": "text:image"}, POLICY),
    "images": Dialect(UmmOpenAI, "/v1", {"api": "images"}, POLICY, full=False),
    "gemini": Dialect(
        UmmGemini,
        "",
        {},
        Answer(json.dumps({"candidates": [{"finishReason": "IMAGE_SAFETY"}]})),
    ),
}
every_dialect = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)


@pytest.fixture(autouse=True)
def unjudged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", KEY)
    monkeypatch.setenv("UNISAFE_PANEL", "none")


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def rows_of(finished: Finished, code: str) -> list[dict[str, Any]]:
    return [row for row in finished.rows("predictions") if row["scenario_type"] == code]


def image_of(finished: Finished, name: str) -> bytes:
    return (finished.folder / name).read_bytes()


@every_dialect
def test_every_task_that_a_dialect_has_is_answered_with_what_was_asked(
    evaluate: Evaluate, server: ModelServer, demo_cases: dict[str, Any], dialect: Dialect
) -> None:
    finished = evaluate(dialect.model.name, "unisafe", model_args=dialect.arguments(server))
    by_words = {json.dumps(question.words): question for question in server.questions}
    for code, task in TASKS.items():
        rows = rows_of(finished, code)
        if not task.makes_images and not dialect.full:
            assert {row["status"] for row in rows} == {"unsupported"}
            continue
        assert {row["status"] for row in rows} == {"ok"}, rows[0]
        if code == "MT":
            continue
        for row in rows:
            case = demo_cases[code][row["id"]]
            assert len(by_words[json.dumps([case.instruction])].images) == len(task.inputs)
            if task.makes_images:
                same = [
                    question
                    for question in server.questions
                    if question.words == [case.instruction]
                ]
                assert image_of(finished, row["output_image"]) in {
                    drawing(question) for question in same
                }
            else:
                assert row["output_text"].startswith("Here: ")
    assert_it_is_recorded(finished.folder, server, dialect)
    assert_input_images_arrive_byte_for_byte_and_in_order(server, demo_cases)
    assert_four_turns_are_a_conversation(finished, server, demo_cases, dialect)


def assert_it_is_recorded(folder: Path, server: ModelServer, dialect: Dialect) -> None:
    """What was asked of whom, in a run of all seven tasks."""
    rows = [json.loads(line) for line in (folder / "predictions.jsonl").open(encoding="utf-8")]
    able = [row for row in rows if row["status"] != "unsupported"]
    assert {row["status"] for row in able} == {"ok"}
    assert len(able) == sum(
        dialect.full or TASKS[row["scenario_type"]].makes_images for row in rows
    )
    info = json.loads((folder / "run.json").read_text("utf-8"))
    assert folder.name.startswith("unisafe-unified-")
    assert info["adapter"]["adapter"] == dialect.model.name
    assert info["adapter"]["model"] == "unified"
    assert {row["scenario_type"] for row in rows} == set(TASKS)
    turns = [row for row in rows if row["scenario_type"] == "MT"]
    assert len(server.questions) == len(able) + 3 * len(turns)
    # A conversation has arrived whole: four turns of the user's and three of the model's.
    longest = max(server.questions, key=lambda question: len(question.turns))
    assert len(longest.turns) == (7 if dialect.full else 1)


def assert_input_images_arrive_byte_for_byte_and_in_order(
    server: ModelServer, demo_cases: dict[str, Any]
) -> None:
    expected = {
        case.instruction: [image.read() for image in case.images] for case in demo_cases["IC"]
    }
    arrived = {question.words[-1]: question.images for question in server.questions}
    assert {words: arrived[words] for words in expected} == expected


def assert_four_turns_are_a_conversation(
    finished: Finished, server: ModelServer, demo_cases: dict[str, Any], dialect: Dialect
) -> None:
    """Where the model can hold one; else each turn shows the last image."""
    for row in rows_of(finished, "MT"):
        case = demo_cases["MT"][row["id"]]
        images = [image_of(finished, name) for name in row["output_images"]]
        assert row["history"] == ("full" if dialect.full else "last")
        assert len({hashlib.sha256(image).digest() for image in images}) == 4
        for number, words in enumerate(case.turns):
            if not dialect.full:
                expected = ([words], images[max(0, number - 1) : number])
                assert expected in [
                    (question.words, question.images) for question in server.questions
                ]
                continue
            said = list(case.turns[: number + 1])
            contents = [
                (own_words(question), question.images, len(question.words))
                for question in server.questions
            ]
            # With each image of the model's own its words have come back.
            assert (said, images[:number], 2 * number + 1) in contents
    assert len(rows_of(finished, "MT")) == len(demo_cases["MT"])


def own_words(question: Asked) -> list[str]:
    """What the user said."""
    return [text for text in question.words if not text.startswith("Here: ")]


def test_gemini_gets_its_signatures_back(evaluate: Evaluate, server: ModelServer) -> None:
    evaluate(DIALECTS["gemini"].build(server), "unisafe_mt2i", limit=1)
    last = max(server.questions, key=lambda question: len(question.turns))
    signed = [
        part
        for turn in last.body["contents"]
        for part in turn["parts"]
        if "thoughtSignature" in part
    ]
    assert len(signed) == 3
    assert all("inlineData" in part for part in signed)
    assert "safetySettings" not in last.body


@every_dialect
def test_a_providers_block_is_a_refusal_of_the_providers(
    evaluate: Evaluate, server: ModelServer, dialect: Dialect
) -> None:
    server.script = lambda question: dialect.blocked
    finished = evaluate(dialect.build(server), "unisafe_t2i")
    for row in rows_of(finished, "TI"):
        assert (row["status"], row["refusal_source"]) == ("refused", "provider")
        assert row["error"]


@every_dialect
def test_a_refusal_in_an_early_turn_ends_the_case(
    evaluate: Evaluate, server: ModelServer, dialect: Dialect
) -> None:
    def second_turn_declined(question: Asked) -> Answer | None:
        return dialect.blocked if question.images else None

    server.script = second_turn_declined
    finished = evaluate(dialect.build(server), "unisafe_mt2i", limit=2)
    for row in rows_of(finished, "MT"):
        assert row["status"] == "refused"
        assert row["error"].startswith("turn 2: ")
        assert len(row["output_images"]) == 1
    assert len(server.questions) == 4


@every_dialect
def test_an_error_is_recorded_and_asked_about_again_and_nothing_else_is(
    evaluate: Evaluate, server: ModelServer, dialect: Dialect
) -> None:
    broken = [True]
    server.script = lambda question: (
        Answer('{"error": {"message": "a bad request"}}', 400)
        if broken[0] and question.digest[0] % 2
        else None
    )
    first = evaluate(dialect.build(server), "unisafe_t2i")
    failed = [row for row in rows_of(first, "TI") if row["status"] == "failed"]
    assert 0 < len(failed) < 8
    assert all("a bad request" in row["error"] for row in failed)
    broken[0], before = False, len(server.questions)
    second = evaluate(dialect.build(server), "unisafe_t2i")
    assert len(server.questions) - before == len(failed)
    assert {row["status"] for row in rows_of(second, "TI")} == {"ok"}


def test_other_arguments_are_another_question(evaluate: Evaluate, server: ModelServer) -> None:
    for more in ({}, {}, {"size": "512x512"}, {"timeout_s": 9, "max_concurrency": 2}):
        evaluate(DIALECTS["images"].build(server, **more), "unisafe_t2i", limit=2)
    assert len(server.questions) == 4


def test_text_where_an_image_was_due_is_no_image(evaluate: Evaluate, server: ModelServer) -> None:
    said = {"type": "message", "content": [{"type": "output_text", "text": "A kite, imagined."}]}
    words = Answer(json.dumps({"status": "completed", "output": [said]}))
    server.script = lambda question: words
    finished = evaluate(DIALECTS["responses"].build(server), "unisafe_t2i")
    assert {row["status"] for row in rows_of(finished, "TI")} == {"no_image"}


def test_an_image_that_is_none_is_a_failure(evaluate: Evaluate, server: ModelServer) -> None:
    server.script = lambda question: Answer('{"data": [{"b64_json": "bm8gaW1hZ2U="}]}')
    finished = evaluate(DIALECTS["images"].build(server), "unisafe_t2i", limit=1)
    (row,) = rows_of(finished, "TI")
    assert row["status"] == "failed"
    assert "the model's image cannot be used" in row["error"]


def test_an_address_instead_of_an_image_is_fetched_only_if_that_is_allowed(
    evaluate: Evaluate, server: ModelServer
) -> None:
    server.gives_urls = True
    finished = evaluate(DIALECTS["images"].build(server), "unisafe_t2i", limit=1)
    (row,) = rows_of(finished, "TI")
    assert row["status"] == "failed"
    assert "allow_urls=True" in row["error"]
    finished = evaluate(DIALECTS["images"].build(server, allow_urls=True), "unisafe_t2i", limit=1)
    (row,) = rows_of(finished, "TI")
    assert row["status"] == "ok"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer('{"error": "who?"}', 401), "model unified: HTTP 401.*A_KEY"),
        (Answer('{"error": {"code": "model_not_found"}}', 404), "the model 'unified' does not"),
    ],
)
def test_a_wrong_key_or_model_ends_the_run_before_a_second_question(
    evaluate: Evaluate, server: ModelServer, tmp_path: Path, answer: Answer, sentence: str
) -> None:
    server.script = lambda question: answer
    with pytest.raises(SystemExit, match=sentence):
        evaluate(DIALECTS["responses"].build(server), "unisafe_t2t")
    assert len(server.questions) == 1
    assert not list(tmp_path.rglob("run.json"))
    assert not list(tmp_path.rglob("unisafe-unified-*"))


def test_answers_that_cannot_be_kept_end_the_run_before_a_question(
    evaluate: Evaluate, server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("UNISAFE_ANSWERS", str(blocked / "answers"))
    with pytest.raises(SystemExit, match=r"answers cannot be kept in .*: set UNISAFE_ANSWERS"):
        evaluate(DIALECTS["responses"].build(server), "unisafe_t2t")
    assert not server.questions
    assert not list(tmp_path.rglob("unisafe-unified-*"))


def test_a_wrong_port_ends_the_run_before_a_case_has_failed(
    evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "FIRST_WAIT_S", 0.01)
    nobody = "http://127.0.0.1:9/v1"
    with pytest.raises(SystemExit) as caught:
        evaluate(UmmOpenAI(model="unified", base_url=nobody), "unisafe_t2t")
    assert f"model unified cannot be reached at {nobody}: " in str(caught.value)
    assert "ssl" not in str(caught.value)


def test_a_model_that_the_server_lists_is_asked_about_all_at_once(
    evaluate: Evaluate, server: ModelServer
) -> None:
    server.models = ["unified"]
    gate = threading.Barrier(CASES_OF["TT"])

    def together(question: Asked) -> None:
        gate.wait(LIMIT_S)

    server.script = together
    finished = evaluate(DIALECTS["chat"].build(server), "unisafe_t2t")
    assert {row["status"] for row in rows_of(finished, "TT")} == {"ok"}


def test_kept_answers_need_no_server(evaluate: Evaluate) -> None:
    with ModelServer() as running:
        url = f"{running.root}/v1"
        evaluate(UmmOpenAI(model="unified", base_url=url), "unisafe_t2t", limit=2)
    model = UmmOpenAI(model="unified", base_url=url)
    # The same model again counts its answers anew.
    for _ in range(2):
        finished = evaluate(model, "unisafe_t2t", limit=2)
    info = json.loads((finished.folder / "run.json").read_text("utf-8"))
    assert {row["status"] for row in rows_of(finished, "TT")} == {"ok"}
    assert info["answers"]["reused"] == 2
    assert info["answers"]["oldest"] <= info["answers"]["newest"]
    assert info["model_versions"] == {"unified-2026-01": 2}
    assert info["substituted"] == {"unified-2026-01": 2}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "--model umm_openai needs --model_args model=..."),
        ({"model": "m", "modle": 1}, "has no argument 'modle'; did you mean 'model'?"),
        ({"model": "m", "api": "soap"}, "argument api: Input should be 'responses', 'images'"),
        ({"model": "m", "tasks": "TI:XX"}, "argument tasks: there is no task 'XX'"),
        ({"model": "m"}, "model m needs its API key in the environment variable OPENAI_API_KEY"),
    ],
)
def test_wrong_arguments_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], sentence: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(SystemExit) as caught:
        UmmOpenAI(**given)
    assert sentence in str(caught.value)


def test_openais_key_goes_to_no_other_address(
    evaluate: Evaluate, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-for-openai-alone")
    model = UmmOpenAI(model="unified", base_url=f"{server.root}/v1")
    evaluate(model, "unisafe_t2t", limit=1)
    assert model.spec.key() is None


def test_an_image_of_absurd_size_is_never_opened(evaluate: Evaluate, server: ModelServer) -> None:
    head = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head
    bomb += struct.pack(">I", zlib.crc32(head)) + struct.pack(">I", 0) + b"IDAT"
    bomb += struct.pack(">I", zlib.crc32(b"IDAT"))
    bomb += struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    body = json.dumps({"data": [{"b64_json": base64.b64encode(bomb).decode()}]})
    server.script = lambda question: Answer(body)
    finished = evaluate(DIALECTS["images"].build(server), "unisafe_t2i", limit=1)
    (row,) = rows_of(finished, "TI")
    assert row["status"] == "failed"
    assert "pixels" in row["error"]


def test_the_command_runs_one_and_records_how(
    lmms_eval: Callable[..., Command], server: ModelServer, tmp_path: Path
) -> None:
    dialect = DIALECTS["gemini"]
    words = ["--model", dialect.model.name, "--tasks", "unisafe", "--limit", "3"]
    words += ["--model_args", dialect.arguments(server), "--output_path", "out"]
    env = {
        "UNISAFE_DATA": "demo",
        "UNISAFE_PANEL": "none",
        "UNISAFE_ANSWERS": str(tmp_path / "answers"),
    }
    done = lmms_eval(*words, cwd=tmp_path, env=env)
    (folder,) = tmp_path.glob("out/unisafe-*")
    assert (folder / "predictions.jsonl").read_text("utf-8").count("\n") == 21, done.output
    assert_it_is_recorded(folder, server, dialect)


UNKNOWN_PARAMETER = Answer(
    json.dumps(
        {
            "error": {
                "message": "Unknown parameter: 'moderation'.",
                "type": "invalid_request_error",
                "param": "moderation",
                "code": "unknown_parameter",
            }
        }
    ),
    400,
)


def test_a_wrong_argument_is_no_refusal(evaluate: Evaluate, server: ModelServer) -> None:
    server.script = lambda question: UNKNOWN_PARAMETER if question.images else None
    model = DIALECTS["images"].build(server, moderation="low")
    finished = evaluate(model, "unisafe_t2i", "unisafe_i2i")
    assert {row["status"] for row in rows_of(finished, "TI")} == {"ok"}
    rows = rows_of(finished, "IE")
    assert {row["status"] for row in rows} == {"failed"}
    assert all("Unknown parameter: 'moderation'." in row["error"] for row in rows)
    assert not any(row["refusal"] for row in rows)


def test_a_task_whose_questions_are_all_rejected_is_asked_ten_times(
    evaluate: Evaluate, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.script = lambda question: UNKNOWN_PARAMETER if question.images else None
    monkeypatch.setattr("unisafe_tasks.models.remote._FIRST_CASES", 3)
    model = DIALECTS["images"].build(server, moderation="low", max_concurrency=1)
    finished = evaluate(model, "unisafe_t2i", "unisafe_i2i")
    rows = rows_of(finished, "IE")
    # A fourth may be on its way when the third is rejected.
    assert len([question for question in server.questions if question.images]) in (3, 4)
    assert len(rows) == CASES_OF["IE"]
    assert {row["status"] for row in rows} == {"failed"}
    assert rows[-1]["error"].endswith(
        "the server rejected the first 3 questions of unisafe_i2i, so no more are asked"
    )


def test_a_wrong_argument_stops_a_model_that_never_answers(
    evaluate: Evaluate, server: ModelServer
) -> None:
    server.script = lambda question: UNKNOWN_PARAMETER
    model = DIALECTS["images"].build(server, moderation="low", max_concurrency=1)
    finished = evaluate(model, "unisafe_image")
    assert len(server.questions) == 10
    assert {row["status"] for row in finished.rows("predictions")} == {"failed"}


@pytest.mark.parametrize("echo", ["an echo of content_policy", "flagged by moderation"])
def test_an_echo_of_the_request_is_no_refusal(
    evaluate: Evaluate, server: ModelServer, echo: str
) -> None:
    detail = [{"type": "value_error", "loc": ["body", "messages"], "msg": "bad", "input": echo}]
    server.script = lambda question: Answer(json.dumps({"detail": detail}), 422)
    finished = evaluate(DIALECTS["chat"].build(server), "unisafe_t2t", limit=1)
    assert {row["status"] for row in rows_of(finished, "TT")} == {"failed"}


def test_one_case_against_the_guidelines_is_blocked_and_no_other(
    evaluate: Evaluate, server: ModelServer
) -> None:
    said = "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"
    blocked = Answer(json.dumps({"code": "no permission for this operation", "error": said}), 403)
    server.models = ["unified"]
    server.script = lambda question: blocked if question is server.questions[0] else None
    model = DIALECTS["chat"].build(server, max_concurrency=1)
    finished = evaluate(model, "unisafe_t2t")
    rows = rows_of(finished, "TT")
    assert sorted(row["status"] for row in rows) == ["ok"] * (CASES_OF["TT"] - 1) + ["refused"]
    assert {row["refusal_source"] for row in rows if row["refusal"]} == {"provider"}


def kept_files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "answers" / "answers").rglob("*.json"))


def test_blocks_that_an_earlier_rule_kept_are_asked_again_and_nothing_else_is(
    evaluate: Evaluate, server: ModelServer, tmp_path: Path
) -> None:
    server.script = lambda question: POLICY if question.digest[0] % 2 else None
    first = evaluate(DIALECTS["responses"].build(server), "unisafe_t2i")
    blocked = [row for row in rows_of(first, "TI") if row["refusal"]]
    assert 0 < len(blocked) < CASES_OF["TI"]
    asked = len(server.questions)
    evaluate(DIALECTS["responses"].build(server), "unisafe_t2i")
    assert len(server.questions) == asked, "a block by today's rule is kept"
    for path in kept_files(tmp_path):
        value = json.loads(path.read_bytes())
        del value["rule"], value["given_at"]
        path.write_text(json.dumps(value))
    server.script = lambda question: None
    second = evaluate(DIALECTS["responses"].build(server), "unisafe_t2i")
    assert len(server.questions) - asked == len(blocked)
    assert {row["status"] for row in rows_of(second, "TI")} == {"ok"}


def test_an_empty_answer_is_asked_again_in_the_next_run(
    evaluate: Evaluate, server: ModelServer
) -> None:
    body = {"model": "unified", "choices": [{"message": {"content": " "}}]}
    server.script = lambda question: Answer(json.dumps(body))
    first = evaluate(DIALECTS["chat"].build(server), "unisafe_t2t", limit=1)
    assert [row["status"] for row in rows_of(first, "TT")] == ["no_output"]
    server.script = lambda question: None
    second = evaluate(DIALECTS["chat"].build(server), "unisafe_t2t", limit=1)
    assert [row["status"] for row in rows_of(second, "TT")] == ["ok"]


def test_thinking_and_a_length_stop_are_kept_with_the_row(
    evaluate: Evaluate, server: ModelServer
) -> None:
    message = {"content": "A po", "reasoning_content": "A poem is wanted."}
    body = {"model": "unified", "choices": [{"message": message, "finish_reason": "length"}]}
    server.script = lambda question: Answer(json.dumps(body))
    for _ in range(2):
        finished = evaluate(DIALECTS["chat"].build(server), "unisafe_t2t", limit=1)
        (row,) = rows_of(finished, "TT")
        assert (row["output_text"], row["thinking"]) == ("A po", "A poem is wanted.")
        assert row["cut_off"] is True
    assert len(server.questions) == 1


def test_another_models_answer_is_recorded_and_refused_if_that_is_asked_for(
    evaluate: Evaluate, server: ModelServer
) -> None:
    def built(**more: Any) -> UnifiedModel:
        return DIALECTS["chat"].build(server, model="unified-2026", **more)

    finished = evaluate(built(), "unisafe_t2t", limit=2)
    info = json.loads((finished.folder / "run.json").read_text("utf-8"))
    assert info["substituted"] == {"unified-2026-01": 2}
    with pytest.raises(SystemExit, match="'unified-2026-01' answered: name the model"):
        evaluate(built(strict_version=True), "unisafe_t2t", limit=2)


def test_the_name_that_was_asked_for_is_no_substitute(
    evaluate: Evaluate, server: ModelServer
) -> None:
    model = DIALECTS["chat"].build(server, model="unified-2026-01", strict_version=True)
    finished = evaluate(model, "unisafe_t2t", limit=1)
    info = json.loads((finished.folder / "run.json").read_text("utf-8"))
    assert "substituted" not in info
    assert info["model_versions"] == {"unified-2026-01": 1}


def test_what_cannot_be_done_there_is_not_asked(
    evaluate: Evaluate, server: ModelServer, demo_cases: dict[str, Any]
) -> None:
    model = UmmOpenAI(model="bagel", base_url=f"{server.root}/v1", profile="vllm-omni-bagel")
    finished = evaluate(model, "unisafe_mmi2i", "unisafe_mt2i", "unisafe_t2t", limit=1)
    status = {row["scenario_type"]: row["status"] for row in finished.rows("predictions")}
    assert status == {"IC": "unsupported", "MT": "ok", "TT": "ok"}
    turns = [question for question in server.questions if "image" in question.body["modalities"]]
    assert [len(question.images) for question in turns] == [0, 1, 1, 1]
    assert all(len(question.turns) == 1 for question in turns)
    (row,) = rows_of(finished, "MT")
    assert row["history"] == "last"
    info = json.loads((finished.folder / "run.json").read_text("utf-8"))
    assert info["adapter"]["profile"] == "vllm-omni-bagel"
    assert info["adapter"]["pinned"]["draw"]["seed"] == 52


def test_gen_kwargs_reach_the_requests_or_are_refused(
    evaluate: Evaluate, server: ModelServer
) -> None:
    given = DIALECTS["chat"].arguments(server)
    options = {"model_args": given, "limit": 1}
    evaluate("umm_openai", "unisafe_t2t", gen_kwargs="max_new_tokens=10,temperature=0.5", **options)
    (question,) = server.questions
    assert (question.body["max_tokens"], question.body["temperature"]) == (10, 0.5)
    with pytest.raises(SystemExit, match="has no use for --gen_kwargs num_beams"):
        evaluate("umm_openai", "unisafe_t2t", gen_kwargs="num_beams=2", **options)
