"""The queue of training runs: a few go on at a time, equal ones are made once, finished ones are kept."""

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

PAUSES = (0.1, 0.4, 1.6, 6.4)
"""seconds before a run whose maker died is begun again, once for each: a cluster takes a while to notice"""


@dataclass(frozen=True)
class Limits:
    """Of one worker."""

    waiting: int
    """runs in the queue"""
    per_client: int
    """runs that one client address has in the queue or in the making"""
    readers: int
    """requests that follow a run"""
    seconds: float | None
    """that one run may take"""


UNLIMITED = Limits(waiting=sys.maxsize, per_client=sys.maxsize, readers=sys.maxsize, seconds=None)

Outcome = Literal["made", "failed", "lost"]
"""of a run: it is there, its training raised something or took too long, its maker died"""

OnEnd = Callable[[Job, Outcome, float], None]
"""is told of a run that went on, how it ended, and after how many seconds"""

log = logging.getLogger(__name__)


def _ignore(_job: Job, _outcome: Outcome, _seconds: float) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class Queued:
    """Sent instead of an event while other runs go first."""

    place: int
    """in the queue; 1 is next"""


@dataclass(eq=False)
class _Run:
    """A run that is waiting or being made, for all its readers."""

    job: Job
    client: str
    """whose it is: of those who read it, the one who asked first"""
    events: list[Event] = field(default_factory=list)
    place: int = 0
    """in the queue; 0 is not in it"""
    readers: int = 0
    failure: Exception | None = None
    ended: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    """that makes it, once it is its turn"""

    def tell(self) -> None:
        """Wake all readers."""
        self.changed.set()
        self.changed = asyncio.Event()


