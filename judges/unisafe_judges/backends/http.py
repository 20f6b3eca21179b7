"""A lean client of one server over aiohttp, whose every failure has its class."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from unisafe_judges.backends.failures import http_failure, retry_after, without_key
from unisafe_judges.errors import CallFailure
from unisafe_judges.specs import ServedSpec
from unisafe_judges.types import FailureKind

__all__ = ["HttpClient", "reason_of"]


class HttpClient:
    """Paths are below the spec's base URL. For one event loop."""

    def __init__(self, spec: ServedSpec, most_bytes: int) -> None:
        """Connect when the first request is made.

        Args:
            spec: address, key, time limit and concurrency.
            most_bytes: the longest answer that is read.

        Raises:
            PanelError: the key is not set.
        """
        self.base = spec.base_url.rstrip("/")
        self._spec = spec
        self._key = spec.key()
        self._most_bytes = most_bytes
        self._session: aiohttp.ClientSession | None = None

    async def post(
        self, path: str, body: dict[str, Any] | None = None, form: aiohttp.FormData | None = None
    ) -> str:
        """The answer's text, without the key should the server repeat it.

        Raises:
            CallFailure: there is no answer with status 200.
        """
        try:
            url = f"{self.base}{path}"
            async with self._connected().post(url, json=body, data=form) as response:
                text = without_key(self._spec, await self._read(response))
                if response.status != 200:
                    wait_s = retry_after(response.headers.get("Retry-After"))
                    raise http_failure(self._spec, response.status, text, wait_s)
        except TimeoutError:
            raise CallFailure(
                FailureKind.TIMEOUT, f"no reply within {self._spec.timeout_s:g} s"
            ) from None
        except (aiohttp.ClientError, OSError) as error:
            raise CallFailure(FailureKind.CONNECTION, reason_of(error)) from None
        return text

    async def status_of(self, path: str, timeout_s: float) -> int:
        """The HTTP status of a GET.

        Raises:
            CallFailure: CONNECTION, there is none.
        """
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with self._connected().get(f"{self.base}{path}", timeout=timeout) as response:
                return response.status
        except (aiohttp.ClientError, TimeoutError, UnicodeError) as error:  # of a host like "..."
            raise CallFailure(FailureKind.CONNECTION, reason_of(error)) from None

    async def close(self) -> None:
        """Release the connections."""
        if self._session is not None:
            await self._session.close()

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
                timeout=aiohttp.ClientTimeout(total=self._spec.timeout_s),
                connector=aiohttp.TCPConnector(limit=self._spec.max_concurrency),
            )
        return self._session

    async def _read(self, response: aiohttp.ClientResponse) -> str:
        data = bytearray()
        async for chunk in response.content.iter_chunked(65536):
            data += chunk
            if len(data) > self._most_bytes:
                raise CallFailure(
                    FailureKind.NOT_JSON, f"the reply is longer than {self._most_bytes:,} bytes"
                )
        return data.decode("utf-8", "replace")


def reason_of(error: BaseException) -> str:
    """Why a server was not reached, in words."""
    if isinstance(error, asyncio.TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__
