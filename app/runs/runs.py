"""The queue of training runs: a few go on at a time, equal ones are made once, finished ones are kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from app.runs.job import Event, Job
from app.runs.processes import Maker, RunLost
from app.runs.store import Store

PAUSES = (0.1, 0.4, 1.6, 6.4)
"""seconds before a run whose maker died is begun again, once for each: a cluster takes a while to notice"""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Queued:
    """Sent instead of an event while other runs go first."""

    place: int
    """in the queue; 1 is next"""


@dataclass(eq=False)
class _Going:
    """A run that is waiting or being made, for all its readers."""

    job: Job
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

    def __init__(self, maker: Maker, store: Store, at_a_time: int) -> None:
        self._maker = maker
        self._store = store
        self._free = at_a_time
        self._queue: list[_Going] = []
        self._going: dict[str, _Going] = {}

    async def events(self, job: Job) -> AsyncGenerator[Event | Queued, None]:
        """The events of a job from its first, those of one that goes on or is finished at once.

        Before them comes a ``Queued`` whenever the place in the queue has changed. A run that nobody
        reads any more is stopped. Raises ``RunFailed`` or, when it was lost too often, ``RunLost``.
        """
        kept = await asyncio.to_thread(self._store.get, job.key)
        if kept is not None:
            for event in kept:
                yield event
            return
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
        going = self._going[job.key] = _Going(job)
        self._queue.append(going)
        self._admit()
        going.task = asyncio.create_task(self._run(going))
        return going

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
        try:
            await going.turn.wait()
            await self._make(going)
            going.made = True
            await asyncio.to_thread(self._store.put, going.job.key, going.events)
        except asyncio.CancelledError:
            going.failure = RunLost("the run was stopped")
            raise
        except Exception as failure:
            going.failure = failure
        finally:
            self._leave(going)

    async def _make(self, going: _Going) -> None:
        """Make a run, again if need be: its events come out the same, so readers get only what is new."""
        for pause in (*PAUSES, None):
            try:
                made = 0
                async for event in self._maker.make(going.job):
                    made += 1
                    if made > len(going.events):
                        going.events.append(event)
                        going.tell()
                return
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
