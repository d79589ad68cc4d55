"""The subset of Plotly's figures that charts can draw. Anything else is an error, not ignored."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

from app.charts.roles import ROLES

DASHES = ("solid", "dot", "dash", "longdash", "dashdot", "longdashdot")
WIDTHS = (0, 2.5)
"""of curves: none, as the edge of a band, or that of static/charts.css"""
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross")


class Anything:
    """Matches any value: it is drawn whatever it is, or not visible."""

    def __contains__(self, value: object) -> bool:
        return True


ANY = Anything()
BOOL = (True, False)

TITLE = {"text": ANY}
ERROR = {"type": ("data",), "array": ANY}

# A dict lists the keys of an object, a collection the values of a leaf.
TRACE: dict[str, Any] = {
    "name": ANY,
    "x": ANY,
    "y": ANY,
    "meta": tuple(ROLES),
    "showlegend": BOOL,
    "text": ANY,
    "customdata": ANY,
    "hoverinfo": ANY,
    "hovertemplate": ANY,
    "cliponaxis": ANY,
    "error_x": ERROR,
    "error_y": ERROR,
}
SCATTER = TRACE | {
    "type": ("scatter",),
    "mode": ("lines", "markers", "lines+markers"),
    "line": {"color": ANY, "dash": DASHES, "width": WIDTHS},
    "marker": {"color": ANY, "size": ANY, "symbol": SYMBOLS},
    "fill": ("tozeroy", "tonexty"),
    "fillcolor": ANY,
    "yaxis": ("y", "y2"),
}
BAR = TRACE | {
    "type": ("bar",),
    "orientation": ("h", "v"),
    "marker": {"color": ANY},
    "textposition": ("outside",),
}
AXIS: dict[str, Any] = {"title": TITLE, "range": ANY, "tickvals": ANY, "showgrid": BOOL}
LAYOUT: dict[str, Any] = {
    "xaxis": AXIS | {"type": ("linear", "log"), "autorange": ("reversed",)},
    "yaxis": AXIS | {"autorange": ("reversed",)},
    "yaxis2": AXIS | {"overlaying": ("y",), "side": ("right",), "tickmode": ("auto",)},
    "showlegend": BOOL,
    "barmode": ("group", "overlay"),
    "bargap": ANY,
    "hovermode": ANY,
    "meta": {"names": {"wide": ANY, "narrow": ANY}},
}
ANNOTATION: dict[str, Any] = {
    "x": ANY,
    "y": ANY,
    "xref": ("x", "paper"),
    "yref": ("y", "paper"),
    "xanchor": ("left", "center", "right"),
    "xshift": ANY,
    "text": ANY,
    "showarrow": (False,),
}
SHAPE: dict[str, Any] = {
    "type": ("line",),
    "x0": ANY,
    "x1": ANY,
    "y0": ANY,
    "y1": ANY,
    "xref": ("x", "paper"),
    "yref": ("y", "paper"),
    "line": {"color": ANY, "dash": DASHES, "width": ANY},
}


def check_drawable(figure: dict[str, Any]) -> None:
    """Raise ValueError if a figure has something that charts do not draw, naming it."""
    _check(figure, {"data": ANY, "layout": ANY}, "figure")
    layout = dict(figure["layout"])
    for part, known in (("annotations", ANNOTATION), ("shapes", SHAPE)):
        for number, entry in enumerate(layout.pop(part, ())):
            _check(entry, known, f"layout.{part}[{number}]")
    _check(layout, LAYOUT, "layout")
    for number, trace in enumerate(figure["data"]):
        where = f"data[{number}]"
        _check(trace, BAR if trace.get("type") == "bar" else SCATTER, where)
        _check_numbers(trace, where)
        if trace.get("meta") is None:
            raise ValueError(f"{where}.meta: charts need the role of a trace")


def _check(value: Any, known: Collection[Any] | Anything, where: str) -> None:
    if isinstance(known, dict):
        for key, inner in value.items():
            if key not in known:
                raise ValueError(f"{where}.{key}: charts cannot draw this")
            if inner is not None:
                _check(inner, known[key], f"{where}.{key}")
    elif value not in known:
        raise ValueError(f"{where}: charts cannot draw {value!r}")


def _check_numbers(trace: dict[str, Any], where: str) -> None:
    if len(trace["x"]) != len(trace["y"]):
        raise ValueError(f"{where}: {len(trace['x'])} values of x, {len(trace['y'])} of y")
    for axis in ("x", "y"):
        for value in trace[axis]:
            if not isinstance(value, str) and not (
                isinstance(value, int | float) and math.isfinite(value)
            ):
                raise ValueError(f"{where}.{axis}: charts cannot draw {value!r}")
