"""The one policy for every request that leaves this package, and a lean client that obeys it.

* No redirect is followed: prompts, outputs and keys go to the address that the user named.
* An answer is read up to a number of bytes, counted after decompression.
* A call has an end: the time limit is for all of it. TLS is always verified.
* HTTP_PROXY, HTTPS_PROXY and NO_PROXY hold for all clients alike. A loopback address never goes
  through a proxy.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import ssl
from collections.abc import Mapping, Sequence
from functools import cache
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import certifi
from aiohttp.abc import AbstractResolver

from unisafe_judges.backends.bodies import JsonParts
from unisafe_judges.backends.failures import http_failure, retry_after, without_key
from unisafe_judges.errors import CallFailure
from unisafe_judges.specs import ServedSpec
from unisafe_judges.types import FailureKind

__all__ = [
    "MAX_REPLY_BYTES",
    "MAX_RESULTS_BYTES",
    "HttpClient",
    "client_session",
    "connection_failure",
    "proxy_for",
    "reason_of",
]

MAX_REPLY_BYTES = 4 * 1024 * 1024
"""Of a judge: a verdict has hundreds of bytes, and thinking before it some thousands."""
MAX_RESULTS_BYTES = 1024**3
"""Of all the answers of a batch."""
_CHUNK = 65536
_USER_INFO = re.compile(r"//[^/\s@]+@")
_TLS = re.compile(r" ssl:(?:default|True|False|None|<[^>]*>)")
"""What aiohttp says of any connection, also of one without TLS."""


def client_session(
    url: str,
    *,
    who: str,
    most_bytes: int,
    timeout_s: float,
    connections: int = 0,
    headers: Mapping[str, str] | None = None,
    resolver: AbstractResolver | None = None,
) -> aiohttp.ClientSession:
    """A session for requests to one host, under the policy. To be made in a running event loop.

    Its requests raise a CallFailure: STOPPED for a redirect, NOT_JSON for an answer that is too
    long.

    Args:
        url: any address of the host, which says whether a proxy is used.
        who: what sentences call the client, such as `judge gpt-5-nano`.
        most_bytes: the longest answer that is read, in bytes after decompression.
        timeout_s: seconds for a whole call.
        connections: the most at once; 0 is no limit.
        headers: sent with every request.
        resolver: how names are looked up, if not as usual.

    Raises:
        CallFailure: STOPPED, the environment names a proxy that cannot be used.
    """

    async def no_redirect(
        request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        response = await send(request)
        if 300 <= response.status < 400:
            response.close()
            raise _redirected(who, response)
        return response

    class Capped(aiohttp.ClientResponse):
        async def read(self) -> bytes:
            if self._body is None:
                self._body = await read_capped(self, most_bytes)
            return self._body

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, resolver=resolver, ssl=_trust()),
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        proxy=proxy_for(url, who),
        middlewares=(no_redirect,),
        response_class=Capped,
        # With it a key could come from ~/.netrc; the proxy is read above.
        trust_env=False,
    )


@cache
def _trust() -> ssl.SSLContext:
    """The certificates of the machine and certifi's, for containers that have none."""
    context = ssl.create_default_context()
    if not (os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")):
        context.load_verify_locations(certifi.where())
    return context


async def read_capped(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    """The body of an answer.

    Raises:
        CallFailure: NOT_JSON, it is longer than `most_bytes`.
    """
    data = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        data += chunk
        refuse_long(len(data), most_bytes, response)
    return bytes(data)


def refuse_long(size: int, most_bytes: int, response: aiohttp.ClientResponse) -> None:
    """Stop reading an answer once `size` bytes of it are too many.

    Raises:
        CallFailure: NOT_JSON, they are.
    """
    if size > most_bytes:
        response.close()
        raise CallFailure(FailureKind.NOT_JSON, f"the reply is longer than {most_bytes:,} bytes")


def proxy_for(url: str, who: str = "the client") -> str | None:
    """The proxy that the environment names for an address, or None. It may hold a password.

    Raises:
        CallFailure: STOPPED, it is of a kind that cannot be used.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        # It is no address; whoever connects says so.
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme)
    if not proxy or _is_direct(host, port, proxies):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if not proxy.startswith(("http://", "https://")):
        variable = f"{parts.scheme.upper()}_PROXY"
        raise CallFailure(
            FailureKind.STOPPED,
            f"{who}: {variable} names a proxy of the kind {proxy.partition('://')[0][:20]!r}: set "
            "it to an http:// proxy, or add the host to NO_PROXY",
        )
    return proxy


def _is_direct(host: str, port: int | None, proxies: dict[str, str]) -> bool:
    """Whether no proxy is used: loopback, or a name, address or network of NO_PROXY."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    if proxy_bypass(host if port is None else f"{host}:{port}", proxies):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    if address.is_loopback:
        return True
    for entry in proxies.get("no", "").split(","):
        try:
            if address in ipaddress.ip_network(entry.strip(), strict=False):
                return True
        except ValueError:
            continue
    return False


def _redirected(who: str, response: aiohttp.ClientResponse) -> CallFailure:
    here = response.url.host
    try:
        there = urlsplit(urljoin(str(response.url), response.headers.get("Location", ""))).hostname
    except ValueError:
        there = None
    target = "another path of it" if there == here else f"the host {(there or 'unknown')[:100]}"
    return CallFailure(
        FailureKind.STOPPED,
        f"{who}: HTTP {response.status}: {here} redirects to {target}, and no redirect is "
        "followed: give the final address as base_url if you trust it",
    )


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
        self, path: str, body: Sequence[bytes] = (), form: aiohttp.FormData | None = None
    ) -> str:
        """The answer's text, without the key should the server repeat it.

        `body` is JSON in parts that follow each other.

        Raises:
            CallFailure: there is no answer of success (2xx).
        """
        try:
            url = f"{self.base}{path}"
            async with self._connected().post(url, data=form or JsonParts(body)) as response:
                text = without_key(self._spec, _text(await response.read()))
                if not 200 <= response.status < 300:
                    wait_s = retry_after(response.headers.get("Retry-After"))
                    raise http_failure(self._spec, response.status, text, wait_s)
        except TimeoutError:
            raise CallFailure(
                FailureKind.TIMEOUT, f"no reply within {self._spec.timeout_s:g} s"
            ) from None
        except (aiohttp.ClientError, OSError, UnicodeError) as error:  # of a host like "..."
            raise connection_failure(error) from None
        return text

    async def get(self, path: str, timeout_s: float) -> tuple[int, str]:
        """The HTTP status and the text of a GET.

        Raises:
            CallFailure: CONNECTION, there is no answer; STOPPED, a redirect.
        """
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with self._connected().get(f"{self.base}{path}", timeout=timeout) as response:
                return response.status, without_key(self._spec, _text(await response.read()))
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            raise CallFailure(FailureKind.CONNECTION, reason_of(error)) from None

    async def close(self) -> None:
        """Release the connections."""
        if self._session is not None:
            await self._session.close()

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = client_session(
                self.base,
                who=self._spec.who,
                most_bytes=self._most_bytes,
                timeout_s=self._spec.timeout_s,
                connections=self._spec.max_concurrency,
                headers={"Authorization": f"Bearer {self._key}"} if self._key else None,
            )
        return self._session


def connection_failure(error: Exception) -> CallFailure:
    """A connection that was not made, or was cut once the request had gone out."""
    unmade = (aiohttp.ClientConnectorError, aiohttp.InvalidURL, UnicodeError)
    return CallFailure(
        FailureKind.CONNECTION,
        reason_of(error),
        may_be_paid=not isinstance(error, unmade),
    )


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def reason_of(error: BaseException) -> str:
    """Why a server was not reached, in words."""
    if isinstance(error, asyncio.TimeoutError):
        return "no answer in time"
    # A proxy's address may hold a password.
    return _USER_INFO.sub("//", _TLS.sub("", str(error))) or type(error).__name__
