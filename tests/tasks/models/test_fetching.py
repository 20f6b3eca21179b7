"""Images that a server names by their address."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.servers import Answer, Loopback
from unisafe_judges import CallFailure, FailureKind
from unisafe_tasks.models import fetching
from unisafe_tasks.models.fetching import fetch

PUBLIC = "http://8.8.8.8/v1"


class Host(Loopback):
    def __init__(self) -> None:
        super().__init__()
        self.reply = Answer(b"an image")
        self.asked = 0

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        self.asked += 1
        return self.reply


@pytest.fixture
def host() -> Iterator[Host]:
    with Host() as running:
        yield running


def failure_of(url: str, base_url: str) -> CallFailure:
    with pytest.raises(CallFailure) as caught:
        asyncio.run(fetch(url, base_url))
    return caught.value


def test_an_image_on_the_server_itself_is_fetched(host: Host) -> None:
    assert asyncio.run(fetch(f"{host.root}/image.png", f"{host.root}/v1")) == b"an image"


@pytest.mark.parametrize(
    "name",
    ["127.0.0.1", "localhost", "10.0.0.5", "192.168.1.1", "169.254.169.254", "[::1]",
     "[::ffff:10.0.0.1]", "0.0.0.0"],
)  # fmt: skip
def test_nothing_inside_a_private_network_is_fetched_for_another_server(
    host: Host, name: str
) -> None:
    port = host.root.rpartition(":")[2]
    failure = failure_of(f"http://{name}:{port}/image.png", PUBLIC)
    assert failure.kind is FailureKind.BAD_REQUEST
    assert "inside a private network" in str(failure)
    assert host.asked == 0


def test_a_redirect_fails_the_image_and_does_not_stop_the_model(host: Host) -> None:
    host.reply = Answer("", 302, {"Location": "http://elsewhere.invalid/x"})
    failure = failure_of(f"{host.root}/image.png", host.root)
    assert failure.kind is FailureKind.BAD_REQUEST
    assert "redirects to the host elsewhere.invalid" in str(failure)


def test_an_image_beyond_the_cap_is_not_read(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MAX_BYTES", 1000)
    host.reply = Answer(b"x" * 1001)
    assert "longer than 1,000 bytes" in str(failure_of(f"{host.root}/image.png", host.root))


@pytest.mark.parametrize("url", ["ftp://8.8.8.8/x", "file:///etc/hostname", "x", "http://[x"])
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    assert failure_of(url, PUBLIC).kind in (FailureKind.BAD_REQUEST, FailureKind.CONNECTION)
