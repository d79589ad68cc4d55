"""Widgets that browsers compute: what is compiled from Python gives what Python gives."""

from __future__ import annotations

import math
import re
from typing import Any
from urllib.parse import parse_qsl

import pytest

from app.stages import figures, page_values, scene
from app.widgets.base import Widget, WidgetParams, WidgetResult
from app.widgets.dpo_derivation.mistakes import MISTAKES
from app.widgets.dpo_derivation.widget import STEPS
from app.widgets.registry import WIDGETS
from tests.lab.named_lab import answer_with_lab
from tests.node import answer_of

COMPUTED = [name for name, widget in WIDGETS.items() if widget.export.computed]

ROUNDED = 2e-4
"""the last decimal of a share of a panel may be rounded either way"""
TRAINED = 1e-2
"""whole runs of float32 here and there"""
NOISE = 1e-12
"""what may be left of the difference of two sides that are equal; sums are taken in another order there"""
NUMBER = re.compile(r"(\d+(?:\.\d+)?)(?:e([−-]?\d+)| × 10<sup>([−-]?\d+)</sup>)?")
MEASURED = {"seconds", "wall_seconds"}
"""times, which each machine measures of itself"""


def _state(widget: Widget, query: str) -> WidgetParams:
    return widget.params.model_validate(dict(parse_qsl(query)))


def apart(one: Any, other: Any, tolerance: float, path: str = "") -> list[str]:
    """Where two JSON values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = {*one, *other} - MEASURED
        missing = [f"{path}.{name}" for name in names if name not in one or name not in other]
        return missing or [
            place
            for name in names
            for place in apart(one[name], other[name], tolerance, f"{path}.{name}")
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [p for n, (a, b) in pairs for p in apart(a, b, tolerance, f"{path}.{n}")]
    if isinstance(one, int | float) and isinstance(other, int | float):
        close = math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)
        return [] if close else [f"{path}: {one} and {other}"]
    if isinstance(one, str) and isinstance(other, str):
        one, other = _without_noise(one), _without_noise(other)
    return [] if one == other else [f"{path}: {one!r} and {other!r}"]


def _without_noise(text: str) -> str:
    """A text whose numbers below NOISE, as residuals of equations are, are all the same."""

    def shown(found: re.Match[str]) -> str:
        digits, power = found[1], found[2] or found[3] or "0"
        size = float(f"{digits}e{power.replace('−', '-')}")
        return f"below {NOISE}" if size < NOISE else found[0]

    return NUMBER.sub(shown, text)


@pytest.mark.parametrize("name", COMPUTED)
def test_a_stage_is_the_same(name: str) -> None:
    """Marks, words and handles, from the same results."""
    widget = WIDGETS[name]
    states = [_state(widget, query) for query in dict.fromkeys(("", widget.example))]
    results: list[WidgetResult] = [widget.compute(params) for params in states]
    made = answer_with_lab(
        "compiled_widget.js",
        name=name,
        states=[params.model_dump(mode="json") for params in states],
        results=[result.model_dump(mode="json") for result in results],
    )
    for params, result, there in zip(states, results, made, strict=True):
        assert apart(there, scene(widget, params, result), ROUNDED) == []


@pytest.mark.parametrize("name", COMPUTED)
def test_a_result_is_the_same(name: str) -> None:
    """Everything that a page of a copy has, from the training on."""
    widget = WIDGETS[name]
    params = _state(widget, "")
    result = widget.compute(params)
    (there,) = answer_with_lab(
        "compiled_widget.js", name=name, states=[params.model_dump(mode="json")]
    )
    here = page_values(widget, params, result) | figures(result)
    timed = MEASURED & {*_names(here)}
    if timed:  # what is drawn over seconds
        del here["scene"], there["scene"]
    assert apart(there, here, TRAINED) == []


def test_each_mistake_of_the_derivation_breaks_the_same_steps() -> None:
    widget = WIDGETS["dpo_derivation"]
    states = [
        _state(widget, f"step={step}&mistake={mistake}&prompt=poem&beta=0.2&seed={step}")
        for mistake in MISTAKES
        for step in range(1, STEPS + 1)
    ]
    made = answer_with_lab(
        "compiled_widget.js",
        name=widget.name,
        states=[params.model_dump(mode="json") for params in states],
    )
    for params, there in zip(states, made, strict=True):
        here = page_values(widget, params, widget.compute(params))
        assert apart(there, here, ROUNDED) == []


@pytest.mark.parametrize("name", COMPUTED)
def test_numbers_may_be_texts_as_controls_have_them(name: str) -> None:
    widget = WIDGETS[name]
    state = _state(widget, widget.example).model_dump(mode="json")
    texts = {field: str(value) for field, value in state.items()}
    assert answer_of("compiled_params.js", {"name": name, "given": texts}) == state


def _names(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(name for one in value.values() for name in _names(one))]
    return [name for one in value for name in _names(one)] if isinstance(value, list) else []
