"""What is written beside marks: names at curves, annotations, the legend."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from app.charts.marks import mark, percent
from app.charts.plane import Layout, Plane, Trace, axis_of
from app.charts.room import (
    LINE,
    STEP,
    Chart,
    Width,
    below_title,
    is_named,
    legend_places,
    room,
    wrapped,
)


def text_lines(
    lines: Sequence[str], x: str, y: str, *, classes: str = "", dx: float = 0, dy: float = 0
) -> Markup:
    """Lines of text around a place, shifted by so many pixels."""
    drawn = Markup("")
    for number, line in enumerate(lines):
        shift = dy + (number - (len(lines) - 1) / 2) * LINE
        given = {"class": classes, "x": x, "y": y, "dx": f"{dx:g}", "dy": f"{shift:g}"}
        attributes = (
            Markup(' {}="{}"').format(key, value)
            for key, value in given.items()
            if value and value != "0"
        )
        drawn += Markup("<text{}>{}</text>").format(Markup("").join(attributes), line)
    return drawn


# ---- names at curves ---------------------------------------------------------------------------
# The same rules as in static/plot.js.

LEAST_DISTANCE = 0.075
"""between two names, as a share of the height"""


def names(data: Sequence[Trace], plane: Plane) -> Markup:
    """The names of curves and single points, beside them."""
    spots = [(trace, _named_point(trace)) for trace in data if is_named(trace)]
    heights = spread(
        [plane.ys[axis_of(trace)].share(trace["y"][spot]) + lift(trace) for trace, spot in spots]
    )
    drawn = Markup("")
    for (trace, spot), height in zip(spots, heights, strict=True):
        share = plane.x.share(trace["x"][spot])
        side = "end" if share > 0.75 else "start" if share < 0.25 else "middle"
        drawn += text_lines(
            [trace["name"]],
            percent(share),
            percent(1 - height),
            classes=f"name {side} role-{trace['meta']}",
            dx=8 if side == "start" else 0,
        )
    return drawn


def _named_point(trace: Trace) -> int:
    """Where a trace is named: at the top of a distribution, at the point, or at a curve's end."""
    along = trace["y" if trace.get("fill") == "tozeroy" else "x"]
    return int(along.index(max(along)))


def lift(trace: Trace) -> float:
    """How far above its point a name stands, as a share of the height."""
    return 0.045 if trace["mode"] == "lines" else 0.065


def spread(heights: Sequence[float]) -> list[float]:
    """Heights of names near the wanted ones, far enough apart, and within the plot."""
    order = sorted(range(len(heights)), key=lambda number: heights[number])
    placed = list(heights)
    lowest = float("-inf")
    for number in order:
        lowest = placed[number] = max(placed[number], lowest + LEAST_DISTANCE)
    # Pushed out at the top: move down again, from above.
    highest = 1 + LEAST_DISTANCE / 2
    for number in reversed(order):
        placed[number] = min(placed[number], highest)
        highest = placed[number] - LEAST_DISTANCE
    return placed


# ---- annotations -------------------------------------------------------------------------------

SMALL_LETTER = 6.2
"""Width of a letter in pixels, at the 12 pixels of annotations."""


def annotation(note: Layout, chart: Chart, width: Width) -> Markup:
    """A text at a point that is given by values or as shares of the plot."""
    plane, shift = chart.plane, note.get("xshift") or 0
    x = note["x"] if note.get("xref") == "paper" else plane.x.share(note["x"])
    y = note["y"] if note.get("yref") == "paper" else plane.ys["y"].share(note["y"])
    side = {"left": "start", "center": "middle", "right": "end"}[note.get("xanchor") or "center"]
    lines = str(note["text"]).split("<br>")
    if side == "start":
        around = room(chart, width)
        pixels = (1 - x) * around.plot(width) + STEP * around.right - shift
        most = max(1, int(pixels / SMALL_LETTER))
        lines = [part for line in lines for part in wrapped(line, most)]
    return text_lines(lines, percent(x), percent(1 - y), classes=f"note {side}", dx=shift)


# ---- legend ------------------------------------------------------------------------------------


def legend(chart: Chart, width: Width) -> Markup:
    """The legend, below the title of the x axis."""
    top = below_title(chart, width) + 8
    places = legend_places(chart.legend, room(chart, width).plot(width))
    drawn = (
        Markup('<g transform="translate({:.0f} {:.0f})">{}<text x="14">{}</text></g>').format(
            x + 6, top + 20 * row, _key(trace), trace["name"]
        )
        for trace, (x, row) in zip(chart.legend, places, strict=True)
    )
    return Markup('<svg class="legend" y="100%">{}</svg>').format(Markup("").join(drawn))


def _key(trace: Trace) -> Markup:
    if trace["type"] == "bar":
        drawn = mark("square", 5, 0, 1)
    else:
        marker = trace.get("marker") or {}
        drawn = mark(marker.get("symbol") or "circle", (marker.get("size") or 6) / 2, 0, 1)
    return Markup('<g class="points role-{}">{}</g>').format(trace["meta"], drawn)
