from __future__ import annotations

import base64
import gzip
import json
import math
import re
from typing import Any

import pytest
from pydantic import ValidationError

from app.export.results import (
    DIGITS,
    compute_all,
    compute_state,
    index_file,
    results_file,
)
from app.export.states import ParamValues, states_by_file
from app.paths import TEMPLATES
from app.stages import figures, page_values
from app.widgets.registry import WIDGETS
from tests.export.reduced import reduced

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


def own_states(name: str) -> dict[str, list[ParamValues]]:
    """The states of a widget's own plan, by file."""
    return states_by_file(WIDGETS[name], WIDGETS[name].export)


def entries(script: str) -> Any:
    """The contents of a file of results."""
    packed = script.partition(' = "')[2].rstrip('";\n')
    return json.loads(gzip.decompress(base64.b64decode(packed)))


@pytest.mark.parametrize("name", STORED)
def test_exported_numbers_are_those_of_compute(name: str) -> None:
    plan, widget = reduced()[name], WIDGETS[name]
    template = (TEMPLATES / f"widgets/{name}.html").read_text("utf-8")
    shown = set(re.findall(r"data_table\(w\.result\.(\w+)", template))
    for file, states in states_by_file(widget, plan).items():
        results = compute_all({name: states}, 1, lambda _: None)[name]
        content = entries(results_file(file, results))
        for place, state in enumerate(states):
            params = widget.params(**state)
            computed = widget.compute(params)
            wanted = page_values(widget, params, computed) | figures(computed)
            for field in plan.leave_out:
                wanted.pop(field, None)
            found = content[place]["result"]
            assert found.keys() == wanted.keys() >= shown
            assert same(found, wanted), state


@pytest.mark.parametrize("name", STORED)
def test_every_state_is_one_that_the_server_knows_or_refuses_for_its_loss(name: str) -> None:
    states = [state for part in own_states(name).values() for state in part]
    refused = [state for state in states if not _is_known(name, state)]
    assert len(refused) < len(states) / 10
    # simpo and orpo read the policy's own log-probabilities, which have to be below 0.
    assert all(max(s["logratio_chosen"], s["logratio_rejected"]) >= 8 for s in refused)  # type: ignore[operator]


@pytest.mark.parametrize("name", STORED)
def test_what_a_widget_begins_with_and_suggests_is_in_a_copy(name: str) -> None:
    widget = WIDGETS[name]
    there = [
        widget.params.model_validate(state)
        for states in own_states(name).values()
        for state in states
        if _is_known(name, state)
    ]
    for query in ("", *widget.suggested):
        given = dict(part.split("=") for part in query.split("&") if part)
        assert widget.params.model_validate(given) in there, query


def _is_known(name: str, state: dict[str, Any]) -> bool:
    try:
        WIDGETS[name].params.model_validate(state)
    except ValidationError:
        return False
    return True


def test_the_index_leads_to_each_state_of_each_widget() -> None:
    plans = {name: widget.export for name, widget in WIDGETS.items()}
    index = json.loads(index_file(plans).partition(" = ")[2].rstrip(";\n"))["widgets"]
    assert list(index) == list(WIDGETS)
    for name in WIDGETS:
        files = own_states(name)
        for table in index[name]["tables"]:
            first = {key: values[0] for key, values in table["axes"].items()}
            assert files[table["file"]][table["start"]] == first


def test_a_state_that_the_server_refuses_is_refused_in_its_words() -> None:
    state = {"loss_type": "simpo", "logratio_chosen": 9.0}
    found = compute_state("dpo_loss", state)  # type: ignore[arg-type]
    assert found.result is None
    assert found.refused.startswith("must be below 8 for simpo")
    there = compute_state("dpo_loss", {"loss_type": "simpo"})
    assert entries(results_file("f", [there, found])) == [
        {"result": there.result},
        {"refused": found.refused},
    ]
