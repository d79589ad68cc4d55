"""The axes of a figure, with the ranges that Plotly would choose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.charts.scales import PADDED, Scale, aired_range, padded_range

Trace = dict[str, Any]
Layout = dict[str, Any]
Point = tuple[float, float]
"""shares of the plot from the left and the bottom, or units of a view box"""


@dataclass(frozen=True)
class Plane:
    """The axes: x, and y by its name ("y", and "y2" where there is a second one)."""

    x: Scale
    ys: dict[str, Scale]

    def shares(self, trace: Trace) -> list[Point]:
        """The points of a trace as shares of the plot, from the left and the bottom."""
        y = self.ys[axis_of(trace)]
        pairs = zip(trace["x"], trace["y"], strict=True)
        return [(self.x.share(one), y.share(other)) for one, other in pairs]


def axis_of(trace: Trace) -> str:
    """Which y axis a trace belongs to."""
    return str(trace.get("yaxis") or "y")


def names_itself(data: list[Trace]) -> bool:
    """Whether a trace is named beside its curve or point, rather than in a legend, as bars of several
    series and clouds of points are. static/plot.js has the same rule."""
    return all(
        trace["type"] == "scatter" and (trace["mode"] == "lines" or len(trace["x"]) == 1)
        for trace in data
    )


def plane_of(data: list[Trace], layout: Layout) -> Plane:
    """The axes of a figure that has traces."""
    x = _scale("x", layout["xaxis"], data, aired=False)
    ys = {
        axis: _scale(
            "y",
            layout["yaxis" + axis[1:]],
            [trace for trace in data if axis_of(trace) == axis],
            aired=names_itself(data),
        )
        for axis in ("y", "y2")
        if f"yaxis{axis[1:]}" in layout
    }
    return Plane(x, ys)


def _scale(letter: str, axis: Layout, data: list[Trace], *, aired: bool) -> Scale:
    log = axis.get("type") == "log"
    values = [value for trace in data for value in trace[letter]]
    if any(issubclass(kind, str) for kind in set(map(type, values))):
        names = tuple(dict.fromkeys(str(value) for value in values))
        scale = Scale(-0.5, len(names) - 0.5, categories=names)
    elif axis.get("range"):
        low, high = axis["range"]
        return Scale(float(low), float(high), log)
    else:
        measure = Scale(0, 1, log)
        if aired and values:
            ends = measure.place(min(values)), measure.place(max(values))
            scale = Scale(*aired_range(ends), log)
        else:
            padded = [(measure.place(v), pad) for v, pad in _padded(letter, data)]
            scale = Scale(*padded_range(padded), log)
    if axis.get("autorange") == "reversed":
        return Scale(scale.high, scale.low, scale.log, scale.categories)
    return scale


def _padded(letter: str, data: list[Trace]) -> Iterable[tuple[float, float]]:
    """Values of traces, each with the share of the axis to keep free beyond it."""
    bars = [0.0]
    for trace in data:
        lengths = (trace.get(f"error_{letter}") or {}).get("array") or [0.0] * len(trace[letter])
        pairs = list(zip(trace[letter], lengths, strict=True))
        ends = [value + sign * length for value, length in pairs for sign in (-1, 1)]
        if trace["type"] == "bar":
            bars += ends
            continue
        tight = letter == "x" and trace.get("mode") == "lines" and not trace.get("error_y")
        yield from ((end, 0 if tight else PADDED) for end in ends)
    if len(bars) > 1:
        # Bars start at zero, where they need no padding.
        yield from ((end, PADDED if end else 0) for end in (min(bars), 0.0, max(bars)))
