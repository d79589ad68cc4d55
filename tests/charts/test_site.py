"""The figures of the site: of every widget, in its default state, its example and each that it suggests."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import plotly.graph_objects as go
import pytest

from app.charts.table import MOST_ROWS, columns_of
from app.widgets.base import WidgetParams
from app.widgets.registry import WIDGETS

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


@all_figures
def test_plotly_takes_a_figure_and_gives_it_back_unchanged(names: list[str]) -> None:
    for _, figure in figures_of_all(names):
        made = go.Figure(figure)
        made.layout.template = None
        plain, given_back = (json.dumps(f, sort_keys=True) for f in (figure, made.to_plotly_json()))
        assert given_back == plain


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
