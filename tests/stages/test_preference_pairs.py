"""The line of the coin, and what is said of a choice."""

from __future__ import annotations

import pytest

from app.formatting import percent
from app.stages.preference_pairs import stage
from app.widgets.preference_pairs import Params, compute

SOME = [Params(prompt=prompt, pair=pair) for prompt in ("lock", "poem") for pair in range(1, 21)]


@pytest.mark.parametrize("params", SOME, ids=lambda p: f"{p.prompt}-{p.pair}")
def test_the_chances_of_the_coin_stand_toward_the_better_answer(params: Params) -> None:
    result = compute(params)
    (point,) = [m for m in stage(params, result).marks if m["k"] == "circle"]
    margin = result.judges.true_quality.margin
    if abs(margin) > 1e-3:
        assert (point["pt"][1] < 0.5) == ((margin > 0) == (result.first == "chosen"))


@pytest.mark.parametrize("params", SOME, ids=lambda p: f"{p.prompt}-{p.pair}")
def test_what_is_said_follows_true_quality_and_the_label(params: Params) -> None:
    result = compute(params)
    made = stage(params, result)
    quality = result.judges.true_quality
    chosen, rejected = "ab" if result.first == "chosen" else "ba"
    better, worse = (chosen, rejected) if quality.margin > 0 else (rejected, chosen)
    assert isinstance(made.readout, str)
    if abs(quality.margin) > 1e-9:
        assert "the better one" in made.after[better]
        assert "the worse one" in made.after[worse]
        assert percent(0)(max(quality.probability, 1 - quality.probability)) in made.readout
        assert ("this coin agreed" in made.readout) == result.label_follows_quality


def test_before_the_choice_no_chances_are_drawn() -> None:
    params = Params()
    for mark in stage(params, compute(params)).marks:
        if mark["k"] in ("circle", "name"):
            assert mark["when"] == "answered"


def test_the_first_answer_is_not_always_the_chosen_one() -> None:
    firsts = {compute(params).first for params in SOME}
    assert firsts == {"chosen", "rejected"}
