"""Requests and answers of each server as its sources have them, over HTTP.

A fixture names the sources that it was written after. In it `{words}` is the instruction,
`{shown:0}` an image that is shown, as a data URL, and `{drawn}` one that is drawn, in base64.
"""

from __future__ import annotations

import asyncio
import base64
import importlib
import json
from collections.abc import Iterator
from email.parser import BytesParser
from email.policy import HTTP
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.servers import Answer, Loopback
from unisafe_judges import CallFailure
from unisafe_tasks import TASKS
from unisafe_tasks.models import umm_gemini
from unisafe_tasks.models.dialects import images, responses
from unisafe_tasks.models.profiles import PROFILES
from unisafe_tasks.models.questions import Answer as RawAnswer
from unisafe_tasks.models.questions import Message, Picture, Question
from unisafe_tasks.models.remote import RemoteModel
from unisafe_tasks.models.umm_gemini import UmmGemini
from unisafe_tasks.models.umm_openai import OpenAIArguments, UmmOpenAI

FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("*.json"))
WORDS = "Draw a kite over it."
ADAPTERS: dict[str, type[RemoteModel]] = {"umm_openai": UmmOpenAI, "umm_gemini": UmmGemini}


def png(color: str) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (8, 8), color).save(buffer, "PNG")
    return buffer.getvalue()


SHOWN = (Picture(png("red")), Picture(png("blue")))
DRAWN = png("green")
RESPONSES = OpenAIArguments(model="m", base_url="http://127.0.0.1:9/v1")


def filled(value: Any) -> Any:
    """A part of a fixture with words and images in it."""
    text = json.dumps(value).replace("{words}", WORDS)
    for number, image in enumerate(SHOWN):
        url = f"data:image/png;base64,{base64.b64encode(image.data).decode()}"
        text = text.replace(f"{{shown:{number}}}", url)
    return json.loads(text.replace("{drawn}", base64.b64encode(DRAWN).decode()))


def read(name: str) -> dict[str, Any]:
    fixture: dict[str, Any] = json.loads((Path(__file__).parent / "fixtures" / name).read_text())
    return fixture


EXCHANGES = [
    pytest.param(read(path.name), exchange, id=f"{path.stem}: {exchange['name']}")
    for path in FIXTURES
    for exchange in read(path.name)["exchanges"]
]


