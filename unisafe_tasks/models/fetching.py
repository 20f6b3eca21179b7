"""An image that a server names by its address: fetched under the one client policy.

What a server writes must not reach into the network of whoever measures it. So an address is
fetched if it is public, or if it is on the server itself.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver

from unisafe_judges import CallFailure, FailureKind
from unisafe_judges.backends.http import client_session, proxy_for, reason_of
from unisafe_judges.images import MAX_BYTES

__all__ = ["fetch"]

_TIMEOUT_S = 60.0


async def fetch(url: str, base_url: str) -> bytes:
    """What lies at an address that the server at `base_url` gave.

    Raises:
        CallFailure: it cannot be had, and why.
    """
    if not url.startswith(("https://", "http://")):
        raise _refused(f"an image cannot be fetched from {url[:100]}")
    host = _host(url)
    is_its_own = host == _host(base_url)
    if not (is_its_own or _may_be_public(host)):
        raise _refused(f"{_PRIVATE} at {url[:100]}")
    try:
        async with (
            client_session(
                url,
                who=f"the image at {url[:100]}",
                most_bytes=MAX_BYTES,
                timeout_s=_TIMEOUT_S,
                # Behind a proxy, names are the proxy's to look up.
                resolver=None if is_its_own or proxy_for(url) else _PublicResolver(),
            ) as session,
            session.get(url) as response,
        ):
            data = await response.read()
            if response.status != 200:
                raise _refused(f"HTTP {response.status} for the image at {url[:100]}")
            return data
    except CallFailure as failure:
        # What is wrong with one image does not stop the model.
        kind = failure.kind
        raise _refused(str(failure)) if kind is FailureKind.STOPPED else failure from None
    except (aiohttp.ClientError, OSError, UnicodeError) as error:
        raise CallFailure(
            FailureKind.CONNECTION,
            f"the image at {url[:100]} cannot be fetched: {reason_of(error)}",
        ) from None


_PRIVATE = "the server gave an address inside a private network for an image, which is not fetched,"


class _PublicResolver(ThreadedResolver):
    """Refuses names that lead to this machine or into its network."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)  # type: ignore[arg-type]
        if not all(_may_be_public(entry["host"]) for entry in found):
            raise _refused(f"{_PRIVATE} at {host[:100]}")
        return found


def _may_be_public(host: str) -> bool:
    """Whether it is a public address, or a name, which is looked at when it is resolved."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return bool(host)
    return (getattr(address, "ipv4_mapped", None) or address).is_global


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _refused(sentence: str) -> CallFailure:
    return CallFailure(FailureKind.BAD_REQUEST, sentence)
