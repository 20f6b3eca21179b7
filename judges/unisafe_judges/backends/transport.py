"""The providers' SDKs over the one policy: what they send goes through `client_session`."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import httpx2

from unisafe_judges.backends.http import client_session, connection_failure, refuse_long
from unisafe_judges.errors import CallFailure
from unisafe_judges.specs import ServedSpec
from unisafe_judges.types import FailureKind

__all__ = ["sdk_client"]

_CHUNK = 65536
# aiohttp sets the first two itself, and says which encodings it reads.
_OURS = frozenset({"transfer-encoding", "connection", "accept-encoding"})
_DECODED = frozenset({"content-encoding", "content-length", "transfer-encoding"})


def sdk_client(
    spec: ServedSpec, most_bytes: int, timeout_s: float | None = None
) -> httpx2.AsyncClient:
    """A client for an SDK. Whatever goes wrong below HTTP is raised as a CallFailure.

    Args:
        spec: address, time limit and concurrency.
        most_bytes: the longest answer that is read.
        timeout_s: seconds for a whole call, if not the spec's.
    """
    transport = _Transport(spec, most_bytes, timeout_s or spec.timeout_s)
    return httpx2.AsyncClient(transport=transport, follow_redirects=False, trust_env=False)


class _Transport(httpx2.AsyncBaseTransport):
    """aiohttp in place of the SDK's own HTTP, which takes twice its CPU. For one event loop."""

    def __init__(self, spec: ServedSpec, most_bytes: int, timeout_s: float) -> None:
        self._spec = spec
        self._most_bytes = most_bytes
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self._session is None:
            self._session = client_session(
                self._spec.base_url,
                who=self._spec.who,
                most_bytes=self._most_bytes,
                timeout_s=self._timeout_s,
                connections=self._spec.max_concurrency,
            )
        headers = [(name, value) for name, value in request.headers.items() if name not in _OURS]
        try:
            data: object = request.content or None
        except httpx2.RequestNotRead:
            data = request.stream
        try:
            response = await self._session.request(
                request.method, str(request.url), headers=headers, data=data
            )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _failure(error, self._timeout_s) from None
        return httpx2.Response(
            response.status,
            headers=[pair for pair in response.raw_headers if _is_kept(pair[0])],
            stream=_Body(response, self._most_bytes, self._timeout_s),
            request=request,
        )

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, response: aiohttp.ClientResponse, most_bytes: int, timeout_s: float) -> None:
        self._response = response
        self._most_bytes = most_bytes
        self._timeout_s = timeout_s

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        try:
            async for chunk in self._response.content.iter_chunked(_CHUNK):
                size += len(chunk)
                refuse_long(size, self._most_bytes, self._response)
                yield chunk
        except (aiohttp.ClientError, OSError) as error:
            raise _failure(error, self._timeout_s) from None

    async def aclose(self) -> None:
        self._response.release()


def _failure(error: Exception, timeout_s: float) -> CallFailure:
    if isinstance(error, TimeoutError):
        return CallFailure(FailureKind.TIMEOUT, f"no reply within {timeout_s:g} s")
    return connection_failure(error)


def _is_kept(name: bytes) -> bool:
    return name.lower().decode("latin-1") not in _DECODED
