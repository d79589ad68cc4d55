"""The queue of training runs: a few run at a time, equal jobs share a run, finished runs are stored."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from app.runs.failures import Busy, RunLost, RunTooLong
from app.runs.job import Event, Job
from app.runs.processes import Executor
from app.runs.store import Store
from app.web.client_address import client

USUAL_S = 3.0
"""seconds of a run, before any has been timed"""

RETRY_DELAYS = (0.1, 0.4, 1.6, 6.4)
"""seconds before each retry of a run whose executor died; a cluster takes a while to notice"""


@dataclass(frozen=True)
class Limits:
    """Limits of one worker."""

    waiting: int
    """most runs in the queue"""
    per_client: int
    """most runs of one client address, queued or running"""
    readers: int
    """most requests that follow a run"""
    seconds: float | None
    """time limit of one run"""


UNLIMITED = Limits(waiting=sys.maxsize, per_client=sys.maxsize, readers=sys.maxsize, seconds=None)

RunOutcome = Literal["made", "failed", "lost"]
"""of a run; ``failed`` if the training raised an exception or took too long, ``lost`` if its executor died"""

OnEnd = Callable[[Job, RunOutcome, float], None]
"""called with each run that ended, its outcome and its seconds"""

log = logging.getLogger(__name__)


def _ignore(_job: Job, _outcome: RunOutcome, _seconds: float) -> None:
    """The default callback."""


@dataclass(frozen=True)
class Queued:
    """Sent while other runs go first."""

    place: int
    """position in the queue; 1 is next"""


@dataclass(eq=False)
class _Run:
    """A queued or running job, shared by all its readers."""

    job: Job
    client: str
    """address of the client that requested it first"""
    events: list[Event] = field(default_factory=list)
    place: int = 0
    """position in the queue; 0 once it runs"""
    readers: int = 0
    failure: Exception | None = None
    ended: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    """set once it runs"""

    def notify(self) -> None:
        """Wake all readers."""
        self.changed.set()
        self.changed = asyncio.Event()


class RunQueue:
    """Schedules runs fairly among clients. It lives on one event loop, so it needs no lock."""

    store_hits = 0
    """requested runs that the store had"""
    store_misses = 0
    """requested runs that had to be executed"""
    readers = 0
    """requests that follow a run"""

    def __init__(
        self,
        executor: Executor,
        store: Store,
        at_a_time: int,
        limits: Limits = UNLIMITED,
        ended: OnEnd = _ignore,
    ) -> None:
        self._executor = executor
        self._store = store
        self._at_a_time = self._free = at_a_time
        self._limits = limits
        self._ended = ended
        self._queue: list[_Run] = []
        self._usual_s = USUAL_S
        """seconds of a run, of those that ended lately"""
        self._runs: dict[str, _Run] = {}
        self._expected: dict[str, float] = {}
        """when a client was last told how long a job would wait, by the job's key"""

    @property
    def waiting(self) -> int:
        """Number of queued runs."""
        return len(self._queue)

    @property
    def running(self) -> int:
        """Number of runs being executed."""
        return self._at_a_time - self._free

    @property
    def processes(self) -> int:
        """Number of worker processes on this machine."""
        return len(self._executor.pids)

    @property
    def full(self) -> str:
        """Why no other run can be requested, as a sentence; empty if one can."""
        if not self._free and len(self._queue) >= self._limits.waiting:
            return f"The queue of training runs is full: {len(self._queue)} are waiting."
        if self.readers >= self._limits.readers:
            return f"Too many runs are being watched: {self.readers}."
        return ""

    async def events(self, job: Job) -> AsyncGenerator[Event | Queued, None]:
        """All events of a job; those that are already there come at once.

        Yields a ``Queued`` whenever the position in the queue changes. A queued run is dropped with its last
        reader; one that has started is finished and stored. Raises ``Busy`` if there is no room for it,
        ``RunFailed`` if the training raises an exception, ``RunTooLong`` if it takes too long, ``RunLost`` if
        its executor died too often.
        """
        kept = await self._finished(job)
        if kept is not None:
            self.store_hits += 1
            for event in kept:
                yield event
            return
        with self._follow(job) as run:
            seen, place = 0, 0
            while True:
                changed = run.changed
                if run.place and run.place != place:
                    yield Queued(place := run.place)
                while seen < len(run.events):
                    seen += 1
                    yield run.events[seen - 1]
                if run.ended and seen == len(run.events):
                    break
                await changed.wait()
            if run.failure is not None:
                raise run.failure

    async def has(self, job: Job) -> bool:
        """Whether a job is finished and stored."""
        return await self._finished(job) is not None

    def wait_s(self, job: Job) -> float:
        """Seconds that a job would probably wait until it begins, if it were requested now.

        Jobs for which this was asked within the time of a run are taken to be requested, too: of many
        clients that ask at once, few may find room.
        """
        if (run := self._runs.get(job.key)) is not None:
            return run.place * self._usual_s / self._at_a_time
        now = time.monotonic()
        self._expected.pop(job.key, None)
        while self._expected:
            oldest = next(iter(self._expected))
            if self._expected[oldest] > now - self._usual_s:
                break
            del self._expected[oldest]
        before = self.running + len(self._queue) + len(self._expected)
        self._expected[job.key] = now  # the latest is last
        return max(0, before + 1 - self._at_a_time) * self._usual_s / self._at_a_time

    async def expect_room(self, job: Job) -> None:
        """Raise ``Busy`` if ``events`` would: for streams, whose status is sent before the first event."""
        if await self._finished(job) is None:
            self._check_room(job, client.get())

    async def result(self, job: Job) -> str:
        """The result of a job as JSON. Raises what ``events`` raises."""
        events = await self._finished(job)
        if events is not None:
            self.store_hits += 1
        else:
            with self._follow(job) as run:
                while not run.ended:
                    await run.changed.wait()
                if run.failure is not None:
                    raise run.failure
                events = run.events
        return events[-1].data

    async def close(self) -> None:
        """Stop all runs and end their streams."""
        tasks = [run.task for run in self._runs.values() if run.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._queue.clear()
        for run in self._runs.values():
            run.ended, run.failure = True, RunLost("the server stops")
            run.notify()
        await self._executor.close()

    async def _finished(self, job: Job) -> Sequence[Event] | None:
        """The events of a finished job from the store; None if it is not there, or still runs."""
        if job.key in self._runs:
            return None
        return await asyncio.to_thread(self._store.get, job.key)

    @contextmanager
    def _follow(self, job: Job) -> Iterator[_Run]:
        """Join a run, or enqueue it. Raises ``Busy``."""
        owner = client.get()
        self._check_room(job, owner)
        run = self._runs.get(job.key) or self._begin(job, owner)
        run.readers += 1
        self.readers += 1
        try:
            yield run
        finally:
            run.readers -= 1
            self.readers -= 1
            if not run.readers and run in self._queue:
                self._queue.remove(run)
                del self._runs[job.key]
                self._admit()

    def _begin(self, job: Job, owner: str) -> _Run:
        self.store_misses += 1
        self._expected.pop(job.key, None)
        run = self._runs[job.key] = _Run(job, owner)
        self._queue.insert(self._position_for(owner), run)
        self._admit()
        return run

    def _check_room(self, job: Job, owner: str) -> None:
        if self.readers >= self._limits.readers:
            raise Busy(503, self.full, 60)
        if job.key in self._runs:
            return
        if self.full:
            raise Busy(503, self.full, 60)
        own = sum(run.client == owner for run in self._runs.values())
        if own >= self._limits.per_client:
            raise Busy(429, f"You have {own} runs waiting. Let one of them end first.", 30)

    def _position_for(self, owner: str) -> int:
        """Round-robin among clients: a client's second run comes after the first ones of all others."""
        turn = 1 + sum(run.client == owner for run in self._queue)
        seen: Counter[str] = Counter()
        for place, run in enumerate(self._queue):
            seen[run.client] += 1
            if seen[run.client] > turn:
                return place
        return len(self._queue)

    def _admit(self) -> None:
        """Start queued runs while there is room, and update the positions of the others."""
        while self._free and self._queue:
            self._free -= 1
            first = self._queue.pop(0)
            first.place = 0
            first.task = asyncio.create_task(self._execute(first))
        for place, run in enumerate(self._queue, start=1):
            if run.place != place:
                run.place = place
                run.notify()

    async def _execute(self, run: _Run) -> None:
        """Execute a run, start the next one, and store this one before its readers learn that it ended."""
        began = time.monotonic()
        outcome: RunOutcome = "made"
        try:
            await self._attempt(run)
        except Exception as failure:
            outcome = "lost" if isinstance(failure, RunLost) else "failed"
            run.failure = failure
        self._free += 1
        self._admit()
        seconds = time.monotonic() - began
        if outcome == "made":
            self._usual_s += (seconds - self._usual_s) / 4
        self._ended(run.job, outcome, seconds)
        if run.failure is None:
            await asyncio.to_thread(self._store.put, run.job.key, run.events)
        del self._runs[run.job.key]
        run.ended = True
        run.notify()

    async def _attempt(self, run: _Run) -> None:
        """Execute a run, with retries; as runs are deterministic, a retry skips the events already seen."""
        for pause in (*RETRY_DELAYS, None):
            try:
                made = 0
                async with asyncio.timeout(self._limits.seconds):
                    async for event in self._executor.run(run.job):
                        made += 1
                        if made > len(run.events):
                            run.events.append(event)
                            run.notify()
                return
            except TimeoutError as late:
                raise RunTooLong(f"It took more than {self._limits.seconds:g} seconds.") from late
            except RunLost as lost:
                log.warning("a run of %s was lost: %s", run.job.widget, lost)
                if pause is None:
                    raise
                await asyncio.sleep(pause)
