"""Grid, ticks and titles of axes."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from app.charts.curves import UNITS_X, UNITS_Y
from app.charts.labels import text_lines
from app.charts.marks import percent
from app.charts.room import LINE, Y_TITLE, wrapped
from app.charts.scales import AxisTick, Scale


def grid(x: Sequence[AxisTick], y: Sequence[AxisTick]) -> Markup:
    """Grid lines at ticks, in units of the stretched view box."""
    return _lines("grid", [tick.at for tick in x], [tick.at for tick in y])


def zero_lines(x: Scale, y: Scale) -> Markup:
    """Stronger grid lines at zero, where a numeric axis contains it."""
    shares = [[] if s.log or s.categories else [s.share(0.0)] for s in (x, y)]
    return _lines("zero", *([share for share in found if 0 <= share <= 1] for found in shares))


def frame(right: bool) -> Markup:
    """The axis lines: left, bottom, and right if there is a second y axis."""
    return _lines("zero", [0, 1] if right else [0], [0])


def _lines(kind: str, x: Sequence[float], y: Sequence[float]) -> Markup:
    data = "".join(f"M{round(UNITS_X * share)} 0v{UNITS_Y}" for share in x)
    data += "".join(f"M0 {round(UNITS_Y * (1 - share))}h{UNITS_X}" for share in y)
    return Markup('<path class="{}" d="{}"/>').format(kind, data) if data else Markup("")


def y_ticks(found: Sequence[AxisTick], side: str) -> Markup:
    """Tick labels of a y axis, left or right of the plot."""
    x, shift, anchor = ("100%", 6, "start") if side == "right" else ("", -6, "end")
    texts = (text_lines(tick.text.split("\n"), x, percent(1 - tick.at)) for tick in found)
    return Markup('<g class="{}" transform="translate({})">{}</g>').format(
        anchor, shift, Markup("").join(texts)
    )


def x_ticks(found: Sequence[AxisTick]) -> Markup:
    """Tick labels of the x axis."""
    texts = (text_lines([tick.text], percent(tick.at), "100%") for tick in found)
    return Markup('<g class="middle" transform="translate(0 12)">{}</g>').format(
        Markup("").join(texts)
    )


def x_title(lines: Sequence[str]) -> Markup:
    """Title of the x axis, below its tick labels."""
    return Markup("").join(
        text_lines([line], "50%", "100%", classes="middle", dy=32 + LINE * number)
        for number, line in enumerate(lines)
    )


def y_title(title: str, side: str, room: int) -> Markup:
    """Rotated title of a y axis, at the outer edge of so many pixels of room."""
    if not title:
        return Markup("")
    lines = wrapped(title, Y_TITLE)
    first = 10 - room if side == "left" else room - 10 - LINE * (len(lines) - 1)
    texts = (
        Markup('<text y="{}">{}</text>').format(first + LINE * number, line)
        for number, line in enumerate(lines)
    )
    x = Markup(' x="100%"') if side == "right" else ""
    return Markup(
        '<svg class="turned middle"{} y="50%"><g transform="rotate(-90)">{}</g></svg>'
    ).format(x, Markup("").join(texts))
