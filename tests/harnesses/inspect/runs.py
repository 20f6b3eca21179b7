"""Evaluations through Inspect: models that a script answers for, and what a run leaves."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inspect_ai.log import EvalLog, EvalSample
from inspect_ai.log._samples import sample_active
from inspect_ai.model import (
    ChatMessage,
    Content,
    ContentImage,
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

from tests.harnesses.model_server import ModelServer
from tests.servers import JudgeServer
from tests.tasks.samples import picture
from unisafe_tasks import TASKS, read_predictions
from unisafe_tasks.files import encode_json
from unisafe_tasks.outputs.predictions import predictions_path
from unisafe_tasks.results.scored_run import read_scored_run

ALL = tuple(task.name for task in TASKS.values())
KEY = "sk-for-tests-0123456789abcdef"
USAGE = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
RED = picture("red")

Reply = Callable[[list[ChatMessage]], ModelOutput]


@dataclass
class Script:
    """What a scripted model answers, and what it was asked."""

    reply: Reply
    questions: list[list[ChatMessage]] = field(default_factory=list)


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
        self.script.questions.append(input)
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
    return model.api.script.questions


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
        row = rows[case_id, code].raw
        if row.error:
            raise RuntimeError(row.error)
        turn = sum(message.role == "user" for message in messages)
        words = [ContentText(text=row.text, refusal=row.refusal == "model" or None)]
        images = [
            ContentImage(image=uri(Path(name).read_bytes())) for name in row.images[turn - 1 :][:1]
        ]
        return said([*(words if row.text else []), *images])

    return reply


def scored_again(folder: Path) -> bytes:
    return encode_json(read_scored_run(folder).metrics)
