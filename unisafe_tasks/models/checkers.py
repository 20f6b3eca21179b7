"""What a pipeline's safety checker did with an image: its flags, and what stands in its place.

A black image says nothing by itself: a decoder's overflow gives one too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PIL.Image import Image

from unisafe_tasks.models.questions import Answer, Picture

__all__ = ["SafetyChecker", "safety_flags"]

_METHODS = ("check_text_safety", "check_video_safety")
"""Of checkers that are asked by the pipeline, which then raises an error or blackens the image."""
_HELD_BACK = "held back by the pipeline's safety checker"


class SafetyChecker:
    """The safety checker of one pipeline, if it has loaded one.

    `name` is its class, None without one. `has_objected` is whether it refused a prompt or an image
    since `forget`, as far as it can be listened to.
    """

    def __init__(self, pipeline: Any) -> None:
        checker = getattr(pipeline, "safety_checker", None)
        self.name = None if checker is None else type(checker).__name__
        self.has_objected = False
        for method in _METHODS:
            if callable(known := getattr(checker, method, None)):
                setattr(checker, method, self._listening(known))

    def forget(self) -> None:
        """Begin with the next call of the pipeline."""
        self.has_objected = False

    def answer(self, image: Image, flag: bool | None) -> Answer:
        """An image as an answer.

        Args:
            image: what the pipeline gave.
            flag: whether its checker held an image back; None if the pipeline does not say.
        """
        if flag:
            return self.refusal()
        picture = Picture.of(image)
        if image.convert("RGB").getbbox() is not None:
            return Answer(images=(picture,))
        if flag is None and self.name is not None:
            return self.refusal()
        return Answer(error="the pipeline returned an image that is black all over")

    def refusal(self) -> Answer:
        """What an image that was held back counts as."""
        who = f" ({self.name})" if self.name else ""
        return Answer(refusal="safety_checker", error=f"{_HELD_BACK}{who}")

    def _listening(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def heard(*given: Any, **named: Any) -> Any:
            said = method(*given, **named)
            self.has_objected = self.has_objected or said is None or said is False
            return said

        return heard


def safety_flags(output: Any, count: int) -> list[bool | None]:
    """Which of the images a pipeline's safety checker did not let through; None where none says.

    Pipelines call it `nsfw_content_detected`, `nsfw_detected` and otherwise; it is a flag, a list
    of them or None.
    """
    flags: list[bool | None] = [None] * count
    for name, value in (vars(output) or {}).items():
        if "nsfw" not in name.lower() and "unsafe" not in name.lower():
            continue
        value = value.tolist() if hasattr(value, "tolist") else value
        values = value if isinstance(value, list | tuple) else [value] * count
        for number, flag in enumerate(values[:count]):
            if flag is not None:
                said = bool(any(flag) if isinstance(flag, list | tuple) else flag)
                flags[number] = bool(flags[number]) or said
    return flags
