"""Curves of many points, drawn with few."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

Point = tuple[float, float]

ALIKE = 1e-6
"""distances that differ by less are the same: the first point counts, however they are rounded"""

MOST_POINTS = 120
"""most points of a curve"""


def interpolated(at: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """The value of a line through points with rising x; beyond its ends that of the nearest point."""
    place = bisect_right(xs, at) - 1
    if place < 0:
        return ys[0]
    if place >= len(xs) - 1 or xs[place] == at:
        return ys[place]
    slope = (ys[place + 1] - ys[place]) / (xs[place + 1] - xs[place])
    return slope * (at - xs[place]) + ys[place]


def thinned(points: Sequence[Point], most: int = MOST_POINTS) -> list[Point]:
    """Simplify a curve to an error below a third of a pixel, or to the most points allowed."""
    tolerance = 0.7
    kept = _shaping(points, tolerance)
    while len(kept) > most:
        tolerance *= 1.5
        kept = _shaping(points, tolerance)
    return kept


def _shaping(points: Sequence[Point], tolerance: float) -> list[Point]:
    """The Douglas-Peucker algorithm, with a stack."""
    if len(points) < 3:
        return list(points)
    kept = {0, len(points) - 1}
    stack = [(0, len(points) - 1)]
    while stack:
        first, last = stack.pop()
        (x0, y0), (x1, y1) = points[first], points[last]
        length = math.hypot(x1 - x0, y1 - y0)
        farthest, most = first, tolerance
        for number in range(first + 1, last):
            x, y = points[number]
            if length > 0:
                distance = abs((x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0)) / length
            else:
                distance = math.hypot(x - x0, y - y0)
            if distance > most + ALIKE:
                farthest, most = number, distance
        if farthest != first:
            kept.add(farthest)
            stack += [(first, farthest), (farthest, last)]
    return [points[number] for number in sorted(kept)]
