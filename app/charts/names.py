"""Where the names of curves and single points stand: beside what they name, and off all else.

Each name tries many boxes along its curve, and takes the one that covers least: first of curves, points
and other names, then of the air around them, then of the way to where a name is looked for first, the
curve's end. Boxes are as large as on the narrowest chart that they are meant for. On a larger one they
are a smaller share of the plot, at the same place: nothing that was free is covered there.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.charts.curves import ends_of, has_line
from app.charts.plane import Layout, Plane, Trace, names_itself, plane_of
from app.charts.room import (
    LETTER,
    LINE,
    NARROW,
    WIDE,
    Chart,
    Width,
    is_named,
    room,
    width_of,
    wrapped,
)

Pixels = NDArray[np.float64]
"""n × 2 places from the left and from below, or n × 4 boxes: left, bottom, right, top"""

CELL = 2
"""Pixels of a square in which there is ink or none."""

EDGE = 2
"""Pixels between a name and the end of the plot."""

WAYS = np.array(
    [
        (*way, gap)
        for gap in (4.0, 10.0, 18.0)
        for way in product((0, 1, -1), repeat=2)
        if way != (0, 0)
    ]
)
"""Which way from a place on its curve a name is tried, to the right and up, and how many pixels off."""

AIR = 7
"""Pixels around a name that other curves should leave free, too."""

FAINT = 0.004
"""Ink in a cell of a zero line: names keep off it only where that costs them no curve."""

SPOTS = 48
"""Places tried along a curve."""

WIDEST = 0.6
"""Share of the plot's width above which a name is broken into lines."""

SIDES = ("center", "left", "right")
"""Where a name is anchored that stands over its point, to the right of it (1), to the left (-1)."""


def with_places(figure: dict[str, Any]) -> dict[str, Any]:
    """The figure, its layout's ``meta`` saying where names stand; itself, if it has none to place.

    ``meta.names`` has for wide and for narrow charts a list of places: the number of the ``trace``, its
    name as ``text`` with line breaks, and ``x``, ``y``, ``xanchor`` as in an annotation that refers to
    the paper, its middle at ``y``.
    """
    data, layout = figure["data"], figure["layout"]
    if not (names_itself(data) and any(is_named(trace) for trace in data)):
        return figure
    chart = Chart(data, layout, plane_of(data, layout))
    names = {width.name: places(chart, width) for width in (WIDE, NARROW)}
    return {**figure, "layout": {**layout, "meta": {"names": names}}}


def places(chart: Chart, width: Width) -> list[Layout]:
    """The places of all names on charts of a width; see ``with_places``."""
    around = room(chart, width)
    size = np.array([around.plot(width), around.plot_height])
    inks = [_ink(_seen(trace, chart, size), size) for trace in chart.data]
    across = [
        _ink(_along(np.array(ends_of(shape, chart.plane)) * size), size)
        for shape in chart.layout.get("shapes") or ()
    ]
    zero = FAINT * _ink(_zero_lines(chart.plane, size), size)
    ink = np.sum([*inks, *across, zero], axis=0)
    names = [
        _Name.of(number, trace, chart, size)
        for number, trace in enumerate(chart.data)
        if is_named(trace)
    ]

    def covered(name: _Name) -> Pixels:
        own = inks[name.trace]
        return name.covered(own, ink - own)

    placed = []
    # Those with the least choice come first.
    for name in sorted(names, key=lambda name: int((covered(name) < 1).sum())):
        best = int(np.argmin(1000 * covered(name) + name.distance))
        placed.append(name.at(best, size))
        ink += _filled(name.boxes[best], size)
    return sorted(placed, key=lambda place: int(place["trace"]))


