"""How fast a judge is asked and what it may cost, on a clock that is moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.waiting import LIMIT_S
from unisafe_judges import CallFailure, FailureKind, limits
from unisafe_judges.limits import LONGEST_PAUSE_S, Budget, Limiter, Rate


class Clock:
    """Time that passes only when somebody sleeps, and then at once."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def move_by(
    monkeypatch: pytest.MonkeyPatch,
    monotonic: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
) -> None:
    """Give the limits a time of their own; the event loop keeps the real one."""
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=monotonic))
    monkeypatch.setattr(limits, "asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": sleep}))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    move_by(monkeypatch, clock.monotonic, clock.sleep)
    return clock


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(test(), timeout=LIMIT_S)

    asyncio.run(limited())


async def settle() -> None:
    """Let everything run that can run now."""
    for _ in range(20):
        await asyncio.sleep(0)


class Calls:
    """Calls through a limiter, each in flight until it is let go."""

    def __init__(self, limiter: Limiter) -> None:
        self.limiter = limiter
        self.inside: list[int] = []
        self.most = 0
        self._gates: dict[int, asyncio.Event] = {}
        self.tasks: list[asyncio.Task[None]] = []

    def start(self, count: int = 1) -> None:
        for _ in range(count):
            number = len(self.tasks)
            self._gates[number] = asyncio.Event()
            self.tasks.append(asyncio.create_task(self._call(number)))

    async def _call(self, number: int) -> None:
        async with self.limiter:
            self.inside.append(number)
            self.most = max(self.most, len(self.inside))
            assert len(self.inside) == self.limiter.active
            try:
                await self._gates[number].wait()
            finally:
                self.inside.remove(number)

    def finish(self, number: int) -> None:
        self._gates[number].set()

    async def finish_all(self) -> None:
        for gate in self._gates.values():
            gate.set()
        await asyncio.gather(*self.tasks, return_exceptions=True)


# --- how many at once ---


@pytest.mark.parametrize(("cap", "expected"), [(1, 1), (3, 3), (8, 8), (16, 8), (500, 8)])
def test_it_starts_at_eight_or_at_the_cap_below(cap: int, expected: int) -> None:
    async def test() -> None:
        calls = Calls(Limiter(cap))
        calls.start(20)
        await settle()
        assert len(calls.inside) == expected
        await calls.finish_all()
        assert calls.most == expected
        assert calls.limiter.active == 0

    run(test)


def test_those_who_wait_are_let_in_in_turn() -> None:
    async def test() -> None:
        calls = Calls(Limiter(2))
        calls.start(4)
        await settle()
        assert calls.inside == [0, 1]
        calls.finish(0)
        await settle()
        assert calls.inside == [1, 2]
        calls.finish(1)
        await settle()
        assert calls.inside == [2, 3]
        await calls.finish_all()

    run(test)


def test_it_doubles_with_each_round_of_clean_answers_and_stops_at_its_cap() -> None:
    limiter = Limiter(50)
    reached = [limiter.limit]
    for _ in range(200):
        limiter.succeeded()
        if limiter.limit != reached[-1]:
            reached.append(limiter.limit)
    assert reached == [8, 16, 32, 50]


def test_who_waits_is_let_in_when_it_grows() -> None:
    async def test() -> None:
        calls = Calls(Limiter(16))
        calls.start(20)
        await settle()
        for _ in range(8):
            calls.limiter.succeeded()
        await settle()
        assert len(calls.inside) == 16
        await calls.finish_all()
        assert calls.most == 16

    run(test)


def test_a_call_that_fails_gives_its_place_back() -> None:
    async def test() -> None:
        limiter = Limiter(1)
        with pytest.raises(ZeroDivisionError):
            async with limiter:
                raise ZeroDivisionError
        async with limiter:
            assert limiter.active == 1

    run(test)


# --- a server that says it is too much ---


def test_it_is_halved_once_for_all_answers_of_one_pause(clock: Clock) -> None:
    limiter = Limiter(8)
    for _ in range(5):
        limiter.throttled(3.0)
    assert limiter.limit == 4
    clock.now += 2.9
    limiter.throttled(0.05)
    assert limiter.limit == 4
    clock.now += 0.2
    limiter.throttled(3.0)
    assert limiter.limit == 2


def test_it_never_falls_below_one(clock: Clock) -> None:
    limiter = Limiter(8)
    for _ in range(10):
        limiter.throttled(1.0)
        clock.now += 1.1
    assert limiter.limit == 1


