"""The safety stack that an adapter names: what it sends, what a profile pins, what is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from unisafe_tasks.models.profiles import PROFILES
from unisafe_tasks.models.stack import sent_stack, whole_stack
from unisafe_tasks.models.umm_gemini import GeminiArguments
from unisafe_tasks.models.umm_openai import OpenAIArguments

SERVER = "http://127.0.0.1:9/v1"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for profile in PROFILES.values():
        if profile.key:
            monkeypatch.setenv(profile.key, "nobody-reads-this")


def stack(**given: Any) -> dict[str, Any]:
    profile = PROFILES.get(str(given.get("profile")))
    arguments = GeminiArguments if profile and profile.adapter == "umm_gemini" else OpenAIArguments
    where = {} if profile and profile.url else {"base_url": SERVER}
    return whole_stack(arguments(model="m", **where, **given).stack())


def test_every_stack_has_the_parts_that_a_model_may_have_unseen() -> None:
    assert whole_stack({"seed": 3, "top_p": None}) == {
        "system_prompt": "unknown",
        "negative_prompt": "unknown",
        "safety_checker": "unknown",
        "prompt_rewriter": "unknown",
        "seed": 3,
    }


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_names_what_it_pins_and_what_it_does_not_know(name: str) -> None:
    named = stack(profile=name)
    pins = PROFILES[name].pins
    values = {str(value) for pinned in vars(pins).values() for value in pinned.values()}
    assert values <= {str(value) for value in named.values()}
    assert named["safety_checker"] == "unknown"
    # A table of names and plain values, as run.json holds it.
    assert all(isinstance(value, str | int | float) for value in named.values())


def test_what_is_given_goes_before_what_is_pinned() -> None:
    pinned = stack(profile="vllm-omni-bagel")
    assert (pinned["steps"], pinned["guidance"], pinned["write.temperature"]) == (50, 4.0, 0.4)
    given = stack(
        profile="vllm-omni-bagel",
        temperature=1,
        extra_body={"num_inference_steps": 28, "negative_prompt": "blurry"},
    )
    assert (given["steps"], given["negative_prompt"], given["temperature"]) == (28, "blurry", 1)
    assert "write.temperature" not in given


def test_drawings_and_edits_are_told_apart_only_where_they_differ() -> None:
    pins = {"draw": {"seed": 1, "size": "8x8"}, "edit": {"seed": 1}, "write": {"seed": 2}}
    assert sent_stack(pins, {}, {}) == {"seed": 1, "draw.size": "8x8", "write.seed": 2}


def test_the_tool_that_draws_is_part_of_the_stack() -> None:
    assert stack(api="responses")["tool_model"] == "unknown"
    pinned = stack(profile="openai")
    assert (pinned["tool_model"], pinned["moderation"]) == ("gpt-image-2.6-sunburst", "auto")
    assert stack(profile="openai", image_model="other")["tool_model"] == "other"


def test_safety_settings_of_gemini_are_the_providers_unless_they_are_given() -> None:
    assert stack(profile="gemini")["safety_settings"] == "the provider's defaults"
    settings = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}]
    given = stack(profile="gemini", extra_body={"safetySettings": settings})
    assert "HARM_CATEGORY_HARASSMENT" in given["safety_settings"]


def test_no_credential_of_a_body_is_in_it() -> None:
    named = stack(api="images", extra_body={"provider": {"api_key": "sk-nobody-reads-this"}})
    assert "nobody" not in str(named)
