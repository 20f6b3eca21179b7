"""A model's thinking and its answer, parted."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisafe_judges.thinking import TAGS, Split, split_thinking

PARTS = [*(tag.opening for tag in TAGS), *(tag.closing for tag in TAGS), "a", " ", "\n"]


@pytest.mark.parametrize("tag", TAGS, ids=lambda tag: tag.opening)
def test_each_known_pair_of_tags_at_the_beginning_is_thinking(tag: object) -> None:
    assert isinstance(tag, type(TAGS[0]))
    whole = f"\n{tag.opening}\nhm\n{tag.closing}{tag.header}\nA carrot.\n"
    assert split_thinking(whole) == Split("hm", "A carrot.", False)
    assert split_thinking(f"{tag.opening}hm") == Split("hm", "", True)
    opened = f"hm{tag.closing}{tag.header}A carrot."
    assert split_thinking(opened, opened=True) == Split("hm", "A carrot.", False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A carrot.", Split("", "A carrot.", False)),
        ("", Split("", "", False)),
        ("<think></think>", Split("", "", False)),
        ("<think>one</think> <think>two</think>three", Split("one\ntwo", "three", False)),
        ("One <think>hm</think>two", Split("hm", "One two", False)),
        ("A carrot. <think>I never end", Split("I never end", "A carrot.", True)),
        # What a user reads: a closing tag alone, and tags of other models inside an answer.
        ("Here it is.</think>I can't.", Split("", "Here it is.</think>I can't.", False)),
        ("A <reasoning>b</reasoning> c", Split("", "A <reasoning>b</reasoning> c", False)),
        ("<think>a</think>b</think>c", Split("a", "b</think>c", False)),
    ],
)
def test_what_a_user_would_read_is_the_answer(text: str, expected: Split) -> None:
    assert split_thinking(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hm, so\n</think>\n\nA carrot.", Split("hm, so", "A carrot.", False)),
        ("hm, so I never end", Split("hm, so I never end", "", True)),
        ("</think>A carrot.", Split("", "A carrot.", False)),
        ("<think>hm</think>A carrot.", Split("hm", "A carrot.", False)),
        ("hm</think>A <think>x</think>carrot.", Split("hm\nx", "A carrot.", False)),
        ("hm</think>A</think>carrot.", Split("hm", "A</think>carrot.", False)),
        ("", Split("", "", True)),
    ],
)
def test_a_text_whose_thinking_the_chat_template_opened_begins_inside_it(
    text: str, expected: Split
) -> None:
    assert split_thinking(text, opened=True) == expected


@given(st.lists(st.sampled_from(PARTS), max_size=12), st.booleans())
def test_no_letter_is_lost_or_told_twice(parts: list[str], opened: bool) -> None:
    split = split_thinking("".join(parts), opened=opened)
    assert (split.thinking + split.answer).count("a") >= parts.count("a")
    assert "<think>" not in split.answer
    if not opened and not any(tag.opening in "".join(parts) for tag in TAGS):
        assert split == Split("", "".join(parts).strip(), False)


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("tag", ["<think>", "</think>", "<think></think>", "[THINK][/THINK]", " "])
def test_many_tags_take_linear_time(tag: str, opened: bool) -> None:
    text = tag * (2_000_000 // len(tag))
    started = time.monotonic()
    split_thinking(text, opened=opened)
    assert time.monotonic() - started < 30
