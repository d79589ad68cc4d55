"""Repeated measurements, and how those of a thing and of its floor are taken in turn."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least ``share`` percent of them do not exceed.

    Raises ValueError for no values, or a share outside of (0, 100].
    """
    if not values or not 0 < share <= 100:
        raise ValueError(f"no {share}th percentile of {len(values)} values")
    return sorted(values)[math.ceil(len(values) * share / 100) - 1]


@dataclass(frozen=True)
class Samples:
    """Results of several runs, in the order of the runs."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """What counts."""
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        """The least."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The most."""
        return max(self.values)


def in_turn(
    measured: Callable[[], float], floor: Callable[[], float], runs: int
) -> tuple[Samples, Samples]:
    """Measure a thing and its floor so many times, so that what the machine does hits both alike.

    Which of the two goes first changes from run to run.
    """
    both: tuple[list[float], list[float]] = ([], [])
    for run in range(runs):
        for which in (0, 1) if run % 2 == 0 else (1, 0):
            both[which].append((measured, floor)[which]())
    return Samples(tuple(both[0])), Samples(tuple(both[1]))


def seconds(call: Callable[[], object]) -> float:
    """Wall-clock time of a call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
