"""Repeated measurements, and how those of a thing and of its floor are taken in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least ``share`` percent of them do not exceed."""
    return float(np.percentile(values, share, method="inverted_cdf"))


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
