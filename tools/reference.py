"""Write the pages of docs/reference and the table of exit codes from the code: `make reference`.

A command says its own help, a setting its own meaning. Fields of a panel file and arguments of an
adapter have docstrings. The pages repeat them and are never edited.
"""

from __future__ import annotations

import ast
import datetime
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.models import ArgumentInfo, OptionInfo

from unisafe_judges.backends import BACKENDS
from unisafe_judges.panel_file import PanelFile
from unisafe_judges.prices import Price, PriceTier
from unisafe_judges.specs import JudgeSpec
from unisafe_tasks.cli import app
from unisafe_tasks.errors import ExitCode
from unisafe_tasks.models import ADAPTERS
from unisafe_tasks.settings import VARIABLES

__all__ = ["DOCS", "pages"]

DOCS = Path(__file__).parents[1] / "docs"

_EXIT_CODES = "exit_codes.md"
_WRITTEN = "<!-- Written by tools/reference.py: change the code, then `make reference`. -->\n"


def pages() -> dict[str, str]:
    """Path in docs -> text, for every page that is written from the code."""
    return {
        "reference/commands.md": _commands(),
        "reference/variables.md": _variables(),
        "reference/panel_file.md": _panel_file(),
        "reference/adapters.md": _adapters(),
        _EXIT_CODES: _with_exit_codes((DOCS / _EXIT_CODES).read_text("utf-8")),
    }


# Commands.


def _commands() -> str:
    sections = "\n".join(_command(callback, name) for name, callback in _walk(app, "unisafe"))
    return (
        f"{_WRITTEN}# Commands\n\n"
        "What `unisafe COMMAND --help` says, on one page. The [exit codes](../exit_codes.md) are "
        "the same for every command. Before the command stand options of `unisafe` itself: "
        "`--version`, `--quiet` (no progress bars and no warnings), and `--install-completion`, "
        f"which has your shell complete commands and options.\n\n{sections}"
    )


def _walk(group: typer.Typer, name: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    for command in group.registered_commands:
        assert command.callback is not None
        own = command.name or command.callback.__name__.replace("_", "-")
        yield f"{name} {own}", command.callback
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from _walk(inner.typer_instance, f"{name} {inner.name}")


def _command(callback: Callable[..., Any], name: str) -> str:
    usage, arguments, options = [name], [], []
    hints = get_type_hints(callback, include_extras=True)
    for parameter in inspect.signature(callback).parameters.values():
        kind, info = get_args(hints[parameter.name])[:2]
        is_required = parameter.default is inspect.Parameter.empty
        if isinstance(info, ArgumentInfo):
            called = (info.metavar or parameter.name).upper().removesuffix("...")
            called += "..." if get_origin(kind) is list else ""
            usage.append(called if is_required else f"[{called}]")
            arguments.append((f"`{called}`", _text(info.help or "")))
        else:
            assert isinstance(info, OptionInfo)
            default = "required" if is_required else parameter.default
            options.append(_option(parameter.name, kind, info, default))
    usage[1:1] = ["[OPTIONS]"] if options else []
    table = _table(("argument or option", "meaning"), arguments + options)
    return (
        f"## {name}\n\n{_text(inspect.getdoc(callback) or '')}\n\n"
        f"```\n{' '.join(usage)}\n```\n" + (f"\n{table}" if arguments or options else "")
    )


def _option(name: str, kind: Any, info: OptionInfo, default: Any) -> tuple[str, str]:
    # In an annotation, Typer takes the first name for a default.
    own = [one for one in (info.default, *(info.param_decls or ())) if isinstance(one, str)]
    names = ", ".join(own or [f"--{name.strip('_').replace('_', '-')}"])
    kinds = [one for one in (get_args(kind) or (kind,)) if one is not NoneType]
    if get_origin(kind) is Literal:
        names += f" {'|'.join(kinds)}"
    elif bool not in kinds:
        names += f" {info.metavar or _PLACEHOLDERS.get(kinds[0], 'TEXT')}"
    text = _text(info.help or "")
    if default == "required":
        return f"`{names}`", f"{text} Required."
    if default is None or isinstance(default, bool):
        return f"`{names}`", text
    return f"`{names}`", f"{text} Default: `{default}`."


_PLACEHOLDERS = {Path: "PATH", int: "N", float: "NUMBER"}


# Variables.


def _variables() -> str:
    rows = [(f"`{name}`", v.value, v.default) for name, v in VARIABLES.items()]
    return (
        f"{_WRITTEN}# Environment variables\n\n"
        f"{_table(('variable', 'what it names', 'default'), rows)}\n"
        "Three more are read:\n\n"
        "* `HF_TOKEN` is the token of an account that may read the gated data.\n"
        "* The variable that a judge's [`api_key_env`](panel_file.md) names holds that judge's "
        "key, and an adapter's `api_key_env` that of the model's provider.\n"
        "* `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` mean what they mean everywhere.\n"
    )


# The panel file.


def _panel_file() -> str:
    parts = [
        f"{_WRITTEN}# Panel file\n",
        "A panel file is YAML. It names the judges, what they apply, and how their verdicts become "
        "one. [Panels of judges](../judging.md) explains it with examples. Any other key is an "
        "error.\n",
        "## The file\n",
        _fields(PanelFile),
    ]
    for name, backend in BACKENDS.items():
        spec: type[JudgeSpec] = backend.spec
        assert issubclass(spec, BaseModel)
        parts += [f"## A judge with `backend: {name}`\n", f"{_text(inspect.getdoc(spec) or '')}\n"]
        parts.append(_fields(spec))
    parts += ["## `price` of a judge\n", "Each rate is in dollars per million tokens.\n"]
    parts.append(_fields(Price))
    return "\n".join(parts)


def _fields(model: type[BaseModel], without: Collection[str] = ("backend",)) -> str:
    meanings, own = _meanings(model), _own_defaults(model)
    rows = []
    for name, field in model.model_fields.items():
        if name in without:
            continue
        default = "required" if field.is_required() else _value(field.default)
        rows.append((f"`{name}`", _kind(field), own.get(name, default), meanings[name]))
    return _table(("key", "value", "default", "meaning"), rows)


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """The docstrings below the fields, those of a class before those of its bases."""
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if not issubclass(kind, BaseModel) or kind is BaseModel:
            continue
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
        assert isinstance(body, ast.ClassDef)
        for field, text in zip(body.body, body.body[1:], strict=False):
            match field, text:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(words))),
                ):
                    found[name] = " ".join(words.split())
    return found


