"""The form in which a server of chat completions is asked, found out where servers differ.

Servers lack this or that: replies held to a schema, the system role, the name of the token limit. A
request that is rejected is made again without what the server seems to lack. What an error says
only decides what is tried next; a form is the server's once a reply came of it.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from unisafe_judges.backends.bodies import Encoded, data_url
from unisafe_judges.error_codes import read_error
from unisafe_judges.errors import CallFailure
from unisafe_judges.rubric import Prompt, in_turns
from unisafe_judges.types import IN_USERS_TURN, FailureKind, ImagePart, Reply

__all__ = ["BEST", "ChatForm", "FormFinder", "chat_messages", "schema_format"]

_log = logging.getLogger("unisafe.judges")
_MOST_TRIES = 10
_ABOUT_THE_REQUEST = (FailureKind.BAD_REQUEST, FailureKind.SERVER_ERROR)
"""llama.cpp answers 500 where a chat template knows no system role."""
_READ = 2000
"""How much of an error is looked at."""
_ABOUT_REPLIES = re.compile(
    r"response_format|schema|json_object|json mode|grammar|guided|structured|maxItems", re.I
)
_ABOUT_SYSTEM = re.compile(
    r"\bsystem['\"`]?[ _-]?(?:role|messages?|prompt|instruction)|roles? .{0,20}['\"`]system|"
    r"support ['\"`]system|developer instruction|roles must alternate",
    re.I,
)
_ABOUT_TOKENS = re.compile(r"max_completion_tokens", re.I)


Replies = Literal["closed_schema", "json_schema", "json_object", "text"]


@dataclass(frozen=True)
class ChatForm:
    """How a request is written.

    `replies`: held to the schema with closed lists, to the schema, to JSON, or to nothing.
    `has_system`: the instructions are a message of the system; else they are the first part of the
    user's. `tokens`: what the limit of tokens is called.
    """

    replies: Replies = "closed_schema"
    has_system: bool = True
    tokens: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"

    def body(self, prompt: Prompt, max_tokens: int) -> dict[str, Any]:
        """The part of a request that depends on the form, without the bytes of its images."""
        messages, response_format = _encoded(self, prompt)
        body: dict[str, Any] = {"messages": messages, self.tokens: max_tokens}
        return body if response_format is None else {**body, "response_format": response_format}

    def without(self, failure: CallFailure) -> ChatForm | None:
        """This form without what a server seems to lack that rejected it, or None."""
        error = read_error(400, _json(failure.raw or ""))
        # A place that the server names goes before its words, which may repeat the request.
        said = error.param or error.message or (failure.raw or str(failure))[:_READ]
        if self.replies != "text" and _ABOUT_REPLIES.search(said):
            return replace(self, replies=_LESS[self.replies])
        about_system = _ABOUT_SYSTEM.search(f"{error.message[:_READ]} {said}")
        if self.has_system and (about_system or re.match(r"messages\W+0\b", error.param)):
            return replace(self, has_system=False)
        if self.tokens == "max_tokens" and (
            error.param == "max_tokens" or _ABOUT_TOKENS.search(said)
        ):
            return replace(self, tokens="max_completion_tokens")
        return None


_LESS: Mapping[str, Replies] = {
    "closed_schema": "json_schema",
    "json_schema": "json_object",
    "json_object": "text",
}
BEST = ChatForm()


class FormFinder:
    """The form of one server, found once for all cases, of which none is lost. For one loop."""

    def __init__(self, who: str, best: ChatForm = BEST) -> None:
        """Begin with `best`.

        Args:
            who: what sentences call the server.
            best: the form that is tried first, which the judge's identity covers.
        """
        self._who = who
        self._best = best
        self._tried = best
        self._accepted: ChatForm | None = None

    async def ask(self, once: Callable[[ChatForm], Awaitable[Reply]]) -> Reply:
        """What `once` returns in a form that the server takes.

        Raises:
            CallFailure: the last failure; a rejected request only where no other form is left.
        """
        for _ in range(_MOST_TRIES):
            form = self._accepted or self._tried
            try:
                reply = await once(form)
            except CallFailure as failure:
                if failure.reply is not None:
                    # Whatever came of it, the server took the request.
                    self._accept(form)
                    failure.reply = replace(failure.reply, prompt_form=self._prompt_form(form))
                if not self._goes_on(form, failure):
                    raise
                last = failure
                continue
            self._accept(form)
            return replace(reply, prompt_form=self._prompt_form(form))
        raise last

    def _goes_on(self, form: ChatForm, failure: CallFailure) -> bool:
        """Whether a request that failed in a form is to be made in another."""
        if form == self._accepted or failure.kind not in _ABOUT_THE_REQUEST:
            return False
        if self._accepted is None and self._tried == form:
            following = form.without(failure)
            # Without one the case is at fault, and the next case begins anew.
            self._tried = following or self._best
            return following is not None
        # Meanwhile another case has found out more.
        return failure.kind is FailureKind.BAD_REQUEST

    def _prompt_form(self, form: ChatForm) -> str:
        """How the prompt differs from what the judge's identity says; empty where it does not."""
        return "" if form.has_system == self._best.has_system else IN_USERS_TURN

    def _accept(self, form: ChatForm) -> None:
        if self._accepted is not None:
            return
        self._accepted = form
        if form.replies in ("json_object", "text") and form.replies != self._best.replies:
            _log.warning("%s: its server cannot hold replies to a schema", self._who)
        if self._prompt_form(form):
            _log.warning(
                "%s: its server has no system role, so the instructions are in the user's turn; "
                "add the line system_role: false to the judge in the panel file, and the panel's "
                "identity says so too",
                self._who,
            )


