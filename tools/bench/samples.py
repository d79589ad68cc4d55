"""Repeated measurements, and how those of a thing and of its floor are taken in turn."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least ``share`` percent of them do not exceed.

    Raises ValueError for no values, or a share outside of (0, 100].
    """
    if not values or not 0 < share <= 100:
        raise ValueError(f"no {share}th percentile of {len(values)} values")
    return sorted(values)[math.ceil(len(values) * share / 100) - 1]


def in_turn(
    measured: Callable[[], float], floor: Callable[[], float], runs: int
) -> tuple[list[float], list[float]]:
    """Measure a thing and its floor so many times, so that what the machine does hits both alike."""
    both = [(measured(), floor()) for _ in range(runs)]
    return [one for one, _ in both], [other for _, other in both]


def seconds(call: Callable[[], object]) -> float:
    """Wall-clock time of a call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
