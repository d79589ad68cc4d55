from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from app.lab.quantiles import even_quantiles, mass_above, quantiles

COUNT = 100


@st.composite
def distributions(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    """Log-probabilities and values; values may be equal."""
    pairs = draw(
        st.lists(
            st.tuples(st.floats(-8, 8), st.integers(-20, 20).map(lambda n: n / 4)),
            min_size=1,
            max_size=40,
        )
    )
    logits = torch.tensor([logit for logit, _ in pairs], dtype=torch.float64)
    values = torch.tensor([value for _, value in pairs], dtype=torch.float64)
    return torch.log_softmax(logits, 0), values


def mass(logps: Tensor, inside: Tensor) -> float:
    return math.fsum(logps.exp()[inside].tolist())


@given(given=distributions(), level=st.floats(0.001, 0.999))
def test_a_quantile_is_the_first_value_that_reaches_its_level(
    given: tuple[Tensor, Tensor], level: float
) -> None:
    """Against brute force over all values."""
    logps, values = given
    found = float(quantiles(logps, values, torch.tensor([level], dtype=torch.float64)))
    assert found in values.tolist()
    assert mass(logps, values <= found) >= level - 1e-12
    assert mass(logps, values < found) <= level + 1e-12


@given(distributions())
def test_quantiles_ascend_and_stand_for_the_same_share_each(given: tuple[Tensor, Tensor]) -> None:
    """In any interval, the share of quantiles and the probability differ by at most one quantile."""
    logps, values = given
    found = even_quantiles(logps, values, COUNT)
    assert bool((found.diff() >= 0).all())
    for low in (-5.1, -2.1, 0.1, 1.0):
        for high in (1.6, 3.0, 5.1):
            counted = int(((found > low) & (found <= high)).sum()) / COUNT
            exact = mass(logps, (values > low) & (values <= high))
            assert abs(counted - exact) <= 1 / COUNT + 1e-12


@given(distributions(), st.floats(-5, 5))
def test_mass_above_a_threshold_is_the_sum(given: tuple[Tensor, Tensor], threshold: float) -> None:
    logps, values = given
    exact = mass(logps, values > threshold)
    assert float(mass_above(logps, values, threshold)) == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize("level", [0.0, 1.0, -0.1, math.nan])
def test_levels_outside_are_refused(level: float) -> None:
    logps = torch.zeros(1, dtype=torch.float64)
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantiles(logps, logps, torch.tensor([level], dtype=torch.float64))
