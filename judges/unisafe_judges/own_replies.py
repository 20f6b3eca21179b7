"""Which replies are a judge's own: the key of a question, and the model that answered it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from unisafe_judges.errors import CallFailure
from unisafe_judges.images import ENCODER
from unisafe_judges.model_names import accepting_line, same_model, shown
from unisafe_judges.rubric import Prompt
from unisafe_judges.specs import JudgeSpec, ServedSpec
from unisafe_judges.store import ReplyStore, StoredReply
from unisafe_judges.types import IN_USERS_TURN, NO_DETAILS, FailureKind, Reply

__all__ = [
    "as_substitute",
    "find_reply",
    "kept_reply",
    "refuse_substitute",
    "reply_key",
]


def find_reply(store: ReplyStore, spec: JudgeSpec, key: str) -> StoredReply | None:
    """The stored reply to a question, if it came from the judge's own model as far as it says."""
    model = ""
    accepted: tuple[str, ...] = ()
    if isinstance(spec, ServedSpec):
        model, accepted = spec.model, spec.accept_versions or ()
    # Whether the server knows a system role is not asked for what is remembered.
    for prompt_form in ("", IN_USERS_TURN):
        stored = store.find(_form_key(key, prompt_form), model=model, accepted=accepted)
        if stored is not None and stored.raw is not None:
            return stored
    return None


def kept_reply(
    key: str,
    judge: str,
    about: tuple[str, str],
    encoder: str,
    reply: Reply | None,
    failure: CallFailure | None,
    latency_s: float | None = None,
    cost: float | None = None,
) -> StoredReply:
    """A call as the store keeps it: its reply, why it gave no verdict, or both.

    `about` is the case and the SHA-256 of the output that is judged; `cost` is in dollars.
    """
    details = reply.details if reply else NO_DETAILS
    return StoredReply(
        key=_form_key(key, reply.prompt_form if reply else ""),
        judge=judge,
        case_key=about[0],
        output_sha256=about[1],
        encoder=encoder,
        failure=str(failure.kind) if failure else None,
        detail=str(failure) if failure else None,
        raw=reply.text if reply else failure.raw if failure else None,
        model_version=reply.model_version if reply else None,
        input_tokens=reply.input_tokens if reply else None,
        output_tokens=reply.output_tokens if reply else None,
        latency_s=latency_s,
        cached_tokens=details.cached,
        cache_write_tokens=details.cache_written,
        image_tokens=details.images,
        reasoning_tokens=details.reasoning,
        cost=cost,
    )


def refuse_substitute(spec: JudgeSpec, reply: Reply) -> None:
    """Refuse a reply that names another model than the one that was asked.

    Raises:
        CallFailure: SUBSTITUTED.
    """
    if not isinstance(spec, ServedSpec) or not (version := reply.model_version):
        return
    if not same_model(spec.model, version, spec.accept_versions or ()):
        raise CallFailure(
            FailureKind.SUBSTITUTED,
            f"{spec.who} was asked as {spec.model!r}, and {shown(version)!r} answered: a reply of "
            "another model is not a verdict. If that is another name of the same model, add this "
            f"line to the judge in the panel file: {accepting_line(version)}",
            reply=reply,
        )


def as_substitute(spec: JudgeSpec, failure: CallFailure, reply: Reply | None) -> CallFailure:
    """The failure, or, whatever it was, that it is another model's."""
    try:
        if reply is not None:
            refuse_substitute(spec, reply)
    except CallFailure as substituted:
        return substituted
    return failure


def reply_key(
    identity: Mapping[str, Any], prompt: Prompt, repeat: int = 0, encoder: str = ENCODER
) -> str:
    """SHA-256 of all that can change a reply: the judge, every word of the prompt, every image.

    With a repeat, which is another question of the same words.
    """
    parts = [identity, prompt.sha256, encoder, repeat]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _form_key(key: str, prompt_form: str) -> str:
    """The key of a reply to the same question, asked in another form of the prompt."""
    return hashlib.sha256(f"{key}\n{prompt_form}".encode()).hexdigest() if prompt_form else key