def test_after_a_cut_it_grows_by_an_eighth_at_least_by_one(clock: Clock) -> None:
    limiter = Limiter(64)
    for _ in range(8 + 16 + 32):
        limiter.succeeded()
    assert limiter.limit == 64
    limiter.throttled(1.0)
    reached = [limiter.limit]
    for _ in range(70):
        limiter.succeeded()
        if limiter.limit != reached[-1]:
            reached.append(limiter.limit)
    assert reached == [32, 36, 40]
    small = Limiter(8)
    for _ in range(3):
        small.throttled(1.0)
        clock.now += 1.1
    small.succeeded()
    assert small.limit == 2


def test_clean_answers_before_a_cut_do_not_count_after_it(clock: Clock) -> None:
    limiter = Limiter(16)
    for _ in range(7):
        limiter.succeeded()
    limiter.throttled(1.0)
    for _ in range(3):
        limiter.succeeded()
    assert limiter.limit == 4
    limiter.succeeded()
    assert limiter.limit == 5


def test_nobody_is_let_through_during_a_pause(clock: Clock) -> None:
    async def test() -> None:
        limiter = Limiter(4)
        limiter.throttled(7.0)
        until = clock.now + 7.0
        async with limiter:
            assert clock.now == until
        assert clock.slept == [7.0]

    run(test)


def test_who_was_waiting_for_a_place_also_waits_for_the_pause(clock: Clock) -> None:
    async def test() -> None:
        calls = Calls(Limiter(1))
        calls.start(2)
        await settle()
        calls.limiter.throttled(5.0)
        until = clock.now + 5.0
        calls.finish(0)
        await settle()
        assert calls.inside == [1]
        assert clock.now == until
        await calls.finish_all()

    run(test)


@pytest.mark.parametrize(
    ("wait", "pause"), [(None, limits._PAUSE_S), (1e9, LONGEST_PAUSE_S), (2.5, 2.5)]
)
def test_the_pause_is_what_the_server_asks_for_within_reason(
    clock: Clock, wait: float | None, pause: float
) -> None:
    async def test() -> None:
        limiter = Limiter(2)
        limiter.throttled(wait)
        async with limiter:
            assert clock.slept == [pause]

    run(test)


def test_a_shorter_pause_does_not_end_a_longer_one(clock: Clock) -> None:
    async def test() -> None:
        limiter = Limiter(2)
        limiter.throttled(10.0)
        limiter.throttled(1.0)
        async with limiter:
            assert clock.slept == [10.0]

    run(test)


# --- waiters that give up ---


def test_a_waiter_that_is_cancelled_leaves_the_next_one_its_turn() -> None:
    async def test() -> None:
        calls = Calls(Limiter(1))
        calls.start(3)
        await settle()
        calls.tasks[1].cancel()
        await settle()
        calls.finish(0)
        await settle()
        assert calls.inside == [2]
        await calls.finish_all()

    run(test)


def test_a_waiter_that_is_cancelled_when_it_has_just_got_its_turn_passes_it_on() -> None:
    async def test() -> None:
        calls = Calls(Limiter(1))
        async with calls.limiter:
            calls.start(2)
            await settle()
        # The first has its turn now, and has not run yet.
        calls.tasks[0].cancel()
        await settle()
        assert calls.inside == [1]
        await calls.finish_all()

    run(test)


def test_a_waiter_that_is_cancelled_during_a_pause_passes_its_turn_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def test() -> None:
        ended = asyncio.Event()
        now = [1000.0]

        async def sleep(seconds: float) -> None:
            await ended.wait()

        move_by(monkeypatch, lambda: now[0], sleep)
        calls = Calls(Limiter(1))
        async with calls.limiter:
            calls.start(2)
            await settle()
            calls.limiter.throttled(5.0)
        await settle()
        calls.tasks[0].cancel()
        await settle()
        assert calls.inside == []
        now[0] += 6.0
        ended.set()
        await settle()
        assert calls.inside == [1]
        await calls.finish_all()

    run(test)


def test_a_call_that_is_cancelled_in_flight_gives_its_place_back() -> None:
    async def test() -> None:
        calls = Calls(Limiter(1))
        calls.start(2)
        await settle()
        calls.tasks[0].cancel()
        await settle()
        assert calls.inside == [1]
        await calls.finish_all()

    run(test)


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["start", "finish", "cancel", "clean", "throttled"]), st.integers(0)),
    max_size=40,
)


