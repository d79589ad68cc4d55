"""Curves, areas and lines: paths in units of a view box that is stretched over the plot."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from markupsafe import Markup

from app.charts.plane import Layout, Plane, Point, Trace, axis_of
from app.charts.roles import ROLES, translucent
from app.charts.scales import Scale

UNITS_X, UNITS_Y = 2000, 1000
"""size of the view box, fine enough for integers"""

MOST_POINTS = 120
"""most points of a curve"""


def in_units(shares: Iterable[Point]) -> list[Point]:
    """Convert shares of the plot, from the left and the bottom, to units of the view box."""
    return [(UNITS_X * x, UNITS_Y * (1 - y)) for x, y in shares]


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
            if distance > most:
                farthest, most = number, distance
        if farthest != first:
            kept.add(farthest)
            stack += [(first, farthest), (farthest, last)]
    return [points[number] for number in sorted(kept)]


def path(points: Sequence[Point]) -> str:
    """Path data through points, in relative integer steps, which are short."""
    whole = [(round(x), round(y)) for x, y in points]
    steps = " ".join(f"{x - x0} {y - y0}" for (x0, y0), (x, y) in pairwise(whole))
    start = f"M{whole[0][0]} {whole[0][1]}"
    return start + (f"l{steps}".replace(" -", "-") if steps else "")


def area(number: int, data: Sequence[Trace], plane: Plane) -> Markup:
    """The area that a trace fills, down to zero or to the trace before it."""
    trace = data[number]
    points = in_units(plane.shares(trace))
    if trace["fill"] == "tonexty" and number > 0:
        border = in_units(plane.shares(data[number - 1]))
    else:
        floor = plane.ys[axis_of(trace)].share(0.0)
        border = in_units((plane.x.share(trace["x"][end]), floor) for end in (0, -1))
    shape = path([*thinned(points), *reversed(thinned(border))]) + "z"
    kind = "area" if trace["fill"] == "tozeroy" else "gap"
    return Markup('<path class="{} role-{}" d="{}"/>').format(kind, _fill_role(trace), shape)


def _fill_role(trace: Trace) -> str:
    """Colour role of an area: that of its curve, or, between curves, of its own fill colour."""
    colour: str | None = trace.get("fillcolor")
    if trace["fill"] == "tozeroy" or colour is None:
        return str(trace["meta"])
    for role, known in ROLES.items():
        if colour.startswith(translucent(known, 0).rpartition(",")[0] + ","):
            return role
    raise ValueError(f"fillcolor: charts know no role of the colour {colour!r}")


def has_line(trace: Trace) -> bool:
    """Whether a trace is a visible curve; edges of bands have no width."""
    width = (trace.get("line") or {}).get("width")
    return "lines" in (trace.get("mode") or "") and width != 0


def curve(trace: Trace, plane: Plane) -> Markup:
    """The line of a trace."""
    return Markup('<path class="line{} role-{}" d="{}"/>').format(
        _dash(trace), trace["meta"], path(thinned(in_units(plane.shares(trace))))
    )


def across(shape: Layout, plane: Plane) -> Markup:
    """A line between two points, each in values or as shares of the plot."""
    return Markup('<path class="across{}" d="{}"/>').format(
        _dash(shape), path(in_units(ends_of(shape, plane)))
    )


def ends_of(shape: Layout, plane: Plane) -> list[Point]:
    """Both ends of a line, as shares of the plot."""
    return [
        (
            _share(shape[f"x{which}"], shape.get("xref"), plane.x),
            _share(shape[f"y{which}"], shape.get("yref"), plane.ys["y"]),
        )
        for which in (0, 1)
    ]


def _dash(drawn: Layout) -> str:
    """CSS class of a dash pattern."""
    dash = (drawn.get("line") or {}).get("dash") or "solid"
    return "" if dash == "solid" else f" dash-{dash}"


def _share(value: float | str, reference: str | None, scale: Scale) -> float:
    return float(value) if reference == "paper" else scale.share(value)
