"""The way to a server, without one."""

from __future__ import annotations

import asyncio

import pytest

from unisafe_judges import CallFailure, FailureKind
from unisafe_judges.rate_limited_caller import REMEDIES, RateLimitedCaller

EVENTS = frozenset(
    {
        FailureKind.STOPPED,
        FailureKind.SUBSTITUTED,
        FailureKind.BLOCKED,
        FailureKind.BUDGET,
        FailureKind.NO_LABEL,
        FailureKind.UNREADABLE_EVIDENCE,
    }
)
"""Kinds that are no failed call: they stop by themselves, or are about one case."""


def test_every_kind_of_failure_counts_or_is_about_one_case() -> None:
    assert REMEDIES.keys() | EVENTS == set(FailureKind)
    assert not REMEDIES.keys() & EVENTS


@pytest.mark.parametrize("kind", REMEDIES)
def test_ten_first_cases_that_failed_in_any_way_end_the_calls(kind: FailureKind) -> None:
    calls = 0

    async def once() -> None:
        nonlocal calls
        calls += 1
        if kind is FailureKind.INTERNAL:
            raise ZeroDivisionError("a defect")
        raise CallFailure(kind, "as always", retry_after=0)

    async def test() -> None:
        caller = RateLimitedCaller("judge j", 1, first_wait_s=0, repeats_unreadable=False)
        for _ in range(10):
            with pytest.raises((CallFailure, ZeroDivisionError)):
                await caller.call(once)
        before = calls
        with pytest.raises(CallFailure) as caught:
            await caller.call(once)
        assert caught.value.kind is FailureKind.STOPPED
        assert str(caught.value).startswith(
            f"judge j: its first 10 cases all failed, the last with {kind}: "
        )
        assert str(caught.value).endswith(f"({REMEDIES[kind]})")
        assert calls == before

    asyncio.run(test())
