from __future__ import annotations

from typing import Any

import pytest

from app.lab.race import LEGS
from app.widgets import pipeline_comparison
from app.widgets.training_race import Params, Result, compute, places, start


@pytest.fixture(scope="module")
def result() -> Result:
    return compute(Params(seed=5))


@pytest.mark.slow
def test_both_start_at_the_reference_and_go_all_the_way(result: Result) -> None:
    for path in (result.dpo, result.rlhf):
        assert [place.leg for place in path] == list(range(LEGS + 1))
        assert path[0].kl == pytest.approx(0, abs=1e-9)
        assert path[0].true_quality == pytest.approx(0, abs=1e-9)
    assert result.dpo_last == result.dpo[-1]
    assert result.rlhf_last == result.rlhf[-1]


@pytest.mark.slow
def test_what_is_counted_only_grows(result: Result) -> None:
    for path in (result.dpo, result.rlhf):
        for name in ("gradient_steps", "samples_generated", "seconds", "wall_seconds"):
            values = [getattr(place, name) for place in path]
            assert values == sorted(values)
    assert all(place.samples_generated == 0 for place in result.dpo)
    assert result.rlhf[0].gradient_steps > 0  # of the reward model


@pytest.mark.slow
def test_the_stream_sends_what_the_result_holds(result: Result) -> None:
    sent = list(places(Params(seed=5)))
    assert [place for place in sent if place.method == "dpo"] == result.dpo
    assert [place for place in sent if place.method == "rlhf"] == result.rlhf
    assert [place.method for place in sent[:4]] == ["dpo", "rlhf"] * 2


@pytest.mark.slow
def test_the_race_of_the_default_strengths_is_that_of_the_comparison(result: Result) -> None:
    compared = pipeline_comparison.compute(pipeline_comparison.Params(seed=5))
    assert compared.dpo.kl == result.dpo_last.kl
    assert compared.rlhf.true_quality == result.rlhf_last.true_quality
    assert compared.rlhf.seconds == result.rlhf_last.seconds


def test_the_chart_before_the_race_has_the_frontier_alone() -> None:
    traces: Any = start(Params()).figure["data"]
    (trace,) = traces
    assert trace["name"] == "frontier of π*"
    assert trace["x"] == sorted(trace["x"], reverse=True)


@pytest.mark.slow
def test_on_looser_leashes_both_go_farther_and_rlhf_gets_more(result: Result) -> None:
    """A suggestion of the widget claims this."""
    loose = compute(Params(dpo_beta=0.05, kl_coefficient=0.05))
    assert loose.dpo_last.kl > result.dpo_last.kl
    assert loose.rlhf_last.kl > result.rlhf_last.kl
    assert loose.rlhf_last.true_quality > result.rlhf_last.true_quality + 0.3
    assert loose.rlhf_last.true_quality > loose.dpo_last.true_quality + 0.3


@pytest.mark.slow
def test_the_frontier_begins_at_the_reference_and_goes_beyond_both_paths(result: Result) -> None:
    assert result.frontier[0].kl == pytest.approx(0, abs=0.01)
    assert result.frontier[0].true_quality == pytest.approx(0, abs=0.1)
    assert result.frontier[-1].kl > max(result.dpo_last.kl, result.rlhf_last.kl)


def test_the_chart_has_the_colors_of_the_stage(result: Result) -> None:
    traces: Any = result.figure["data"]
    roles = {trace["name"]: trace["meta"] for trace in traces}
    assert (roles["DPO"], roles["RLHF (PPO)"]) == ("optimised", "reference")
