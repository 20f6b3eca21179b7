"""What `--model_args` may say of an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ValidationError

from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.tasks import TASKS

__all__ = ["Codes", "read_arguments"]

_HARNESS_OWN = ("batch_size", "max_batch_size", "device")
"""What lmms-eval gives every model, asked for or not."""


def _codes(value: object) -> object:
    if not isinstance(value, str):
        return value
    # Not by commas: they end an argument of --model_args.
    codes = frozenset(value.upper().split(":"))
    if unknown := sorted(codes - set(TASKS)):
        raise ValueError(f"there is no task {unknown[0]!r}; the codes are {', '.join(TASKS)}")
    return codes


Codes = Annotated[frozenset[str], BeforeValidator(_codes)]
"""Tasks by code, such as `TI:IE:MT`."""

Spec = TypeVar("Spec", bound=BaseModel)


def read_arguments(spec: type[Spec], model: str, given: Mapping[str, Any]) -> Spec:
    """Check the arguments of an adapter.

    Args:
        spec: what it takes. Where a field has the name of one of the harness's own, it is filled.
        model: the adapter's name after `--model`.
        given: what the harness passes on.

    Raises:
        UnisafeError: one sentence that names the argument and what is expected.
    """
    taken = {
        name: value
        for name, value in given.items()
        if name in spec.model_fields or name not in _HARNESS_OWN
    }
    # lmms-eval has no way to write None.
    values = {
        name: None if isinstance(value, str) and value.lower() in ("", "none") else value
        for name, value in taken.items()
    }
    texts = {name: field for name, field in spec.model_fields.items() if field.annotation is str}
    for name in texts:
        if isinstance(values.get(name), int | float):
            values[name] = str(values[name])
    try:
        return spec.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise UnisafeError(_sentence(spec, model, first)) from None


def _sentence(spec: type[BaseModel], model: str, error: Mapping[str, Any]) -> str:
    name = str(error["loc"][0]) if error["loc"] else ""
    if error["type"] == "missing":
        return f"--model {model} needs --model_args {name}=..."
    if error["type"] == "extra_forbidden":
        near = get_close_matches(name, spec.model_fields, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it takes: {', '.join(spec.model_fields)}"
        return f"--model {model} has no argument {name!r}; {hint}"
    reason = str(error["msg"]).removeprefix("Value error, ")
    return f"--model {model}, argument {name}: {reason}" if name else f"--model {model}: {reason}"
