"""The one client policy: the same for plain requests and for the providers' SDKs."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.judges.samples import text_evidence
from tests.judges.vendors import answer_of
from tests.memory import peak_of
from tests.servers import GOOD, Answer, Loopback
from unisafe_judges import CallFailure, FailureKind, PanelError, load_rubric
from unisafe_judges.backends import Judge, build_batch_judge, build_judge
from unisafe_judges.backends.http import MAX_REPLY_BYTES, proxy_for
from unisafe_judges.specs import GeminiSpec, JudgeSpec, OpenAICompatibleSpec, OpenAISpec
from unisafe_judges.types import Reply

KEY = "key-for-tests-0123456789"
KINDS: dict[str, tuple[type[Any], dict[str, Any], str]] = {
    "openai-compatible": (OpenAICompatibleSpec, {"backend": "openai-compatible"}, "/v1"),
    "responses": (OpenAISpec, {"backend": "openai"}, "/v1"),
    "chat-completions": (OpenAISpec, {"backend": "openai", "api": "chat-completions"}, "/v1"),
    "gemini": (GeminiSpec, {"backend": "gemini"}, ""),
}
every_client = pytest.mark.parametrize("kind", KINDS)
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@dataclass
class Host(Loopback):
    """Answers everything the same, and keeps what arrived."""

    reply: Answer | None = None
    seen: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        self.seen.append((path, headers, body))
        return self.reply or answer_of(path, json.dumps(GOOD))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", KEY)
    for name in _PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def host() -> Iterator[Host]:
    with Host() as running:
        yield running


@pytest.fixture
def other() -> Iterator[Host]:
    with Host() as running:
        yield running


def spec_of(kind: str, root: str, **changes: Any) -> JudgeSpec:
    spec, fields, base = KINDS[kind]
    fields = {
        "name": "j",
        "model": "judge",
        "api_key_env": "A_KEY",
        "base_url": root + base,
    } | fields
    made: JudgeSpec = spec.model_validate(fields | changes)
    return made


def ask(spec: JudgeSpec) -> Reply | CallFailure:
    prompt = load_rubric("unisafe-v1").render(text_evidence())

    async def once(judge: Judge) -> Reply:
        try:
            reply = await judge.ask(text_evidence(), prompt, {})
            assert isinstance(reply, Reply)
            return reply
        finally:
            await judge.close()

    try:
        return asyncio.run(once(build_judge(spec)))
    except CallFailure as failure:
        return failure


def check(spec: JudgeSpec) -> str | None:
    async def once(judge: Judge) -> None:
        try:
            await judge.check()
        finally:
            await judge.close()

    try:
        asyncio.run(once(build_judge(spec)))
    except PanelError as error:
        return str(error)
    return None


@every_client
@pytest.mark.parametrize("status", [302, 307])
def test_no_redirect_is_followed_and_the_judge_is_stopped(
    host: Host, other: Host, kind: str, status: int
) -> None:
    target = f"{other.root.replace('127.0.0.1', 'localhost')}/v1/x?key=abc"
    host.reply = Answer("", status, {"Location": target})
    failure = ask(spec_of(kind, host.root))
    assert isinstance(failure, CallFailure)
    assert failure.kind is FailureKind.STOPPED
    assert f"HTTP {status}" in str(failure)
    assert "redirects to the host localhost" in str(failure)
    assert "abc" not in str(failure)
    problem = check(spec_of(kind, host.root))
    assert problem is not None
    assert "redirects to the host localhost" in problem
    assert not other.seen


@every_client
def test_a_redirect_within_a_host_or_to_nowhere_is_not_followed_either(
    host: Host, kind: str
) -> None:
    host.reply = Answer("", 308, {"Location": "/v2/elsewhere"})
    assert "another path of it" in str(ask(spec_of(kind, host.root)))
    host.reply = Answer("", 307)
    assert "another path of it" in str(ask(spec_of(kind, host.root)))
    host.reply = Answer("", 302, {"Location": "http://[broken/"})
    assert "the host unknown" in str(ask(spec_of(kind, host.root)))
    assert len(host.seen) == 3


@pytest.mark.parametrize("kind", ["responses", "gemini"])
def test_the_batch_apis_follow_no_redirect(
    host: Host, other: Host, kind: str, tmp_path: Path
) -> None:
    host.reply = Answer("", 307, {"Location": other.root})
    requests = tmp_path / "requests.jsonl"
    requests.write_text("{}\n")

    async def send() -> None:
        judge = build_batch_judge(spec_of(kind, host.root))
        assert judge is not None
        try:
            await judge.submit(requests, "tag")
        finally:
            await judge.close()

    with pytest.raises(PanelError, match="no redirect is followed"):
        asyncio.run(send())
    assert not other.seen


UNPACKED = 8 * MAX_REPLY_BYTES


@pytest.fixture(scope="module")
def bomb() -> bytes:
    packed = gzip.compress(b'{"text": "' + b"a" * UNPACKED + b'"}', 1)
    assert len(packed) < MAX_REPLY_BYTES
    return packed


@every_client
def test_a_reply_that_unpacks_to_more_than_the_cap_is_not_unpacked_whole(
    host: Host, kind: str, bomb: bytes
) -> None:
    spec = spec_of(kind, host.root)
    # An import takes many times as long while memory is traced.
    ask(spec)
    host.reply = Answer(bomb, headers={"Content-Encoding": "gzip"})
    peak = peak_of(lambda: _require_too_long(ask(spec)))
    assert peak < UNPACKED / 1.5


@every_client
def test_an_error_that_unpacks_to_more_than_the_cap_is_not_read_either(
    host: Host, kind: str, bomb: bytes
) -> None:
    host.reply = Answer(bomb, 400, {"Content-Encoding": "gzip"})
    _require_too_long(ask(spec_of(kind, host.root)))


def _require_too_long(failure: object) -> None:
    assert isinstance(failure, CallFailure)
    assert failure.kind is FailureKind.NOT_JSON
    assert f"longer than {MAX_REPLY_BYTES:,} bytes" in str(failure)


@every_client
def test_a_compressed_reply_is_read(host: Host, kind: str) -> None:
    paths = {"gemini": "/v1beta/models/judge:generateContent", "responses": "/v1/responses"}
    plain = answer_of(paths.get(kind, "/v1/chat/completions"), json.dumps(GOOD)).body
    assert isinstance(plain, str)
    host.reply = Answer(gzip.compress(plain.encode()), headers={"Content-Encoding": "gzip"})
    reply = ask(spec_of(kind, host.root))
    assert isinstance(reply, Reply)
    assert json.loads(reply.text) == GOOD


@every_client
def test_all_clients_go_through_the_proxy_of_the_environment(
    host: Host, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", host.root.replace("http://", "http://user:pass@"))
    reply = ask(spec_of(kind, "http://judge.internal"))
    assert isinstance(reply, Reply)
    ((path, headers, _),) = host.seen
    assert path.startswith("http://judge.internal/")
    assert headers["proxy-authorization"].startswith("Basic ")


@every_client
def test_all_clients_obey_no_proxy(
    host: Host, other: Host, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", other.root)
    monkeypatch.setenv("NO_PROXY", "judge.invalid")
    failure = ask(spec_of(kind, "http://judge.invalid"))
    assert isinstance(failure, CallFailure)
    assert failure.kind is FailureKind.CONNECTION
    assert isinstance(ask(spec_of(kind, host.root)), Reply)
    assert not other.seen


@every_client
def test_no_client_takes_a_password_from_netrc(
    host: Host, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert isinstance(ask(spec_of(kind, host.root)), Reply)
    assert "Basic" not in str(host.seen[0][1])


@pytest.mark.parametrize(
    ("url", "no_proxy", "expected"),
    [
        ("http://judge.internal/v1", "", "http://proxy:3128"),
        ("https://judge.internal/v1", "", "http://secure:3128"),
        ("http://judge.internal/v1", "internal", None),
        ("http://judge.internal:8000/v1", "judge.internal:8000", None),
        ("http://judge.internal:8000/v1", "judge.internal:9000", "http://proxy:3128"),
        ("http://10.1.2.3:8000/v1", "localhost, 10.0.0.0/8", None),
        ("http://11.1.2.3:8000/v1", "localhost, 10.0.0.0/8", "http://proxy:3128"),
        ("http://judge.internal/v1", "*", None),
        ("http://localhost:8000/v1", "", None),
        ("http://127.0.0.2:8000/v1", "", None),
        ("http://[::1]:8000/v1", "", None),
        ("http://[broken", "", None),
    ],
)
def test_which_proxy_an_address_is_reached_through(
    monkeypatch: pytest.MonkeyPatch, url: str, no_proxy: str, expected: str | None
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "proxy:3128")
    monkeypatch.setenv("HTTPS_PROXY", "http://secure:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert proxy_for(url) == expected


@every_client
def test_a_proxy_of_another_kind_stops_the_judge_with_the_variable(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "socks5://user:pass@proxy:1080")
    failure = ask(spec_of(kind, "http://judge.internal"))
    assert isinstance(failure, CallFailure)
    assert failure.kind is FailureKind.STOPPED
    assert "HTTP_PROXY names a proxy of the kind 'socks5'" in str(failure)
    assert "pass@" not in str(failure)


@every_client
def test_the_password_of_a_proxy_that_refuses_is_in_no_failure(
    host: Host, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.reply = Answer("who are you?", 407)
    monkeypatch.setenv("HTTPS_PROXY", host.root.replace("http://", "http://user:passcarrot@"))
    failure = ask(spec_of(kind, "https://judge.internal"))
    assert isinstance(failure, CallFailure)
    assert "passcarrot" not in f"{failure} {failure.raw}"
