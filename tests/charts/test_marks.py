"""Charts drawn on the server: values at their places, everything named, nothing silently left out.

For the site's own figures see tests/charts/test_site.py.
"""

from __future__ import annotations

import itertools
import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts import svg
from app.charts.curves import thinned
from app.charts.figures import bars, curve_figure, filled, line, marker, points
from app.charts.roles import translucent
from app.charts.scales import Scale, nice_step, padded_range, tick_texts, ticks
from tests.charts.drawn import drawn, share

values = st.floats(-1e4, 1e4).filter(lambda value: value == 0 or abs(value) > 1e-3)
positive = st.floats(1e-3, 1e3)


@pytest.mark.slow
def test_requests_do_not_load_plotly() -> None:
    script = "import sys, app.main; sys.exit('plotly' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


# ---- places ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("numbers", "scale"), [(values, float), (positive, math.log)])
@given(data=st.data())
def test_a_point_lies_in_proportion_to_its_values_or_their_logarithms(
    numbers: st.SearchStrategy[float], scale: Callable[[float], float], data: st.DataObject
) -> None:
    pairs = st.lists(st.tuples(numbers, values), min_size=3, max_size=30, unique_by=lambda p: p[0])
    xs, ys = zip(*data.draw(pairs), strict=True)
    trace = points("cloud", xs, ys, role="true")
    figure = curve_figure([trace], x="x", y="y", log_x=scale is math.log)
    marks = drawn(figure).marks()
    for axis, by in enumerate((scale, float)):
        given_values = [by(value) for value in trace["xy"[axis]]]
        shares = [mark[axis] for mark in marks]
        low, high = min(given_values), max(given_values)
        assert all(0 <= found <= 1 for found in shares)
        first, last = shares[given_values.index(low)], shares[given_values.index(high)]
        assert first <= last
        for value, found in zip(given_values, shares, strict=True):
            expected = first + (last - first) * (value - low) / (high - low or 1)
            assert found == pytest.approx(expected, abs=0.0016)


def test_each_y_axis_measures_its_own_traces() -> None:
    figure = curve_figure(
        [
            marker("left", 1, 3, role="true", named=True),
            line("a", [0, 1, 2], [0, 10, 5], role="true"),
            marker("right", 1, 300, role="kl", axis="y2", named=True),
            line("b", [0, 1, 2], [0, 1000, 500], role="kl", axis="y2"),
        ],
        x="x",
        y="y",
        y2="other",
    )
    (_, left), (_, right) = drawn(figure).marks()
    assert left == pytest.approx(right, abs=0.001)


@given(st.lists(values, min_size=2, max_size=400))
def test_a_thinned_curve_stays_where_it_was(ys: list[float]) -> None:
    curve = [(float(x), y / 100) for x, y in enumerate(ys)]
    kept = thinned(curve, most=10**6)
    assert kept[0] == curve[0]
    assert kept[-1] == curve[-1]
    pieces = list(itertools.pairwise(kept))
    for x, y in curve:
        (x0, y0), (x1, y1) = next(piece for piece in pieces if piece[0][0] <= x <= piece[1][0])
        length = math.hypot(x1 - x0, y1 - y0)
        assert abs((x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0)) / length <= 0.7 + 1e-9


def test_a_curve_of_many_points_is_drawn_with_few() -> None:
    x = [number / 1000 for number in range(3000)]
    noisy = [math.sin(1e4 * value) for value in x]
    smooth = [math.tanh(value) for value in x]
    for y, most in ((noisy, 120), (smooth, 40)):
        path = drawn(curve_figure([line("a", x, y, role="true")], x="x", y="y")).path("line")
        assert len(path) <= most
        assert path == sorted(path)


