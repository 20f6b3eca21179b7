"""From what a model returned to text, image files and a status.

Models return text, or lmms-eval's convention for images, a JSON object with "text" and "images".
Everything here is read as hostile: a model's text may look like that JSON, or like a path.

* An adapter of ours (or anybody's who calls `encode_output`) seals its JSON with a secret of this
  process. Only a sealed output may name files that existed before the run, and only its `refusal`
  flag counts.
* An unsealed output may name image files only if they were made during this run, so that a text
  cannot have this machine's files sent to a judge. Its flags can cost coverage and never count as
  safe.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import secrets
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast, get_args

from unisafe_tasks.tasks import Task
from unisafe_tasks.types import RawOutput, RefusalSource

__all__ = [
    "encode_output",
    "encode_raw",
    "made_in_this_run",
    "named_twice",
    "parse_output",
    "seal_sha256",
]

_SOURCES = get_args(RefusalSource)
_SEAL = secrets.token_hex(16)
_STARTED = time.time()
_CLOCK_SLACK_S = 2.0
_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif"})
# What lmms-eval's models return in place of an answer: requests given up, budgets used up, and the
# exception that one of them writes out.
_FAILED = re.compile(r"\A(?:\[LMMS_EVAL_[A-Z_]+.*|Error: [^\n]{0,2000})\Z", re.DOTALL)
_BLOCKED = re.compile(r"\A\[SAFETY_BLOCKED:?([^\]]*)\]\Z")
# Its Gemini models say "blocked" of every empty answer; only these reasons are a provider's block.
_BLOCK_REASON = re.compile(
    r"\A\s*(?:\w+=)?(?:\w+\.)?"
    r"(?:SAFETY|PROHIBITED_CONTENT|BLOCKLIST|SPII|IMAGE_SAFETY|IMAGE_PROHIBITED_CONTENT)"
    r"(?:,\w+=\w+)*\s*\Z"
)
_SAVED_TO = re.compile(r"\b(?:image|images) saved to:? *(\S.*)\Z", re.IGNORECASE | re.DOTALL)
_CONVENTION = frozenset({"text", "images", "refusal", "error", "unsupported"})
_TEXTS = ("history", "model", "revised_prompt", "version")
_FLAGS = ("template_opened", "cut_off")
# Words that a user would read are not among them: a forged seal must not keep them from judges.
_ADAPTERS_OWN = frozenset({"seal", "refusal", "history", "model", "version", *_FLAGS})
_LONGEST_LITERAL = 100_000


def encode_output(
    text: str = "",
    images: Sequence[str | Path] = (),
    *,
    refusal: RefusalSource | None = None,
    error: str | None = None,
    unsupported: bool = False,
    history: str | None = None,
    model: str | None = None,
    thinking: str = "",
    template_opened: bool = False,
    cut_off: bool = False,
    revised_prompt: str | None = None,
    version: str | None = None,
) -> str:
    """The string an adapter returns for one request; the fields are those of `RawOutput`."""
    value: dict[str, Any] = {"text": text, "images": [str(path) for path in images]}
    optional = {
        "refusal": refusal,
        "error": error,
        "unsupported": unsupported or None,
        "history": history,
        "model": model,
        "thinking": thinking or None,
        "template_opened": template_opened or None,
        "cut_off": cut_off or None,
        "revised_prompt": revised_prompt,
        "version": version,
    }
    value.update({name: given for name, given in optional.items() if given is not None})
    return json.dumps({**value, "seal": _SEAL})


def encode_raw(raw: RawOutput) -> str:
    """An output that is known already, as an adapter returns it."""
    fields = {name: value for name, value in vars(raw).items() if name != "sealed"}
    return encode_output(**fields)


def seal_sha256() -> str:
    """What a run records of this process's seal, so that what it sealed is known again later."""
    return hashlib.sha256(_SEAL.encode()).hexdigest()


def parse_output(
    value: object, task: Task, *, foreign: bool = False, seals: Collection[str] = ()
) -> RawOutput:
    """Read a model's return value for a request of `task`. It never raises.

    A seal of another process is a failed output, because its files and flags cannot be believed: it
    comes from a response cache. With `foreign`, for outputs that are read from a file on purpose,
    such a seal is as good as ours if its hash is in `seals`. Anybody can write another one: of it
    text and files are taken, its refusal is only claimed, and its model's name is not believed.
    """
    if value is None:
        return RawOutput()
    try:
        text = value if isinstance(value, str) else str(value)
    except Exception:  # such as a list too deep to be written out
        return RawOutput(error=f"the model returned a {type(value).__name__} that has no text form")
    stripped = text.strip()
    if _FAILED.match(stripped):
        return RawOutput(error=stripped[:500])
    if blocked := _BLOCKED.match(stripped):
        is_block = _BLOCK_REASON.match(blocked.group(1)) is not None
        return RawOutput(refusal="provider" if is_block else None, error=stripped[:500])
    if stripped == "None":
        # How the harness writes out that a model returned nothing.
        return RawOutput()
    if (decoded := _json_object(stripped)) is not None:
        return _from_json(decoded, text, task, foreign=foreign, seals=seals)
    if not task.makes_images:
        return RawOutput(text=text)
    return _from_image_text(text, stripped, task)


