"""Runners at work: started by `umm_worker`, with a stand-in or with the repository itself."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from unisafe_tasks.models import shipped_runners
from unisafe_tasks.models.questions import Answer, Message, Picture, Question
from unisafe_tasks.models.umm_worker import UmmWorker
from unisafe_tasks.tasks import TASKS

HERE = Path(__file__).parent
STAND_INS = HERE / "stand_ins"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # What the harness imports warns of much that is not ours.
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore"), append=False)
            item.add_marker(pytest.mark.filterwarnings("error:::unisafe_"))


def picture(width: int, height: int, color: str = "green") -> Picture:
    return Picture.of(Image.new("RGB", (width, height), color))


def size_of(answer: Answer) -> tuple[int, int]:
    """The size of the one image of an answer."""
    (image,) = answer.images
    return Image.open(io.BytesIO(image.data)).size


@dataclass
class Served:
    """A runner that `umm_worker` has started, and what its stand-in was called with."""

    model: UmmWorker
    log: Path
    asked: int = field(default=0)

    def ask(self, code: str, text: str, *pictures: Picture) -> Answer:
        return self.ask_all(code, [(text, *pictures)])[0]

    def ask_all(self, code: str, given: Sequence[tuple[Any, ...]]) -> list[Answer]:
        """Answers to questions that come together."""
        questions = []
        for text, *pictures in given:
            self.asked += 1
            said = (Message("user", text, tuple(pictures)),)
            questions.append(Question(f"case-{self.asked}/{code}", TASKS[code], said))

        async def all_of_them() -> list[Answer]:
            import asyncio

            return await asyncio.gather(*(self.model.ask(question) for question in questions))

        return self.model._runner.run(all_of_them())

    def calls(self, name: str) -> list[Mapping[str, Any]]:
        """The arguments of each call of a function of the stand-in so far."""
        lines = self.log.read_text("utf-8").splitlines() if self.log.is_file() else []
        return [call["arguments"] for line in lines if (call := json.loads(line))["name"] == name]


Start = Callable[..., Served]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start a runner with the stand-in for its repository, or with a repository that is given.

    For a whole module: a runner takes seconds to import torch.
    """
    folder = tmp_path_factory.mktemp("runner")
    started: list[UmmWorker] = []

    def begin(
        name: str,
        pretrained: Path,
        *,
        repository: Path | None = None,
        python: str = sys.executable,
        **given: Any,
    ) -> Served:
        log = folder / f"{name}-{len(started)}.jsonl"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("STAND_IN_LOG", str(log))
            model = UmmWorker(
                runner=name,
                repository=str(repository or stand_in(name, folder)),
                pretrained=str(pretrained),
                python=python,
                device="cpu",
                **given,
            )
        started.append(model)
        return Served(model, log)

    yield begin
    for model in started:
        model._end()


def stand_in(name: str, folder: Path) -> Path:
    """A folder with the modules of a runner's repository, all of them the stand-in's.

    It is named as GitHub's archive of the commit is. `stand_ins/NAME.py` says in MODULES which
    names are imported from which module.
    """
    repository = folder / f"repository-{shipped_runners.named(name).commit}"
    if repository.is_dir():
        return repository
    repository.mkdir()
    source = STAND_INS / f"{name}.py"
    shutil.copy(source, repository / f"stand_in_{name}.py")
    shutil.copy(STAND_INS / "calls.py", repository / "stand_in_calls.py")
    namespace: dict[str, Any] = {}
    exec(compile(source.read_text("utf-8").split("# ---\n")[0], source, "exec"), namespace)
    modules: Mapping[str, str] = namespace["MODULES"]
    for module, names in modules.items():
        path = repository.joinpath(*module.split("."))
        is_package = any(other.startswith(f"{module}.") for other in modules)
        path = path / "__init__.py" if is_package else path.with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"from stand_in_{name} import {names}\n" if names else "", "utf-8")
    return repository
