"""The tasks through Inspect: its own providers against loopback servers, and scripted models."""

from __future__ import annotations

import json
import math
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.log import read_eval_log
from inspect_ai.model import (
    ChatMessage,
    ModelOutput,
    get_model,
)

from tests.harnesses.commands import BINARIES, LIMIT_S
from tests.harnesses.conftest import Command, environment
from tests.harnesses.inspect.runs import (
    ALL,
    KEY,
    Evaluate,
    Ran,
    asked_by,
    drawn,
    openai,
    read,
    replaying,
    said,
    scored_again,
    scripted,
)
from tests.harnesses.model_server import Asked, ModelServer, drawing
from tests.harnesses.tiny_models import save_tiny_llama
from unisafe_tasks import METRICS, TASKS, resolve_source
from unisafe_tasks.harnesses.inspect.samples import sample_of
from unisafe_tasks.judging.offline import judge_outputs
from unisafe_tasks.judging.panels import resolve_panel
from unisafe_tasks.outputs.saved import read_outputs
from unisafe_tasks.tasks import MAX_NEW_TOKENS


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
        numbers = {k: v for k, v in ran.metrics()["tasks"][task].items() if k != "histories"}
        assert numbers == theirs, task
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


def test_the_command_finds_the_tasks_and_leaves_one_folder_without_a_credential(
    command: Callable[..., Command], server: ModelServer, tmp_path: Path
) -> None:
    words = ["inspect", "eval", "unisafe_tasks/unisafe_i2t", "unisafe_tasks/unisafe_i2i"]
    words += ["--model", "openai/gpt-4.1", "--model-base-url", f"{server.root}/v1"]
    words += ["-M", "responses_api=true", "--limit", "2", "--display", "plain", "--no-log-images"]
    env = {"UNISAFE_DATA": "demo", "UNISAFE_PANEL": "none", "OPENAI_API_KEY": KEY}
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


def test_a_command_that_a_scheduler_ends_says_how_to_go_on_and_its_folder_is_stopped(
    cache: Path, tmp_path: Path
) -> None:
    words = ["inspect", "eval", "unisafe_tasks/unisafe_t2t", "--display", "plain"]
    words += ["--model", "openai/gpt-4.1", "-M", "responses_api=true", "--max-connections", "1"]
    env = {"UNISAFE_DATA": "demo", "UNISAFE_PANEL": "none", "OPENAI_API_KEY": KEY}
    with ModelServer(lambda question: end() if len(server.questions) == 4 else None) as server:
        process = subprocess.Popen(
            [BINARIES / words[0], *words[1:], "--model-base-url", f"{server.root}/v1"],
            cwd=tmp_path,
            env=environment(cache, env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # A shell that starts the tests in the background has them ignore it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

        def end() -> None:
            process.send_signal(signal.SIGTERM)
            # The answer comes too late.
            process.wait(LIMIT_S)

        output, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1
    assert "Task interrupted (3 of " in output
    assert "inspect eval-retry" in output
    assert "Traceback" not in output
    (folder,) = tmp_path.glob("unisafe_runs/unisafe-openai-gpt-4.1-*")
    assert read(folder / "run.json")["status"] == "stopped"


def test_the_model_gets_images_byte_for_byte_and_in_order_then_the_instruction(
    evaluate: Evaluate, server: ModelServer, demo_cases: dict[str, Any], unjudged: None
) -> None:
    evaluate(openai(server), "unisafe_mmi2i", "unisafe_it2t", "unisafe_t2t")
    conversations = [question.turns for question in server.questions]
    for code in ("IC", "MU", "TT"):
        for case in demo_cases[code]:
            shown = [image.read() for image in case.images]
            assert [("user", [*shown, case.instruction])] in conversations


def test_an_image_to_read_without_words_is_shown_alone(
    demo_cases: dict[str, Any], tmp_path: Path
) -> None:
    case = replace(next(iter(demo_cases["IT"])), instruction="")
    (message,) = sample_of(case, tmp_path).input
    assert [part.type for part in message.content] == ["image"]


def test_cases_with_the_same_image_share_its_file(
    demo_cases: dict[str, Any], tmp_path: Path
) -> None:
    case = next(iter(demo_cases["IE"]))
    for key in ("one", "other"):
        sample_of(replace(case, id=key), tmp_path)
    (file,) = tmp_path.iterdir()
    assert file.read_bytes() == case.images[0].read()


def test_decoding_is_greedy_and_images_are_asked_for_where_they_are_due(
    evaluate: Evaluate, server: ModelServer, unjudged: None
) -> None:
    evaluate(openai(server), "unisafe_t2t", "unisafe_t2i", limit=1)
    by_tools = {bool(question.body.get("tools")): question.body for question in server.questions}
    text, image = by_tools[False], by_tools[True]
    assert (text["temperature"], text["max_output_tokens"]) == (0, MAX_NEW_TOKENS)
    assert image["tools"] == [{"type": "image_generation"}]
    assert (image["temperature"], image.get("max_output_tokens")) == (0, None)


def test_inspects_own_flags_go_before_our_decoding(
    evaluate: Evaluate, server: ModelServer, unjudged: None
) -> None:
    ran = evaluate(openai(server), "unisafe_t2t", limit=1, max_tokens=5, temperature=0.5)
    (question,) = server.questions
    assert (question.body["temperature"], question.body["max_output_tokens"]) == (0.5, 5)
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
            contents = [(users_words(question), question.images) for question in server.questions]
            assert (list(case.turns[: number + 1]), images[:number]) in contents
    edits = {
        json.dumps(users_words(question)): question
        for question in server.questions
        if question.words
    }
    for row in ran.rows():
        if row["scenario_type"] == "IE":
            case = demo_cases["IE"][row["id"]]
            asked_for = edits[json.dumps([case.instruction])]
            assert (ran.folder / row["output_image"]).read_bytes() == drawing(asked_for)


def users_words(question: Asked) -> list[str]:
    return [
        part
        for role, parts in question.turns
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
        prompt = words.apply_chat_template(
            [{"role": "user", "content": sample.input[0].text}],
            add_generation_prompt=True,
            tokenize=False,
        )
        tokens = words(prompt, return_tensors="pt")
        with torch.no_grad():
            made = model.generate(**tokens, do_sample=False, max_new_tokens=6)[0]
        given = tokens["input_ids"].shape[1]
        assert row["output_text"] == words.decode(made[given:], skip_special_tokens=True)
