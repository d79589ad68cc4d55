"""What the stage of reward_separation draws, over the whole range of both rewards."""

from __future__ import annotations

from itertools import product

import pytest

from app import stages
from app.widgets.registry import WIDGETS
from app.widgets.reward_separation import Params, compute
from tests.stages.names import drawing, expect_apart

REWARDS = (-10, -9.4, -5, 0, 0.8, 6, 8.5, 10)


@pytest.mark.parametrize(
    ("width", "narrow"), [(288, True), (374, True), (640, False), (960, False)]
)
def test_names_stand_apart_and_arrows_end_within_the_drawing(width: int, narrow: bool) -> None:
    for chosen, rejected in product(REWARDS, REWARDS):
        params = Params(reward_chosen=chosen, reward_rejected=rejected)
        scene = stages.scene(WIDGETS["reward_separation"], params, compute(params))
        drawn = drawing(scene, width, narrow)
        expect_apart(drawn, {"chosen", "rejected"}, width, narrow)
        for shaft in drawn.iterfind("line[@stroke-width]"):
            ends = [float(shaft.attrib[x]) for x in ("x1", "x2")]
            assert min(ends) >= 0, params
            assert max(ends) <= width, params
