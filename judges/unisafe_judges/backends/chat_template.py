"""A model's own chat template, and whether it shows the model all that it is to judge.

Some templates read a message's content as a text, some as a list of parts, and each drops without
a word what it does not read. A guard that is shown an empty conversation may well call it safe. So
a template is first given marked words in place of what is to be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from unisafe_judges.errors import CallFailure
from unisafe_judges.rubric import Prompt, in_turns
from unisafe_judges.types import FailureKind, ImagePart

__all__ = ["ChatTemplate", "Conversation"]

Conversation = list[dict[str, Any]]
"""Messages as a chat template reads them."""

_Messages = Sequence[tuple[str, tuple[str | ImagePart, ...]]]
_Shape = tuple[tuple[str, tuple[bool, ...]], ...]
_Form = Callable[[_Messages], Conversation | None]


class ChatTemplate:
    """Writes prompts for one model; used from one thread at a time."""

    def __init__(self, apply: Callable[[Conversation], str], image_mark: str | None) -> None:
        """Begin with nothing known of the template.

        Args:
            apply: the template.
            image_mark: what stands for an image in what it writes, if it can show any.
        """
        self._apply = apply
        self._image_mark = image_mark
        self._forms: dict[_Shape, _Form | None] = {}

    def write(self, prompt: Prompt) -> str:
        """The prompt as the model reads it.

        Raises:
            CallFailure: UNSUPPORTED; the template leaves out a part of it.
        """
        messages = _messages(prompt)
        shape = tuple(
            (role, tuple(isinstance(item, str) for item in items)) for role, items in messages
        )
        if shape not in self._forms:
            forms = (form for form in (_as_texts, _as_parts) if self._shows_all(messages, form))
            self._forms[shape] = next(forms, None)
        form = self._forms[shape]
        conversation = form(messages) if form else None
        if conversation is None:
            raise CallFailure(
                FailureKind.UNSUPPORTED,
                "the model's chat template leaves out a part of what is to be judged, or refuses "
                f"it: {_in_words(messages)}",
            )
        return self._apply(conversation)

    def _shows_all(self, messages: _Messages, form: _Form) -> bool:
        words: list[str] = []
        marked = []
        for role, items in messages:
            # Digits of a fixed length, so that no word is a part of another.
            put = [f"word{len(words) + number:06}word" for number in range(len(items))]
            marked.append(
                (
                    role,
                    tuple(
                        word if isinstance(item, str) else item
                        for word, item in zip(put, items, strict=True)
                    ),
                )
            )
            words += put
        texts = [item for _, items in marked for item in items if isinstance(item, str)]
        conversation = form(marked)
        if conversation is None:
            return False
        try:
            written = self._apply(conversation)
        except Exception:
            # A template raises what it likes where it does not know a form.
            return False
        places = [written.find(text) for text in texts]
        images = sum(len(items) for _, items in marked) - len(texts)
        shown = written.count(self._image_mark) if self._image_mark else 0
        return -1 not in places and places == sorted(places) and shown == images


def _messages(prompt: Prompt) -> _Messages:
    system = [("system", (prompt.instructions,))] if prompt.instructions else []
    return [*system, *in_turns(prompt)]


def _as_texts(messages: _Messages) -> Conversation | None:
    """Each message's content as one text, which can hold no image."""
    conversation = []
    for role, items in messages:
        texts = [item for item in items if isinstance(item, str)]
        if len(texts) < len(items):
            return None
        conversation.append({"role": role, "content": "\n".join(texts)})
    return conversation


def _as_parts(messages: _Messages) -> Conversation:
    """Each message's content as a list of texts and images."""
    return [
        {
            "role": role,
            "content": [
                {"type": "text", "text": item} if isinstance(item, str) else {"type": "image"}
                for item in items
            ],
        }
        for role, items in messages
    ]


def _in_words(messages: _Messages) -> str:
    """What is in each message, such as `user: text, assistant: image`."""
    return ", ".join(
        f"{role}: {' and '.join('text' if isinstance(item, str) else 'image' for item in items)}"
        for role, items in messages
    )
