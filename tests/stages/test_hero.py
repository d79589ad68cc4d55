"""What the stage of the home page draws."""

from __future__ import annotations

import pytest

from app.stages.hero import stage
from app.widgets.base import WidgetParams
from app.widgets.hero import compute
from tests.stages.names import drawing, expect_apart
from tests.stages.readouts import expect_short


@pytest.mark.parametrize(("width", "narrow"), [(288, True), (374, True), (960, False)])
def test_no_name_stands_on_another_while_it_plays(width: int, narrow: bool) -> None:
    params = WidgetParams()
    scene = stage(params, compute(params)).json
    region = "out of reach" if narrow else "no policy can be up here"
    for at in range(0, scene["places"], 4):
        drawn = drawing(scene, width, narrow, at)
        expect_apart(drawn, {"PPO", "DPO", region}, width, narrow)


def test_its_readout_has_at_most_two_sentences_and_three_numbers() -> None:
    params = WidgetParams()
    expect_short(stage(params, compute(params)).json)
