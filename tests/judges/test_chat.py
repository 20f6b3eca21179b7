"""Chat completions as servers really give them, read by the one reader."""

from __future__ import annotations

from typing import Any

import pytest

from unisafe_judges import CallFailure, FailureKind
from unisafe_judges.chat import ChatReply, read_chat, read_usage
from unisafe_judges.types import TokenDetails


def body(*messages: dict[str, Any], finish: str | None = "stop", **more: Any) -> dict[str, Any]:
    choices = [
        {"index": number, "message": {"role": "assistant", **message}, "finish_reason": finish}
        for number, message in enumerate(messages)
    ]
    return {"object": "chat.completion", "choices": choices, **more}


def picture(url: str = "data:image/png;base64,aGk=") -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def test_a_plain_completion_is_read_with_its_version_and_its_tokens() -> None:
    usage = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
    assert read_chat(body({"content": "A carrot."}, model="m-2026", usage=usage)) == ChatReply(
        "A carrot.", finish="stop", version="m-2026", input_tokens=7, output_tokens=2
    )


@pytest.mark.parametrize(
    ("usage", "sent", "written", "details"),
    [
        # OpenAI: thinking is part of the completion, what was cached part of the prompt.
        (
            {
                "prompt_tokens": 2000,
                "completion_tokens": 300,
                "total_tokens": 2300,
                "prompt_tokens_details": {
                    "cached_tokens": 1024,
                    "cache_write_tokens": 512,
                    "image_tokens": 85,
                },
                "completion_tokens_details": {"reasoning_tokens": 256},
            },
            2000,
            300,
            TokenDetails(1024, 512, 85, 256),
        ),
        # The Responses API.
        (
            {
                "input_tokens": 2000,
                "output_tokens": 300,
                "total_tokens": 2300,
                "input_tokens_details": {"cached_tokens": 1024, "cache_write_tokens": 0},
                "output_tokens_details": {"reasoning_tokens": 256},
            },
            2000,
            300,
            TokenDetails(1024, 0, None, 256),
        ),
        # xAI: thinking stands beside the completion, as the total shows.
        (
            {
                "prompt_tokens": 32,
                "completion_tokens": 9,
                "total_tokens": 135,
                "completion_tokens_details": {"reasoning_tokens": 94},
            },
            32,
            103,
            TokenDetails(reasoning=94),
        ),
        (
            {
                "prompt_tokens": 32,
                "completion_tokens": 100,
                "total_tokens": 182,
                "completion_tokens_details": {"reasoning_tokens": 50},
            },
            32,
            150,
            TokenDetails(reasoning=50),
        ),
        # vLLM without details, and what is no usage.
        (
            {"prompt_tokens": 7, "completion_tokens": 2, "prompt_tokens_details": None},
            7,
            2,
            TokenDetails(),
        ),
        ({"prompt_tokens": -1, "completion_tokens": "2"}, None, None, TokenDetails()),
        (
            {
                "prompt_tokens": 7,
                "completion_tokens": 5,
                "prompt_tokens_details": [],
                "completion_tokens_details": {"reasoning_tokens": 2**63 - 1},
            },
            7,
            None,
            TokenDetails(reasoning=2**63 - 1),
        ),
        (None, None, None, TokenDetails()),
        ([], None, None, TokenDetails()),
    ],
)
def test_what_tokens_were_is_read_as_servers_say_it(
    usage: object, sent: int | None, written: int | None, details: TokenDetails
) -> None:
    assert read_usage(usage) == (sent, written, details)