@dataclass(frozen=True)
class _Name:
    """A name and the boxes that it may stand in."""

    trace: int
    lines: list[str]
    spots: Pixels
    """what each box stands beside"""
    boxes: Pixels
    sides: list[int]
    """which way from its spot each box lies: -1 left, 0 over or under it, 1 right"""
    distance: Pixels
    """pixels from the wanted spot, along the curve, and from there to the box"""

    @staticmethod
    def of(number: int, trace: Trace, chart: Chart, size: Pixels) -> _Name:
        name, widest = trace["name"], WIDEST * size[0]
        lines = [name] if width_of([name]) <= widest else wrapped(name, int(widest / LETTER))
        half = np.array([width_of(lines), LINE * len(lines)]) / 2
        curve = np.array(chart.plane.shares(trace)) * size
        wanted = curve[_wanted(trace)]
        line = _within(_along(curve), size)
        if not len(line):
            line = curve[:1]
        along = line[np.linspace(len(line) - 1, 0, min(SPOTS, len(line))).astype(int)]
        radius = 0 if has_line(trace) else (trace.get("marker") or {}).get("size", 6) / 2
        spots = np.repeat(np.vstack([wanted, along]), len(WAYS), axis=0)
        ways, gaps = np.split(np.tile(WAYS, (len(along) + 1, 1)), [2], axis=1)
        gaps = gaps + radius
        middles = spots + ways * (half + gaps)
        middles = np.clip(middles, half + EDGE, np.maximum(size - half - EDGE, half + EDGE))
        distance = np.hypot(*(spots - wanted).T) + gaps[:, 0]
        boxes = np.hstack([middles - half, middles + half])
        return _Name(number, lines, spots, boxes, [int(way[0]) for way in ways], distance)

    def covered(self, own: Pixels, others: Pixels) -> Pixels:
        """Cells of ink below each box, and of others between it and its curve; less for ink near it."""
        reaching = np.hstack(
            [np.minimum(self.boxes[:, :2], self.spots), np.maximum(self.boxes[:, 2:], self.spots)]
        )
        airy = self.boxes + AIR * np.array([-1, -1, 1, 1])
        met, near = np.split(_inside(others, np.vstack([reaching, airy])), 2)
        return _inside(own, self.boxes) + met + 0.002 * np.minimum(near, 400)

    def at(self, number: int, size: Pixels) -> Layout:
        left, bottom, right, top = (float(pixels) for pixels in self.boxes[number])
        side = SIDES[self.sides[number]]
        x = {"left": left, "right": right, "center": (left + right) / 2}[side]
        return {
            "trace": self.trace,
            "text": "<br>".join(self.lines),
            "x": round(x / float(size[0]), 3),
            "y": round((bottom + top) / 2 / float(size[1]), 3),
            "xanchor": side,
        }


def _wanted(trace: Trace) -> int:
    """Where a name is looked for: at the top of a distribution, at the point, or at a curve's end."""
    along = trace["y" if trace.get("fill") == "tozeroy" else "x"]
    return int(along.index(max(along)))


# ---- ink ---------------------------------------------------------------------------------------


def _seen(trace: Trace, chart: Chart, size: Pixels) -> Pixels:
    """Places all over what is drawn of a trace."""
    curve = np.array(chart.plane.shares(trace)) * size
    seen = [_along(curve)] if has_line(trace) else []
    if "markers" in (trace.get("mode") or ""):
        radius = (trace.get("marker") or {}).get("size", 6) / 2
        across = np.arange(-radius, radius + CELL, CELL)
        seen += [curve + np.array(shift) for shift in product(across, across)]
    return np.vstack(seen) if seen else np.empty((0, 2))


def _zero_lines(plane: Plane, size: Pixels) -> Pixels:
    lines = [np.empty((0, 2))]
    if not plane.x.log:
        lines.append(_along(np.array([(plane.x.share(0.0), end) for end in (0, 1)]) * size))
    lines.append(_along(np.array([(end, plane.ys["y"].share(0.0)) for end in (0, 1)]) * size))
    return np.vstack(lines)


def _along(curve: Pixels) -> Pixels:
    """Places all along a curve, a pixel apart."""
    steps = np.hypot(*np.diff(curve, axis=0).T)
    length = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0.0, length[-1], int(length[-1]) + 1)
    return np.column_stack([np.interp(at, length, curve[:, axis]) for axis in (0, 1)])


def _within(spots: Pixels, size: Pixels) -> Pixels:
    return spots[((spots >= 0) & (spots <= size)).all(axis=1)]


def _ink(spots: Pixels, size: Pixels) -> Pixels:
    """Which cells of the plot have ink: 1 or 0, from the left and from below."""
    cells = np.zeros(tuple((size // CELL).astype(int) + 1))
    x, y = (_within(spots, size) // CELL).astype(int).T
    cells[x, y] = 1
    return cells


def _filled(box: Pixels, size: Pixels) -> Pixels:
    """Ink that fills a box, so heavy that a curve is rather covered than a name."""
    cells = np.zeros(tuple((size // CELL).astype(int) + 1))
    left, bottom, right, top = (np.maximum(box, 0) // CELL).astype(int)
    cells[left : right + 1, bottom : top + 1] = 10
    return cells


def _inside(ink: Pixels, boxes: Pixels) -> Pixels:
    """The ink in each box, from sums over all cells to the left of and below each."""
    sums = np.zeros((ink.shape[0] + 1, ink.shape[1] + 1))
    sums[1:, 1:] = ink.cumsum(axis=0).cumsum(axis=1)
    limits = np.array([*ink.shape, *ink.shape])
    edges = np.clip(boxes // CELL + (0, 0, 1, 1), 0, limits).astype(int)
    left, bottom, right, top = edges.T
    inside: Pixels = sums[right, top] - sums[left, top] - sums[right, bottom] + sums[left, bottom]
    return inside
