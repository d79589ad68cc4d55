"""Workers that share a store share the making of equal runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from app.runs import shared
from app.runs.failures import RunFailed
from app.runs.job import Event, Job
from app.runs.runs import Queued, Runs
from app.runs.shared import SharedMaker
from app.runs.store import Draft, FolderStore, NoStore, Store
from tests.runs.test_runs import Kept, Scripted, everything, job, run, three

PATIENCE = 30
ALL = [Event("step", f"a {n}") for n in range(3)]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "BEAT_S", 0.01)


def worker(maker: Scripted, store: Store) -> Runs:
    return Runs(SharedMaker(maker, store), store, 2)


class Gated:
    """Three steps, the last of which waits until it is let go."""

    def __init__(self) -> None:
        self.open = asyncio.Event()

    async def __call__(self, job: Job) -> AsyncIterator[Event]:
        for n in range(3):
            if n == 2:
                await self.open.wait()
            yield Event("step", f"{job.widget} {n}")


@pytest.mark.parametrize("kind", ["memory", "folder"])
def test_two_workers_make_a_run_once_and_both_see_it_grow(kind: str, tmp_path: Path) -> None:
    async def both() -> tuple[list[Event | Queued], list[Event | Queued], int]:
        store: Store = Kept() if kind == "memory" else FolderStore(tmp_path, 1_000_000)
        gated = Gated()
        first, second = Scripted(gated), Scripted(gated)
        one = asyncio.create_task(everything(worker(first, store), "a"))
        while not first.going:
            await asyncio.sleep(0)
        events = worker(second, store).events(job("a"))
        # The second reader has these while the first worker is still at it.
        seen: list[Event | Queued] = [await anext(events), await anext(events)]
        assert not one.done()
        gated.open.set()
        seen += [event async for event in events]
        made = len(first.made) + len(second.made)
        found = await one
        store.close()
        return found, seen, made

    found, seen, made = run(both())
    assert found == seen == ALL
    assert made == 1


def test_a_run_whose_worker_stops_it_goes_on_in_the_other() -> None:
    async def left() -> tuple[list[Event | Queued], list[str]]:
        store = Kept()
        gated = Gated()
        first, second = Scripted(gated), Scripted(three)
        reader = worker(first, store).events(job("a"))
        await anext(reader)
        follower = worker(second, store).events(job("a"))
        seen = [await anext(follower)]
        await reader.aclose()
        seen += [event async for event in follower]
        return seen, second.made

    seen, made = run(left())
    assert seen == ALL
    assert made == ["a"]


def test_the_draft_of_a_worker_that_died_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "GIVEN_UP_S", 0.05)

    async def after_it() -> tuple[list[Event | Queued], list[str]]:
        store = Kept()
        assert store.claim(job("a").key)
        store.put_draft(job("a").key, Draft(7, False, ALL[:2]))
        maker = Scripted(three)
        return await everything(worker(maker, store), "a"), maker.made

    found, made = run(after_it())
    assert found == ALL
    assert made == ["a"]


async def come_back(runs: Runs, let_go: Callable[[], object]) -> list[Event | Queued]:
    """Ask for a run that has been left, and is stopped only when something lets it go."""
    again = asyncio.create_task(everything(runs, "a"))
    for _ in range(20):
        await asyncio.to_thread(int)
    let_go()
    async with asyncio.timeout(PATIENCE):
        return await again


def test_who_comes_back_waits_until_the_run_has_stopped_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared, "BEAT_S", 60)
    stopped = asyncio.Event()

    async def slow_to_stop(job: Job) -> AsyncIterator[Event]:
        try:
            async for event in three(job):
                yield event
                if event == ALL[0] and not stopped.is_set():
                    await asyncio.Event().wait()
        finally:
            await stopped.wait()

    async def leave_and_come_back() -> list[Event | Queued]:
        runs = worker(Scripted(slow_to_stop), Kept())
        async with aclosing(runs.events(job("a"))) as leaving:
            await anext(leaving)
        return await come_back(runs, stopped.set)

    assert run(leave_and_come_back()) == ALL


def test_a_claim_that_comes_when_its_reader_has_left_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared, "BEAT_S", 60)

    class SlowToClaim(Kept):
        asked, answer = threading.Event(), threading.Event()

        def _add(self, name: str, value: Any, seconds: float) -> bool:
            self.asked.set()
            self.answer.wait(PATIENCE)
            return super()._add(name, value, seconds)

    async def leave_and_come_back() -> list[Event | Queued]:
        store = SlowToClaim()
        runs = worker(Scripted(three), store)
        leaving = asyncio.create_task(everything(runs, "a"))
        await asyncio.to_thread(store.asked.wait, PATIENCE)
        leaving.cancel()
        return await come_back(runs, store.answer.set)

    assert run(leave_and_come_back()) == ALL


def test_a_failure_is_everybodys_and_leaves_no_draft() -> None:
    async def fails(_: Job) -> AsyncIterator[Event]:
        yield ALL[0]
        raise RunFailed("ValueError", "no")

    async def both() -> int:
        store = Kept()
        makers = Scripted(fails), Scripted(fails)
        for maker in makers:
            with pytest.raises(RunFailed):
                await everything(worker(maker, store), "a")
        assert store.draft(job("a").key) is None
        return sum(len(maker.made) for maker in makers)

    assert run(both()) == 2


def test_a_run_that_was_finished_while_it_waited_is_not_made_again() -> None:
    async def late() -> tuple[list[Event], list[str]]:
        store = Kept()
        store.put(job("a").key, ALL)
        maker = Scripted(three)
        # Asked below the queue, which looks into the store before it lets a run wait.
        made = [event async for event in SharedMaker(maker, store).make(job("a"))]
        return made, maker.made

    assert run(late()) == (ALL, [])


def test_without_a_store_every_worker_makes_its_own() -> None:
    async def alone() -> list[str]:
        maker = Scripted(three)
        for _ in range(2):
            assert await everything(worker(maker, NoStore()), "a") == ALL
        return maker.made

    assert run(alone()) == ["a", "a"]
