"""Which names are of the same model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisafe_judges.model_names import accepting_line, same_model

QWEN = "Qwen/Qwen2.5-VL-72B-Instruct"


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("gpt-5-nano", "gpt-5-nano"),
        ("gpt-5-nano", "gpt-5-nano-2025-08-07"),
        ("gpt-4", "gpt-4-0613"),
        ("grok-4", "grok-4-0709"),
        ("mistral-large-latest", "mistral-large-2411"),
        ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929"),
        ("claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022"),
        ("claude-sonnet-4", "claude-sonnet-4@20250514"),
        ("gemini-2.5-pro", "models/gemini-2.5-pro"),
        ("models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("gemini-2.0-flash", "gemini-2.0-flash-001"),
        ("gemini-2.0-flash", "publishers/google/models/gemini-2.0-flash@001"),
        ("gemini-2.5-flash-preview", "gemini-2.5-flash-preview-09-2025"),
        ("gemini-2.5-pro-preview", "gemini-2.5-pro-preview-05-06"),
        ("doubao-vision-pro", "doubao-vision-pro-250328"),
        (QWEN, QWEN),
        (QWEN, "qwen2.5-vl-72b-instruct"),
        (QWEN, f"/data/models/{QWEN}"),
        (QWEN, "/data/models/Qwen2.5-VL-72B-Instruct"),
        (QWEN, QWEN.lower()),
        ("Qwen2.5-VL-72B-Instruct", QWEN),
        ("smollm2", "/models/SmolLM2.gguf"),
        ("HuggingFaceTB/SmolLM2", "HuggingFaceTB/SmolLM2@main"),
        ("llama3.2", "llama3.2:latest"),
        ("llama3.2:latest", "llama3.2"),
        ("openai/gpt-5-nano", "openai/gpt-5-nano-2025-08-07"),
        ("openai/gpt-5-nano:free", "openai/gpt-5-nano"),
        ("openai/gpt-5-nano:free", "openai/gpt-5-nano-2025-08-07"),
        ("openai/gpt-5-nano", "openai/gpt-5-nano:free"),
    ],
)
def test_snapshots_and_versions_are_of_the_model(asked: str, answered: str) -> None:
    assert same_model(asked, answered)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("gemini-2.5-pro", "gemini-3.8-flash"),
        ("gemini-2.5-flash", "gemini-2.5-flash-lite"),
        ("gemini-2.5-pro", "gemini-2.5-pro-preview"),
        ("gpt-5", "gpt-5-nano"),
        ("gpt-5", "gpt-5-nano-2025-08-07"),
        ("gpt-5-nano-2025-08-07", "gpt-5-nano"),
        ("gpt-5-nano-2025-08-07", "gpt-5-nano-2026-01-01"),
        ("gemini-2.0-flash-001", "gemini-2.0-flash-002"),
        ("gpt-4o", "gpt-4"),
        ("gpt-4", "gpt-4-1106-preview"),
        ("gpt-4", "gpt-4-32k"),
        ("claude-3", "claude-3-5"),
        ("gemini-flash-latest", "gemini-2.5-flash"),
        ("llama3.2:3b", "llama3.2:1b"),
        ("llama3.2", "llama3.2:1b"),
        ("model", "model-9999"),
        ("model", "model-2025-13-01"),
        (QWEN, "Qwen/Qwen2.5-VL-7B-Instruct"),
        (QWEN, "someone/Qwen2.5-VL-72B-Instruct"),
        (QWEN, "Qwen2.5-VL-72B-Instruct-Q4_K_M.gguf"),
        (QWEN, f"{QWEN}-AWQ"),
        ("judge", "/evil/judgement"),
        ("a-very-own-alias", "gpt-5-nano-2025-08-07"),
        ("-latest", "anything"),
        ("judge", ""),
        ("m", "/"),
    ],
)
def test_other_models_are_not(asked: str, answered: str) -> None:
    assert not same_model(asked, answered)


def test_a_name_that_the_panel_accepts_stands_for_its_snapshots_too() -> None:
    assert same_model("my-deployment", "gpt-5-nano-2025-08-07", ["gpt-5-nano"])
    assert not same_model("my-deployment", "gpt-5-mini-2025-08-07", ["gpt-5-nano"])


def test_the_line_to_add_is_yaml_whatever_the_name_holds() -> None:
    assert accepting_line('a "b": c') == r'accept_versions: ["a \"b\": c"]'
    assert len(accepting_line("x" * 10_000)) < 200


@given(st.text(max_size=30))
def test_every_name_is_its_own(name: str) -> None:
    assert same_model(name, name) or not name.strip()
