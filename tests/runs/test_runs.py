"""The queue, with scripted executors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TypeVar

import pytest

from app.runs.failures import Busy, RunFailed, RunLost, RunTooLong
from app.runs.job import Event, Job
from app.runs.queue import USUAL_S, Limits, Queued, RunQueue
from app.runs.store import Store
from app.web.client_address import client
from tests.threads import in_thread

Result = TypeVar("Result")
NewLoop = Callable[[], asyncio.AbstractEventLoop]


def run(coroutine: Coroutine[None, None, Result], new_loop: NewLoop | None = None) -> Result:
    """Run in a thread of its own: a browser that other tests drive keeps this thread's loop running."""

    def to_its_end() -> Result:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            return runner.run(coroutine)

    return in_thread(to_its_end)


def job(name: str) -> Job:
    return Job(name, "{}")


class Kept(Store):
    """A store in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}

    def close(self) -> None:
        pass

    def _get(self, key: str) -> str | None:
        return self.values.get(key)

    def _set(self, key: str, text: str) -> None:
        self.values[key] = text


class Scripted:
    """Yields rows as a script says, and records the jobs it got."""

    pids = ()

    def __init__(self, script: Callable[[Job], AsyncIterator[Event]]) -> None:
        self.script = script
        self.made: list[str] = []
        self.going: set[str] = set()
        self.most = 0

    async def run(self, job: Job) -> AsyncIterator[Event]:
        self.made.append(job.widget)
        self.going.add(job.widget)
        self.most = max(self.most, len(self.going))
        try:
            async for event in self.script(job):
                yield event
        finally:
            self.going.discard(job.widget)

    async def close(self) -> None:
        pass


async def three(job: Job) -> AsyncIterator[Event]:
    for n in range(3):
        await asyncio.sleep(0)
        yield Event("step", f"{job.widget} {n}")


async def fails(_: Job) -> AsyncIterator[Event]:
    yield Event("step", "0")
    raise RunFailed("ValueError", "torch said no")


async def dies(_: Job) -> AsyncIterator[Event]:
    yield Event("step", "0")
    raise RunLost("killed")


async def for_ever(_: Job) -> AsyncIterator[Event]:
    yield Event("step", "0")
    await asyncio.Event().wait()


async def everything(runs: RunQueue, name: str) -> list[Event | Queued]:
    return [event async for event in runs.events(job(name))]


STEPS = [Event("step", f"a {n}") for n in range(3)]


def test_events_arrive_in_order_and_the_last_is_the_result() -> None:
    async def read() -> tuple[list[Event | Queued], str]:
        runs = RunQueue(Scripted(three), Kept(), 1)
        return await everything(runs, "a"), await runs.result(job("a"))

    assert run(read()) == (STEPS, "a 2")


def test_a_finished_run_is_not_made_again() -> None:
    executor, store = Scripted(three), Kept()

    async def read() -> None:
        # The other worker has the same store.
        first, other = (RunQueue(executor, store, 1) for _ in range(2))
        await everything(first, "a")
        assert await everything(other, "a") == await everything(other, "a") == STEPS
        assert (first.store_misses, other.store_hits, other.store_misses) == (1, 2, 0)

    run(read())
    assert executor.made == ["a"]


def test_equal_runs_in_flight_are_made_once_and_late_readers_get_all_of_it() -> None:
    halfway, go_on = asyncio.Event(), asyncio.Event()

    async def script(_: Job) -> AsyncIterator[Event]:
        yield Event("step", "0")
        halfway.set()
        await go_on.wait()
        yield Event("step", "1")

    executor = Scripted(script)

    async def read() -> list[list[Event | Queued]]:
        runs = RunQueue(executor, Kept(), 2)
        early = asyncio.create_task(everything(runs, "a"))
        await halfway.wait()
        late = [asyncio.create_task(everything(runs, "a")) for _ in range(3)]
        await asyncio.sleep(0)
        go_on.set()
        return await asyncio.gather(early, *late)

    assert run(read()) == [[Event("step", "0"), Event("step", "1")]] * 4
    assert executor.made == ["a"]


def test_no_more_runs_go_on_at_a_time_than_allowed() -> None:
    executor = Scripted(three)

    async def read_all() -> None:
        runs = RunQueue(executor, Kept(), 2)
        await asyncio.gather(*(everything(runs, name) for name in "abcdef"))

    run(read_all())
    assert sorted(executor.made) == list("abcdef")
    assert executor.most == 2
    assert not executor.going


def test_readers_who_wait_hear_their_place_whenever_it_changes() -> None:
    async def read_all() -> dict[str, list[Event | Queued]]:
        release = {name: asyncio.Event() for name in "abcd"}

        async def script(job: Job) -> AsyncIterator[Event]:
            await release[job.widget].wait()
            yield Event("step", job.widget)

        runs = RunQueue(Scripted(script), Kept(), 1)
        heard: dict[str, list[Event | Queued]] = {name: [] for name in "abcd"}
        waiting = {name: asyncio.Event() for name in "bcd"}

        async def read(name: str) -> None:
            async for event in runs.events(job(name)):
                heard[name].append(event)
                if isinstance(event, Queued):
                    waiting[name].set()

        tasks = {"a": asyncio.create_task(read("a"))}
        for name in "bcd":
            tasks[name] = asyncio.create_task(read(name))
            await waiting[name].wait()
        # The second in the queue leaves: the one behind it moves up.
        tasks["c"].cancel()
        await asyncio.gather(tasks["c"], return_exceptions=True)
        for name in "abd":
            release[name].set()
            await tasks[name]
        return heard

    heard = run(read_all())
    assert heard["a"] == [Event("step", "a")]
    assert heard["b"] == [Queued(1), Event("step", "b")]
    assert heard["c"] == [Queued(2)]
    assert heard["d"] == [Queued(3), Queued(2), Queued(1), Event("step", "d")]


def test_a_run_that_has_begun_is_made_and_kept_even_if_its_readers_leave() -> None:
    store, go_on = Kept(), asyncio.Event()

    async def script(job: Job) -> AsyncIterator[Event]:
        async for event in three(job):
            yield event
            await go_on.wait()

    executor = Scripted(script)

    async def leave() -> list[Event | Queued]:
        runs = RunQueue(executor, store, 1)
        async with aclosing(runs.events(job("a"))) as events:
            await anext(events)
        go_on.set()
        while store.get(job("a").key) is None:
            await asyncio.sleep(0)
        return await everything(runs, "a")

    assert run(leave()) == STEPS
    assert executor.made == ["a"]


@pytest.mark.parametrize("ask", [everything, lambda runs, name: runs.result(job(name))])
def test_a_run_leaves_the_queue_with_its_last_reader(
    ask: Callable[[RunQueue, str], Coroutine[None, None, object]],
) -> None:
    executor, release = holding([])

    async def leave() -> None:
        runs = RunQueue(executor, Kept(), 1)
        first = asyncio.create_task(everything(runs, "a"))
        waiting = [asyncio.create_task(ask(runs, "b")) for _ in range(2)]
        while runs.readers < 3:
            await asyncio.sleep(0)
        for task, left in zip(waiting, (1, 0), strict=True):
            assert runs.waiting == 1
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert runs.waiting == left
        release.set()
        await first

    run(leave())
    assert executor.made == ["a"]


def test_the_error_of_a_run_reaches_its_reader_and_is_not_kept() -> None:
    executor = Scripted(fails)

    async def read() -> None:
        runs = RunQueue(executor, Kept(), 1)
        for _ in range(2):
            with pytest.raises(RunFailed, match="torch said no"):
                await everything(runs, "a")

    run(read())
    assert executor.made == ["a", "a"]


def test_a_run_that_was_lost_is_made_again_and_its_reader_does_not_notice() -> None:
    async def dying_once(_: Job) -> AsyncIterator[Event]:
        first = len(executor.made) == 1
        for n in range(3):
            yield Event("step", f"a {n}")
            if first and n == 1:
                raise RunLost("killed")

    executor = Scripted(dying_once)
    assert run(everything(RunQueue(executor, Kept(), 1), "a")) == STEPS
    assert executor.made == ["a", "a"]


def test_a_run_that_is_lost_every_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.runs.queue.RETRY_DELAYS", (0, 0))
    executor = Scripted(dies)
    with pytest.raises(RunLost):
        run(everything(RunQueue(executor, Kept(), 1), "a"))
    assert len(executor.made) == 3


async def held(runs: RunQueue, release: asyncio.Event, names: Sequence[str]) -> list[str]:
    """Request runs one after the other, each as the client that its name begins with, while the first
    one has the only place. Returns the places that they are told, then releases all of them."""
    told = []
    generators = [runs.events(job(name)) for name in names]
    for name, generator in zip(names, generators, strict=True):
        client.set(name.split()[0])
        told.append(f"{name}: {await anext(generator)}")
    release.set()
    for generator in generators:
        async for _ in generator:
            pass
    return told


def holding(order: list[str]) -> tuple[Scripted, asyncio.Event]:
    release = asyncio.Event()

    async def script(job: Job) -> AsyncIterator[Event]:
        order.append(job.widget)
        yield Event("begun", "")
        await release.wait()
        yield Event("done", "")

    return Scripted(script), release


def test_the_second_run_of_one_client_comes_behind_the_first_of_all_others() -> None:
    order: list[str] = []
    executor, release = holding(order)
    names = ["ann 1", "ann 2", "ann 3", "bob 1", "bob 2", "cat 1"]
    run(held(RunQueue(executor, Kept(), 1), release, names))
    assert order == ["ann 1", "ann 2", "bob 1", "cat 1", "ann 3", "bob 2"]


LIMITS = Limits(waiting=10, per_client=10, readers=10, seconds=None)


@pytest.mark.parametrize(
    ("limits", "names", "status"),
    [
        (replace(LIMITS, waiting=2), ["ann 1", "bob 1", "cat 1", "dan 1"], 503),
        (replace(LIMITS, waiting=0), ["ann 1", "bob 1"], 503),
        (replace(LIMITS, per_client=2), ["ann 1", "ann 2", "ann 3"], 429),
    ],
)
def test_what_is_beyond_a_limit_is_refused_and_told_when_to_come_again(
    limits: Limits, names: list[str], status: int
) -> None:
    executor, release = holding([])
    with pytest.raises(Busy) as refused:
        run(held(RunQueue(executor, Kept(), 1, limits), release, names))
    assert refused.value.status == status
    assert refused.value.retry_after > 0


def test_those_who_follow_a_run_that_goes_on_need_no_room() -> None:
    executor, release = holding([])
    limits = replace(LIMITS, waiting=0, per_client=1)
    told = run(held(RunQueue(executor, Kept(), 1, limits), release, ["ann 1", "ann 1", "ann 1"]))
    assert len(told) == 3


def test_readers_are_limited_before_they_begin() -> None:
    async def ask() -> None:
        executor, _ = holding([])
        runs = RunQueue(executor, Kept(), 1, replace(LIMITS, readers=2))
        async with aclosing(runs.events(job("a"))) as one, aclosing(runs.events(job("a"))) as two:
            await anext(one)
            await runs.expect_room(job("a"))
            await anext(two)
            with pytest.raises(Busy):
                await runs.expect_room(job("a"))
        await runs.expect_room(job("a"))

    run(ask())


def test_a_run_that_takes_too_long_is_stopped() -> None:
    executor = Scripted(for_ever)
    with pytest.raises(RunTooLong, match="more than"):
        run(everything(RunQueue(executor, Kept(), 1, replace(LIMITS, seconds=0.01)), "a"))
    assert not executor.going


def test_a_run_waits_for_those_before_it() -> None:
    async def waits() -> list[float]:
        runs = RunQueue(Scripted(for_ever), Kept(), 2)
        told = [runs.wait_s(job("a"))]
        going = [asyncio.create_task(runs.result(job(name))) for name in "abcd"]
        while runs.waiting < 2:
            await asyncio.sleep(0)
        told += [runs.wait_s(job(name)) / USUAL_S for name in "abcde"]
        await runs.close()
        await asyncio.gather(*going, return_exceptions=True)
        return told

    assert run(waits()) == [0, 0, 0, 0.5, 1, 1.5]


def test_clients_that_ask_at_once_are_told_to_wait_for_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr("app.runs.queue.time.monotonic", lambda: now[0])

    runs = RunQueue(Scripted(for_ever), Kept(), 2)
    told = [runs.wait_s(job(name)) / USUAL_S for name in "abcdd"]
    now[0] = USUAL_S
    assert [*told, runs.wait_s(job("e"))] == [0, 0, 0.5, 1, 1, 0]
