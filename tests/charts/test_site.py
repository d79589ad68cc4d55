"""The figures of the site: of every widget, in its default state, its example and each that it suggests."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from itertools import combinations
from typing import Any
from urllib.parse import parse_qsl

import plotly.graph_objects as go
import pytest

from app.charts import svg
from app.charts.plane import names_itself
from app.charts.room import NARROW, WIDE
from app.charts.table import MOST_ROWS, columns_of
from app.paths import STATIC
from app.widgets.base import WidgetParams
from app.widgets.registry import WIDGETS
from tests.charts.drawn import drawn
from tests.charts.test_names import boxes_of, crossings, size_of

NO_ROOM = {
    # Curves of the same shape, or many in a heap.
    "frontier",
}

BENCHMARKS = [
    f"benchmark={name}" for name in ("imdb", "human", "hh", "hh_training", "cnn_dailymail")
]


def states_of(name: str) -> list[WidgetParams]:
    """The states of a widget; runs are short, since their figures are like any other."""
    widget = WIDGETS[name]
    queries = ["", widget.example, *widget.suggested]
    short = {"iterations": "20"} if "iterations" in widget.params.model_fields else {}
    return [
        widget.params(**{**dict(parse_qsl(query)), **short})
        for query in dict.fromkeys(queries + BENCHMARKS * (name == "win_rates"))
    ]


@lru_cache
def figures_of(name: str) -> list[dict[str, Any]]:
    return [
        value
        for params in states_of(name)
        for value in WIDGETS[name].compute(params).model_dump().values()
        if isinstance(value, dict) and {"data", "layout"} <= value.keys()
    ]


def figures_of_all(names: list[str]) -> list[tuple[str, dict[str, Any]]]:
    return [(name, figure) for name in names for figure in figures_of(name)]


TRAINING = [name for name, widget in WIDGETS.items() if any(map(widget.trains, states_of(name)))]

all_figures = pytest.mark.parametrize(
    "names",
    [
        pytest.param([name for name in WIDGETS if name not in TRAINING], id="quick"),
        pytest.param(TRAINING, id="training", marks=pytest.mark.slow),
    ],
)


def classes_with_rules() -> set[str]:
    return set(re.findall(r"\.([a-z][\w-]*)", (STATIC / "charts.css").read_text(encoding="utf-8")))


@all_figures
def test_a_figure_is_drawn_whole(names: list[str]) -> None:
    for name, figure in figures_of_all(names):
        text = svg(figure, "Label")
        if not figure["data"]:
            assert text == ""
            continue
        chart = drawn(figure)
        assert " style=" not in text, name
        unknown = {c for _, within in chart.elements for c in within} - classes_with_rules()
        assert unknown - {"axes", "plot"} == set()
        for trace in figure["data"]:
            mode = trace.get("mode") or ""
            has_line = "lines" in mode and trace["line"]["width"] != 0
            assert not has_line or chart.found("line", f"role-{trace['meta']}")
            assert "markers" not in mode or chart.found("points", f"role-{trace['meta']}")
            if trace.get("showlegend") is not False:
                # At the curve, at the tick of the bar, or in the legend; broken where it is long.
                words = " ".join(chart.texts())
                assert all(word in words for word in trace["name"].split())
        assert all(0 <= place <= 1 for mark in chart.marks() for place in mark)
        for axis in ("xaxis", "yaxis2"):
            title = figure["layout"].get(axis, {}).get("title", {}).get("text", "")
            assert title in " ".join(chart.texts()).replace("  ", " ")


@all_figures
def test_plotly_takes_a_figure_and_gives_it_back_unchanged(names: list[str]) -> None:
    for _, figure in figures_of_all(names):
        made = go.Figure(figure)
        made.layout.template = None
        plain, given_back = (json.dumps(f, sort_keys=True) for f in (figure, made.to_plotly_json()))
        assert given_back == plain


@all_figures
def test_names_are_whole_on_the_plot_clear_of_each_other_and_off_the_curves(
    names: list[str],
) -> None:
    for name, figure in figures_of_all(names):
        if not figure["data"]:
            continue
        if "meta" not in figure["layout"]:
            named = any(trace.get("showlegend") is not False for trace in figure["data"])
            assert not (named and names_itself(figure["data"])), "curves without places for names"
            continue
        for width in (WIDE, NARROW):
            across, up = size_of(figure, width)
            boxes = boxes_of(figure, width)
            for box in boxes:
                assert -1 <= box.left < box.right <= across + 1, box
                assert -1 <= box.bottom < box.top <= up + 1, box
            assert [(a.text, b.text) for a, b in combinations(boxes, 2) if a.meets(b)] == []
            assert name in NO_ROOM or crossings(figure, width) == [], name


def test_the_states_have_figures_of_all_kinds() -> None:
    kinds = {
        (trace["type"], trace.get("mode"), "yaxis2" in figure["layout"])
        for name in ("win_rates", "beta_effect", "preference_pairs", "reward_separation")
        for figure in figures_of(name)
        for trace in figure["data"]
    }
    assert {kind for kind, *_ in kinds} == {"scatter", "bar"}
    assert {mode for _, mode, _ in kinds} == {None, "lines", "markers", "lines+markers"}
    assert {second for *_, second in kinds} == {True, False}


@all_figures
def test_every_point_of_a_figure_is_in_its_table(names: list[str]) -> None:
    for name, figure in figures_of_all(names):
        table = columns_of(figure)
        assert len(table.rows) <= MOST_ROWS
        assert all(len(row) == len(table.heads) for row in table.rows), name
        values = [text for row in table.rows for text in row[1:] if text]
        errors = [
            length
            for trace in figure["data"]
            for axis in ("error_x", "error_y")
            for length in (trace.get(axis) or {}).get("array", [])
            if length
        ]
        assert len(values) == sum(len(trace["x"]) for trace in figure["data"]) + len(errors), name
        assert all(table.heads), name
