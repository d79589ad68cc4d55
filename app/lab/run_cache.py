"""LRU cache of runs: a run's rows are first streamed, then read again for its result."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
RowT = TypeVar("RowT")


class RunCache(Generic[KeyT, RowT]):
    """LRU cache of finished runs by what determines them."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._runs: OrderedDict[KeyT, list[RowT]] = OrderedDict()

    def rows(self, key: KeyT, start: Callable[[], Iterator[RowT]]) -> Iterator[RowT]:
        """The rows of the run with this key, from its first; ``start()`` begins one that is not kept.

        Raises whatever the run raises; a run that failed, or was not read to its end, is not kept.
        """
        found = self._runs.pop(key, None)
        if found is not None:
            self._runs[key] = found  # now the most recent
            yield from found
            return
        made: list[RowT] = []
        for row in start():
            made.append(row)
            yield row
        self._runs[key] = made
        while len(self._runs) > self._kept:
            self._runs.popitem(last=False)
