from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.widgets.reward_separation import Params, compute

rewards = st.floats(-10, 10)


def test_the_default_has_the_published_values() -> None:
    result = compute(Params())
    assert result.margin == 3
    assert f"{result.probability:.1%}" == "95.3%"
    assert f"{result.loss:.3f}" == "0.049"


@given(chosen=rewards, rejected=rewards)
def test_numbers_are_those_of_the_closed_forms(chosen: float, rejected: float) -> None:
    result = compute(Params(reward_chosen=chosen, reward_rejected=rejected))
    gap = chosen - rejected
    assert result.probability == pytest.approx(1 / (1 + math.exp(-gap)), rel=1e-12)
    assert result.loss == pytest.approx(math.log1p(math.exp(-gap)), rel=1e-9)


@given(chosen=rewards, rejected=rewards)
def test_the_gradients_are_opposite_and_agree_with_finite_differences(
    chosen: float, rejected: float
) -> None:
    gradient = compute(Params(reward_chosen=chosen, reward_rejected=rejected)).gradient
    assert gradient.reward_chosen == -gradient.reward_rejected
    step = 1e-5
    higher, lower = (math.log1p(math.exp(-(chosen - rejected + s))) for s in (step, -step))
    assert gradient.reward_chosen == pytest.approx((higher - lower) / (2 * step), abs=1e-8)


@given(chosen=st.floats(-5, 5), rejected=st.floats(-5, 5), shift=st.floats(-5, 5))
def test_adding_the_same_to_both_rewards_changes_nothing(
    chosen: float, rejected: float, shift: float
) -> None:
    here = compute(Params(reward_chosen=chosen, reward_rejected=rejected))
    there = compute(Params(reward_chosen=chosen + shift, reward_rejected=rejected + shift))
    assert there.loss == pytest.approx(here.loss, rel=1e-9)