@pytest.mark.parametrize(
    ("message", "text", "thinking"),
    [
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "ab", ""),
        # Mistral: thinking as a part whose text is again a list.
        (
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                    {"type": "text", "text": "a"},
                ]
            },
            "a",
            "hm",
        ),
        # vLLM until 0.11, SGLang, DeepSeek; vLLM since, OpenRouter, Ollama.
        ({"content": "a", "reasoning_content": "hm"}, "a", "hm"),
        ({"content": "a", "reasoning": "hm"}, "a", "hm"),
        ({"content": "a", "reasoning": "hm", "reasoning_content": "hm"}, "a", "hm"),
        ({"content": None, "reasoning_content": "hm"}, "", "hm"),
        ({"content": None}, "", ""),
        ({"content": 5}, "", ""),
        ({}, "", ""),
    ],
)
def test_content_comes_as_text_as_typed_parts_or_not_at_all(
    message: dict[str, Any], text: str, thinking: str
) -> None:
    reply = read_chat(body(message))
    assert (reply.text, reply.thinking) == (text, thinking)


def test_every_choice_is_read() -> None:
    # vLLM-Omni gives one choice for each stage: the text, then the image.
    reply = read_chat(body({"content": "Here it is."}, {"content": [picture()]}))
    assert (reply.text, reply.images) == ("Here it is.", ("data:image/png;base64,aGk=",))


@pytest.mark.parametrize(
    "message",
    [
        {"content": "", "images": [picture("http://images.test/1")]},
        {"content": [{"type": "image_url", "image_url": "http://images.test/1"}]},
    ],
    ids=["beside the content, as routers give it", "as an address without an object"],
)
def test_images_are_found_wherever_servers_put_them(message: dict[str, Any]) -> None:
    assert read_chat(body(message)).images == ("http://images.test/1",)


def test_a_refusal_in_its_field_or_part_is_the_models() -> None:
    assert read_chat(body({"content": None, "refusal": "I won't."})).refusal == "I won't."
    part = {"type": "refusal", "refusal": "I won't."}
    assert read_chat(body({"content": [part]})).refusal == "I won't."


@pytest.mark.parametrize("finish", ["error", "abort", "insufficient_system_resource"])
def test_an_answer_that_its_server_broke_off_is_none(finish: str) -> None:
    with pytest.raises(CallFailure, match=finish) as caught:
        read_chat(body({"content": "First, you"}, finish=finish))
    assert caught.value.kind is FailureKind.SERVER_ERROR
    assert caught.value.may_be_paid


def test_the_finish_that_says_most_is_told() -> None:
    two = body({"content": "a"}, {"content": "b"})
    two["choices"][1]["finish_reason"] = "content_filter"
    assert read_chat(two).is_blocked
    assert read_chat(body({"content": "a"}, finish="length")).is_cut_off
    assert read_chat(body({"content": "a"}, finish=None)).finish == ""


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "busy", "code": 429}, FailureKind.RATE_LIMITED),
        ({"message": "down", "code": 502}, FailureKind.SERVER_ERROR),
        ({"message": "no credit", "code": 402}, FailureKind.STOPPED),
        ({"message": "no", "code": 403, "metadata": {"reasons": ["x"]}}, FailureKind.BLOCKED),
        ({"message": "no", "code": "content_filter"}, FailureKind.BLOCKED),
        ("something broke", FailureKind.SERVER_ERROR),
    ],
)
def test_an_error_that_came_with_status_200_is_classified(error: object, kind: FailureKind) -> None:
    answers = [body(choices=None, error=error), body({"content": None}, finish="error")]
    answers[1]["choices"][0]["error"] = error
    for answer in answers:
        with pytest.raises(CallFailure) as caught:
            read_chat(answer, "judge j")
        assert caught.value.kind is kind
        said = error if isinstance(error, str) else str(error["message"])  # type: ignore[index]
        assert said in str(caught.value)


@pytest.mark.parametrize("error", [None, {}, ""])
def test_an_empty_error_is_none(error: object) -> None:
    assert read_chat(body({"content": "a"}, error=error)).text == "a"


@pytest.mark.parametrize(
    "value",
    [None, [], "text", {}, {"choices": []}, {"choices": [{}]}, {"choices": [{"message": None}]}],
)
def test_anything_else_is_no_completion(value: object) -> None:
    with pytest.raises(CallFailure) as caught:
        read_chat(value)
    assert caught.value.kind is FailureKind.NOT_JSON
