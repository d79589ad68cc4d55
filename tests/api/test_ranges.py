"""Ranges of sliders: the results of all positions in one response."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.testclient import TestClient

from app.api.ranges import Range
from app.state.controls import controls_of
from app.widgets.common.loss_types import LOSS_LABELS
from app.widgets.dpo_loss import widget as dpo_loss
from app.widgets.registry import WIDGETS

OFFERED = [
    (name, along)
    for name, widget in WIDGETS.items()
    if widget.ranges is not None
    for along in widget.ranges.along
]
SLIDERS = pytest.mark.parametrize(("name", "along"), OFFERED)

MOST_POSITIONS = 500
MOST_BYTES = 80_000
"""size of the compressed response, at the defaults of the other parameters"""


def asked(client: TestClient, name: str, along: str, **others: str | float) -> Range:
    answer = client.get(f"/api/v1/{name}/range", params={"along": along, **others})
    assert answer.status_code == 200, answer.text
    found = Range.model_validate_json(answer.content)
    for number in range(1, len(found.results)):
        found.results[number] = whole(found.results[number], found.results[number - 1])
    return found


def whole(result: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """A result with the parts of its stage that are those of the one before."""
    if "scene" not in result:
        return result
    scene = {**before["scene"], **result["scene"]}
    for part in ("marks", "handles"):
        pairs = enumerate(scene[part])
        scene[part] = [before["scene"][part][n] if mark == 0 else mark for n, mark in pairs]
    return {**result, "scene": scene}


def shown(client: TestClient, name: str, **params: Any) -> dict[str, Any]:
    """A single result as the page gets it."""
    answer: dict[str, Any] = client.get(f"/widgets/{name}/answer", params=params).json()
    return answer


def assert_same(found: Any, wanted: Any, path: str = "") -> None:
    """Equal to a relative 1e-12 in every field of a range, which leaves out those that no page shows."""
    if isinstance(wanted, dict):
        for key in found:
            assert_same(found[key], wanted[key], f"{path}.{key}")
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), path
        for n, (one, other) in enumerate(zip(found, wanted, strict=True)):
            assert_same(one, other, f"{path}.{n}")
    elif isinstance(wanted, float) and not isinstance(found, bool):
        assert math.isclose(found, wanted, rel_tol=1e-12, abs_tol=1e-12), (path, found, wanted)
    else:
        assert found == wanted, path


@SLIDERS
def test_the_values_are_the_positions_of_the_slider(
    client: TestClient, name: str, along: str
) -> None:
    found = asked(client, name, along)
    control = controls_of(WIDGETS[name].params())[along.split("+")[0]]
    assert found.along == along
    if "+" in along:
        # They keep their distance, so that one of them comes to the end first.
        assert set(found.values) < set(control.slider_values)
    else:
        assert found.values == list(control.slider_values)
        assert (found.values[0], found.values[-1]) == (control.minimum, control.maximum)
    assert found.values == sorted(set(found.values))
    assert len(found.values) <= MOST_POSITIONS


@SLIDERS
def test_each_result_is_the_one_that_is_given_alone(
    client: TestClient, name: str, along: str
) -> None:
    found = asked(client, name, along)
    results = found.results
    for place in {0, 1, len(results) // 3, len(results) // 2, len(results) - 1}:
        moved = found.values[place] - getattr(WIDGETS[name].params(), along.split("+")[0])
        params = {
            field: round(getattr(WIDGETS[name].params(), field) + moved, 9)
            for field in along.split("+")
        }
        assert_same(results[place], shown(client, name, **params))


@SLIDERS
def test_what_is_left_out_is_what_no_page_shows(client: TestClient, name: str, along: str) -> None:
    found = asked(client, name, along).results[0]
    alone = client.get(f"/api/v1/{name}").json()
    page = client.get(f"/widgets/{name}").text
    missing = alone.keys() - found.keys()
    for field in missing:
        assert f'data-field="{field}' not in page


@settings(max_examples=40)
@given(
    loss_type=st.sampled_from(list(LOSS_LABELS)),
    beta=st.sampled_from([0.01, 0.1, 0.5, 3, 10]),
    chosen=st.floats(-20, 7),
    rejected=st.floats(-20, 7),
    along=st.sampled_from(["logratio_chosen", "logratio_rejected", "beta"]),
    place=st.floats(0, 0.999),
)
def test_a_result_of_any_loss_is_the_one_that_is_given_alone(
    loss_type: str, beta: float, chosen: float, rejected: float, along: str, place: float
) -> None:
    given_params = {
        "loss_type": loss_type,
        "label_smoothing": 0.001 if loss_type == "exo_pair" else 0,
        "beta": beta,
        "logratio_chosen": chosen,
        "logratio_rejected": rejected,
    }
    several = []
    for value in controls_of(dpo_loss.Params())[along].slider_values[::10]:
        try:
            several.append(dpo_loss.Params(**{**given_params, along: value}))
        except ValidationError:
            assert loss_type in ("simpo", "orpo")
    results = dpo_loss.compute_many(several)
    number = int(place * len(several))
    alone = dpo_loss.compute(several[number])
    assert_same(results[number].model_dump(exclude={"figure"}), alone.model_dump())


def test_a_range_holds_for_what_the_other_controls_say(client: TestClient) -> None:
    others = {"prompt": "poem", "reward": "learned"}
    found = asked(client, "beta_effect", "beta", **others)
    results = found.results
    for place in (0, 30, 60):
        params: dict[str, str | float] = {**others, "beta": found.values[place]}
        assert_same(results[place], shown(client, "beta_effect", **params))


def test_values_that_a_loss_refuses_are_left_out(client: TestClient) -> None:
    found = asked(client, "dpo_loss", "logratio_chosen", loss_type="orpo")
    assert found.values[0] == -20
    assert max(found.values) == 7.9


def test_the_value_of_the_slider_itself_does_not_matter(client: TestClient) -> None:
    here = asked(client, "reward_separation", "reward_chosen", reward_chosen=5)
    assert here == asked(client, "reward_separation", "reward_chosen")


@SLIDERS
def test_a_range_is_small(client: TestClient, name: str, along: str) -> None:
    with client.stream(
        "GET",
        f"/api/v1/{name}/range",
        params={"along": along},
        headers={"Accept-Encoding": "br"},
    ) as answer:
        assert answer.headers["content-encoding"] == "br"
        assert sum(len(part) for part in answer.iter_raw()) <= MOST_BYTES


def test_a_point_stays_on_its_curve_and_axes_stay_where_they_are(client: TestClient) -> None:
    """A drag must not move the ends of the axes."""
    figures = [result["tradeoff"] for result in asked(client, "beta_effect", "beta").results]
    assert all(figure["layout"] == figures[0]["layout"] for figure in figures[1:])


# ---- refused -----------------------------------------------------------------------------------


def problem(client: TestClient, path: str, status: int) -> dict[str, Any]:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("query", "field", "allowed"),
    [
        ("", "along", "one of: logratio_chosen, logratio_rejected, beta"),
        ("along=prompt", "along", "one of: logratio_chosen, logratio_rejected, beta"),
        ("along=beta&logratio_chosen=99", "logratio_chosen", "from -20 to 20"),
        ("along=beta&beta=99", "beta", "from 0.01 to 10"),
        ("along=beta&logratio_chosen=nan", "logratio_chosen", "from -20 to 20"),
        ("along=beta&loss_type=hinge&label_smoothing=0.1", "label_smoothing", None),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    client: TestClient, query: str, field: str, allowed: str | None
) -> None:
    (error,) = problem(client, f"/api/v1/dpo_loss/range?{query}", 422)["errors"]
    assert (error["field"], error["allowed"]) == (field, allowed)


@pytest.mark.parametrize("name", ["win_rates", "nope"])
def test_of_a_widget_without_ranges_the_problem_names_those_that_have_them(
    client: TestClient, name: str
) -> None:
    detail = problem(client, f"/api/v1/{name}/range?along=x", 404)["detail"]
    assert name in detail
    for offering in {offering for offering, _ in OFFERED}:
        assert offering in detail


@SLIDERS
def test_the_page_says_which_sliders_have_ranges(client: TestClient, name: str, along: str) -> None:
    found = client.get(f"/widgets/{name}").text.partition('data-ranges="')[2].partition('"')[0]
    assert along in found.split(" ")
    page = client.get(f"/widgets/{name}").text
    assert all(
        f'data-range-for="{field}"' in page or f'type="radio" name="{field}"' in page
        for field in along.split("+")
    )
