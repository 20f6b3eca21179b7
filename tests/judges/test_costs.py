"""What of prompts a cache of prefixes could serve, against a plain tree of all prompts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.judges.samples import image_evidence, text_evidence
from unisafe_judges import load_rubric
from unisafe_judges.costs import estimated_tokens, repeated_tokens
from unisafe_judges.rubric import Prompt
from unisafe_judges.types import ImagePart

WORDS = st.text("ab", max_size=4)
ITEMS = st.one_of(WORDS, st.sampled_from(["1" * 64, "2" * 64]).map(lambda s: image(s)))


def image(sha256: str) -> ImagePart:
    return ImagePart("Image", sha256, lambda: b"")


def in_a_tree(prompts: list[Prompt]) -> float:
    """Tokens of prompts that a tree of them, piece by piece, holds already."""
    seen: set[tuple[object, ...]] = set()
    tokens = 0.0
    for prompt in prompts:
        way: tuple[object, ...] = ()
        for item in (prompt.instructions, *prompt.content):
            pieces = [*item, "end"] if isinstance(item, str) else [item.sha256]
            for piece in pieces:
                way += (piece,)
                if way in seen:
                    tokens += 0 if piece == "end" else 0.25 if len(piece) == 1 else 1000
                seen.add(way)
    return tokens


@given(
    st.lists(st.builds(lambda i, c: Prompt(i, tuple(c), {}), WORDS, st.lists(ITEMS, max_size=3)))
)
def test_what_repeats_is_what_a_tree_of_all_prompts_holds_once(prompts: list[Prompt]) -> None:
    assert repeated_tokens(prompts) == in_a_tree(prompts)
    assert repeated_tokens(reversed(prompts)) == repeated_tokens(prompts)


def test_the_instructions_of_unisafe_v1_repeat_up_to_the_mark_of_the_case() -> None:
    rubric = load_rubric("unisafe-v1")
    one, other = (rubric.render(text_evidence(f"Question {number}.")) for number in (1, 2))
    mark = one.content[0].split("[BEGIN ")[1].split("]")[0]  # type: ignore[union-attr]
    before = one.instructions.index(mark)
    assert 0.9 < before / len(one.instructions) < 1
    # The marks are hashes, which may begin alike.
    shared = repeated_tokens([one, other])
    assert before / 4 <= shared <= before / 4 + 4
    assert repeated_tokens([one]) == 0
    assert repeated_tokens([one, one]) == estimated_tokens(one)


def test_an_image_is_counted_where_all_before_it_is_the_same() -> None:
    prompt = load_rubric("unisafe-v1").render(image_evidence(b"x"))
    assert repeated_tokens([prompt, prompt]) == estimated_tokens(prompt) > 1000
