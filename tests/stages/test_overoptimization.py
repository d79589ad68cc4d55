from __future__ import annotations

from typing import Any

import pytest

from app.charts.stage import Stage
from app.formatting import signed
from app.lab.reward_model import RewardKind
from app.stages.overoptimization import KNOWN, stage
from app.widgets.overoptimization import ClimbMethod, Params, Result, compute

EACH = pytest.mark.parametrize(
    "given",
    [
        {"method": method, "reward_model": kind, "comparisons": count}
        for method in ClimbMethod
        for kind in RewardKind
        for count in ("50", "8000")
    ],
)


def made(given: dict[str, Any]) -> tuple[Stage, Result]:
    params = Params(**given)
    result = compute(params)
    return stage(params, result), result


@EACH
def test_each_place_says_the_promise_and_the_truth_there(given: dict[str, Any]) -> None:
    drawn, result = made(given)
    assert isinstance(drawn.readout, dict)
    for said, place in zip(drawn.readout["at"], result.path, strict=True):
        assert f">{signed(place.learned_reward)}</b>, true quality" in said
        assert f">{signed(place.true_quality)}</b>" in said


@EACH
def test_both_curves_and_the_band_stay_in_their_panel(given: dict[str, Any]) -> None:
    drawn, result = made(given)
    for mark in drawn.marks:
        if mark["k"] == "curve":
            assert all(-1e-9 <= share <= 1 for share in (*mark["x"], *mark["y"]))
        if mark["k"] == "area":
            assert all(0 <= y <= 1 for _, _, y, *_ in (*mark["a"], *mark["b"]))
    assert len(result.other_sizes) == 7


@EACH
def test_the_title_is_true_of_the_fits(given: dict[str, Any]) -> None:
    drawn, result = made(given)
    few, many = result.all_fits[0], result.all_fits[-1]
    assert ("higher peak" not in drawn.title) or many.peak > few.peak
    assert ("deeper fall" in drawn.title) == (many.end < few.end - 0.1)


def test_the_question_leaves_the_answer_open() -> None:
    drawn, result = made({})
    known = result.path[KNOWN]
    assert all(place.true_quality < known.true_quality for place in result.path[:KNOWN])
    assert result.path[-1].true_quality < known.true_quality
    assert set(drawn.after) == {"a", "b", "c"}