def test_an_area_goes_down_to_zero_and_a_gap_to_the_curve_before() -> None:
    chart = drawn(
        curve_figure(
            [
                filled("mass", [0, 1, 2], [0.0, 2.0, 1.0], role="reference"),
                line("a", [0, 1, 2], [3.0, 3.0, 3.0], role="reward"),
                line("b", [0, 1, 2], [1.0, 1.0, 1.0], role="true")
                | {"fill": "tonexty", "fillcolor": translucent("#c0392b", 0.1)},
            ],
            x="x",
            y="y",
        )
    )
    curves = [path.attrib["d"] for path in chart.found("line", tag="path")]
    assert len(curves) == 3
    area = chart.path("area", "role-reference")
    zero = area[0][1]
    assert [point[1] for point in area[-2:]] == [zero, zero]
    gap = chart.path("gap", "role-rejected")
    assert len({y for _, y in gap}) == 2
    assert len(gap) == 4


def test_a_band_has_an_area_and_no_edges() -> None:
    edges = [
        line(name, [0, 1], [y, y], role="true", width=0) | {"showlegend": False}
        for name, y in (("low", 0), ("high", 1))
    ]
    edges[1].update(fill="tonexty", fillcolor=translucent("#b07a00", 0.15))
    mean = line("mean", [0, 1], [0.5, 0.5], role="true")
    chart = drawn(curve_figure([*edges, mean], x="x", y="y"))
    (_, level), _ = chart.path("line")
    heights = {y for _, y in chart.path("gap", "role-true")}
    assert min(heights) < level < max(heights)
    assert set(chart.texts("name")) == {"mean"}


# ---- bars --------------------------------------------------------------------------------------


@given(
    st.lists(st.floats(0.5, 100), min_size=1, max_size=8),
    st.booleans(),
)
def test_a_bar_is_as_long_as_its_value(lengths: list[float], horizontal: bool) -> None:
    names = [f"method {number}" for number in range(len(lengths))]
    figure = curve_figure(
        [bars("bars", names, lengths, role="true", horizontal=horizontal)], x="x", y="y"
    )
    rects = drawn(figure).found("bars", tag="rect")
    along, across, start = ("width", "y", "x") if horizontal else ("height", "x", "y")
    drawn_lengths = [share(rect.get(along)) for rect in rects]
    for value, length in zip(lengths, drawn_lengths, strict=True):
        assert length == pytest.approx(
            drawn_lengths[0] * value / lengths[0], abs=0.0021 * max(1, value / lengths[0])
        )
    if horizontal:
        assert {rect.get(start) for rect in rects} == {"0%"}
    # The first is below, as in Plotly, or on the left.
    places = [share(rect.get(across)) for rect in rects]
    assert places == sorted(places, reverse=horizontal)


def test_bars_that_share_a_category_stand_side_by_side_unless_they_overlay() -> None:
    traces = [bars(name, ["a", "b"], [1, 2], role="true") for name in ("one", "other")]
    beside = drawn(curve_figure(traces, x="x", y="y", barmode="group")).found("bars", tag="rect")
    intervals = sorted(
        (share(r.get("x")), share(r.get("x")) + share(r.get("width"))) for r in beside
    )
    assert all(end <= start + 0.0015 for (_, end), (start, _) in itertools.pairwise(intervals))
    over = drawn(curve_figure(traces, x="x", y="y", barmode="overlay")).found("bars", tag="rect")
    assert len({rect.get("x") for rect in over}) == 2


def test_a_reversed_axis_has_the_first_category_on_top() -> None:
    figure: dict[str, Any] = curve_figure(
        [bars("m", ["first", "second"], [1, -2], role="true", horizontal=True)], x="x", y="y"
    )
    figure["layout"]["yaxis"]["autorange"] = "reversed"
    first, second = drawn(figure).found("bars", tag="rect")
    assert share(first.get("y")) < share(second.get("y"))
    # The second goes to the other side of zero.
    assert share(second.get("x")) + share(second.get("width")) == pytest.approx(
        share(first.get("x")), abs=0.002
    )


