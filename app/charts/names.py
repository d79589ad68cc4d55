"""Placement of the names of curves and single points: beside what they name, clear of all else.

Each name tries many boxes along its curve, and takes the one that covers least: first of curves, points
and other names, then of the air around them, then of the way to where a name is looked for first, the
curve's end. Boxes are as large as on the narrowest chart that they are meant for. On a larger one they
are a smaller share of the plot, at the same place: nothing that was free is covered there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.charts.curves import ends_of, has_line
from app.charts.plane import Layout, Plane, Trace, axis_of, names_itself, plane_of
from app.charts.room import (
    LETTER,
    LINE,
    NARROW,
    WIDE,
    Chart,
    TextWidth,
    is_named,
    room,
    width_of,
    wrapped,
)

Pixels = NDArray[np.float64]
"""n × 2 places from the left and from below, or n × 4 boxes: left, bottom, right, top"""

Corners = NDArray[np.int64]
"""4 × n places of corners of boxes in sums of ink, which are one row after another there"""

CELL = 2
"""side of a grid cell in pixels"""

EDGE = 2
"""pixels between a name and the edge of the plot"""

WAYS, GAPS = np.split(
    np.array(
        [
            (*way, gap)
            for gap in (4.0, 10.0, 18.0)
            for way in product((0, 1, -1), repeat=2)
            if way != (0, 0)
        ]
    ),
    [2],
    axis=1,
)
"""Which way from a place on its curve a name is tried, to the right and up, and how many pixels off."""

AIR = 7
"""pixels around a name that other curves should leave free"""

FAINT = 0.004
"""Ink in a cell of a zero line: names keep off it only where that costs them no curve."""

SPOTS = 48
"""positions tried along a curve"""

WIDEST = 0.6
"""share of the plot's width above which a name is wrapped"""

SIDES = ("center", "left", "right")
"""Where a name is anchored that stands over its point, to the right of it (1), to the left (-1)."""

CACHED_LAYOUTS = 64
"""cached placements, some 30 kB each: many a curve stays the same while a reader's point moves"""

RIDDEN = 0.05
"""Ink in a cell that a point may come to: names keep off it where that costs them no curve."""


def with_name_places(
    figure: dict[str, Any], riding: Mapping[int, int] | None = None
) -> dict[str, Any]:
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
    riding = riding or {}
    chart = Chart(data, layout, plane_of(data, layout))
    seen = [
        trace if number not in riding else trace | {"x": None, "y": None}
        for number, trace in enumerate(data)
    ]
    sight = (chart.plane.x, *chart.plane.ys.items(), *riding.items(), _frozen([layout, *seen]))
    names = _places_of(_Placement(sight, chart, riding))
    return {**figure, "layout": {**layout, "meta": {"names": names}}}


@dataclass(frozen=True)
class _Placement:
    """The input of a placement, hashable by all that it depends on."""

    sight: tuple[object, ...]
    chart: Chart = field(compare=False)
    riding: Mapping[int, int] = field(compare=False)


@lru_cache(CACHED_LAYOUTS)
def _places_of(task: _Placement) -> dict[str, list[Layout]]:
    """Positions on wide and on narrow charts."""
    shares = [_shares(trace, task.chart.plane) for trace in task.chart.data]
    return {width.name: places(task.chart, width, shares, task.riding) for width in (WIDE, NARROW)}


def _frozen(value: object) -> object:
    """Lists and dictionaries as tuples, which are hashable."""
    if isinstance(value, dict):
        return tuple((key, _frozen(inner)) for key, inner in value.items())
    if isinstance(value, list):
        nested = value and isinstance(value[0], dict | list)
        return tuple(map(_frozen, value)) if nested else tuple(value)
    return value


def _shares(trace: Trace, plane: Plane) -> Pixels:
    """The points of a trace as ``Plane.shares`` has them."""
    columns = []
    for values, scale in ((trace["x"], plane.x), (trace["y"], plane.ys[axis_of(trace)])):
        plain = not (scale.log or scale.categories)
        placed = np.array(values if plain else [scale.place(value) for value in values], float)
        columns.append((placed - scale.low) / (scale.high - scale.low))
    return np.column_stack(columns)


