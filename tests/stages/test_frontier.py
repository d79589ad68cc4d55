from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from app.charts.stage import Stage
from app.charts.stage_svg import _Drawing
from app.formatting import fixed, signed
from app.lab.methods import METHODS
from app.stages.frontier import stage
from app.widgets.frontier import Params, Result, StrengthSummary, compute

OWN = {"method": "best_of_n", "strength": 16}
EACH = pytest.mark.parametrize("given", [{}, {"prompt": "poem", "reward_model": "network"}, OWN])


def made(given: dict[str, Any]) -> tuple[Stage, Result]:
    params = Params(**given)
    result = compute(params)
    return stage(params, result), result


@EACH
def test_there_is_a_place_for_every_strength_of_every_method_and_for_the_own_run(
    given: dict[str, Any],
) -> None:
    drawn, result = made(given)
    strengths = sum(len(method.strengths) for method in METHODS.values())
    assert drawn.places == strengths + (result.own is not None)
    assert [at for row in drawn.more["rows"] for at in row] == list(range(drawn.places))
    assert len(drawn.handles[0]["track"]) == drawn.places


def summaries(result: Result) -> list[StrengthSummary]:
    return [place for curve in result.curves for place in curve.places]


@EACH
def test_what_is_said_of_each_place_is_the_result_there(given: dict[str, Any]) -> None:
    drawn, result = made(given)
    assert isinstance(drawn.readout, dict)
    said = drawn.readout["at"]
    for place in summaries(result):
        wanted = f">{signed(place.true_quality)}</b> ± {fixed(2)(place.true_quality_sd)}"
        assert any(wanted in text for text in said)
        assert place.true_quality <= place.bound + 1e-3
    if result.own:
        assert f">{signed(result.own.true_quality)}</b>" in said[-1]


@EACH
def test_the_chosen_point_can_be_seen_and_those_of_its_method(given: dict[str, Any]) -> None:
    drawn, _ = made(given)
    scene = drawn.json
    for width, narrow in ((564, False), (342, True)):
        tall = scene["height"][int(narrow)]
        for row in drawn.more["rows"]:
            for at in row:
                drawing = _Drawing(scene, width, narrow, at, False, ())
                for other in row:
                    _, y = drawing.px(scene["handles"][0]["track"][other])
                    assert 0 < y < tall


def test_no_name_stands_in_the_hatch() -> None:
    drawn, result = made({})
    scene = drawn.json
    drawing = _Drawing(scene, 564, False, 20, False, ())
    ceiling = [
        drawing.px([0, *drawn.panels[0].pt(point.kl, point.true_quality)[1:]])
        for point in result.ceiling
    ]
    words = [node for node in drawing.nodes() if "lab" in node.attributes["class"]]
    assert len(words) >= 5
    for node in words:
        x, y = float(node.attributes["x"]), float(node.attributes["y"])
        over = [cy for (cx, cy), (after, _) in pairwise(ceiling) if cx <= x <= after]
        assert all(cy < y for cy in over), node.text


def test_the_title_speaks_of_a_fall_only_where_there_is_one() -> None:
    assert "a long way down" in made({})[0].title
    assert "down" not in made({"reward_model": "network"})[0].title
