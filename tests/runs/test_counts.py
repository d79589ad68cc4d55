"""Counts of the queue of runs."""

from __future__ import annotations

import asyncio

import pytest

from app.runs.failures import RunFailed, RunLost
from app.runs.job import Job
from app.runs.queue import Limits, RunOutcome, RunQueue
from tests.runs.test_runs import Kept, Scripted, dies, everything, fails, for_ever, job, run, three


class Told:
    """Records how runs ended."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, RunOutcome]] = []

    def __call__(self, ended: Job, outcome: RunOutcome, seconds: float) -> None:
        assert seconds >= 0
        self.ended.append((ended.widget, outcome))


def test_how_runs_ended_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.runs.queue.RETRY_DELAYS", ())
    told = Told()

    async def all_ways() -> None:
        limits = Limits(waiting=9, per_client=9, readers=9, seconds=None)
        await everything(RunQueue(Scripted(three), Kept(), 1, limits, told), "good")
        for script in (fails, dies):
            with pytest.raises((RunFailed, RunLost)):
                await everything(
                    RunQueue(Scripted(script), Kept(), 1, limits, told), script.__name__
                )
        runs = RunQueue(Scripted(for_ever), Kept(), 1, limits, told)
        events = runs.events(job("left"))
        await anext(events)
        waiting = asyncio.create_task(everything(runs, "waits"))
        while not runs.waiting:
            await asyncio.sleep(0)
        # A run that never started is not reported.
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await events.aclose()
        await runs.close()

    run(all_ways())
    assert told.ended == [
        ("good", "made"),
        ("fails", "failed"),
        ("dies", "lost"),
    ]


def test_the_queue_says_how_many_wait_go_on_and_are_read() -> None:
    async def watch() -> list[tuple[int, int, int, bool]]:
        seen = []
        runs = RunQueue(Scripted(for_ever), Kept(), 1, Limits(1, 9, 9, None))

        def look() -> None:
            seen.append((runs.waiting, runs.running, runs.readers, bool(runs.full)))

        look()
        first = asyncio.create_task(everything(runs, "a"))
        while not runs.running:
            await asyncio.sleep(0)
        look()
        others = [asyncio.create_task(everything(runs, "b")) for _ in range(2)]
        while runs.readers < 3:
            await asyncio.sleep(0)
        look()
        for task in (first, *others):
            task.cancel()
        await asyncio.gather(first, *others, return_exceptions=True)
        look()
        await runs.close()
        return seen

    # A run that has started is finished, whoever reads it.
    assert run(watch()) == [(0, 0, 0, False), (0, 1, 1, False), (1, 1, 3, True), (0, 1, 0, False)]
