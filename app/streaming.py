"""Run iterators of training rows in worker threads and hand their rows to the event loop.

Torch never runs on the event loop. When a reader goes away, the generator below is closed, which
sets the cancel event, and the worker stops after its current row.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True)
class Queued:
    """Sent instead of a row while other runs go first."""

    place: int
    """in the queue; 1 is next"""


@dataclass(eq=False)
class _Reader(Generic[Row]):
    """Who waits for the rows of a run."""

    start: Callable[[], Iterable[Row]]
    inbox: asyncio.Queue[Row | Queued | BaseException | None] = field(default_factory=asyncio.Queue)
    gone: threading.Event = field(default_factory=threading.Event)
    place: int = 0
    """the last that it was told"""


class Runs:
    """The few training runs that one worker process makes at a time; others stand in a queue.

    Everything here but the runs themselves happens on the event loop, so nothing needs a lock.
    """

    def __init__(self, at_a_time: int) -> None:
        self._pool = ThreadPoolExecutor(at_a_time, thread_name_prefix="run")
        self._free = at_a_time
        self._queue: deque[_Reader[object]] = deque()

    async def rows(self, start: Callable[[], Iterable[Row]]) -> AsyncIterator[Row | Queued]:
        """Yield the rows of ``start()``, which is called and iterated in a worker thread.

        Before them comes a ``Queued`` whenever the reader's place in the queue has changed.
        Raises whatever the run raises.
        """
        reader = _Reader(start)
        self._queue.append(reader)  # type: ignore[arg-type]
        self._admit()
        try:
            while (item := await reader.inbox.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            reader.gone.set()
            if reader in self._queue:
                self._queue.remove(reader)  # type: ignore[arg-type]
                self._tell_places()

    def close(self) -> None:
        """Take no new runs; the ones going on end with their readers."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _admit(self) -> None:
        """Start the runs that there is room for, and tell the others where they stand."""
        loop = asyncio.get_running_loop()
        while self._free and self._queue:
            self._free -= 1
            self._pool.submit(self._work, self._queue.popleft(), loop)
        self._tell_places()

    def _tell_places(self) -> None:
        for place, reader in enumerate(self._queue, start=1):
            if reader.place != place:
                reader.place = place
                reader.inbox.put_nowait(Queued(place))

    def _work(self, reader: _Reader[Row], loop: asyncio.AbstractEventLoop) -> None:
        """Iterate a run in this thread, then make room for the next."""

        def put(item: Row | BaseException | None) -> None:
            if not reader.gone.is_set():
                loop.call_soon_threadsafe(reader.inbox.put_nowait, item)

        def leave() -> None:
            self._free += 1
            self._admit()

        try:
            for row in () if reader.gone.is_set() else reader.start():
                if reader.gone.is_set():
                    break
                put(row)
            put(None)
        except BaseException as error:
            put(error)
        finally:
            # The loop is closed when the server has stopped meanwhile.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(leave)
