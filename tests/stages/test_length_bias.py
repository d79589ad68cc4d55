from __future__ import annotations

import re
from typing import Any

import pytest

from app.charts.stage import Stage
from app.formatting import fixed
from app.stages.length_bias import DOTS, stage
from app.widgets.base import PROMPT_TEXTS
from app.widgets.length_bias import Params, compute


def made(**params: Any) -> Stage:
    return stage(Params(**params), compute(Params(**params)))


def dots(drawn: Stage, color: str = "f-opt") -> list[list[float]]:
    (found,) = (mark["pts"] for mark in drawn.marks if mark["k"] == "dots" and color in mark["c"])
    return list(found)


@pytest.mark.parametrize("prompt", list(PROMPT_TEXTS))
@pytest.mark.parametrize("beta", [0.01, 0.5, 10])
def test_every_dot_stands_in_its_panel_and_none_on_another(prompt: str, beta: float) -> None:
    for taste, price in ((0, 0), (0.5, 0), (0, 0.5)):
        drawn = made(prompt=prompt, beta=beta, length_taste=taste, length_price=price)
        for color in ("f-opt", "s-ref"):
            places = dots(drawn, color)
            assert len({(x, y) for _, x, y in places}) == DOTS
            assert all(0 < x < 1 and 0 < y < 1 for _, x, y in places)


def test_each_dot_is_the_same_share_of_the_probability() -> None:
    params = Params(length_taste=0.3)
    result = compute(params)
    columns = [int(x * len(result.words)) for _, x, _ in dots(stage(params, result))]
    for number, share in enumerate(result.words):
        assert columns.count(number) == pytest.approx(DOTS * share.probability, abs=1)


def test_the_reference_and_the_axis_of_quality_stand_still() -> None:
    one, other = made(length_taste=0.05), made(length_taste=0.5, length_price=0.1)
    assert dots(one, "s-ref") == dots(other, "s-ref")
    assert one.panels[-1].y == other.panels[-1].y
    assert dots(one) != dots(other)


def test_the_blue_knob_stands_on_the_curve_and_the_violet_one_below_its_value() -> None:
    drawn = made(length_taste=0.3, length_price=0.1)
    price, taste = drawn.handles
    curve = next(mark for mark in drawn.marks if mark["c"] == "line s-true")
    assert taste["pt"][1] == pytest.approx(0.6)
    near = min(range(len(curve["x"])), key=lambda n: abs(curve["x"][n] - 0.6))
    assert taste["pt"][2] == pytest.approx(curve["y"][near], abs=0.05)
    assert price["pt"][1] == pytest.approx(0.2)


def test_readout_and_title_follow_what_is_left_of_the_taste() -> None:
    result = compute(Params(length_taste=0.3))
    said = made(length_taste=0.3).readout
    assert isinstance(said, str)
    assert f">{fixed(1)(result.extra_words)}</b> words longer" in said
    assert f">{fixed(2)(result.lost_quality)}</b> of true quality" in said
    assert "that of an unbiased one" in made(length_taste=0.3, length_price=0.3).readout
    assert "words shorter" in made(length_taste=0.3, length_price=0.5).readout
    pairs = ((0, 0), (0.3, 0), (0.3, 0.3), (0.3, 0.5))
    titles = [made(length_taste=taste, length_price=price).title for taste, price in pairs]
    assert len(set(titles)) == len(pairs)


@pytest.mark.parametrize("prompt", list(PROMPT_TEXTS))
@pytest.mark.parametrize("beta", [0.01, 0.5, 10])
def test_a_readout_has_at_most_two_sentences_and_three_numbers(prompt: str, beta: float) -> None:
    for taste, price in ((0, 0), (0.1, 0), (0.5, 0.2), (0.3, 0.3), (0, 0.5)):
        said = made(prompt=prompt, beta=beta, length_taste=taste, length_price=price).readout
        assert isinstance(said, str)
        assert said.count("<b") <= 3
        assert len(re.findall(r"\.(?: |$)", said)) <= 2


def test_the_answer_to_the_question_is_the_nearest_of_its_choices() -> None:
    assert made(length_taste=0.3).after == {
        "a": "<strong>More than that.</strong>",
        "b": "<strong>Right.</strong>",
        "c": "<strong>Less than that.</strong>",
    }
    assert made(length_taste=0.3, length_price=0.3).after == {}