def test_error_bars_reach_as_far_on_both_sides_and_unknown_ones_are_left_out() -> None:
    trace = bars("m", ["a", "b"], [10.0, 20.0], role="true", errors=[2.0, None], horizontal=True)
    chart = drawn(curve_figure([trace], x="x", y="y", x_range=(0, 100)))
    (low, level), (high, other) = chart.path("error")
    assert level == other
    assert (low, high) == pytest.approx((0.08, 0.12), abs=0.001)
    assert len(re.findall("M", chart.found("cap", tag="path")[0].attrib["d"])) == 2


# ---- ticks and words ---------------------------------------------------------------------------


@given(st.floats(1e-6, 1e9), st.integers(2, 12))
def test_steps_are_1_2_5_and_enough(span: float, most: int) -> None:
    step = nice_step(span, most)
    assert span / step <= most * (1 + 1e-6)
    digit = step / 10 ** math.floor(math.log10(step) + 1e-9)
    assert min(abs(digit - nice) for nice in (1, 2, 5, 10)) < 1e-6


@given(values, st.floats(0.01, 1e4), st.integers(3, 10), st.booleans())
def test_a_tick_stands_where_its_number_says(
    low: float, span: float, most: int, backwards: bool
) -> None:
    scale = Scale(low + span, low) if backwards else Scale(low, low + span)
    found = ticks(scale, most)
    assert 2 <= len(found) <= most + 3
    for tick in found:
        if "e" not in tick.text:
            value = float(tick.text.replace("−", "-").replace(",", ""))
            assert tick.at == pytest.approx(scale.share(value), abs=1e-6)
    assert len({tick.text for tick in found}) == len(found)


@pytest.mark.parametrize(
    ("numbers", "texts"),
    [
        ([0, 0.5, 1], ["0", "0.5", "1"]),
        ([-0.25, 0.3], ["−0.25", "0.3"]),
        ([0, 600, 1200], ["0", "600", "1,200"]),
        ([-20, 0, 20], ["−20", "0", "20"]),
        ([0.1 * 3, 0.1 * 7], ["0.3", "0.7"]),
        ([1e-6, 2e-6], ["1.0e−06".replace("e−06", "e−6"), "2.0e−6"]),
    ],
)
def test_ticks_are_written_as_other_numbers(numbers: list[float], texts: list[str]) -> None:
    assert tick_texts(numbers) == texts


@pytest.mark.parametrize(
    ("low", "high", "most", "texts"),
    [
        (0.01, 10, 6, ["0.01", "0.1", "1", "10"]),
        (50, 8000, 6, ["100", "300", "1,000", "3,000"]),
        (0.1, 10, 8, ["0.1", "0.2", "0.5", "1", "2", "5", "10"]),
    ],
)
def test_a_logarithmic_axis_has_as_many_ticks_as_fit(
    low: float, high: float, most: int, texts: list[str]
) -> None:
    scale = Scale(math.log10(low), math.log10(high), log=True)
    assert [tick.text for tick in ticks(scale, most)] == texts


def test_a_short_logarithmic_axis_has_ticks_too() -> None:
    assert len(ticks(Scale(0.1, 0.2, log=True), 5)) > 1


@given(st.lists(st.tuples(values, st.sampled_from([0.0, 0.05, 0.1])), min_size=1))
def test_a_range_keeps_free_what_it_has_to(data: list[tuple[float, float]]) -> None:
    low, high = padded_range(data)
    for value, free in data:
        assert low < high
        assert (value - low) / (high - low) >= free - 1e-6
        assert (high - value) / (high - low) >= free - 1e-6


