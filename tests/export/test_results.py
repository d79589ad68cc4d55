from __future__ import annotations

import base64
import gzip
import json
import math
import re
from dataclasses import replace
from itertools import product
from typing import Any
from urllib.parse import parse_qsl

import pytest

from app.export.results import DIGITS, compute_all, index_file, results_file
from app.export.states import states_by_file
from app.paths import TEMPLATES
from app.stages import figures, page_values
from app.state.controls import controls_of
from app.widgets.plan import Plan
from app.widgets.registry import WIDGETS

STORED = [name for name, widget in WIDGETS.items() if not widget.export.computed]
"""the others are computed by the reader's browser: tests/widgets/test_compiled.py"""


def same(found: Any, wanted: Any) -> bool:
    """Equal, with numbers compared to the digits that a copy states."""
    if isinstance(wanted, float):
        return math.isclose(found, wanted, rel_tol=0.5001 * 10.0 ** (1 - DIGITS), abs_tol=0)
    if isinstance(wanted, dict):
        return all(same(found[key], value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    return bool(found == wanted)


def entries(script: str) -> Any:
    """The contents of a file of results."""
    packed = script.partition(' = "')[2].rstrip('";\n')
    return json.loads(gzip.decompress(base64.b64decode(packed)))


@pytest.mark.parametrize("name", STORED)
def test_exported_numbers_are_those_of_compute(name: str) -> None:
    widget = WIDGETS[name]
    template = (TEMPLATES / f"widgets/{name}.html").read_text("utf-8")
    shown = set(re.findall(r"data_table\(w\.result\.(\w+)", template))
    for file, states in states_by_file(widget).items():
        looked_at = states[:: max(len(states) // 8, 1)]
        results = compute_all({name: looked_at}, 1, lambda _: None)[name]
        for found, state in zip(entries(results_file(file, results)), looked_at, strict=True):
            params = widget.params.model_validate(state)
            computed = widget.compute(params)
            wanted = page_values(widget, params, computed) | figures(computed)
            assert found.keys() == wanted.keys() >= shown
            assert same(found, wanted), state


@pytest.mark.parametrize("name", STORED)
def test_every_state_of_the_controls_is_stored_once(name: str) -> None:
    widget = WIDGETS[name]
    controls = controls_of(widget.params())
    assert set(widget.export.every) == set(controls)
    stored = [
        tuple(widget.params.model_validate(state).model_dump().values())
        for states in states_by_file(widget).values()
        for state in states
    ]
    wanted = product(
        *(
            [value for value, _ in control.options]
            or range(int(control.minimum or 0), int(control.maximum or 0) + 1)
            for control in controls.values()
        )
    )
    assert sorted(map(str, stored)) == sorted(map(str, wanted))


def test_a_plan_that_says_nothing_holds_what_a_widget_begins_with_and_suggests() -> None:
    widget = replace(WIDGETS["reward_separation"], export=Plan())
    (states,) = states_by_file(widget).values()
    there = [str(widget.params.model_validate(state)) for state in states]
    queries = ("", widget.example, *widget.suggested)
    wanted = {str(widget.params.model_validate(dict(parse_qsl(query)))) for query in queries}
    assert sorted(there) == sorted(wanted)


def test_the_index_leads_to_each_state_of_each_widget() -> None:
    index = json.loads(index_file(WIDGETS).partition(" = ")[2].rstrip(";\n"))["widgets"]
    assert list(index) == list(WIDGETS)
    for name, widget in WIDGETS.items():
        files = states_by_file(widget)
        for table in index[name]["tables"]:
            first = {key: values[0] for key, values in table["axes"].items()}
            assert files[table["file"]][table["start"]] == first
