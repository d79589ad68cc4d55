"""What the stage of loss_family draws and says, held to the losses and their courses."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app import stages
from app.lab.losses import LOSSES
from app.widgets.loss_family import Params, Result, compute
from app.widgets.registry import WIDGETS


def stage_of(**params: Any) -> tuple[Result, Any]:
    given = Params(**params)
    result = compute(given)
    return result, stages.scene(WIDGETS["loss_family"], given, result)


@pytest.mark.parametrize("loss_type", LOSSES)
def test_title_and_readout_are_those_of_the_chosen_loss(loss_type: str) -> None:
    result, scene = stage_of(loss_type=loss_type)
    assert result.fate.verdict in scene["title"]
    for place in (0, 7, 60):
        said = re.sub("<.*?>", "", scene["readout"]["at"][place]).replace("−", "-")
        assert f"After {10 * place} steps" in said
        gap = f"{result.fate.course[place]:.2f}"
        assert f"a gap of {'0.00' if gap == '-0.00' else gap} nats" in said


@pytest.mark.parametrize("beta", ["0.05", "0.5", "2"])
def test_every_loss_has_a_curve_and_every_other_one_a_ball_in_the_picture(beta: str) -> None:
    _, scene = stage_of(loss_type="sigmoid", beta=beta)
    curves = [mark for mark in scene["marks"] if mark["k"] == "curve" and mark["p"] == 0]
    assert len(curves) == len(LOSSES)
    balls = [mark for mark in scene["marks"] if mark["k"] == "dots"]
    assert len(balls) == len(LOSSES) - 1
    for mark in balls:
        for ((_, x, y),) in mark["pts"]["at"]:
            assert 0 <= x <= 1
            assert 0 <= y <= 1


def test_at_the_start_a_loss_pulls_with_its_first_strength_and_ipo_ends_without_any() -> None:
    _, scene = stage_of(loss_type="ipo")
    first, *_, last = (re.sub("<.*?>", "", said) for said in scene["readout"]["at"])
    assert "pulls with 100% of its first strength" in first
    assert "pulls with 0% of its first strength" in last


def test_only_a_loss_at_rest_is_said_to_pull_with_nothing_or_to_rest() -> None:
    _, scene = stage_of(loss_type="sigmoid", beta="2")
    assert "less than 0.1%" in scene["readout"]["at"][-1]
    _, scene = stage_of(loss_type="ipo")
    first, *_, last = scene["readout"]["at"]
    assert "rests" not in first
    assert "rests" in last


def test_a_ball_beyond_the_corner_of_hinge_is_said_to_be_carried_there() -> None:
    result, scene = stage_of(loss_type="hinge", beta="0.5")
    for gap, said in zip(result.fate.course, scene["readout"]["at"], strict=True):
        assert "1/β" in said
        assert ("momentum" in said) == (gap > 2)