def test_curves_carry_their_names_and_clouds_have_a_legend() -> None:
    curves = drawn(
        curve_figure(
            [
                line("rising", [0, 1], [0, 1], role="true"),
                marker("here", 0.5, 0.5, role="true"),
                marker("there", 0.2, 0.9, role="rejected", named=True),
            ],
            x="x",
            y="y",
        )
    )
    assert set(curves.texts("name")) == {"rising", "there"}
    assert curves.found("legend") == []
    traces = [
        points(name, [0, 1, 2], [0, 1, 0], role="true", symbol=s)
        for name, s in (("a", "x"), ("b", "square"))
    ]
    clouds = drawn(curve_figure(traces, x="x", y="y"))
    assert clouds.texts("name") == []
    assert clouds.texts("legend") == ["a", "b"]
    assert drawn(curve_figure(traces, x="x", y="y", showlegend=False)).found("legend") == []


HOSTILE = '</svg><script>alert("1")</script> & \'"<!--'


def test_hostile_text_stays_text() -> None:
    note = {"x": 0, "y": 0, "text": HOSTILE, "showarrow": False}
    figures = [
        curve_figure(
            [line(HOSTILE, [0, 1], [0, 1], role="true")], x=HOSTILE, y=HOSTILE, annotations=[note]
        ),
        curve_figure([bars(HOSTILE, [HOSTILE], [1], role="true", horizontal=True)], x="x", y="y"),
    ]
    for figure in figures:
        text = svg(figure, HOSTILE)
        assert "<script" not in text
        assert "<!--" not in text
        chart = drawn(figure, HOSTILE)
        assert chart.found(tag="title")[0].text == HOSTILE
        assert "<script>alert" in " ".join(chart.texts())


# ---- refusals ----------------------------------------------------------------------------------


def test_a_figure_without_traces_is_no_drawing() -> None:
    assert svg(curve_figure([], x="x", y="y"), "Label") == ""


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"data": [{"type": "pie"}]}, "pie"),
        ({"data": [{"mode": "lines+text"}]}, "lines+text"),
        ({"data": [{"fill": "toself"}]}, "toself"),
        ({"data": [{"line": {"shape": "spline"}}]}, "data[0].line.shape"),
        ({"data": [{"line": {"dash": "5px"}}]}, "5px"),
        ({"data": [{"line": {"width": 7}}]}, "data[0].line.width"),
        ({"data": [{"marker": {"symbol": "star"}}]}, "star"),
        ({"data": [{"meta": "nobody"}]}, "nobody"),
        ({"data": [{"meta": None}]}, "meta"),
        ({"data": [{"yaxis": "y3"}]}, "y3"),
        ({"data": [{"y": [1.0, math.nan]}]}, "nan"),
        ({"data": [{"y": [1.0]}]}, "1 of y"),
        ({"data": [{"stackgroup": "one"}]}, "stackgroup"),
        ({"data": [{"fill": "tonexty", "fillcolor": "rgba(1,2,3,0.5)"}]}, "rgba(1,2,3,0.5)"),
        ({"layout": {"yaxis": {"type": "log"}}}, "layout.yaxis.type"),
        ({"layout": {"polar": {}}}, "layout.polar"),
        ({"layout": {"barmode": "stack"}}, "stack"),
        ({"layout": {"shapes": [{"type": "rect"}]}}, "rect"),
        ({"layout": {"annotations": [{"showarrow": True}]}}, "layout.annotations[0].showarrow"),
        ({"layout": {"annotations": [{"textangle": 30}]}}, "textangle"),
        ({"frames": []}, "frames"),
    ],
)
def test_what_charts_do_not_know_is_refused_by_name(change: dict[str, Any], named: str) -> None:
    figure: dict[str, Any] = curve_figure([line("a", [0, 1], [0, 1], role="true")], x="x", y="y")
    figure = json.loads(json.dumps(figure))
    assert svg(figure, "Label")
    with pytest.raises(ValueError, match=re.escape(named)):
        svg(_changed(figure, change), "Label")


def _changed(figure: Any, change: Any) -> Any:
    if isinstance(change, dict) and isinstance(figure, dict):
        return figure | {key: _changed(figure.get(key), new) for key, new in change.items()}
    if isinstance(change, list) and isinstance(figure, list) and len(figure) == len(change) == 1:
        return [_changed(figure[0], change[0])]
    return change
