"""What the stage of likelihood_displacement draws and says, held to the result."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app import stages
from app.charts.stage_svg import resolved
from app.widgets.likelihood_displacement import Params, Result, compute
from app.widgets.registry import WIDGETS


@pytest.fixture(scope="module", params=["", "small", "nll"])
def run(request: pytest.FixtureRequest) -> tuple[Result, Any]:
    params = {"": Params(), "small": Params(beta=0.03), "nll": Params(loss="dpo_nll")}[
        request.param
    ]
    result = compute(params)
    return result, stages.scene(WIDGETS["likelihood_displacement"], params, result)


def words(markup: str) -> str:
    return re.sub("<.*?>", "", markup).replace("−", "-")


def test_the_title_says_whether_chosen_responses_fall_and_how_far(run: tuple[Result, Any]) -> None:
    result, scene = run
    assert ("do not fall" in scene["title"]) == (result.chosen_change > -0.05)
    further = (result.chosen_displacement or 0) < -1 and result.chosen_change < -0.05
    assert ("further" in scene["title"]) == further
    assert "fall" not in scene["asking_title"]


def test_the_readout_has_the_change_at_each_place_and_at_the_optimum(
    run: tuple[Result, Any],
) -> None:
    result, scene = run
    for place in (1, 12, len(result.history) - 1):
        row, said = result.history[place], words(resolved(scene["readout"], place))
        assert f"After {row.step} steps" in said
        assert f"{row.chosen_logps - result.first.chosen_logps:.1f}" in said
        assert row.optimum is not None
        assert f"{row.optimum.chosen_logp - result.first.chosen_logps:.1f}" in said


def test_each_column_is_filled_with_the_whole_probability(run: tuple[Result, Any]) -> None:
    result, scene = run
    for only, axis in (("wide", 2), ("narrow", 1)):
        rects = [m for m in scene["marks"] if m["k"] == "rect" and m["only"] == only]
        for place in (0, 15, 30):
            sizes = [m["b"]["at"][place][axis] - m["a"]["at"][place][axis] for m in rects]
            row = result.history[place]
            assert sizes[:3] == pytest.approx(
                [row.mass_chosen, row.mass_rejected, row.unseen], abs=1e-3
            )
            assert sum(sizes[3:]) == pytest.approx(1, abs=4e-4)


def test_the_answer_is_not_drawn_before_it_was_guessed(run: tuple[Result, Any]) -> None:
    _, scene = run
    assert scene["known"] == 0
    curves = [mark for mark in scene["marks"] if mark["k"] == "curve"]
    assert len(curves) == 4
    assert all(mark["cut"] == "known" for mark in curves)


def test_what_is_said_of_a_guess_is_true(run: tuple[Result, Any]) -> None:
    result, scene = run
    right = "b" if result.chosen_change < -0.05 else "a"
    assert [guess for guess, said in scene["after"].items() if said == "Right."] == [right]
