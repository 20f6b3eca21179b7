"""The runners that come with this package: what each says of itself, and the environment it needs.

A runner is a script for another environment. So its literal `RUNNER` is read, and nothing of it is
imported.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

import unisafe_tasks.runners
from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.tasks import TASKS

__all__ = ["Runner", "environment_of", "named", "names"]

_FOLDER = Path(unisafe_tasks.runners.__file__).parent
_NOT_RUNNERS = ("__init__", "serve")
_ALWAYS_NAMED = ("negative_prompt", "safety_checker", "prompt_rewriter", "system_prompt")
# Its build looks at the torch that is installed, so that it comes second and without isolation.
_AFTER_TORCH = re.compile(r"flash[-_]attn\b")


def _known_tasks(codes: tuple[str, ...]) -> tuple[str, ...]:
    if not codes or len(set(codes)) < len(codes) or not set(codes) <= set(TASKS):
        raise ValueError(f"expected different codes of {', '.join(TASKS)}")
    return codes


def _complete(stack: Mapping[str, Any]) -> Mapping[str, Any]:
    if missing := [name for name in _ALWAYS_NAMED if name not in stack]:
        raise ValueError(f"it does not say {', '.join(missing)}")
    return stack


class Runner(BaseModel):
    """What a runner says of itself.

    `history` is what a later turn of a four-turn case is shown. `batch` is how many questions go
    together. `gpu_gb` is an estimate: the weights and a fifth more; `spread` says that the model is
    spread over all GPUs that it sees. `dtypes` are those that its code can be run in. `stack` holds
    the safety stack and the decoding, all of which the runner sets itself. `run` says how the
    runner was run by those who wrote it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(min_length=1)
    repository: str = Field(pattern=r"^https://[\w.-]+/[\w.-]+/[\w.-]+$")
    commit: str = Field(pattern=r"^[0-9a-f]{40}$")
    weights: str = Field(min_length=1)
    licence: str = Field(min_length=1)
    python: str = Field(pattern=r"^3\.\d+$")
    packages: tuple[str, ...] = Field(min_length=1)
    tasks: Annotated[tuple[str, ...], AfterValidator(_known_tasks)]
    history: Literal["full", "last"]
    batch: int = Field(ge=1)
    gpu_gb: float = Field(gt=0)
    spread: bool = False
    dtypes: tuple[Literal["bfloat16", "float16", "float32"], ...] = ("bfloat16",)
    stack: Annotated[Mapping[str, Any], AfterValidator(_complete)]
    run: Literal["real weights", "real code, tiny weights", "stand-in", "read"]


def names() -> list[str]:
    """The names of all runners, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.py") if path.stem not in _NOT_RUNNERS)


def script_of(name: str) -> Path:
    """A runner's script.

    Raises:
        UnisafeError: there is no such runner; it names one that is spelt like it.
    """
    known = names()
    if name not in known:
        near = get_close_matches(name.lower().replace("-", "_"), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
        raise UnisafeError(f"there is no runner {name!r}; {hint}")
    return _FOLDER / f"{name}.py"


def named(name: str) -> Runner:
    """What a runner says of itself.

    Raises:
        UnisafeError: there is no such runner.
    """
    for node in ast.parse(script_of(name).read_text("utf-8")).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == "RUNNER" for target in targets):
                return Runner.model_validate(ast.literal_eval(node.value))
    raise AssertionError(f"{name}.py has no RUNNER")


def environment_of(name: str) -> str:
    """A file for `conda env create -f`, whose head says how to make the same with uv.

    Raises:
        UnisafeError: there is no such runner.
    """
    runner = named(name)
    first = [package for package in runner.packages if not _AFTER_TORCH.match(package)]
    second = [package for package in runner.packages if _AFTER_TORCH.match(package)]
    folder = runner.repository.rpartition("/")[2]
    quoted = " ".join(f"'{package}'" for package in first)
    steps = [
        f"The environment of {runner.model}.",
        "",
        "Its code, which is not installed:",
        f"  git clone {runner.repository} {folder} && git -C {folder} checkout {runner.commit}",
        "With conda, from this file:",
        f"  conda env create -f {name}.yaml",
        "Or with uv:",
        f"  uv venv --python {runner.python} {name}",
        f"  uv pip install --python {name}/bin/python {quoted}",
    ]
    if second:
        steps += [
            "Then, in that environment:",
            f"  pip install --no-build-isolation {' '.join(second)}",
        ]
    head = "\n".join(f"# {step}".rstrip() for step in steps)
    packages = "\n".join(f'      - "{package}"' for package in first)
    return (
        f"{head}\nname: {name}\nchannels:\n  - conda-forge\ndependencies:\n"
        f'  - "python={runner.python}"\n  - pip\n  - pip:\n{packages}\n'
    )
