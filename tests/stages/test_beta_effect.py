from __future__ import annotations

from typing import Any

import pytest

from app.charts.stage import Stage
from app.formatting import fixed, signed
from app.stages.beta_effect import stage
from app.stages.speech import phrase_ids
from app.widgets.base import PROMPT_TEXTS
from app.widgets.beta_effect.dots import DOTS
from app.widgets.beta_effect.widget import Params, compute


def made(**params: Any) -> Stage:
    return stage(Params(**params), compute(Params(**params)))


def dots(drawn: Stage, color: str) -> list[list[float]]:
    (found,) = (mark["pts"] for mark in drawn.marks if mark["k"] == "dots" and color in mark["c"])
    return list(found)


@pytest.mark.parametrize("prompt", list(PROMPT_TEXTS))
@pytest.mark.parametrize("beta", [0.01, 0.5, 10])
def test_every_dot_stands_in_its_panel_and_none_on_another(prompt: str, beta: float) -> None:
    drawn = made(prompt=prompt, beta=beta, reward="learned")
    for color in ("f-opt", "s-ref"):
        places = dots(drawn, color)
        assert len({(x, y) for _, x, y in places}) == DOTS
        assert all(0 < x < 1 and 0 < y < 1 for _, x, y in places)


def test_the_dots_of_the_reference_stand_still_while_beta_falls() -> None:
    close, loose = made(beta=10), made(beta=0.1)
    assert dots(close, "s-ref") == dots(loose, "s-ref")
    assert dots(close, "f-opt") != dots(loose, "f-opt")


@pytest.mark.parametrize("beta", [0.01, 0.5, 1.7, 10])
def test_the_knob_stands_on_the_curve_of_expected_true_quality(beta: float) -> None:
    drawn = made(beta=beta)
    (knob,) = drawn.handles
    _, x, y = knob["pt"]
    curve = next(mark for mark in drawn.marks if "s-true" in mark["c"])
    near = min(range(len(curve["x"])), key=lambda n: abs(curve["x"][n] - x))
    assert y == pytest.approx(curve["y"][near], abs=0.03)
    low, high = knob["track"]
    assert low[1] == 1
    assert high[1] == 0


@pytest.mark.parametrize("params", [{"beta": 0.3}, {"beta": 0.1, "reward": "learned"}])
def test_the_readout_has_the_numbers_of_the_result(params: dict[str, Any]) -> None:
    result, said = compute(Params(**params)), made(**params).readout
    assert f">{fixed(1)(result.kl)}</b> nats" in said
    assert f">{signed(result.true_quality, 2)}</b>" in said


def test_what_is_said_is_the_most_probable_response() -> None:
    result = compute(Params(beta=0.2))
    (speaker,) = made(beta=0.2).more["speech"]
    assert speaker["phrases"] == phrase_ids("lock", result.favorite.text)


def test_the_learned_reward_is_a_fair_guide_up_to_the_peak_alone() -> None:
    assert "fair guide" in made(beta=1, reward="learned").readout
    assert "past its peak" in made(beta=0.4, reward="learned").readout
    assert "delighted" in made(beta=0.1, reward="learned").readout
