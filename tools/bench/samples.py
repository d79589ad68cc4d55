"""Repeated measurements, alternating between a subject and its floor."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` percent of the values do not exceed."""
    return float(np.percentile(values, share, method="inverted_cdf"))


def in_turn(
    measured: Callable[[], float], floor: Callable[[], float], runs: int
) -> tuple[list[float], list[float]]:
    """Measure a subject and its floor alternately, so that disturbances affect both alike."""
    both = [(measured(), floor()) for _ in range(runs)]
    return [one for one, _ in both], [other for _, other in both]


def seconds(call: Callable[[], object]) -> float:
    """Wall-clock time of a call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
