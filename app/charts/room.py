"""The room around a plot for labels, on wide and on narrow pages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from app.charts.plane import Layout, Plane, Trace, names_itself
from app.charts.scales import AxisTick, ticks

LETTER = 8.2
"""Width in pixels of most letters and digits at the 13 pixels of a chart's words, in a wide font."""

LETTERS = dict.fromkeys("fijlrtI.,:;()|'/- ", 5.0) | dict.fromkeys("mwMW%−+", 11.5)
"""Widths of the others."""

LINE = 17
"""Pixels from line to line."""

ABOVE = 20
"""Pixels above a plot."""

STEP = 16
"""Room comes in steps of so many pixels."""

Y_TITLE = 34
"""Letters in a line of a turned title: the height of a plot holds so many."""

Y_TICKS = 8


@dataclass(frozen=True)
class TextWidth:
    """One of two layouts of labels; static/charts.css shows the one that fits the chart's width."""

    name: str
    pixels: float
    """least width of a chart for this layout"""
    x_ticks: int
    title: int
    """letters in a line of the title of the x axis"""
    category: int
    """letters in a line of the name of a bar"""


HEIGHT = 304
"""Pixels of the whole chart, the least that static/widget.css gives to one with curves."""

WIDE = TextWidth("wide", pixels=480, x_ticks=8, title=54, category=99)
NARROW = TextWidth("narrow", pixels=326, x_ticks=6, title=28, category=16)


def width_of(texts: Sequence[str]) -> float:
    """Width of the longest line in pixels."""
    lines = [line for text in texts for line in text.split("\n")]
    return max((sum(LETTERS.get(letter, LETTER) for letter in line) for line in lines), default=0.0)


def wrapped(text: str, most: int) -> list[str]:
    """Wrap a text at words, into lines of at most so many letters if possible."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= most:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return lines


def broken(name: str, most: int) -> list[str]:
    """A name in lines: broken after commas, then between words, if it is longer than ``most``."""
    if len(name) <= most:
        return [name]
    return [line for part in name.replace(", ", ",\n").split("\n") for line in wrapped(part, most)]


@dataclass(frozen=True)
class Chart:
    """A figure to draw, and its labels."""

    data: list[Trace]
    layout: Layout
    plane: Plane

    def title(self, axis: str) -> str:
        """The title of xaxis, yaxis or yaxis2, or nothing."""
        # Names of bars need no title, and the room is scarce.
        if axis == "yaxis" and self.plane.ys["y"].categories:
            return ""
        return str((self.layout[axis].get("title") or {}).get("text") or "")

    def x_title(self, width: TextWidth) -> list[str]:
        """The title of the x axis in lines."""
        return wrapped(self.title("xaxis"), width.title)

    def x_ticks(self, width: TextWidth) -> list[AxisTick]:
        """The ticks below the plot."""
        return ticks(self.plane.x, width.x_ticks, self.layout["xaxis"].get("tickvals"))

    def y_ticks(self, axis: str, width: TextWidth) -> list[AxisTick]:
        """The ticks of a y axis, by its name in the layout; long names of bars have line breaks."""
        scale = self.plane.ys[axis.replace("axis", "")]
        found = ticks(scale, Y_TICKS, self.layout[axis].get("tickvals"))
        return [AxisTick(t.at, "\n".join(broken(t.text, width.category))) for t in found]

    @property
    def legend(self) -> list[Trace]:
        """The traces named in a legend; none if they are named in the plot."""
        if self.layout.get("showlegend") is False or names_itself(self.data):
            return []
        named = [trace for trace in self.data if is_named(trace)]
        return named if len(named) > 1 else []


def is_named(trace: Trace) -> bool:
    """Whether a trace shows its name."""
    return trace.get("showlegend") is not False and bool(trace.get("name"))


@dataclass(frozen=True)
class Room:
    """Room around a plot, in steps."""

    left: int
    right: int
    below: int

    def plot(self, width: TextWidth) -> float:
        """Width of the plot in pixels."""
        return width.pixels - STEP * (self.left + self.right)

    @property
    def plot_height(self) -> float:
        """Height of the plot in pixels."""
        return HEIGHT - ABOVE - STEP * self.below


def room(chart: Chart, width: TextWidth) -> Room:
    """The room that the labels of a chart need."""
    left, right = _beside(chart, "yaxis", width), 1
    if "y2" in chart.plane.ys:
        right = _beside(chart, "yaxis2", width)
    entries = legend_places(chart.legend, width.pixels - STEP * (left + right))
    rows = len({row for _, row in entries})
    return Room(left, right, _steps(below_title(chart, width) + 20 * rows))


def corners(chart: Chart) -> Markup:
    """Empty drawings in the corners below a plot that reserve this room, at the left one for each width."""
    wide, narrow = room(chart, WIDE), room(chart, NARROW)
    sizes = (
        ("wide", wide.left, wide.below),
        ("narrow", narrow.left, narrow.below),
        ("right", wide.right, 0),
    )
    return Markup("").join(
        Markup('<svg class="corner {}" width="{}" height="{}" aria-hidden="true"></svg>').format(
            name, STEP * across, STEP * down
        )
        for name, across, down in sizes
    )


def below_title(chart: Chart, width: TextWidth) -> int:
    """Pixels from the plot to the end of the title of its x axis."""
    return 24 + LINE * len(chart.x_title(width))


def legend_places(named: Sequence[Trace], pixels: float) -> list[tuple[float, int]]:
    """Positions of legend entries, in pixels from the left and in rows: equal columns that fit."""
    column = 24 + width_of([trace["name"] for trace in named])
    columns = max(1, int((pixels + STEP) // column))
    return [(number % columns * column, number // columns) for number in range(len(named))]


def _beside(chart: Chart, axis: str, width: TextWidth) -> int:
    texts = [tick.text for tick in chart.y_ticks(axis, width)]
    title = chart.title(axis)
    lines = len(wrapped(title, Y_TITLE)) if title else 0
    return _steps(10 + width_of(texts) + (4 + LINE * lines if lines else 0))


def _steps(pixels: float) -> int:
    return math.ceil(pixels / STEP)