def places(
    chart: Chart, width: TextWidth, shares: Sequence[Pixels], riding: Mapping[int, int]
) -> list[Layout]:
    """The places of all names on charts of a width; see ``with_name_places``.

    ``shares`` has the points of each trace as shares of the plot.
    """
    around = room(chart, width)
    size = np.array([around.plot(width), around.plot_height])
    curves = [curve * size for curve in shares]
    along = [_along(curve) for curve in curves]
    inks = [
        np.zeros(_cells(size))
        if number in riding
        else _ink(_seen(trace, curves[number], along[number]), size)
        for number, trace in enumerate(chart.data)
    ]
    # The path of a point that moves on a curve counts as part of that curve.
    for point, curve in riding.items():
        way = _around(inks[curve], (chart.data[point].get("marker") or {}).get("size", 6) / 2)
        inks[curve] = np.maximum(inks[curve], RIDDEN * way)
    across = [
        _ink(_along(np.array(ends_of(shape, chart.plane)) * size), size)
        for shape in chart.layout.get("shapes") or ()
    ]
    zero = FAINT * _zero_lines(chart.plane, size)
    total = _sums(reduce(np.add, [*inks, *across, zero]))
    names = [
        _Label.of(number, trace, curves[number], along[number], size)
        for number, trace in enumerate(chart.data)
        if is_named(trace)
    ]
    own = {name.trace: _sums(inks[name.trace]) for name in names}
    covered = {name.trace: name.covered(own[name.trace], total) for name in names}
    placed: list[Layout] = []
    # Names with the fewest options are placed first.
    for name in sorted(names, key=lambda name: int((covered[name.trace] < 1).sum())):
        if placed:
            covered[name.trace] = name.covered(own[name.trace], total)
        # Rounded, so that ties go to the first box.
        best = int(np.argmin(np.round(1000 * covered[name.trace] + name.distance, 6)))
        placed.append(name.at(best, size))
        if len(placed) < len(names):
            total += _filled_sums(name.boxes[best], size)
    return sorted(placed, key=lambda place: int(place["trace"]))


@dataclass(frozen=True)
class _Label:
    """A name and the boxes that it may stand in."""

    trace: int
    lines: list[str]
    boxes: Pixels
    distance: Pixels
    """pixels from the wanted spot, along the curve, and from there to the box"""
    under: Corners
    """corners of the boxes"""
    around: Corners
    """corners of the boxes with their leader lines, then of the boxes with the air around them"""

    @staticmethod
    def of(number: int, trace: Trace, curve: Pixels, along: Pixels, size: Pixels) -> _Label:
        """All boxes of a name; ``along`` has places all along its curve."""
        name, widest = trace["name"], WIDEST * size[0]
        lines = [name] if width_of([name]) <= widest else wrapped(name, int(widest / LETTER))
        half = np.array([width_of(lines), LINE * len(lines)]) / 2
        wanted = curve[_wanted(trace)]
        line = _within(along, size)
        if not len(line):
            line = curve[:1]
        tried = line[np.linspace(len(line) - 1, 0, min(SPOTS, len(line))).astype(int)]
        radius = 0 if has_line(trace) else (trace.get("marker") or {}).get("size", 6) / 2
        # Spot after spot, each with all ways from it.
        spots = np.vstack([wanted, tried])[:, None]
        gaps = GAPS + radius
        lowest = half + EDGE
        middles = np.maximum(spots + WAYS * (half + gaps), lowest)
        middles = np.minimum(middles, np.maximum(size - half - EDGE, lowest))
        low, high = middles - half, middles + half
        boxes = np.concatenate([low, high], axis=2)
        reaching = np.concatenate([np.minimum(low, spots), np.maximum(high, spots)], axis=2)
        airy = np.concatenate([low - AIR, high + AIR], axis=2)
        distance = np.hypot(*(spots - wanted).T).T + gaps[:, 0]
        return _Label(
            number,
            lines,
            boxes.reshape(-1, 4),
            distance.ravel(),
            _corners(boxes.reshape(-1, 4), size),
            _corners(np.vstack([reaching.reshape(-1, 4), airy.reshape(-1, 4)]), size),
        )

    def covered(self, own: Pixels, total: Pixels) -> Pixels:
        """Cells of ink below each box, and of others between it and its curve; less for ink near it.

        Both the curve's own ink and that of all are given by their sums.
        """
        met, near = np.split(_inside(total - own, self.around), 2)
        return _inside(own, self.under) + met + 0.002 * np.minimum(near, 400)

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


