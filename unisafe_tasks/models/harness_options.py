"""lmms-eval's --gen_kwargs for an adapter: they become its arguments, or they are refused.

An adapter is not asked with the tasks' own generation settings, so that whatever is not handed on
here would be recorded and not used.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module

from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.models import adapters

__all__ = ["with_generation_options"]

_ARGUMENTS = {
    "max_new_tokens": ("max_new_tokens", "max_tokens"),
    "max_tokens": ("max_new_tokens", "max_tokens"),
    "max_gen_toks": ("max_new_tokens", "max_tokens"),
    "temperature": ("temperature",),
    "do_sample": ("do_sample",),
    "seed": ("seed",),
}
"""What harnesses call a setting -> what adapters call it."""


def with_generation_options(model: object, model_args: str, gen_kwargs: str | None) -> str:
    """The --model_args with what --gen_kwargs says, where the model is an adapter of ours.

    Raises:
        UnisafeError: the adapter has no place for an option, or is told two things.
    """
    from lmms_eval.utils import simple_parse_args_string

    options = simple_parse_args_string(gen_kwargs or "")
    if not options:
        return model_args
    if not isinstance(model, str):
        if getattr(type(model), "name", None) not in adapters():
            return model_args
        raise UnisafeError(
            f"--gen_kwargs {', '.join(options)}: the model is built already: give these options to "
            "its class"
        )
    fields = _fields(model)
    if fields is None:
        return model_args
    given = simple_parse_args_string(model_args)
    added = {}
    for option, said in options.items():
        name, value = _argument(model, option, said, fields)
        if name in given and given[name] != value:
            raise UnisafeError(
                f"--gen_kwargs {option}={said} and --model_args {name}={given[name]} differ: leave "
                "one out"
            )
        added[name] = value
    new = [f"{name}={value}" for name, value in added.items() if name not in given]
    return ",".join([model_args, *new] if model_args else new)


def _fields(model: str) -> Collection[str] | None:
    """The arguments of an adapter; None of a model that is none of ours."""
    adapter = adapters().get(model)
    if adapter is None:
        return None
    module, _, name = adapter.class_path.rpartition(".")
    known = getattr(import_module(module), name)
    if model == "predictions":
        return ()
    spec = getattr(known, "arguments", None)
    return None if spec is None else spec.model_fields


def _argument(
    model: str, option: str, value: object, fields: Collection[str]
) -> tuple[str, object]:
    # Greedy decoding has two names.
    if option == "temperature" and value == 0 and "do_sample" in fields:
        return "do_sample", False
    if option == "do_sample" and value is False and "do_sample" not in fields:
        option, value = "temperature", 0
    for name in _ARGUMENTS.get(option, ()):
        if name in fields:
            return name, value
    taken = [name for name, names in _ARGUMENTS.items() if any(n in fields for n in names)]
    hint = f"it takes {', '.join(taken)}" if taken else "it takes none"
    if "extra_body" in fields:
        hint += "; what else the server takes is an argument of --model_args, or in extra_body"
    raise UnisafeError(f"--model {model} has no use for --gen_kwargs {option}: {hint}")
