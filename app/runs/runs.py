"""The queue of training runs: a few go on at a time, equal ones are made once, finished ones are kept."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Literal

from app.clients import client
from app.runs.failures import RunLost, RunTooLong
from app.runs.job import Event, Job
from app.runs.limits import Busy, Limits
from app.runs.processes import Maker
from app.runs.store import Store

PAUSES = (0.1, 0.4, 1.6, 6.4)
"""seconds before a run whose maker died is begun again, once for each: a cluster takes a while to notice"""

UNLIMITED = Limits(waiting=sys.maxsize, per_client=sys.maxsize, readers=sys.maxsize, seconds=None)

Outcome = Literal["made", "failed", "lost", "stopped"]
"""of a run: it is there, its training raised something or took too long, its maker died, nobody read on"""

Ended = Callable[[Job, Outcome, float], None]
"""is told of a run that went on, how it ended, and after how many seconds"""

log = logging.getLogger(__name__)


def _untold(_job: Job, _outcome: Outcome, _seconds: float) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class Queued:
    """Sent instead of an event while other runs go first."""

    place: int
    """in the queue; 1 is next"""


@dataclass(eq=False)
class _Going:
    """A run that is waiting or being made, for all its readers."""

    job: Job
    client: str
    """whose it is: of those who read it, the one who asked first"""
    events: list[Event] = field(default_factory=list)
    place: int = 0
    """in the queue; 0 is not in it"""
    readers: int = 0
    failure: Exception | None = None
    made: bool = False
    """all events are there; what is left is to keep them"""
    ended: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    turn: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def tell(self) -> None:
        """Wake all readers."""
        self.changed.set()
        self.changed = asyncio.Event()


class Runs:
    """Lives on one event loop, so nothing here needs a lock."""

    store_hits = 0
    """runs that were asked for and lay finished in the store"""
    store_misses = 0

    def __init__(
        self,
        maker: Maker,
        store: Store,
        at_a_time: int,
        limits: Limits = UNLIMITED,
        ended: Ended = _untold,
    ) -> None:
        self._maker = maker
        self._store = store
        self._at_a_time = self._free = at_a_time
        self._limits = limits
        self._ended = ended
        self._queue: list[_Going] = []
        self._going: dict[str, _Going] = {}

    @property
    def waiting(self) -> int:
        """Runs in the queue."""
        return len(self._queue)

    @property
    def going(self) -> int:
        """Runs that are being made."""
        return self._at_a_time - self._free

    @property
    def readers(self) -> int:
        """Requests that follow a run."""
        return sum(going.readers for going in self._going.values())

    @property
    def processes(self) -> int:
        """Of this machine that make runs."""
        return len(self._maker.pids)

    @property
    def full(self) -> bool:
        """Whether the queue has no room for another run."""
        return not self._free and len(self._queue) >= self._limits.waiting

    async def events(self, job: Job) -> AsyncGenerator[Event | Queued, None]:
        """The events of a job from its first, those of one that goes on or is finished at once.

        Before them comes a ``Queued`` whenever the place in the queue has changed. A run that nobody
        reads any more is stopped. Raises ``Busy`` if there is no room for it, ``RunFailed`` if the training
        raises something, ``RunTooLong`` if it takes too long, ``RunLost`` if whoever made it died too often.
        """
        kept = await asyncio.to_thread(self._store.get, job.key)
        if kept is not None:
            self.store_hits += 1
            for event in kept:
                yield event
            return
        self.store_misses += 1
        going = self._going.get(job.key) or self._begin(job)
        going.readers += 1
        seen, place = 0, 0
        try:
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
        finally:
            going.readers -= 1
            if not going.readers and not going.made:
                self._abandon(going)

    async def expect_room(self, job: Job) -> None:
        """Raise ``Busy`` if ``events`` would: for those who answer before they begin to read."""
        if self.readers >= self._limits.readers:
            raise Busy(503, "Too many runs are being watched. Try again in a minute.", 60)
        if job.key not in self._going and not await asyncio.to_thread(self._store.get, job.key):
            self._refuse_if_full(client.get())

    async def result(self, job: Job) -> str:
        """The result of a job, as JSON."""
        last = None
        async for event in self.events(job):
            last = event
        assert isinstance(last, Event)
        return last.data

    async def close(self) -> None:
        """Stop all runs."""
        tasks = [going.task for going in self._going.values() if going.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._maker.close()

    def _abandon(self, going: _Going) -> None:
        """Stop a run. Whoever asks for it from now on gets another."""
        self._forget(going)
        if going.task is not None:
            going.task.cancel()

    def _forget(self, going: _Going) -> None:
        if self._going.get(going.job.key) is going:
            del self._going[going.job.key]

    def _begin(self, job: Job) -> _Going:
        owner = client.get()
        self._refuse_if_full(owner)
        going = self._going[job.key] = _Going(job, owner)
        self._queue.insert(self._place_for(owner), going)
        self._admit()
        going.task = asyncio.create_task(self._run(going))
        return going

    def _refuse_if_full(self, owner: str) -> None:
        if self.full:
            raise Busy(503, f"{len(self._queue)} runs are waiting. Try again in a minute.", 60)
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
            first.turn.set()
        for place, going in enumerate(self._queue, start=1):
            if going.place != place:
                going.place = place
                going.tell()

    async def _run(self, going: _Going) -> None:
        """Wait for the turn of a run, make it, keep it."""
        began: float | None = None
        outcome: Outcome = "stopped"
        try:
            await going.turn.wait()
            began = time.monotonic()
            await self._make(going)
            going.made, outcome = True, "made"
            await asyncio.to_thread(self._store.put, going.job.key, going.events)
        except asyncio.CancelledError:
            going.failure = RunLost("the run was stopped")
            raise
        except Exception as failure:
            going.failure = failure
            outcome = "lost" if isinstance(failure, RunLost) else "failed"
        finally:
            self._leave(going)
            if began is not None:
                self._ended(going.job, outcome, time.monotonic() - began)

    async def _make(self, going: _Going) -> None:
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

    def _leave(self, going: _Going) -> None:
        if going in self._queue:
            self._queue.remove(going)
        else:
            self._free += 1
        self._forget(going)
        going.ended = True
        going.tell()
        self._admit()
