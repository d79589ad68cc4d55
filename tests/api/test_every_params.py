"""All parameters that a widget allows give a finite result; all others are refused by field and
range.

Strategies come from the JSON schema of each widget's Params, so new widgets are included. Unknown names
in a query are tested in tests/api/test_errors_and_limits.py and
tests/api/test_schemathesis.py.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.web.problem import FieldError, invalid_params
from app.web.route_params import field_schemas
from app.widgets.base import always
from app.widgets.registry import WIDGETS

Given = dict[str, Any]

SMALLEST: dict[str, Given] = {
    "ppo_dynamics": {"iterations": 10},
    "annotator": {"align": "no"},
    "frontier": {"method": "none"},
    "rlhf_pipeline": {"stage": "sft"},
}
"""Values that make the results of widgets that train cheap; the other parameters are drawn freely."""

TRAINED: dict[str, list[Given]] = {
    "annotator": [{"align": "yes", "labels": "a" * 30, "sampling_seed": 9_999}],
    "rlhf_pipeline": [{"stage": "ppo"}],
    "ppo_dynamics": [{"iterations": 10, "learning_rate": 0.02, "clip_range": 1}],
    "likelihood_displacement": [
        {"loss": "dpo", "beta": 0.01},
        {"loss": "ipo", "beta": 0.01, "seed": 999_999},
        {"loss": "dpo_nll", "beta": 10},
    ],
    "training_race": [{"dpo_beta": 0.01, "kl_coefficient": 5, "seed": 999_999}],
    "pipeline_comparison": [{"view": 100}],
    "frontier": [
        {"method": "preferred_ft", "strength": 1},
        {"method": "best_of_n", "strength": 4096},
        {"method": "ipo", "strength": 0.005},
        {"method": "unlikelihood", "strength": 1},
    ],
    "loss_family": [
        {"loss_type": "exo_pair", "beta": "0.05"},
        {"loss_type": "sppo_hard", "beta": "2"},
    ],
}
"""Ends of ranges whose results take a second or so each. Others that always train: their default."""

CHEAP = [name for name, widget in WIDGETS.items() if widget.trains is not always] + ["ppo_dynamics"]

FEW = settings(
    max_examples=12, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)


def allowed(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values in a parameter's range, often its ends."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema["type"] == "string":
        if "pattern" in schema:
            return st.from_regex(schema["pattern"], fullmatch=True)
        return st.floats().map(str) | st.sampled_from(["", "1e999", "-0", "7 %", "½", "∞", "1_0"])
    low, high = schema["minimum"], schema["maximum"]
    ends = st.sampled_from([low, high, schema["default"]])
    if schema["type"] == "integer":
        return ends | st.integers(low, high)
    return ends | st.floats(low, high)


def refused(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values outside a parameter's range, or of another type."""
    strange: st.SearchStrategy[Any] = st.sampled_from(
        [None, [], {}, ["1"], "\x00", "nan", "x" * 1000]
    )
    if schema.get("type") == "string":
        return strange.filter(lambda value: value != "nan" or "enum" in schema)
    low, high = schema["minimum"], schema["maximum"]
    below = st.floats(max_value=low, exclude_max=True)
    above = st.floats(min_value=high, exclude_min=True)
    between = st.floats(low, high).filter(lambda value: value != int(value))
    return (
        strange
        | st.sampled_from(["", "x", "inf", "-inf", "1e999", "1e18", "-1e18"])
        | below
        | above
        | st.just(math.nan)
        | st.integers(max_value=math.ceil(low) - 1)
        | (between if schema["type"] == "integer" else st.nothing())
    )


def params_of(name: str) -> st.SearchStrategy[Given]:
    drawn = {
        field: allowed(schema) for field, schema in field_schemas(WIDGETS[name].params).items()
    }
    return st.fixed_dictionaries(drawn | {k: st.just(v) for k, v in SMALLEST.get(name, {}).items()})


def errors_of(name: str, values: Given) -> list[FieldError]:
    """The errors that the API would report; none if they are allowed."""
    widget = WIDGETS[name]
    try:
        widget.params.model_validate(values)
    except ValidationError as error:
        return invalid_params(error.errors(), field_schemas(widget.params)).errors
    return []


def numbers(value: object, path: str = "") -> Iterator[tuple[str, float]]:
    """Every number of a result, with its path."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from numbers(inner, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from numbers(inner, f"{path}.{place}")
    elif isinstance(value, int | float):
        yield path, value
    else:
        # Any other container of numbers, such as a tensor, would escape this test.
        assert value is None or isinstance(value, str), (path, type(value))


def expect_finite(name: str, values: Given) -> None:
    widget = WIDGETS[name]
    result = widget.compute(widget.params.model_validate(values))
    # Not read from the JSON: pydantic writes null for non-finite numbers in a figure.
    assert [at for at in numbers(result.model_dump()) if not math.isfinite(at[1])] == []
    assert not {"nan", "inf"} & set(result.finding.lower().split())
    json.dumps(json.loads(result.model_dump_json()), allow_nan=False)


@pytest.mark.parametrize("name", CHEAP)
@FEW
@given(data=st.data())
def test_what_is_allowed_gives_finite_numbers(name: str, data: st.DataObject) -> None:
    values = data.draw(params_of(name))
    errors = errors_of(name, values)
    if errors:
        # Two fields that do not go together: the later one names its allowed values.
        assert all(error.field in values and "must be" in error.message for error in errors), errors
        return
    expect_finite(name, values)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in WIDGETS if name in TRAINED or name not in CHEAP])
def test_ends_of_ranges_of_what_trains_give_finite_numbers(name: str) -> None:
    for values in TRAINED.get(name, [{}]):
        expect_finite(name, values)


@pytest.mark.parametrize("name", WIDGETS)
@settings(FEW, max_examples=60)
@given(data=st.data())
def test_what_is_not_allowed_is_refused_by_field_and_range(name: str, data: st.DataObject) -> None:
    schemas = field_schemas(WIDGETS[name].params)
    field = data.draw(st.sampled_from(sorted(schemas)))
    value = data.draw(refused(schemas[field]))
    errors = [error for error in errors_of(name, {field: value}) if error.field == field]
    assert errors, f"{field}={value!r} is accepted"
    told = f"{errors[0].message} {errors[0].allowed}"
    schema = schemas[field]
    if "enum" in schema:
        assert all(str(option) in told for option in schema["enum"]), told
    elif "minimum" in schema:
        assert f"from {schema['minimum']:g} to {schema['maximum']:g}" in told
    else:
        assert f"at most {schema['maxLength']} characters" in told
