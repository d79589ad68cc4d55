"""Points, bars and error bars. Points and bars are placed by percentages, so that they keep their
shape at any width."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from app.charts.curves import in_units, path
from app.charts.plane import Layout, Plane, Point, Trace, axis_of


def percent(share: float) -> str:
    """A share as a percentage with one decimal at most."""
    return f"{round(100 * share, 1) + 0.0:g}%"


# ---- points ------------------------------------------------------------------------------------


def point_marks(trace: Trace, plane: Plane) -> Markup:
    """The markers of a trace."""
    marker = trace.get("marker") or {}
    symbol, radius = marker.get("symbol") or "circle", (marker.get("size") or 6) / 2
    drawn = Markup("").join(mark(symbol, radius, x, y) for x, y in plane.shares(trace))
    return Markup('<g class="points role-{}">{}</g>').format(trace["meta"], drawn)


def mark(symbol: str, radius: float, x: float, y: float) -> Markup:
    """One marker at shares of the plot."""
    left, top = percent(x), percent(1 - y)
    if symbol == "circle":
        return Markup('<circle cx="{}" cy="{}" r="{:g}"/>').format(left, top, radius)
    return Markup('<svg x="{}" y="{}"><path d="{}"/></svg>').format(
        left, top, symbol_path(symbol, radius)
    )


def symbol_path(symbol: str, radius: float) -> str:
    """A symbol around the origin, in pixels, as large as Plotly's."""
    shapes: dict[str, list[Point]] = {
        "square": [(-1, -1), (1, -1), (1, 1), (-1, 1)],
        "diamond": [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)],
        "triangle-up": [(-1.15, 0.5), (0, -1), (1.15, 0.5)],
        "cross": _plus(0.4, 1.2),
        "x": [((x - y) / 2**0.5, (x + y) / 2**0.5) for x, y in _plus(0.4, 1.2)],
    }
    corners = shapes[symbol]
    scaled = " ".join(f"{round(radius * x, 1):g} {round(radius * y, 1):g}" for x, y in corners)
    return f"M{scaled}z".replace(" -", "-")


def _plus(inner: float, outer: float) -> list[Point]:
    quarter = [(inner, inner), (inner, outer), (-inner, outer), (-inner, inner)]
    half = [*quarter[:3], (-inner, inner), (-outer, inner), (-outer, -inner)]
    return [*half, *((-x, -y) for x, y in half)]


# ---- bars --------------------------------------------------------------------------------------


def bar_marks(data: Sequence[Trace], layout: Layout, plane: Plane) -> Markup:
    """All bars; where traces share a category, they are side by side."""
    drawn = []
    traces = [trace for trace in data if trace["type"] == "bar"]
    names = [name for trace in traces for name in trace["y" if is_horizontal(trace) else "x"]]
    side_by_side = layout.get("barmode") != "overlay" and len(names) > len(set(names))
    room = 1 - (layout.get("bargap") or 0.2)
    for number, trace in enumerate(traces):
        thick = room / (len(traces) if side_by_side else 1)
        shift = (number - (len(traces) - 1) / 2) * thick if side_by_side else 0.0
        drawn.append(_bars_of(trace, plane, thick, shift))
    return Markup("").join(drawn)


def is_horizontal(trace: Trace) -> bool:
    """Whether the bars of a trace are horizontal."""
    return bool(trace.get("orientation") == "h")


def _bars_of(trace: Trace, plane: Plane, thick: float, shift: float) -> Markup:
    across_scale, along_scale = plane.x, plane.ys[axis_of(trace)]
    names, values = trace["x"], trace["y"]
    if is_horizontal(trace):
        across_scale, along_scale = along_scale, across_scale
        names, values = values, names
    drawn = []
    for number, (name, value) in enumerate(zip(names, values, strict=True)):
        middle = across_scale.place(name) + shift
        sides = sorted(across_scale.share_of_place(middle + d * thick / 2) for d in (-1, 1))
        ends = sorted((along_scale.share(0.0), along_scale.share(value)))
        (left, right), (low, high) = (ends, sides) if is_horizontal(trace) else (sides, ends)
        drawn.append(
            Markup('<rect x="{}" y="{}" width="{}" height="{}"/>').format(
                percent(left), percent(1 - high), percent(right - left), percent(high - low)
            )
        )
        if trace.get("textposition"):
            tip = along_scale.share(value), sum(sides) / 2
            drawn.append(_value_at(trace["text"][number], tip, value, is_horizontal(trace)))
    return Markup('<g class="bars role-{}">{}</g>').format(trace["meta"], Markup("").join(drawn))


def _value_at(text: str, tip: Point, value: float, lying: bool) -> Markup:
    """The label beyond the end of a bar."""
    along, middle = tip
    if lying:
        side, dx, dy, x, y = ("start" if value >= 0 else "end"), 4, 0, along, middle
        dx = dx if value >= 0 else -dx
    else:
        side, dx, x, y = "middle", 0, middle, along
        dy = -9 if value >= 0 else 11
    return Markup('<text class="{}" x="{}" y="{}" dx="{}" dy="{}">{}</text>').format(
        side, percent(x), percent(1 - y), dx, dy, text
    )


# ---- error bars --------------------------------------------------------------------------------

CAP = 3
"""Units along an error bar: its cap is a short stroke, as wide as the cap is long."""


def errors(trace: Trace, plane: Plane) -> Markup:
    """Error bars of a trace: one standard error either way, where it is known."""
    y = plane.ys[axis_of(trace)]
    stems = caps = ""
    for letter, scale, along in (("x", plane.x, "h"), ("y", y, "v")):
        lengths = (trace.get(f"error_{letter}") or {}).get("array") or []
        for number, length in enumerate(lengths):
            if not length:
                continue
            value = trace[letter][number]
            low, high = scale.share(value - length), scale.share(value + length)
            if letter == "x":
                level = y.share(trace["y"][number])
                ends = in_units([(low, level), (high, level)])
            else:
                level = plane.x.share(trace["x"][number])
                ends = in_units([(level, low), (level, high)])
            stems += path(ends)
            caps += "".join(f"M{round(left)} {round(top)}{along}{CAP}" for left, top in ends)
    if not stems:
        return Markup("")
    return Markup('<path class="error" d="{}"/><path class="cap" d="{}"/>').format(stems, caps)