class Scripted(Loopback):
    """Gives one answer, and keeps what was asked."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.given = answer
        self.path = ""
        self.headers: dict[str, str] = {}
        self.body = b""

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        self.path, self.headers, self.body = path, headers, body
        return self.given


def built(fixture: dict[str, Any], server: Loopback, **more: Any) -> RemoteModel:
    profile = PROFILES[fixture["arguments"]["profile"]]
    base = server.root if profile.adapter == "umm_gemini" else f"{server.root}/v1"
    given = {"base_url": base, **fixture["arguments"], **more}
    return ADAPTERS[profile.adapter](**given)


def question(task: str, turn: int, history: str) -> Question:
    """What the benchmark asks: for a second turn with the image of the first."""
    count = len(TASKS[task].inputs)
    said = (Message("user", WORDS, SHOWN[:count]),)
    if turn > 1:
        said = (Message("user", WORDS, SHOWN[:1]),)
        if history == "full":
            own = Message("assistant", "Drawn.", SHOWN[:1])
            said = (Message("user", "Draw a hill."), own, Message("user", WORDS))
    return Question("case", TASKS[task], said, turn)


@pytest.fixture
def ended() -> Iterator[list[RemoteModel]]:
    models: list[RemoteModel] = []
    yield models
    for model in models:
        model._end()


@pytest.mark.parametrize(("fixture", "exchange"), EXCHANGES)
def test_a_server_is_asked_and_understood_as_its_source_says(
    fixture: dict[str, Any], exchange: dict[str, Any], ended: list[RemoteModel]
) -> None:
    answer = Answer(json.dumps(filled(exchange["answer"])), exchange.get("status", 200))
    with Scripted(answer) as server:
        model = built(fixture, server)
        ended.append(model)
        asked = question(exchange["task"], exchange.get("turn", 1), model.history)
        if "failure" in exchange:
            with pytest.raises(CallFailure) as caught:
                model._runner.run(model.call(asked))
            assert caught.value.kind == exchange["failure"], caught.value
        else:
            given = model._runner.run(model.call(asked))
            means = {"refusal": None, "error": None, **exchange["means"]}
            images = means.pop("images", 0)
            assert [image.data for image in given.images] == [DRAWN] * images
            assert {name: getattr(given, name) for name in means} == means
    assert server.path.removeprefix("/v1/").lstrip("/") == exchange["path"].lstrip("/")
    if "request" in exchange:
        assert json.loads(server.body) == filled(exchange["request"])
    if "form" in exchange:
        assert_form_arrived(server, exchange)


def assert_form_arrived(server: Scripted, exchange: dict[str, Any]) -> None:
    head = f"Content-Type: {server.headers['content-type']}\r\n\r\n".encode()
    parts = list(BytesParser(policy=HTTP).parsebytes(head + server.body).iter_parts())
    named = [
        (part.get_param("name", header="content-disposition"), part.get_payload(decode=True))
        for part in parts
    ]
    files = [each for each, part in zip(named, parts, strict=True) if part.get_filename()]
    assert files == [(name, SHOWN[number].data) for name, number in exchange["files"]]
    values = {name: data.decode() for name, data in named if (name, data) not in files}
    assert values == filled(exchange["form"])


@pytest.mark.parametrize("path", FIXTURES, ids=[path.stem for path in FIXTURES])
def test_what_a_server_cannot_do_is_not_asked(path: Path, ended: list[RemoteModel]) -> None:
    fixture = read(path.name)
    with Scripted(Answer("{}")) as server:
        model = built(fixture, server)
        ended.append(model)
        assert sorted(model.tasks) == sorted(fixture["tasks"])
        assert model.history == fixture["history"]
        pins = PROFILES[fixture["arguments"]["profile"]].pins
        pinned = model.identity().get("pinned", {})
        assert pinned == {kind: dict(values) for kind, values in vars(pins).items() if values}
        assert model.identity()["profile"] == fixture["arguments"]["profile"]
    assert not server.body


def test_every_profile_has_a_fixture_with_its_source() -> None:
    fixtures = [read(path.name) for path in FIXTURES]
    assert {fixture["arguments"]["profile"] for fixture in fixtures} == set(PROFILES)
    assert all(fixture["source"] for fixture in fixtures)


@pytest.mark.parametrize("name", ["openai.json", "gemini.json"])
def test_answers_have_the_form_of_the_vendors_own_types(name: str) -> None:
    fixture = read(name)
    module, _, kind = fixture["checked_by"].rpartition(".")
    model = getattr(importlib.import_module(module), kind)
    for exchange in fixture["exchanges"]:
        if exchange.get("status", 200) == 200:
            model.model_validate(filled(exchange["answer"]))


FORMS = {
    "base64 with line breaks": lambda data: (
        "data:image/png;base64,"
        + "\n".join(data[start : start + 76] for start in range(0, len(data), 76))
    ),
    "upper case": lambda data: f"data:image/PNG;BASE64,{data}",
    "a character set": lambda data: f"data:image/png;charset=utf-8;base64,{data}",
    "bare base64": lambda data: data,
    "without padding": lambda data: f"data:image/png;base64,{data.rstrip('=')}",
    "percent signs": lambda data: "data:image/png;base64," + data.replace("+", "%2B"),
}
PLACES = {
    "an image_url": lambda image: {"images": [{"type": "image_url", "image_url": {"url": image}}]},
    "a string": lambda image: {"images": [{"type": "image_url", "image_url": image}]},
    "an image part": lambda image: {"content": [{"type": "image", "image": image}]},
    "a list of strings": lambda image: {"images": [image]},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("place", PLACES)
def test_an_image_is_read_in_every_form_that_servers_have(
    form: str, place: str, ended: list[RemoteModel]
) -> None:
    image = FORMS[form](base64.b64encode(DRAWN).decode())
    message = {"role": "assistant", "content": "", **PLACES[place](image)}
    body = {"model": "m", "choices": [{"message": message, "finish_reason": "stop"}]}
    with Scripted(Answer(json.dumps(body))) as server:
        model = UmmOpenAI(model="m", base_url=f"{server.root}/v1", api="chat")
        ended.append(model)
        answer = model._runner.run(model.call(question("TI", 1, "full")))
    assert [picture.data for picture in answer.images] == [DRAWN]


def test_a_data_url_where_base64_is_due_is_read(ended: list[RemoteModel]) -> None:
    url = f"data:image/png;base64,{base64.b64encode(DRAWN).decode()}"
    with Scripted(Answer(json.dumps({"data": [{"b64_json": url}]}))) as server:
        model = UmmOpenAI(model="m", base_url=f"{server.root}/v1", api="images")
        ended.append(model)
        answer = model._runner.run(model.call(question("TI", 1, "last")))
    assert [picture.data for picture in answer.images] == [DRAWN]


@pytest.mark.parametrize("given", [{"image_model": "gpt-image-2"}, {"profile": "openai"}])
def test_a_tool_that_drew_under_another_name_is_a_substitute(
    given: dict[str, Any], ended: list[RemoteModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key-for-tests-0123456789")
    model = UmmOpenAI(model="m", base_url="http://127.0.0.1:9/v1", **given)
    ended.append(model)
    asked = model.spec.drawing_model
    assert model.substitute(RawAnswer(version="m", image_model="gpt-image-1")) == "gpt-image-1"
    assert model.substitute(RawAnswer(version="m", image_model=f"{asked}-2026-10-01")) is None
    assert model.substitute(RawAnswer(version="n", image_model=asked)) == "n"
    plain = UmmOpenAI(model="m", base_url="http://127.0.0.1:9/v1")
    ended.append(plain)
    assert plain.substitute(RawAnswer(version="m", image_model="gpt-image-1")) is None


def test_what_the_dialects_read_beside_the_fixtures() -> None:
    said = [{"type": "output_text", "text": "Of kites:"}, {"type": "refusal", "refusal": "no."}]
    body = {"status": "completed", "output": [{"type": "message", "content": said}]}
    answer = responses.read_response(body, "m").answer
    assert (answer.text, answer.refusal) == ("Of kites:\nno.", "model")
    with pytest.raises(CallFailure, match="did not end: cancelled"):
        responses.read_response(body | {"status": "cancelled"}, "m")
    blocked = {"data": [], "error": {"code": "OutputImageSensitiveContentDetected"}}
    with pytest.raises(CallFailure) as caught:
        images.read_images(blocked, "m")
    assert caught.value.kind == "blocked"
    prompt = {"promptFeedback": {"blockReason": "OTHER"}}
    both = prompt | {"candidates": [{"finishReason": "IMAGE_SAFETY"}]}
    assert umm_gemini.read_answer(json.dumps(both)).refusal == "provider"
    assert umm_gemini.read_answer(json.dumps(prompt)).refusal is None


def test_no_empty_text_is_sent() -> None:
    case = Question("case", TASKS["IT"], (Message("user", "", SHOWN[:1]),))
    (said,) = responses.request(RESPONSES, case).body["input"]
    assert [part["type"] for part in said["content"]] == ["input_image"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"profile": "vllm"}, "there is no profile 'vllm'; there are: vllm-omni-bagel, "),
        ({"profile": "gemini"}, "the profile gemini is for --model umm_gemini"),
        ({"profile": "sglang"}, "--model umm_openai needs --model_args base_url=..."),
        ({"profile": "xai", "api": "chat"}, "profile=xai speaks api=images"),
        (
            {"profile": "vllm-omni-bagel", "base_url": "http://x/v1", "system_prompt": "Be kind."},
            "has no place for a system_prompt: the server drops it",
        ),
        ({"seed": 1, "base_url": "http://x"}, "api=responses has no place for seed"),
        ({"api": "images", "base_url": "http://x", "temperature": 0}, "no place for temperature"),
        ({"base_url": "http://x", "extra_body": "top_p"}, "extra_body: expected a JSON object"),
        ({"base_url": "http://x", "extra_body": '{"n": 2}'}, "'n' belongs to the question"),
    ],
)
def test_what_does_not_fit_is_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SystemExit) as caught:
        UmmOpenAI(model="m", **given)
    assert sentence in str(caught.value)


def test_extra_body_is_part_of_the_answers_key_and_shows_no_credential(
    ended: list[RemoteModel],
) -> None:
    def identity(**extra: Any) -> str:
        model = UmmOpenAI(
            model="m", api="chat", base_url="http://127.0.0.1/v1", extra_body=json.dumps(extra)
        )
        ended.append(model)
        return json.dumps(model.identity())

    one, two = identity(top_p=0.9), identity(top_p=0.8)
    assert one != two
    hidden = identity(provider={"api_key": "carrot-turnip-1234", "order": ["a"]})
    assert "carrot-turnip-1234" not in hidden
    assert '"order": ["a"]' in hidden
    assert hidden == identity(provider={"api_key": "another-one-5678", "order": ["a"]})


def test_settings_that_came_later_leave_the_key_of_earlier_answers(
    ended: list[RemoteModel],
) -> None:
    model = UmmOpenAI(model="m", api="images", base_url="http://127.0.0.1/v1", size="512x512")
    ended.append(model)
    assert model.identity() == {
        "base_url": "http://127.0.0.1/v1",
        "model": "m",
        "api": "images",
        "system_prompt": None,
        "temperature": None,
        "max_tokens": None,
        "seed": None,
        "size": "512x512",
        "quality": None,
        "moderation": None,
        "modalities": None,
        "response_format": None,
    }


def test_an_adapter_works_where_an_event_loop_is_running(ended: list[RemoteModel]) -> None:
    body = {"model": "m", "choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]}
    with Scripted(Answer(json.dumps(body))) as server:
        model = UmmOpenAI(model="m", base_url=f"{server.root}/v1", api="chat")
        ended.append(model)

        async def cell() -> list[str]:
            asked = question("TT", 1, "full")
            return [model._runner.run(model.call(asked)).text for _ in range(2)]

        assert asyncio.run(cell()) == ["ok", "ok"]
