"""Run an iterator of training rows in a worker thread and hand its rows to the event loop.

Torch never runs on the event loop. When the reader goes away, the generator below is closed, which
sets the cancel event, and the worker stops after its current row.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Row = TypeVar("Row")


class Runs:
    """The few training runs that one worker process makes at a time; others wait their turn."""

    def __init__(self, at_a_time: int) -> None:
        self._pool = ThreadPoolExecutor(at_a_time, thread_name_prefix="run")

    async def rows(self, start: Callable[[], Iterable[Row]]) -> AsyncIterator[Row]:
        """Yield the rows of ``start()``, which is called and iterated in a worker thread.

        Raises whatever the run raises.
        """
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Row | BaseException | None] = asyncio.Queue()
        cancelled = threading.Event()

        def put(item: Row | BaseException | None) -> None:
            if not cancelled.is_set():
                loop.call_soon_threadsafe(queue.put_nowait, item)

        def work() -> None:
            try:
                if cancelled.is_set():
                    return
                for row in start():
                    if cancelled.is_set():
                        return
                    put(row)
                put(None)
            except BaseException as error:
                put(error)

        future = self._pool.submit(work)
        try:
            while (item := await queue.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            cancelled.set()
            future.cancel()

    def close(self) -> None:
        """Take no new runs; the ones going on end with their readers."""
        self._pool.shutdown(wait=False, cancel_futures=True)
