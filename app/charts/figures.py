"""Plotly figures of results, for notebooks and for readers who explore a chart: small, without a template.

They are plain dictionaries: Plotly's Python objects check and copy every value, which took longer than
to compute it. Plotly has the say all the same: tests/charts/test_site.py gives it the figures of all
widgets, and it has to take each and give it back unchanged.

Every trace says its role in ``meta``, which the page turns into the color of its theme; the color
given here is what a notebook shows. Values are rounded lists: they compress better than the
base64 that Plotly makes of arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from app.charts.roles import ROLES, translucent

Trace = dict[str, Any]
Layout = dict[str, Any]
Values = Tensor | Iterable[float]


def rounded(values: Values, digits: int = 5) -> list[float]:
    """Values rounded to significant digits."""
    listed = tuple(values.tolist() if isinstance(values, Tensor) else values)
    # Formatting all in one string is faster than one by one.
    text = f"%.{digits}g " * len(listed) % listed
    return [float(number) for number in text.split()]


def line(
    name: str,
    x: Values,
    y: Values,
    *,
    role: str,
    axis: str = "y",
    dash: str = "solid",
    width: float = 2.5,
) -> Trace:
    """A curve."""
    looks = {"color": ROLES[role], "dash": dash, "width": width}
    return _scatter(name, x, y, role, axis) | {"mode": "lines", "line": looks}


def filled(name: str, x: Values, y: Values, *, role: str) -> Trace:
    """A curve with the area below it shaded, for distributions."""
    return line(name, x, y, role=role) | {
        "fill": "tozeroy",
        "fillcolor": translucent(ROLES[role]),
    }


def band(
    name: str,
    x: Values,
    middle: Sequence[float],
    spread: Sequence[float],
    *,
    role: str,
    of: str = "sd",
) -> list[Trace]:
    """A band around a curve, as two unnamed traces: its lower and its upper edge."""
    pairs = list(zip(middle, spread, strict=True))
    unseen = {"showlegend": False, "hoverinfo": "skip"}
    between = {"fill": "tonexty", "fillcolor": translucent(ROLES[role], 0.15)}
    lower = line(f"{name}, −1 {of}", x, [m - s for m, s in pairs], role=role, width=0)
    upper = line(f"{name}, +1 {of}", x, [m + s for m, s in pairs], role=role, width=0)
    return [lower | unseen, upper | unseen | between]


def marker(
    name: str,
    x: float,
    y: float,
    *,
    role: str,
    axis: str = "y",
    symbol: str = "circle",
    named: bool = False,
) -> Trace:
    """A single point: the reader's position on a named curve, or a point with its own name."""
    point = points(name, [x], [y], role=role, axis=axis, symbol=symbol, size=11)
    return point | {"showlegend": named}


def points(
    name: str,
    x: Values,
    y: Values,
    *,
    role: str,
    axis: str = "y",
    symbol: str = "circle",
    size: int = 8,
    text: Sequence[str] | None = None,
) -> Trace:
    """Separate points."""
    looks = {"color": ROLES[role], "size": size, "symbol": symbol}
    words = None if text is None else list(text)
    return _scatter(name, x, y, role, axis) | {"mode": "markers", "marker": looks, "text": words}


def _scatter(name: str, x: Values, y: Values, role: str, axis: str) -> Trace:
    return {
        "type": "scatter",
        "name": name,
        "x": rounded(x),
        "y": rounded(y),
        "yaxis": axis,
        "meta": role,
    }


def bars(
    name: str,
    x: Sequence[Any],
    y: Values,
    *,
    role: str,
    errors: Sequence[float | None] | None = None,
    horizontal: bool = False,
) -> Trace:
    """Bars over categories, with error bars where they are known."""
    error = None
    if errors is not None:
        error = {"type": "data", "array": [0 if e is None else e for e in errors]}
    values = rounded(y)
    return {
        "type": "bar",
        "name": name,
        "x": values if horizontal else list(x),
        "y": list(x) if horizontal else values,
        "orientation": "h" if horizontal else "v",
        "error_x": error if horizontal else None,
        "error_y": None if horizontal else error,
        "marker": {"color": ROLES[role]},
        "meta": role,
    }


def curve_figure(
    traces: Sequence[Trace],
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
    return _plain(traces, {**axes, **layout})


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


def _plain(traces: Sequence[Trace], layout: Layout) -> dict[str, Any]:
    """A figure as Plotly serializes it: sorted keys, a trace's type last, no null values."""
    data = [_canonical(trace) for trace in traces]
    for trace in data:
        trace["type"] = trace.pop("type")
    return {"data": data, "layout": _canonical(layout)}


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(value[key]) for key in sorted(value) if value[key] is not None}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_canonical(item) for item in value]
    return value


# ---- one figure in several states ----------------------------------------------------------------


@dataclass(frozen=True)
class TraceStates:
    """A trace in several states of a figure, which differ in its points."""

    trace: Trace
    """the trace without its points"""
    x: Sequence[list[float]]
    y: Sequence[list[float]]
    """the points in each state; equal rows share one list"""


def line_states(
    name: str, x: Sequence[Values], y: Sequence[Values], *, role: str, **looks: Any
) -> TraceStates:
    """A curve in all states; see ``line``."""
    return TraceStates(line(name, (), (), role=role, **looks), _shared(x), _shared(y))


def marker_states(
    name: str, x: Sequence[float], y: Sequence[float], *, role: str, **looks: Any
) -> TraceStates:
    """The reader's position on a curve in all states; see ``marker``."""
    point = marker(name, x[0], y[0], role=role, **looks)
    return TraceStates(point, [rounded([at]) for at in x], [rounded([at]) for at in y])


def _shared(rows: Sequence[Values]) -> list[list[float]]:
    """Rounded rows; equal ones share one list, so that it is sent once."""
    known: dict[tuple[float, ...], list[float]] = {}
    same: dict[int, list[float]] = {}
    for row in rows:
        if id(row) not in same:
            made = rounded(row)
            same[id(row)] = known.setdefault(tuple(made), made)
    return [same[id(row)] for row in rows]


def curve_figures(
    courses: Sequence[TraceStates],
    *,
    x: str,
    y: str,
    y2: str | None = None,
    log_x: bool = False,
    x_range: tuple[float, float] | None = None,
) -> list[dict[str, object]]:
    """A figure in all its states, each as ``curve_figure`` makes it; unchanged parts are shared."""
    base = _plain([course.trace for course in courses], _axes(x, y, y2, log_x, x_range))
    traces: dict[tuple[int, int, int], Trace] = {}
    figures: list[dict[str, object]] = []
    for state in range(len(courses[0].x)):
        lists = [(course.x[state], course.y[state]) for course in courses]
        data = [
            traces.setdefault((n, id(xs), id(ys)), {**base["data"][n], "x": xs, "y": ys})
            for n, (xs, ys) in enumerate(lists)
        ]
        figures.append({"data": data, "layout": base["layout"]})
    return figures
