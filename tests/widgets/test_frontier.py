from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from app.lab.methods import METHODS, MethodRun, measure_run
from app.lab.trained import the_lab
from app.widgets.frontier import CLOSE, Params, Result, compute


@pytest.fixture(scope="module")
def result() -> Result:
    return compute(Params())


def test_all_methods_lie_below_the_frontier(result: Result) -> None:
    frontier = the_lab().facts(0).frontier
    assert [curve.method for curve in result.curves] == list(METHODS)
    for curve in result.curves:
        for place in curve.places:
            # A mean of points below a concave curve is below it too.
            assert place.true_quality <= frontier.bound(place.kl) + 1e-3


def test_what_the_text_says_of_the_methods_holds(result: Result) -> None:
    curves = {curve.method: curve for curve in result.curves}
    loose = max(curves["ppo"].places, key=lambda place: place.kl)
    assert loose.true_quality < -5
    assert curves["dpo"].best.true_quality > curves["ppo"].best.true_quality
    richer = {c.method: c for c in compute(Params(reward_model="network")).curves}
    assert min(place.true_quality for place in richer["ppo"].places) > 0
    assert richer["dpo"] == curves["dpo"]
    frontier = the_lab().facts(0).frontier
    for place in curves["ppo_true"].places:
        assert place.true_quality > frontier.bound(place.kl) - 0.1
    assert result.own is None
    assert result.runs == sum(10 * len(method.strengths) for method in METHODS.values())


def test_the_bands_are_one_standard_deviation_over_seeds(result: Result) -> None:
    traces = {trace["name"]: trace for trace in result.whole["data"]}  # type: ignore[attr-defined]
    dpo = next(curve for curve in result.curves if curve.method == "dpo")
    places = sorted(dpo.places, key=lambda place: place.kl)
    upper = [place.true_quality + place.true_quality_sd for place in places]
    assert traces["DPO, +1 sd"]["y"] == pytest.approx(upper, rel=1e-3)


def test_the_close_chart_shows_the_same_curves_as_far_as_its_edge(result: Result) -> None:
    whole = {trace["name"]: trace for trace in result.whole["data"]}  # type: ignore[attr-defined]
    for trace in result.figure["data"]:  # type: ignore[attr-defined]
        assert max(trace["x"]) <= CLOSE
        if trace["name"] == "frontier of π*":
            continue
        far = whole[trace["name"]]
        expected = np.interp(trace["x"], far["x"], far["y"])
        assert trace["y"] == pytest.approx(expected, abs=2e-3)


def test_a_point_of_ones_own_is_trained() -> None:
    own = compute(Params(method="best_of_n", strength=8, seed=77)).own
    measured = measure_run(the_lab(), MethodRun(0, "best_of_n", 8, 77))
    assert own is not None
    assert own.true_quality == measured.true_quality
    assert own.true_quality <= own.bound


@pytest.mark.parametrize(
    "params",
    [
        {"method": "best_of_n", "strength": 0.5},
        {"method": "best_of_n", "strength": 2.5},
        {"method": "preferred_ft", "strength": 3000},
        {"method": "unlikelihood", "strength": 2},
        {"method": "dpo", "strength": 100},
    ],
)
def test_a_strength_that_makes_no_sense_is_refused_by_name(params: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        Params(**params)
    assert [error["loc"] for error in refused.value.errors()] == [("strength",)]
