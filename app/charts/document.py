"""Whole charts, assembled from their parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from markupsafe import Markup

from app.charts import axes, curves, labels, marks
from app.charts.plane import plane_of
from app.charts.room import NARROW, STEP, WIDE, Chart, TextWidth, corners, room
from app.charts.subset import check_drawable


def svg(figure: dict[str, Any], label: str) -> Markup:
    """A figure of app/charts/figures.py as an SVG element that fills its box; ``label`` is its title.

    Labels extend beyond the plot; ``in_room`` reserves space for them.

    Nothing for a figure without traces. ValueError, naming it, for what charts do not draw.
    """
    check_drawable(figure)
    data, layout = figure["data"], figure["layout"]
    if not data:
        return Markup("")
    chart = Chart(data, layout, plane_of(data, layout))
    return Markup(
        '<svg class="drawing" aria-hidden="true" focusable="false"><title>{}</title>{}</svg>'
    ).format(label, _joined([*_axes(chart), *_marks(chart), *_texts(chart)]))


def in_room(figure: dict[str, Any], label: str) -> Markup:
    """A figure as ``svg`` draws it, preceded by the placeholders that reserve room for its labels."""
    drawing, data, layout = svg(figure, label), figure["data"], figure["layout"]
    return corners(Chart(data, layout, plane_of(data, layout))) + drawing if data else drawing


def _axes(chart: Chart) -> Iterable[Markup]:
    plane, layout = chart.plane, chart.layout
    y_lines = [] if layout["yaxis"].get("showgrid") is False else chart.y_ticks("yaxis", WIDE)
    yield _stretched(
        [
            *_in_both(lambda width: axes.grid(chart.x_ticks(width), [])),
            axes.grid([], y_lines),
            axes.zero_lines(plane.x, plane.ys["y"]),
            axes.frame("y2" in plane.ys),
        ],
        "axes",
    )
    for axis, side in (("yaxis", "left"), ("yaxis2", "right")):
        if axis in layout:
            yield from _in_both(partial(_y_axis, chart, axis, side))
    yield from _in_both(lambda width: axes.x_ticks(chart.x_ticks(width)))
    yield from _in_both(lambda width: axes.x_title(chart.x_title(width)))


def _y_axis(chart: Chart, axis: str, side: str, width: TextWidth) -> Markup:
    around = room(chart, width)
    return _joined(
        [
            axes.y_ticks(chart.y_ticks(axis, width), side),
            axes.y_title(
                chart.title(axis), side, STEP * (around.left if side == "left" else around.right)
            ),
        ]
    )


def _marks(chart: Chart) -> Iterable[Markup]:
    data, plane = chart.data, chart.plane
    under = [curves.area(number, data, plane) for number, t in enumerate(data) if t.get("fill")]
    under += [curves.curve(t, plane) for t in data if curves.has_line(t)]
    over = [marks.errors(trace, plane) for trace in data]
    over += [curves.across(shape, plane) for shape in chart.layout.get("shapes") or ()]
    yield _stretched(under, "plot")
    yield marks.bar_marks(data, chart.layout, plane)
    yield _stretched(over, "plot")
    yield from (marks.point_marks(t, plane) for t in data if "markers" in (t.get("mode") or ""))


def _texts(chart: Chart) -> Iterable[Markup]:
    if "meta" in chart.layout:
        yield from _in_both(partial(labels.names, chart))
    for note in chart.layout.get("annotations") or ():
        yield from _in_both(partial(labels.annotation, note, chart))
    if chart.legend:
        yield from _in_both(partial(labels.legend, chart))


# ---- putting together --------------------------------------------------------------------------


def _joined(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)


def _stretched(parts: Iterable[Markup], kind: str) -> Markup:
    """Parts in units of a view box that is stretched over the plot; strokes are not stretched."""
    inside = _joined(parts)
    if not inside:
        return inside
    return Markup(
        '<svg class="{}" viewBox="0 0 {} {}" width="100%" height="100%" preserveAspectRatio="none">'
        "{}</svg>"
    ).format(kind, curves.UNITS_X, curves.UNITS_Y, inside)


def _in_both(write: Callable[[TextWidth], Markup]) -> list[Markup]:
    """Labels for wide and for narrow charts; a single version where both are the same."""
    wide, narrow = write(WIDE), write(NARROW)
    if wide == narrow:
        return [wide]
    return [
        Markup('<g class="{}">{}</g>').format(width.name, text)
        for width, text in ((WIDE, wide), (NARROW, narrow))
    ]
