from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.widgets.reward_separation import Params, compute
from tests.lab.published_losses import many_digits, nll, sigma

rewards = st.sampled_from([-10.0, 0.0, 5e-324, 1e-16, 10.0]) | st.floats(-10, 10)


def test_the_default_has_the_published_values() -> None:
    result = compute(Params())
    assert result.margin == 3
    assert f"{result.probability:.1%}" == "95.3%"
    assert f"{result.loss:.3f}" == "0.049"


@given(chosen=rewards, rejected=rewards)
def test_numbers_are_those_of_the_closed_forms(chosen: float, rejected: float) -> None:
    """To the last digits, also at the ends of the range: only the margin counts."""
    result = compute(Params(reward_chosen=chosen, reward_rejected=rejected))
    margin = chosen - rejected
    with many_digits():
        exact = Decimal(margin)
        expected = [float(value) for value in (sigma(exact), nll(exact), -sigma(-exact))]
    found = [result.probability, result.loss, result.gradient.reward_chosen]
    assert result.margin == margin
    assert found == pytest.approx(expected, rel=1e-14, abs=0)
    assert result.gradient.reward_rejected == -result.gradient.reward_chosen
