"""Where the names of curves and single points stand: beside what they name, and off all else.

Each name tries many boxes along its curve, and takes the one that covers least: first of curves, points
and other names, then of the air around them, then of the way to where a name is looked for first, the
curve's end. Boxes are as large as on the narrowest chart that they are meant for. On a larger one they
are a smaller share of the plot, at the same place: nothing that was free is covered there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

RIDDEN = 0.05
"""Ink in a cell that a point may come to: names keep off it where that costs them no curve."""


def with_places(figure: dict[str, Any], riding: Mapping[int, int] | None = None) -> dict[str, Any]:
    """The figure, its layout's ``meta`` saying where names stand; itself, if it has none to place.

    ``riding`` has the numbers of points that a reader moves, with the number of the curve that each
    moves along: names keep off all of its way, and stay where they are while it moves.

    ``meta.names`` has for wide and for narrow charts a list of places: the number of the ``trace``, its
    name as ``text`` with line breaks, and ``x``, ``y``, ``xanchor`` as in an annotation that refers to
    the paper, its middle at ``y``.
    """
    data, layout = figure["data"], figure["layout"]
    if not (names_itself(data) and any(is_named(trace) for trace in data)):
        return figure
    chart = Chart(data, layout, plane_of(data, layout))
    shares = [np.array(chart.plane.shares(trace)) for trace in data]
    names = {width.name: places(chart, width, shares, riding or {}) for width in (WIDE, NARROW)}
    return {**figure, "layout": {**layout, "meta": {"names": names}}}


def places(
    chart: Chart, width: Width, shares: Sequence[Pixels], riding: Mapping[int, int]
) -> list[Layout]:
    """The places of all names on charts of a width; see ``with_places``.

    ``shares`` has the points of each trace as shares of the plot.
    """
    around = room(chart, width)
    size = np.array([around.plot(width), around.plot_height])
    curves = [curve * size for curve in shares]
    inks = [
        np.zeros(_cells(size)) if number in riding else _ink(_seen(trace, curves[number]), size)
        for number, trace in enumerate(chart.data)
    ]
    # The way of what rides on a curve is as much the curve's own as its line.
    for point, curve in riding.items():
        way = _around(inks[curve], (chart.data[point].get("marker") or {}).get("size", 6) / 2)
        inks[curve] = np.maximum(inks[curve], RIDDEN * way)
    across = [
        _ink(_along(np.array(ends_of(shape, chart.plane)) * size), size)
        for shape in chart.layout.get("shapes") or ()
    ]
    zero = FAINT * _ink(_zero_lines(chart.plane, size), size)
    total = _sums(np.sum([*inks, *across, zero], axis=0))
    names = [
        _Name.of(number, trace, curves[number], size)
        for number, trace in enumerate(chart.data)
        if is_named(trace)
    ]
    own = {name.trace: _sums(inks[name.trace]) for name in names}
    covered = {name.trace: name.covered(own[name.trace], total) for name in names}
    placed: list[Layout] = []
    # Those with the least choice come first.
    for name in sorted(names, key=lambda name: int((covered[name.trace] < 1).sum())):
        if placed:
            covered[name.trace] = name.covered(own[name.trace], total)
        # Rounded, so that of equally good boxes the first is taken.
        best = int(np.argmin(np.round(1000 * covered[name.trace] + name.distance, 6)))
        placed.append(name.at(best, size))
        if len(placed) < len(names):
            total += _sums(_filled(name.boxes[best], size))
    return sorted(placed, key=lambda place: int(place["trace"]))


@dataclass(frozen=True)
class _Name:
    """A name and the boxes that it may stand in."""

    trace: int
    lines: list[str]
    spots: Pixels
    """what each box stands beside"""
    boxes: Pixels
    distance: Pixels
    """pixels from the wanted spot, along the curve, and from there to the box"""

    @staticmethod
    def of(number: int, trace: Trace, curve: Pixels, size: Pixels) -> _Name:
        name, widest = trace["name"], WIDEST * size[0]
        lines = [name] if width_of([name]) <= widest else wrapped(name, int(widest / LETTER))
        half = np.array([width_of(lines), LINE * len(lines)]) / 2
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
        return _Name(number, lines, spots, boxes, distance)

    def covered(self, own: Pixels, total: Pixels) -> Pixels:
        """Cells of ink below each box, and of others between it and its curve; less for ink near it.

        Both the curve's own ink and that of all are given by their sums.
        """
        reaching = np.hstack(
            [np.minimum(self.boxes[:, :2], self.spots), np.maximum(self.boxes[:, 2:], self.spots)]
        )
        airy = self.boxes + AIR * np.array([-1, -1, 1, 1])
        met, near = np.split(_inside(total - own, np.vstack([reaching, airy])), 2)
        return _inside(own, self.boxes) + met + 0.002 * np.minimum(near, 400)

    def at(self, number: int, size: Pixels) -> Layout:
        left, bottom, right, top = (float(pixels) for pixels in self.boxes[number])
        # Which way from its spot the box lies: -1 left, 0 over or under it, 1 right.
        side = SIDES[int(WAYS[number % len(WAYS), 0])]
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


def _seen(trace: Trace, curve: Pixels) -> Pixels:
    """Places all over what is drawn of a trace."""
    seen = [_along(curve)] if has_line(trace) else []
    if "markers" in (trace.get("mode") or ""):
        radius = (trace.get("marker") or {}).get("size", 6) / 2
        across = np.arange(-radius, radius + CELL, CELL)
        seen += [curve + np.array(shift) for shift in product(across, across)]
    return np.vstack(seen) if seen else np.empty((0, 2))


def _around(cells: Pixels, pixels: float) -> Pixels:
    """The cells that are at most about so far, to the side and up or down, from one with ink."""
    far = int(pixels // CELL) + 1
    for axis, length in enumerate(cells.shape):
        wide = np.pad(cells, [(far, far) if axis == n else (0, 0) for n in (0, 1)])
        shifted = [wide.take(range(n, n + length), axis) for n in range(2 * far + 1)]
        cells = np.max(shifted, axis=0)
    return cells


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


def _cells(size: Pixels) -> tuple[int, int]:
    across, up = (size // CELL).astype(int) + 1
    return int(across), int(up)


def _within(spots: Pixels, size: Pixels) -> Pixels:
    return spots[((spots >= 0) & (spots <= size)).all(axis=1)]


def _ink(spots: Pixels, size: Pixels) -> Pixels:
    """Which cells of the plot have ink: 1 or 0, from the left and from below."""
    cells = np.zeros(_cells(size))
    x, y = (_within(spots, size) // CELL).astype(int).T
    cells[x, y] = 1
    return cells


def _filled(box: Pixels, size: Pixels) -> Pixels:
    """Ink that fills a box, so heavy that a curve is rather covered than a name."""
    cells = np.zeros(_cells(size))
    left, bottom, right, top = (np.maximum(box, 0) // CELL).astype(int)
    cells[left : right + 1, bottom : top + 1] = 10
    return cells


def _sums(ink: Pixels) -> Pixels:
    """The ink in all cells to the left of and below each corner of a cell."""
    sums = np.zeros((ink.shape[0] + 1, ink.shape[1] + 1))
    np.cumsum(ink, axis=0, out=sums[1:, 1:])
    np.cumsum(sums[1:, 1:], axis=1, out=sums[1:, 1:])
    return sums


def _inside(sums: Pixels, boxes: Pixels) -> Pixels:
    """The ink in each box, from its sums."""
    limits = np.array([sums.shape[0] - 1, sums.shape[1] - 1] * 2)
    edges = np.clip(boxes // CELL + (0, 0, 1, 1), 0, limits).astype(int)
    left, bottom, right, top = edges.T
    inside: Pixels = sums[right, top] - sums[left, top] - sums[right, bottom] + sums[left, bottom]
    return inside