@given(cap=st.integers(1, 12), actions=ACTIONS)
def test_whatever_happens_it_stays_under_its_cap_and_nobody_waits_for_ever(
    cap: int, actions: list[tuple[str, int]]
) -> None:
    async def test() -> None:
        calls = Calls(Limiter(cap))
        for action, number in actions:
            if action == "start":
                calls.start()
            elif action == "clean":
                calls.limiter.succeeded()
            elif action == "throttled":
                calls.limiter.throttled(0.0)
            elif calls.tasks:
                chosen = number % len(calls.tasks)
                if action == "finish":
                    calls.finish(chosen)
                else:
                    calls.tasks[chosen].cancel()
            if number % 2:
                await settle()
            assert 1 <= calls.limiter.limit <= cap
        await calls.finish_all()
        assert calls.most <= cap
        assert calls.limiter.active == 0

    run(test)


# --- units a minute ---


def test_without_a_rate_nobody_waits(clock: Clock) -> None:
    async def test() -> None:
        rate = Rate(None)
        for _ in range(100):
            await rate.take(1e6)
        assert clock.slept == []

    run(test)


def test_a_rate_allows_two_seconds_worth_at_once_and_then_spreads_evenly(clock: Clock) -> None:
    async def test() -> None:
        rate, begun = Rate(120), clock.now
        taken = []
        for _ in range(12):
            await rate.take(1)
            taken.append(round(clock.now - begun, 6))
        # Two a second: four at once as the burst and the one whose moment is now, then the rest.
        assert taken == [0, 0, 0, 0, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]

    run(test)


def test_a_rate_is_not_saved_up_while_nobody_asks(clock: Clock) -> None:
    async def test() -> None:
        rate = Rate(60)
        await rate.take(1)
        clock.now += 3600
        for _ in range(3):
            await rate.take(1)
        assert clock.slept == []
        await rate.take(1)
        assert clock.slept == [1.0]

    run(test)


# --- the budget ---


def refusal_of(budget: Budget, expected_cost: float = 0.0) -> str | None:
    """What the budget says to one more call, which is not under way any more afterwards."""

    async def once() -> str | None:
        try:
            async with budget.call(expected_cost):
                return None
        except CallFailure as failure:
            return str(failure) if failure.kind is FailureKind.BUDGET else None

    return asyncio.run(once())


def test_a_budget_of_calls_is_used_up_at_its_number() -> None:
    budget = Budget(1200, None)
    budget.calls = 1199
    assert refusal_of(budget) is None
    assert budget.calls == 1200
    assert refusal_of(budget) == "the budget is used up: max_calls is 1,200"


def test_a_budget_of_no_calls_allows_none() -> None:
    assert refusal_of(Budget(0, None)) == "the budget is used up: max_calls is 0"


def test_a_budget_of_dollars_is_used_up_when_they_are_spent() -> None:
    budget = Budget(None, 1.5)
    budget.cost = 1.499
    assert refusal_of(budget) is None
    budget.cost = 1.512
    assert refusal_of(budget) == (
        "the budget is used up: max_cost is $1.5 ($1.512 spent, the next call about $0.000)"
    )


def test_a_call_that_is_expected_to_cost_more_than_is_left_is_not_made() -> None:
    budget = Budget(None, 1.5)
    budget.cost = 1.4
    assert refusal_of(budget, 0.2) is not None
    assert refusal_of(budget, 0.1) is None


def test_a_call_waits_while_those_under_way_leave_no_room_for_it() -> None:
    async def test() -> None:
        budget = Budget(None, 1.0)
        made: list[float] = []

        async def call(cost: float) -> None:
            async with budget.call(0.4):
                made.append(cost)
                await asyncio.sleep(0.01)
                budget.cost += cost

        calls = [call(0.05) for _ in range(10)]
        await asyncio.wait_for(asyncio.gather(*calls), timeout=LIMIT_S)
        assert len(made) == 10
        assert budget.cost == pytest.approx(0.5)
        await call(0.4)
        with pytest.raises(CallFailure, match=r"max_cost is \$1 "):
            await call(0.4)

    asyncio.run(test())


def test_with_many_calls_at_once_no_more_is_spent_than_the_budget() -> None:
    async def test() -> None:
        budget = Budget(None, 1.0)

        async def call() -> None:
            async with budget.call(0.3):
                await asyncio.sleep(0.001)
                budget.cost += 0.3

        ended = await asyncio.gather(*(call() for _ in range(50)), return_exceptions=True)
        assert [type(error) for error in ended].count(type(None)) == 3
        assert budget.cost == pytest.approx(0.9)

    asyncio.run(test())


def test_without_limits_a_budget_is_never_used_up() -> None:
    budget = Budget(None, None)
    budget.calls, budget.cost = 10**9, 1e9
    assert refusal_of(budget) is None
