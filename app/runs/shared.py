"""Equal runs are made once, also by workers that share nothing but the store."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from weakref import WeakValueDictionary

from app.runs.job import Event, Job
from app.runs.processes import Maker
from app.runs.store import Draft, Store

BEAT_S = 1.0
"""seconds between two writings of a draft, all events anew, and between two looks at somebody else's"""

GIVEN_UP_S = 5.0
"""seconds after which a draft that no longer changes is taken to be of a worker that has died"""


class SharedMaker:
    """Leaves a run to whichever worker began it first, and passes on what that one has made so far."""

    def __init__(self, maker: Maker, store: Store) -> None:
        self._maker = maker
        self._store = store
        self._in_turn = WeakValueDictionary[str, asyncio.Lock]()

    @property
    def pids(self) -> Sequence[int]:
        """Of the processes that make runs here."""
        return self._maker.pids

    async def close(self) -> None:
        """End what was started here."""
        await self._maker.close()

    async def make(self, job: Job) -> AsyncGenerator[Event, None]:
        """All events of a job. Raises ``RunLost`` or ``RunFailed``.

        One that is asked for while an equal one is being stopped here begins when that has given its claim
        back: looking for its draft would take longer.
        """
        async with self._in_turn.setdefault(job.key, asyncio.Lock()):
            async for event in self._make(job):
                yield event

    async def _make(self, job: Job) -> AsyncGenerator[Event, None]:
        given = 0
        while not await self._claim(job.key):
            async with contextlib.aclosing(self._drafts(job.key)) as drafts:
                async for draft in drafts:
                    for event in draft.events[given:]:
                        given += 1
                        yield event
                    if draft.finished:
                        return
        events: list[Event] = []
        async with self._drafting(job.key, events):
            # It may have been finished since it was asked for, and its draft be gone by now.
            for event in await asyncio.to_thread(self._store.get, job.key) or ():
                events.append(event)
            if not events:
                async for event in self._maker.make(job):
                    events.append(event)
                    if len(events) > given:
                        given += 1
                        yield event
        for event in events[given:]:
            yield event

    async def _claim(self, key: str) -> bool:
        """Whether a run is for this worker to make. What is claimed while it is stopped is given back."""
        claimed = asyncio.create_task(asyncio.to_thread(self._store.claim, key))
        try:
            return await asyncio.shield(claimed)
        except asyncio.CancelledError:
            if await claimed:
                await asyncio.to_thread(self._store.drop_draft, key)
            raise

    async def _drafts(self, key: str) -> AsyncGenerator[Draft, None]:
        """Another worker's draft whenever it has changed, until it is gone, which it may be made to be."""
        last: Draft | None = None
        changed = time.monotonic()
        while (draft := await asyncio.to_thread(self._store.draft, key)) is not None:
            if last is None or draft.beat != last.beat or draft.finished:
                last, changed = draft, time.monotonic()
                yield draft
            elif time.monotonic() - changed > GIVEN_UP_S:
                await asyncio.to_thread(self._store.drop_draft, key)
                return
            await asyncio.sleep(BEAT_S)

    @contextlib.asynccontextmanager
    async def _drafting(self, key: str, events: Sequence[Event]) -> AsyncIterator[None]:
        """Keep showing how far a run has come. The last draft stays, so that nobody misses the end."""
        ended = asyncio.Event()

        async def keep_showing() -> None:
            for beat in itertools.count(1):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_S):
                        await ended.wait()
                if ended.is_set():
                    return
                draft = Draft(beat, False, list(events))
                await asyncio.to_thread(self._store.put_draft, key, draft)

        showing = asyncio.create_task(keep_showing())
        finished = False
        try:
            yield
            finished = True
        finally:
            # Not cancelled: what its thread is writing must not come after what is written here.
            ended.set()
            await showing
            if finished:
                draft = Draft(0, True, list(events))
                await asyncio.to_thread(self._store.put_draft, key, draft)
            else:
                await asyncio.to_thread(self._store.drop_draft, key)
