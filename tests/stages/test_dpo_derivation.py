"""The arrows of the derivation."""

from __future__ import annotations

import math
import re

import pytest
import torch
import torch.nn.functional as F

from app.formatting import fixed
from app.stages.dpo_derivation import stage
from app.widgets.dpo_derivation.mistakes import MISTAKES
from app.widgets.dpo_derivation.steps import DERIVATION
from app.widgets.dpo_derivation.widget import STEPS, Params, Result, compute

everywhere = pytest.mark.parametrize(
    "params",
    [
        Params(step=step, mistake=mistake, beta=beta, prompt=prompt)
        for step in range(1, STEPS + 1)
        for mistake in MISTAKES
        for beta, prompt in ((0.5, "lock"), (0.05, "poem"))
    ],
    ids=lambda p: f"{p.step}-{p.mistake}-{p.beta}",
)


def ends(result: Result) -> list[float]:
    return [sum(a.value for a in side) for side in (result.arrows.left, result.arrows.right)]


@everywhere
def test_the_arrows_of_each_side_end_at_the_side(params: Params) -> None:
    result = compute(params)
    there = torch.tensor(ends(result), dtype=torch.float64)
    if params.step in (4, 5):
        there = torch.sigmoid(there)
    elif params.step == 6:
        there = -F.logsigmoid(there)
    assert there.tolist() == pytest.approx([result.check.left, result.check.right], abs=1e-9)


@everywhere
def test_a_miss_is_drawn_exactly_where_the_ends_differ(params: Params) -> None:
    result = compute(params)
    left, right = ends(result)
    missed = not math.isclose(left, right, rel_tol=1e-6, abs_tol=1e-6)
    drawn = stage(params, result)
    assert any("miss" in mark["c"] for mark in drawn.marks) == missed
    assert isinstance(drawn.readout, str)
    if missed:
        assert fixed(2)(abs(left - right)) in drawn.readout


@everywhere
def test_the_title_claims_no_more_than_the_check_allows(params: Params) -> None:
    result = compute(params)
    title = stage(params, result).title
    broken = result.check.max_abs_difference > 1e-6
    assert ("two sides part" in title) == broken
    assert ("cancels" in title) == (params.mistake == "none")


def test_each_arrow_stands_for_a_part_of_its_equation() -> None:
    for number, step in enumerate(DERIVATION, 1):
        result = compute(Params(step=number))
        parts = {piece.part for piece in step.pieces}
        assert {a.part for a in (*result.arrows.left, *result.arrows.right)} <= parts


def test_no_sentence_of_a_step_has_other_markup_than_its_point() -> None:
    for step in DERIVATION:
        assert re.sub(r"</?b>", "", step.say).count("<") == 0
        assert step.say.count("<b>") == 1
