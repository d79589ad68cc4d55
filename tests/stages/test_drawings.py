"""What holds of the stages of all figures: how they are drawn, and how much is said of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest

from app import stages
from app.charts.stage_svg import NARROW, WIDE, svg
from app.widgets.registry import WIDGETS
from tests.node import answer_of
from tests.stages.readouts import expect_short

STAGED = list(WIDGETS)


@pytest.fixture(scope="module", params=STAGED)
def scenes(request: pytest.FixtureRequest) -> list[Any]:
    """A figure in its default state, its example and its steps."""
    widget = WIDGETS[request.param]
    queries = dict.fromkeys(["", widget.example, *(step.query for step in widget.steps)])
    states = [widget.params.model_validate(dict(parse_qsl(query))) for query in queries]
    return [stages.scene(widget, params, widget.compute(params)) for params in states]


def hows(scene: Any) -> Iterator[dict[str, Any]]:
    for width, narrow in ((WIDE, False), (564, False), (NARROW, True), (288, True)):
        for at in {0, scene["places"] // 3, max(0, scene["places"] - 1)}:
            for asking in (False, True):
                yield {"width": width, "narrow": narrow, "at": at, "asking": asking, "held": []}


def test_the_browser_goes_on_with_the_drawing_that_the_server_sends(scenes: list[Any]) -> None:
    asked = [{"scene": scene, "how": how} for scene in scenes for how in hows(scene)]
    drawn = answer_of("draw_stages.js", asked)
    for case, by_script in zip(asked, drawn, strict=True):
        how = dict(case["how"])
        assert svg(case["scene"], **how) == by_script


def test_a_readout_has_at_most_two_sentences_and_three_numbers(scenes: list[Any]) -> None:
    for scene in scenes:
        expect_short(scene)
