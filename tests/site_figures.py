"""The figures of the site: of every widget, at first, in its example and in each of its tries."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from app.widgets.registry import WIDGETS

STATES = [
    (name, query)
    for name, widget in WIDGETS.items()
    for query in dict.fromkeys(("", widget.example, *(t.query for t in widget.tries)))
] + [
    ("win_rates", f"benchmark={name}")
    for name in ("imdb", "human", "hh", "hh_training", "cnn_dailymail")
]


@lru_cache
def figures_of(name: str, query: str) -> dict[str, dict[str, Any]]:
    """The figures of a widget in a state, by field; a run is short, for its figure is as any other."""
    params = dict(parse_qsl(query))
    if "iterations" in WIDGETS[name].params.model_fields:
        params["iterations"] = "20"
    widget = WIDGETS[name]
    result = widget.compute(widget.params(**params)).model_dump(mode="python")
    return {
        field: value
        for field, value in result.items()
        if isinstance(value, dict) and {"data", "layout"} <= value.keys()
    }