class RunQueue:
    """Lives on one event loop, so nothing here needs a lock."""

    store_hits = 0
    """runs that were asked for and lay finished in the store"""
    store_misses = 0
    """runs that had to be made"""
    readers = 0
    """requests that follow a run"""

    def __init__(
        self,
        maker: Executor,
        store: Store,
        at_a_time: int,
        limits: Limits = UNLIMITED,
        ended: OnEnd = _ignore,
    ) -> None:
        self._maker = maker
        self._store = store
        self._at_a_time = self._free = at_a_time
        self._limits = limits
        self._ended = ended
        self._queue: list[_Run] = []
        self._going: dict[str, _Run] = {}

    @property
    def waiting(self) -> int:
        """Runs in the queue."""
        return len(self._queue)

    @property
    def going(self) -> int:
        """Runs that are being made."""
        return self._at_a_time - self._free

    @property
    def processes(self) -> int:
        """Of this machine that make runs."""
        return len(self._maker.pids)

    @property
    def full(self) -> str:
        """Why no other run may be asked for, in a sentence; empty if one may."""
        if not self._free and len(self._queue) >= self._limits.waiting:
            return f"The queue of training runs is full: {len(self._queue)} are waiting."
        if self.readers >= self._limits.readers:
            return f"Too many runs are being watched: {self.readers}."
        return ""

    async def events(self, job: Job) -> AsyncGenerator[Event | Queued, None]:
        """The events of a job from its first, those of one that goes on or is finished at once.

        Before them comes a ``Queued`` whenever the place in the queue has changed. A run leaves the queue
        with its last reader; one that has begun is made to its end and kept. Raises ``Busy`` if there is no
        room for it, ``RunFailed`` if the training raises something, ``RunTooLong`` if it takes too long,
        ``RunLost`` if whoever made it died too often.
        """
        kept = await self._finished(job)
        if kept is not None:
            self.store_hits += 1
            for event in kept:
                yield event
            return
        with self._read(job) as going:
            seen, place = 0, 0
            while True:
                changed = going.changed
                if going.place and going.place != place:
                    yield Queued(place := going.place)
                while seen < len(going.events):
                    seen += 1
                    yield going.events[seen - 1]
                if going.ended and seen == len(going.events):
                    break
                await changed.wait()
            if going.failure is not None:
                raise going.failure

    async def expect_room(self, job: Job) -> None:
        """Raise ``Busy`` if ``events`` would: for those who answer before they begin to read."""
        if await self._finished(job) is None:
            self._refuse_if_full(job, client.get())

    async def result(self, job: Job) -> str:
        """The result of a job, as JSON. Raises what ``events`` raises."""
        events = await self._finished(job)
        if events is not None:
            self.store_hits += 1
        else:
            with self._read(job) as going:
                while not going.ended:
                    await going.changed.wait()
                if going.failure is not None:
                    raise going.failure
                events = going.events
        return events[-1].data

    async def close(self) -> None:
        """Stop all runs, and tell their readers."""
        tasks = [going.task for going in self._going.values() if going.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._queue.clear()
        for going in self._going.values():
            going.ended, going.failure = True, RunLost("the server stops")
            going.tell()
        await self._maker.close()

    async def _finished(self, job: Job) -> Sequence[Event] | None:
        """The events of a job that has been made and kept; None also for one that is being made."""
        if job.key in self._going:
            return None
        return await asyncio.to_thread(self._store.get, job.key)

    @contextmanager
    def _read(self, job: Job) -> Iterator[_Run]:
        """Take part in a run, and begin it if nobody has. Raises ``Busy``."""
        owner = client.get()
        self._refuse_if_full(job, owner)
        going = self._going.get(job.key) or self._begin(job, owner)
        going.readers += 1
        self.readers += 1
        try:
            yield going
        finally:
            going.readers -= 1
            self.readers -= 1
            if not going.readers and going in self._queue:
                self._queue.remove(going)
                del self._going[job.key]
                self._admit()

    def _begin(self, job: Job, owner: str) -> _Run:
        self.store_misses += 1
        going = self._going[job.key] = _Run(job, owner)
        self._queue.insert(self._place_for(owner), going)
        self._admit()
        return going

    def _refuse_if_full(self, job: Job, owner: str) -> None:
        if self.readers >= self._limits.readers:
            raise Busy(503, f"{self.full} Try again in a minute.", 60)
        if job.key in self._going:
            return
        if self.full:
            raise Busy(503, f"{self.full} Try again in a minute.", 60)
        own = sum(going.client == owner for going in self._going.values())
        if own >= self._limits.per_client:
            raise Busy(429, f"You have {own} runs waiting. Let one of them end first.", 30)

    def _place_for(self, owner: str) -> int:
        """Turn by turn: the second run of one client comes behind the first ones of all others."""
        turn = 1 + sum(going.client == owner for going in self._queue)
        seen: Counter[str] = Counter()
        for place, going in enumerate(self._queue):
            seen[going.client] += 1
            if seen[going.client] > turn:
                return place
        return len(self._queue)

    def _admit(self) -> None:
        """Let those go for which there is room, and tell the others where they stand."""
        while self._free and self._queue:
            self._free -= 1
            first = self._queue.pop(0)
            first.place = 0
            first.task = asyncio.create_task(self._run(first))
        for place, going in enumerate(self._queue, start=1):
            if going.place != place:
                going.place = place
                going.tell()

    async def _run(self, going: _Run) -> None:
        """Make a run, let the next one go, and keep this one before its readers are told of its end."""
        began = time.monotonic()
        outcome: Outcome = "made"
        try:
            await self._make(going)
        except Exception as failure:
            outcome = "lost" if isinstance(failure, RunLost) else "failed"
            going.failure = failure
        self._free += 1
        self._admit()
        self._ended(going.job, outcome, time.monotonic() - began)
        if going.failure is None:
            await asyncio.to_thread(self._store.put, going.job.key, going.events)
        del self._going[going.job.key]
        going.ended = True
        going.tell()

    async def _make(self, going: _Run) -> None:
        """Make a run, again if need be: its events come out the same, so readers get only what is new."""
        for pause in (*PAUSES, None):
            try:
                made = 0
                async with asyncio.timeout(self._limits.seconds):
                    async for event in self._maker.make(going.job):
                        made += 1
                        if made > len(going.events):
                            going.events.append(event)
                            going.tell()
                return
            except TimeoutError as late:
                raise RunTooLong(f"It took more than {self._limits.seconds:g} seconds.") from late
            except RunLost as lost:
                log.warning("a run of %s was lost: %s", going.job.widget, lost)
                if pause is None:
                    raise
                await asyncio.sleep(pause)
