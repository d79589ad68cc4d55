"""Text in the plot: names of curves, annotations, the legend."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from app.charts.marks import mark, percent
from app.charts.plane import Layout, Trace
from app.charts.room import (
    LINE,
    STEP,
    Chart,
    TextWidth,
    below_title,
    legend_places,
    room,
    wrapped,
)

SIDES = {"left": "start", "center": "middle", "right": "end"}
"""SVG's text-anchor for Plotly's xanchor"""


def text_lines(
    lines: Sequence[str], x: str, y: str, *, classes: str = "", dx: float = 0, dy: float = 0
) -> Markup:
    """Lines of text at a position, shifted by so many pixels."""
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
def names(chart: Chart, width: TextWidth) -> Markup:
    """The names of curves and single points, positioned by app/charts/names.py."""
    drawn = Markup("")
    for place in chart.layout["meta"]["names"][width.name]:
        drawn += text_lines(
            place["text"].split("<br>"),
            percent(place["x"]),
            percent(1 - place["y"]),
            classes=f"name {SIDES[place['xanchor']]} role-{chart.data[place['trace']]['meta']}",
        )
    return drawn


# ---- annotations -------------------------------------------------------------------------------

SMALL_LETTER = 6.2
"""width of a letter in pixels at the font size of annotations"""


def annotation(note: Layout, chart: Chart, width: TextWidth) -> Markup:
    """A text at a point, given in values or as shares of the plot."""
    plane, shift = chart.plane, note.get("xshift") or 0
    x = note["x"] if note.get("xref") == "paper" else plane.x.share(note["x"])
    y = note["y"] if note.get("yref") == "paper" else plane.ys["y"].share(note["y"])
    side = SIDES[note.get("xanchor") or "center"]
    lines = str(note["text"]).split("<br>")
    if side == "start":
        around = room(chart, width)
        pixels = (1 - x) * around.plot(width) + STEP * around.right - shift
        most = max(1, int(pixels / SMALL_LETTER))
        lines = [part for line in lines for part in wrapped(line, most)]
    return text_lines(lines, percent(x), percent(1 - y), classes=f"note {side}", dx=shift)


# ---- legend ------------------------------------------------------------------------------------


def legend(chart: Chart, width: TextWidth) -> Markup:
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