def _kind(field: FieldInfo) -> str:
    bounds = {
        sign: value
        for metadata in field.metadata
        for sign in ("ge", "gt", "le")
        if (value := getattr(metadata, sign, None)) is not None
    }
    kind = _of_type(field.annotation, bounds)
    if "ge" in bounds and "le" in bounds:
        return f"{kind}, {bounds['ge']} to {bounds['le']}"
    words = {"ge": "at least", "gt": "above", "le": "at most"}
    return ", ".join([kind, *(f"{words[sign]} {value}" for sign, value in bounds.items())])


_NAMES: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    datetime.date: "a day",
    JudgeSpec: "judges",
    frozenset[str]: "codes of tasks, with `:` between them",
    Mapping[str, Any]: "a JSON object",
    Price: "[a price](#price-of-a-judge)",
    PriceTier: "rates",
}


def _of_type(kind: Any, bounds: dict[str, Any]) -> str:
    arguments = get_args(kind)
    if get_origin(kind) is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if get_origin(kind) in (Union, UnionType):
        return " or ".join(_of_type(one, bounds) for one in arguments if one is not NoneType)
    if get_origin(kind) is tuple:
        return f"a list: {_of_type(arguments[0], bounds)}"
    if metadata := getattr(kind, "__metadata__", None):
        for constraint in metadata:
            for inner in getattr(constraint, "metadata", ()):
                bounds |= {
                    sign: getattr(inner, sign)
                    for sign in ("ge", "gt", "le")
                    if getattr(inner, sign, None) is not None
                }
        return _of_type(kind.__origin__, bounds)
    return _NAMES[kind]


def _value(default: Any) -> str:
    if default is None:
        return "none"
    if isinstance(default, tuple):
        return f"`[{', '.join(map(str, default))}]`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


# Adapters.

_OF_JUDGES = ("backend", "name", "price")
"""Fields that arguments of a served model have from judges, and that say nothing of it."""


def _adapters() -> str:
    parts = [
        f"{_WRITTEN}# Adapters\n",
        "`lmms-eval --model ADAPTER --model_args ARGUMENT=VALUE,...` asks a model by one of these "
        "adapters. [Unified models](../models.md) says which adapter is for which model. Any other "
        "argument is an error.\n",
    ]
    for name, adapter in ADAPTERS.items():
        module, _, class_name = adapter.class_path.rpartition(".")
        made = getattr(importlib.import_module(module), class_name)
        parts.append(f"## `--model {name}`\n")
        if name == "predictions":
            parts += [f"{_text(_first_line(made))}\n", _of_function(made.__init__)]
            continue
        spec: type[BaseModel] = made.arguments
        needed = [field for field, of in spec.model_fields.items() if of.is_required()]
        shown = [one for one in needed if one not in _own_defaults(spec)] or [
            "runner",
            "repository",
            "pretrained",
        ]
        parts += [
            f"{_text(_first_line(spec))}\n",
            "```\nlmms-eval --model "
            f"{name} --model_args {','.join(f'{one}=...' for one in shown)} "
            "--tasks unisafe --output_path runs\n```\n",
            _fields(spec, _OF_JUDGES),
        ]
    return "\n".join(parts)


def _own_defaults(model: type[BaseModel]) -> dict[str, str]:
    """The defaults that a served model's provider has: they are no defaults of fields."""
    names = {"base_url": "own_url", "api_key_env": "own_key"}
    return {
        field: _value(getattr(model, attribute))
        for field, attribute in names.items()
        if hasattr(model, attribute)
    }


def _first_line(described: type) -> str:
    return (inspect.getdoc(described) or "").partition("\n")[0]


def _of_function(function: Callable[..., Any]) -> str:
    """The arguments of an adapter that checks them itself, as its docstring says them."""
    found = re.findall(r"^    (predictions): (.+)$", inspect.getdoc(function) or "", re.M)
    rows = [(f"`{name}`", "text", "required", _text(meaning)) for name, meaning in found]
    return _table(("key", "value", "default", "meaning"), rows)


# Exit codes.


def _with_exit_codes(page: str) -> str:
    """The page with the rows of its table written anew."""
    rows = "".join(f"| {code:d} | {code.meaning} |\n" for code in ExitCode)
    text, tables = re.subn(r"(?:^\| \d+ \| .+ \|\n)+", lambda match: rows, page, flags=re.M)
    assert tables == 1
    return text


def _text(text: str) -> str:
    """Help text as Markdown: what is no code holds no markup."""
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(
        part if part.startswith("`") else re.sub(r"([*<|\[\]])", r"\\\1", part) for part in parts
    )


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(headings)]
    lines.append(["---"] * len(lines[0]))
    lines += [[re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in row] for row in rows]
    return "".join(f"| {' | '.join(' '.join(cell.split()) for cell in line)} |\n" for line in lines)


def main() -> None:
    """Write every page."""
    for path, text in pages().items():
        (DOCS / path).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
