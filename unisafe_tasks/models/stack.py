"""The safety stack of a model: what else than its weights decides what comes of a question.

Negative prompts, safety checkers, prompt rewriters, system prompts and a server's defaults are
measured with the model. Each adapter names them in one flat table, which run.json holds as `stack`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["NONE", "NOT_SENT", "UNKNOWN", "sent_stack", "whole_stack"]

NONE = "none"
UNKNOWN = "unknown"
"""The server has one or not, and does not say."""
NOT_SENT = "none sent"
"""Nothing goes with a request; what the server adds is not known."""

_ALWAYS = ("system_prompt", "negative_prompt", "safety_checker", "prompt_rewriter")
_ALIASES = {
    "num_inference_steps": "steps",
    "guidance_scale": "guidance",
    "cfg_text_scale": "guidance",
    "image_guidance_scale": "image_guidance",
    "cfg_img_scale": "image_guidance",
    "instructions": "system_prompt",
    "image_model": "tool_model",
    "model": "tool_model",
    "system_message": "system_prompt",
    "safetySettings": "safety_settings",
}
"""What servers and pipelines call a part -> what the stack calls it."""


def whole_stack(named: Mapping[str, Any]) -> dict[str, Any]:
    """A stack as run.json holds it: the parts that each model has or lacks, then all others.

    A part that is not named is unknown. None is no value: the part is left out.
    """
    return {**dict.fromkeys(_ALWAYS, UNKNOWN), **dict(_flat(named))}


def sent_stack(
    pins: Mapping[str, Mapping[str, Any]], arguments: Mapping[str, Any], extra: Mapping[str, Any]
) -> dict[str, Any]:
    """What goes with the requests to a server.

    Args:
        pins: by what is asked (`draw`, `edit`, `write`) the defaults that are sent.
        arguments: the settings that were given, which go before the pins.
        extra: the body that was given, which goes before both.
    """
    before = dict(_flat(arguments)) | dict(_flat(extra))
    draw, edit = (dict(_flat(pins.get(kind, {}))) for kind in ("draw", "edit"))
    pinned: dict[str, Any] = {}
    for name in dict.fromkeys((*draw, *edit)):
        if draw.get(name) == edit.get(name):
            pinned[name] = draw[name]
        else:
            kinds = {"draw": draw, "edit": edit}
            pinned |= {f"{kind}.{name}": of[name] for kind, of in kinds.items() if name in of}
    pinned |= {f"write.{name}": value for name, value in _flat(pins.get("write", {}))}
    kept = {
        name: value
        for name, value in pinned.items()
        if not {name, name.partition(".")[2]} & before.keys()
    }
    return kept | before


def _flat(values: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Any]]:
    for given, value in values.items():
        name = within + (str(given) if within else _ALIASES.get(given, str(given)))
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        elif isinstance(value, str | int | float):
            yield name, value
        elif value is not None:
            yield name, json.dumps(value, default=str)