def chat_messages(prompt: Prompt, *, has_system: bool = True) -> list[dict[str, Any]]:
    """A prompt as the messages of chat completions, images as data URLs of `bodies`."""
    if prompt.turns:
        return [
            # Some chat templates know a text alone, and no list of parts.
            {"role": role, "content": items[0] if _is_text(items) else _parts(items)}
            for role, items in in_turns(prompt)
        ]
    content = _parts(prompt.content)
    if not prompt.instructions:
        return [{"role": "user", "content": content}]
    if has_system:
        system = {"role": "system", "content": prompt.instructions}
        return [system, {"role": "user", "content": content}]
    return [{"role": "user", "content": [{"type": "text", "text": prompt.instructions}, *content]}]


def _is_text(items: Sequence[str | ImagePart]) -> bool:
    return len(items) == 1 and isinstance(items[0], str)


def _parts(items: Sequence[str | ImagePart]) -> list[dict[str, Any]]:
    return [
        {"type": "text", "text": item}
        if isinstance(item, str)
        else {"type": "image_url", "image_url": {"url": data_url(item.sha256)}}
        for item in items
    ]


def _encoded(form: ChatForm, prompt: Prompt) -> tuple[Encoded, Encoded | None]:
    """The messages, and the response format if there is one: encoded once for all judges."""
    key = ChatForm, form.replies, form.has_system
    if key not in prompt.forms:
        messages = json.dumps(chat_messages(prompt, has_system=form.has_system))
        reply = _response_format(form.replies, prompt)
        prompt.forms[key] = Encoded(messages), reply and Encoded(json.dumps(reply))
    made: tuple[Encoded, Encoded | None] = prompt.forms[key]
    return made


def _response_format(replies: Replies, prompt: Prompt) -> dict[str, Any] | None:
    if replies == "text":
        return None
    if replies == "json_object":
        return {"type": "json_object"}
    schema = prompt.closed_schema if replies == "closed_schema" else None
    return schema_format(schema or prompt.schema)


def schema_format(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The `response_format` of chat completions that holds a reply to a schema."""
    named = {"name": "verdict", "schema": schema, "strict": True}
    return {"type": "json_schema", "json_schema": named}


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