def _seen(trace: Trace, curve: Pixels, along: Pixels) -> Pixels:
    """Places all over what is drawn of a trace."""
    seen = [along] if has_line(trace) else []
    if "markers" in (trace.get("mode") or ""):
        radius = (trace.get("marker") or {}).get("size", 6) / 2
        across = np.arange(-radius, radius + CELL, CELL)
        seen += [curve + np.array(shift) for shift in product(across, across)]
    return np.vstack(seen) if seen else np.empty((0, 2))


def _around(cells: Pixels, pixels: float) -> NDArray[np.bool_]:
    """Whether cells are at most about so far, to the side and up or down, from one with ink."""
    inked: NDArray[np.bool_] = cells == 1
    for _ in ("to the sides", "up and down"):
        grown = inked.copy()
        for far in range(1, int(pixels // CELL) + 2):
            grown[far:] |= inked[:-far]
            grown[:-far] |= inked[far:]
        inked = grown.T
    return inked


def _zero_lines(plane: Plane, size: Pixels) -> Pixels:
    """The ink of the lines at zero that cross the whole plot."""
    cells = np.zeros(_cells(size))
    x, y = plane.x, plane.ys["y"]
    if not x.log and 0 <= (across := x.share(0.0)) <= 1:
        cells[int(across * size[0] // CELL)] = 1
    if 0 <= (up := y.share(0.0)) <= 1:
        cells[:, int(up * size[1] // CELL)] = 1
    return cells


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
    x, y = spots.T
    within: Pixels = spots[(x >= 0) & (x <= size[0]) & (y >= 0) & (y <= size[1])]
    return within


def _ink(spots: Pixels, size: Pixels) -> Pixels:
    """Which cells of the plot have ink: 1 or 0, from the left and from below."""
    cells = np.zeros(_cells(size))
    x, y = (_within(spots, size) / CELL).astype(int).T
    cells[x, y] = 1
    return cells


def _filled_sums(box: Pixels, size: Pixels) -> Pixels:
    """The sums of ink that fills a box, so heavy that a curve is rather covered than a name."""
    left, bottom, right, top = (np.maximum(box, 0) // CELL).astype(int)
    across, up = (np.arange(cells + 1) for cells in _cells(size))
    wide = np.minimum(np.maximum(across - left, 0), right + 1 - left)
    return np.outer(10.0 * wide, np.minimum(np.maximum(up - bottom, 0), top + 1 - bottom))


def _sums(ink: Pixels) -> Pixels:
    """The ink in all cells to the left of and below each corner of a cell."""
    sums = np.zeros((ink.shape[0] + 1, ink.shape[1] + 1))
    np.cumsum(ink, axis=0, out=sums[1:, 1:])
    np.cumsum(sums[1:, 1:], axis=1, out=sums[1:, 1:])
    return sums


def _corners(boxes: Pixels, size: Pixels) -> Corners:
    """Where the corners of boxes are in sums of ink: the last, then those left of and below it."""
    across, up = _cells(size)
    cells = np.floor(boxes.T / CELL)
    cells[2:] += 1
    limits = [[across], [up], [across], [up]]
    left, bottom, right, top = np.minimum(np.maximum(cells, 0), limits).astype(np.int64)
    left, right = left * (up + 1), right * (up + 1)
    return np.stack([right + top, left + top, right + bottom, left + bottom])


def _inside(sums: Pixels, corners: Corners) -> Pixels:
    """The ink in each box, from its sums."""
    last, beside, below, before = sums.ravel().take(corners)
    inside: Pixels = last - beside - below + before
    return inside
