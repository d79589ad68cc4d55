"""Names of curves: clear of each other, and off every curve and point where there is room.

For the site's own figures see tests/charts/test_site.py.
"""

from __future__ import annotations

import math
from itertools import combinations, pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.charts import names
from app.charts.figures import curve_figure, line, marker
from app.charts.plane import plane_of
from app.charts.room import LINE, NARROW, WIDE, Chart, TextWidth, room, width_of

WIDTHS = pytest.mark.parametrize("width", [WIDE, NARROW], ids=lambda width: width.name)


class Box(NamedTuple):
    """A name's words on a plot, in pixels from the left and from below."""

    text: str
    trace: int
    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: Box) -> bool:
        across = min(self.right, other.right) - max(self.left, other.left)
        return across > 1 and min(self.top, other.top) - max(self.bottom, other.bottom) > 1

    def crossed_by(self, one: tuple[float, float], other: tuple[float, float]) -> bool:
        """Whether a segment goes through the box: Liang and Barsky's clipping.

        With a pixel of tolerance, since places are rounded to thousandths of the plot.
        """
        start, end = 0.0, 1.0
        for axis, low, high in (
            (0, self.left + 1, self.right - 1),
            (1, self.bottom + 1, self.top - 1),
        ):
            step = other[axis] - one[axis]
            if step == 0:
                if not low < one[axis] < high:
                    return False
                continue
            bounds = sorted(((low - one[axis]) / step, (high - one[axis]) / step))
            start, end = max(start, bounds[0]), min(end, bounds[1])
        return start < end


def size_of(figure: dict[str, Any], width: TextWidth) -> tuple[float, float]:
    data, layout = figure["data"], figure["layout"]
    around = room(Chart(data, layout, plane_of(data, layout)), width)
    return around.plot(width), around.plot_height


def boxes_of(figure: dict[str, Any], width: TextWidth) -> list[Box]:
    across, up = size_of(figure, width)
    boxes = []
    for place in figure["layout"]["meta"]["names"][width.name]:
        lines = place["text"].split("<br>")
        wide, high = width_of(lines), LINE * len(lines)
        left = (
            place["x"] * across - {"left": 0, "center": wide / 2, "right": wide}[place["xanchor"]]
        )
        bottom = place["y"] * up - high / 2
        boxes.append(Box(place["text"], place["trace"], left, bottom, left + wide, bottom + high))
    return boxes


def crossings(figure: dict[str, Any], width: TextWidth) -> list[tuple[str, str]]:
    """Which names lie on which curves or points."""
    across, up = size_of(figure, width)
    plane = plane_of(figure["data"], figure["layout"])
    found = []
    for trace in figure["data"]:
        if (trace.get("line") or {}).get("width") == 0:
            continue
        spots = [(x * across, y * up) for x, y in plane.shares(trace)]
        pieces = list(pairwise(spots)) or [(spots[0], spots[0])]
        found += [
            (box.text, trace["name"])
            for box in boxes_of(figure, width)
            if any(box.crossed_by(*piece) for piece in pieces)
        ]
    return found


@WIDTHS
@settings(max_examples=40)
@given(
    heights=st.lists(st.floats(0, 1, allow_subnormal=False), min_size=2, max_size=4),
    slope=st.floats(-1, 1, allow_subnormal=False),
    bend=st.floats(-2, 2, allow_subnormal=False),
)
def test_names_of_any_bundle_of_curves_keep_clear_of_each_other(
    width: TextWidth, heights: list[float], slope: float, bend: float
) -> None:
    xs = [number / 20 for number in range(21)]
    curves = [
        line(f"curve {n}", xs, [h + slope * x + bend * x * x for x in xs], role="true")
        for n, h in enumerate(heights)
    ]
    boxes = boxes_of(curve_figure(curves, x="x", y="y"), width)
    assert [box.trace for box in boxes] == list(range(len(heights)))
    assert not any(a.meets(b) for a, b in combinations(boxes, 2))


@WIDTHS
@given(st.floats(0.1, 3), st.floats(0, math.pi))
def test_the_name_of_a_lone_curve_is_off_it(width: TextWidth, speed: float, phase: float) -> None:
    xs = [number / 20 for number in range(41)]
    wave = line("a wave", xs, [math.sin(speed * x + phase) for x in xs], role="true")
    assert crossings(curve_figure([wave], x="x", y="y"), width) == []


def test_places_that_are_kept_are_those_that_would_be_found() -> None:
    def figure(
        *, name: str = "rising", end: float = 1.0, at: float = 0.5, x: str = "x", **more: Any
    ) -> dict[str, Any]:
        curve = line(name, [0, 1, 2], [0.0, 0.2, end], role="true")
        return curve_figure([curve, marker("here", at, 0.1, role="true")], x=x, y="y", **more)

    def found() -> list[Any]:
        shape = {"type": "line", "x0": 1, "x1": 2, "y0": 0.9, "y1": 1}
        figures = (
            figure(),
            figure(name="rising, under a longer name"),
            figure(end=-1.0),
            figure(at=1.9),
            figure(x="a title that takes two lines on a narrow page"),
            figure(x_range=(-9, 3)),
            figure(shapes=[shape]),
        )
        return [each["layout"]["meta"] for each in figures]

    def found_anew() -> list[Any]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(names, "_places_of", names._places_of.__wrapped__)
            return found()

    assert found() == found() == found_anew()
    assert len({str(places) for places in found()}) > 3


def test_a_name_stands_at_the_end_of_its_curve_where_that_is_free() -> None:
    flat = line("flat", [0, 1, 2], [1.0, 1.0, 1.0], role="true")
    rising = line("rising", [0, 1, 2], [0.0, 0.2, 0.4], role="reward")
    figure: dict[str, Any] = curve_figure([flat, rising], x="x", y="y")
    for width in (WIDE, NARROW):
        across, _ = size_of(figure, width)
        assert all(box.right > 0.9 * across for box in boxes_of(figure, width))


def test_a_name_leaves_the_end_of_its_curve_where_others_crowd() -> None:
    curves = [
        line(name, [0, 1], [start, 1.0], role="true")
        for name, start in (("one", 0.0), ("two", 0.45), ("three", 0.9))
    ]
    figure: dict[str, Any] = curve_figure(curves, x="x", y="y")
    assert crossings(figure, WIDE) == []
    assert crossings(figure, NARROW) == []


def test_a_point_in_a_corner_has_its_name_on_the_plot() -> None:
    points = [
        marker(f"the corner {x}{y}", x, y, role="true", named=True) for x in (0, 1) for y in (0, 1)
    ]
    figure: dict[str, Any] = curve_figure(points, x="x", y="y", x_range=(0, 1))
    assert len(boxes_of(figure, NARROW)) == 4
    assert crossings(figure, NARROW) == []