def named_twice(path: str) -> str:
    """Why an output is not scored whose file another case has too."""
    return (
        f"{path} was returned for another case too, so that it is not known which of the two it "
        "shows: each case needs its own file"
    )


def made_in_this_run(path: Path) -> bool:
    """Whether a file was written since this process started."""
    return path.stat().st_mtime >= _STARTED - _CLOCK_SLACK_S


def _json_object(text: str) -> dict[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        value = json.loads(text, object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError):
        return None
    known = isinstance(value, dict) and ("text" in value or "images" in value)
    agentic_failure = isinstance(value, dict) and value.get("success") is False
    return value if known or agentic_failure else None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key appears twice")
    return value


def _from_json(
    value: Mapping[str, Any],
    original: str,
    task: Task,
    *,
    foreign: bool,
    seals: Collection[str],
) -> RawOutput:
    seal = str(value.get("seal", "")).encode("utf-8", "surrogatepass")
    sealed = secrets.compare_digest(seal, _SEAL.encode())
    sealed = sealed or (foreign and hashlib.sha256(seal).hexdigest() in seals)
    text, images, error = value.get("text"), value.get("images"), value.get("error")
    if not isinstance(text, str | None) or not isinstance(images, list | str | None):
        return RawOutput(text=original)
    if "seal" in value and not sealed:
        if not foreign:
            return RawOutput(
                error="the output was made by another process (a response cache?): run without one"
            )
        # Anybody can write the word "seal", so that it must not hide more than an adapter writes.
        shown = {name: given for name, given in value.items() if name not in _ADAPTERS_OWN}
        if not task.makes_images and _says_more(shown):
            return RawOutput(text=original)
        return replace(
            _from_json({**value, "seal": _SEAL}, original, task, foreign=False, seals=()),
            refusal="claimed" if value.get("refusal") else None,
            model=None,
            sealed=False,
        )
    if not sealed and not task.makes_images and _says_more(value):
        return RawOutput(text=original)
    paths = [images] if isinstance(images, str) else images or []
    refusal = value.get("refusal")
    source = cast(RefusalSource, refusal if sealed and refusal in _SOURCES else "claimed")
    return RawOutput(
        text=text or "",
        images=tuple(path for path in paths if isinstance(path, str) and path),
        refusal=source if refusal else None,
        # A failure is believed of anybody when nothing else came: it only ever costs coverage.
        error=str(error)[:500] if error and (sealed or not text) else None,
        unsupported=bool(value.get("unsupported")) and sealed,
        sealed=sealed,
        **(_sealed_fields(value) if sealed else {}),
    )


def _sealed_fields(value: Mapping[str, Any]) -> dict[str, Any]:
    """What only an adapter can say of an output."""
    return {
        **{name: str(value[name]) for name in _TEXTS if value.get(name)},
        **{name: bool(value.get(name)) for name in _FLAGS},
        "thinking": str(value.get("thinking") or ""),
    }


def _says_more(value: Mapping[str, Any]) -> bool:
    """Whether an object that answers a text task holds more to judge than its text."""
    more = not value.keys() <= _CONVENTION
    if not (value.get("text") or "").strip():
        return more and not value.get("error")
    others = [given for name, given in value.items() if name != "text"]
    return more or any(given and given is not True for given in others)


def _from_image_text(text: str, stripped: str, task: Task) -> RawOutput:
    if stripped[:1] in ("(", "[") and len(stripped) <= _LONGEST_LITERAL:
        try:
            value = ast.literal_eval(stripped)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return RawOutput(text=text)
        return _from_sequence(value) if isinstance(value, tuple | list) else RawOutput(text=text)
    saved = _SAVED_TO.search(stripped)
    candidate = saved.group(1) if saved else stripped
    # An empty path is the working directory.
    if not candidate or "\n" in candidate or len(candidate) > 1000:
        return RawOutput(text=text)
    path = Path(candidate)
    try:
        if path.is_file() and path.suffix.lower() in _SUFFIXES:
            return RawOutput(text="" if not saved else text, images=(candidate,))
        if path.is_dir():
            images = sorted(p for p in path.iterdir() if p.suffix.lower() in _SUFFIXES)
            if 0 < len(images) <= task.outputs:
                return RawOutput(images=tuple(str(p) for p in images))
            return RawOutput(
                error=f"the model returned a folder with {len(images)} images, not {task.outputs}"
            )
    except OSError:
        pass
    return RawOutput(text=text)


def _from_sequence(value: Sequence[Any]) -> RawOutput:
    """("text", ["image.png"]) and the like, as some models' tuples arrive in text form."""
    texts = [item for item in value if isinstance(item, str)]
    nested = [item for part in value if isinstance(part, list | tuple) for item in part]
    paths = [item for item in [*texts, *nested] if isinstance(item, str) and _is_image_name(item)]
    return RawOutput(
        text="\n".join(item for item in texts if not _is_image_name(item)), images=tuple(paths)
    )


def _is_image_name(text: str) -> bool:
    return len(text) < 1000 and "\n" not in text and Path(text).suffix.lower() in _SUFFIXES
