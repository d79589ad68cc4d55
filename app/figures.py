"""Plotly figures for results: small, without a template. app/charts draws them on the server, and
static/plot.js on the page, once Plotly is loaded; a figure may have only what both can draw.

Every trace says its role in ``meta``, which the page turns into the colour of its theme; the colour
given here is what a notebook shows. Numbers are rounded lists: they compress better than the
base64 that Plotly makes of arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from torch import Tensor

from app.charts.names import with_places
from app.charts.plane import Trace, plane_of
from app.charts.roles import ROLES, translucent

Numbers = Tensor | Iterable[float]


def rounded(values: Numbers, digits: int = 5) -> list[float]:
    """Numbers with so many significant digits."""
    listed = values.tolist() if isinstance(values, Tensor) else list(values)
    return [float(f"{value:.{digits}g}") for value in listed]


def line(
    name: str, x: Numbers, y: Numbers, *, role: str, axis: str = "y", dash: str = "solid"
) -> go.Scatter:
    """A curve."""
    return go.Scatter(
        name=name,
        x=rounded(x),
        y=rounded(y),
        mode="lines",
        line={"color": ROLES[role], "dash": dash, "width": 2.5},
        yaxis=axis,
        meta=role,
    )


def filled(name: str, x: Numbers, y: Numbers, *, role: str) -> go.Scatter:
    """A distribution: a curve with the area below it shaded."""
    curve = line(name, x, y, role=role)
    return curve.update(fill="tozeroy", fillcolor=translucent(ROLES[role]))


def band(
    name: str,
    x: Numbers,
    middle: Sequence[float],
    spread: Sequence[float],
    *,
    role: str,
    of: str = "sd",
) -> list[go.Scatter]:
    """The area within a spread of a curve, as its lower and its upper edge; it has no name of its own."""
    pairs = list(zip(middle, spread, strict=True))
    edges = [
        line(f"{name}, −1 {of}", x, [m - s for m, s in pairs], role=role),
        line(f"{name}, +1 {of}", x, [m + s for m, s in pairs], role=role).update(
            fill="tonexty", fillcolor=translucent(ROLES[role], 0.15)
        ),
    ]
    for edge in edges:
        edge.update(showlegend=False, hoverinfo="skip", line_width=0)
    return edges


def marker(
    name: str,
    x: float,
    y: float,
    *,
    role: str,
    axis: str = "y",
    symbol: str = "circle",
    named: bool = False,
) -> go.Scatter:
    """One point: where the reader is, on a curve that has a name; or a point with its own name."""
    point = points(name, [x], [y], role=role, axis=axis, symbol=symbol, size=11)
    return point.update(showlegend=named)


def points(
    name: str,
    x: Numbers,
    y: Numbers,
    *,
    role: str,
    axis: str = "y",
    symbol: str = "circle",
    size: int = 8,
    text: Sequence[str] | None = None,
) -> go.Scatter:
    """Separate points."""
    return go.Scatter(
        name=name,
        x=rounded(x),
        y=rounded(y),
        mode="markers",
        marker={"color": ROLES[role], "size": size, "symbol": symbol},
        yaxis=axis,
        meta=role,
        text=text,
    )


def bars(
    name: str,
    x: Sequence[Any],
    y: Numbers,
    *,
    role: str,
    errors: Sequence[float | None] | None = None,
    horizontal: bool = False,
) -> go.Bar:
    """Bars over categories, with error bars where they are known."""
    error = None
    if errors is not None:
        error = {"type": "data", "array": [0 if e is None else e for e in errors]}
    values = rounded(y)
    return go.Bar(
        name=name,
        x=values if horizontal else list(x),
        y=list(x) if horizontal else values,
        orientation="h" if horizontal else "v",
        error_x=error if horizontal else None,
        error_y=None if horizontal else error,
        marker={"color": ROLES[role]},
        meta=role,
    )


def curve_figure(
    traces: Sequence[go.Scatter | go.Bar],
    *,
    x: str,
    y: str,
    y2: str | None = None,
    log_x: bool = False,
    x_range: tuple[float, float] | None = None,
    y2_range: tuple[float, float] | None = None,
    **layout: Any,
) -> dict[str, object]:
    """A figure with titled axes; ``y2`` is a second axis on the right."""
    axes = _axes(x, y, y2, log_x, x_range, y2_range)
    return with_places(_plain(traces, {**axes, **layout}))


def _axes(
    x: str,
    y: str,
    y2: str | None,
    log_x: bool,
    x_range: tuple[float, float] | None,
    y2_range: tuple[float, float] | None = None,
) -> dict[str, Any]:
    axes: dict[str, Any] = {
        "xaxis": {"title": {"text": x}, "type": "log" if log_x else None},
        "yaxis": {"title": {"text": y}},
    }
    if x_range is not None:
        axes["xaxis"]["range"] = list(x_range)
    if y2 is not None:
        axes["yaxis2"] = {
            "title": {"text": y2},
            "overlaying": "y",
            "side": "right",
            "tickmode": "auto",
            "showgrid": False,
            "range": None if y2_range is None else list(y2_range),
        }
    return axes


def _plain(traces: Sequence[go.Scatter | go.Bar], layout: dict[str, Any]) -> dict[str, Any]:
    """A figure that Plotly has checked, without a template."""
    figure = go.Figure(data=list(traces), layout=layout)
    figure.layout.template = None
    return dict(figure.to_plotly_json())


# ---- one figure in several states ----------------------------------------------------------------


@dataclass(frozen=True)
class Course:
    """A trace in several states of a figure: what changes are its points."""

    first: go.Scatter
    """the trace in the first state"""
    x: Sequence[list[float]]
    y: Sequence[list[float]]
    """the points in each state; rows that are equal are one list"""
    along: str = ""
    """of a point that a reader moves: the name of the curve on which it moves"""


def lines(
    name: str, x: Sequence[Numbers], y: Sequence[Numbers], *, role: str, **looks: Any
) -> Course:
    """A curve in each state; see ``line``."""
    xs, ys = _shared(x), _shared(y)
    return Course(line(name, xs[0], ys[0], role=role, **looks), xs, ys)


def markers(
    name: str, x: Sequence[float], y: Sequence[float], *, along: str, role: str, **looks: Any
) -> Course:
    """Where the reader is on a curve, in each state; see ``marker``."""
    point = marker(name, x[0], y[0], role=role, **looks)
    return Course(point, [rounded([at]) for at in x], [rounded([at]) for at in y], along)


def _shared(rows: Sequence[Numbers]) -> list[list[float]]:
    """Rows rounded as in any figure; equal ones are one list, which is sent once."""
    known: dict[tuple[float, ...], list[float]] = {}
    same: dict[int, list[float]] = {}
    for row in rows:
        if id(row) not in same:
            made = rounded(row)
            same[id(row)] = known.setdefault(tuple(made), made)
    return [same[id(row)] for row in rows]


def curve_figures(
    courses: Sequence[Course],
    *,
    x: str,
    y: str,
    y2: str | None = None,
    log_x: bool = False,
    x_range: tuple[float, float] | None = None,
) -> list[dict[str, object]]:
    """One figure in each of its states, as ``curve_figure`` makes it; what does not change is shared.

    Names stay where they are while points move.
    """
    base = _plain([course.first for course in courses], _axes(x, y, y2, log_x, x_range))
    numbers = {course.first.name: number for number, course in enumerate(courses)}
    riding = {n: numbers[course.along] for n, course in enumerate(courses) if course.along}
    traces: dict[tuple[int, int, int], Trace] = {}
    layouts: dict[object, dict[str, Any]] = {}
    figures: list[dict[str, object]] = []
    for state in range(len(courses[0].x)):
        lists = [(course.x[state], course.y[state]) for course in courses]
        keys = [(n, id(xs), id(ys)) for n, (xs, ys) in enumerate(lists)]
        data = [
            traces.setdefault(key, {**base["data"][key[0]], "x": xs, "y": ys})
            for key, (xs, ys) in zip(keys, lists, strict=True)
        ]
        plane = plane_of([_outline(trace) for trace in data], base["layout"])
        curves = tuple(key for key in keys if key[0] not in riding)
        # Where names stand follows from the curves and the axes.
        place = (curves, plane.x, tuple(plane.ys.items()))
        if place not in layouts:
            layouts[place] = with_places({**base, "data": data}, riding)["layout"]
        figures.append({"data": data, "layout": layouts[place]})
    return figures


def _outline(trace: Trace) -> Trace:
    """A trace that takes as much of the axes."""
    return {**trace, "x": _ends(trace["x"]), "y": _ends(trace["y"])}


def _ends(values: list[float]) -> list[float]:
    return [min(values), max(values)] if len(values) > 2 else values
