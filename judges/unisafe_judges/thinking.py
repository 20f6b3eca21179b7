"""Which part of a text is a model's thinking, by the tags that models write around it."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["TAGS", "Split", "Tag", "after_thinking", "split_thinking"]


@dataclass(frozen=True)
class Tag:
    """How a family of models encloses its thinking.

    `header`: what such a model writes between its thinking and its answer, if anything.
    """

    opening: str
    closing: str
    source: str
    header: str = ""


TAGS = (
    Tag(
        "<think>", "</think>", "DeepSeek-R1, Qwen3 and most others; vLLM, SGLang reasoning parsers"
    ),
    Tag("<thinking>", "</thinking>", "Amazon Nova; Bedrock user guide"),
    Tag("<thought>", "</thought>", "EXAONE Deep; its model card"),
    Tag("<reasoning>", "</reasoning>", "models tuned with GRPO recipes; TRL, Unsloth"),
    Tag("<seed:think>", "</seed:think>", "Seed-OSS; vLLM seedoss_reasoning_parser.py"),
    Tag("[THINK]", "[/THINK]", "Magistral; mistral_common SpecialTokens.begin_think"),
    Tag("◁think▷", "◁/think▷", "Kimi-VL-Thinking; SGLang KimiDetector"),
    Tag("<|START_THINKING|>", "<|END_THINKING|>", "Command A; vLLM cohere_command parser"),
    Tag("<|inner_prefix|>", "<|inner_suffix|>", "Apertus; vLLM apertus_reasoning_parser.py"),
    Tag("<|channel>", "<channel|>", "Gemma 4; vLLM gemma4_utils.py"),
    Tag("<|begin_of_thought|>", "<|end_of_thought|>", "OpenThoughts, Sky-T1; model cards"),
    Tag(
        "<|channel|>analysis<|message|>",
        "<|end|>",
        "gpt-oss; OpenAI's harmony format",
        header="<|start|>assistant<|channel|>final<|message|>",
    ),
)
"""Every way to mark thinking that is known here, with who writes it and where that is said."""
_BY_OPENING = {tag.opening: tag for tag in TAGS}
_OPENINGS = re.compile("|".join(map(re.escape, _BY_OPENING)))
_COMMON = TAGS[0]
_ANSWERS = ("{", "[", "```")


@dataclass(frozen=True)
class Split:
    """A text in two. `is_cut_off`: the thinking never ended, so that the answer may be missing."""

    thinking: str
    answer: str
    is_cut_off: bool


def split_thinking(text: str, *, opened: bool = False) -> Split:
    """Part what a model thought from what it answered, both stripped.

    Thinking is what a known pair of tags encloses at the beginning; the common `<think>` is one
    anywhere, since some models think again between two paragraphs. A closing tag alone hides
    nothing: a user would read what stands before it.

    Args:
        text: what the model wrote.
        opened: its chat template had opened the thinking, so that the text begins inside it. Then
            the first closing tag ends it, and without one the answer was never reached.
    """
    thoughts: list[str] = []
    rest = text.lstrip()
    if opened and _opening(rest) is None:
        end, tag = _first_closing(rest)
        if tag is None:
            return Split(text.strip(), "", True)
        thoughts.append(rest[:end])
        rest = rest[_skip(rest, end, tag) :]
    start = 0
    while (tag := _opening(rest, start)) is not None:
        begin = start + len(tag.opening)
        end = rest.find(tag.closing, begin)
        if end < 0:
            return _split([*thoughts, rest[begin:]], [], True)
        thoughts.append(rest[begin:end])
        start = _skip(rest, end, tag)
    answer: list[str] = []
    while (begin := rest.find(_COMMON.opening, start)) >= 0:
        answer.append(rest[start:begin])
        begin += len(_COMMON.opening)
        end = rest.find(_COMMON.closing, begin)
        if end < 0:
            return _split([*thoughts, rest[begin:]], answer, True)
        thoughts.append(rest[begin:end])
        start = end + len(_COMMON.closing)
    return _split(thoughts, [*answer, rest[start:]], False)


def after_thinking(text: str) -> str:
    """What stands behind one leading thinking part, stripped; all of it where there is none.

    The chat template may have opened that part: then there is one closing tag, none that opens, and
    before it no JSON, which would be an answer that only quotes the tag. For texts whose whole rest
    is checked, such as a judge's JSON; what a user reads is for `split_thinking`.
    """
    text = text.strip()
    tag = _opening(text)
    if tag is not None:
        end = text.find(tag.closing)
    else:
        end, tag = _first_closing(text)
        alone = sum(text.count(each.closing) for each in TAGS) == 1
        if not alone or text.startswith(_ANSWERS) or (tag and tag.opening in text):
            return text
    return text if tag is None or end < 0 else text[_skip(text, end, tag) :].strip()


def _opening(text: str, start: int = 0) -> Tag | None:
    """The tag that a text opens with."""
    found = _OPENINGS.match(text, start)
    return None if found is None else _BY_OPENING[found.group()]


def _first_closing(text: str) -> tuple[int, Tag | None]:
    found = [(end, tag) for tag in TAGS if (end := text.find(tag.closing)) >= 0]
    return min(found, key=lambda each: each[0], default=(-1, None))


def _skip(text: str, end: int, tag: Tag) -> int:
    """Where a text goes on behind a closing tag at `end`, its header and white space."""
    start = _to_word(text, end + len(tag.closing))
    if tag.header and text.startswith(tag.header, start):
        start = _to_word(text, start + len(tag.header))
    return start


def _to_word(text: str, start: int) -> int:
    while start < len(text) and text[start].isspace():
        start += 1
    return start


def _split(thoughts: list[str], answer: list[str], is_cut_off: bool) -> Split:
    thinking = "\n".join(thought.strip() for thought in thoughts)
    return Split(thinking.strip(), "".join(answer).strip(), is_cut_off)
