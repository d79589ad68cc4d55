"""Training runs that several readers follow: each is made once, row by row, and kept for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row")


class SharedRun(Generic[Row]):
    """The rows of a run. A reader who is past the last one makes the next; the others wait for it.

    So a run goes on only while somebody reads it, and one that was left goes on where it stopped.
    """

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._made: list[Row] = []
        self._failure: BaseException | None = None
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Row]:
        position = 0
        while (row := self._row(position)) is not None:
            yield row
            position += 1

    def _row(self, position: int) -> Row | None:
        """The row at a position, or None after the last. Raises what the run raised."""
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if position == len(self._made):
                try:
                    self._made.append(next(self._rows))
                except StopIteration:
                    return None
                except BaseException as failure:
                    self._failure = failure
                    raise
            return self._made[position]


class SharedRuns(Generic[Key, Row]):
    """The latest runs, by what decides them; the one not asked for longest is thrown out first."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._runs: OrderedDict[Key, SharedRun[Row]] = OrderedDict()
        self._lock = threading.Lock()

    def rows(self, key: Key, start: Callable[[], Iterator[Row]]) -> Iterator[Row]:
        """The rows of the run with this key, from its first; ``start()`` begins it if need be.

        Raises whatever the run raises; a run that failed is not kept.
        """
        with self._lock:
            if key not in self._runs:
                self._runs[key] = SharedRun(start())
                while len(self._runs) > self._kept:
                    self._runs.popitem(last=False)
            run = self._runs[key]
            self._runs.move_to_end(key)
        try:
            yield from run
        except Exception:
            with self._lock:
                if self._runs.get(key) is run:
                    del self._runs[key]
            raise
