"""Adding f(x), the same for all responses to a prompt, to its rewards changes nothing observable:
neither the Bradley-Terry probabilities, nor pi*, nor the loss of DPO (section 5.1 of arXiv 2305.18290).
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.lab.losses import LossParams, PairLogps, preference_loss
from app.lab.optimum import log_partition, optimal_logps
from app.lab.preferences import bradley_terry
from app.lab.trained import the_lab
from tests.promises.batches import PROMISE

shifts = st.floats(-1000, 1000)


@PROMISE
@given(shift=shifts)
def test_bradley_terry_probabilities_stay(shift: float) -> None:
    reward = the_lab().facts(0).true_quality
    first, second = reward[:3888], reward[3888:]
    torch.testing.assert_close(
        bradley_terry(first + shift, second + shift),
        bradley_terry(first, second),
        rtol=1e-11,
        atol=0,
    )


@pytest.mark.parametrize("beta", [0.01, 0.1, 0.3, 1.0, 10.0])
@PROMISE
@given(shift=shifts)
def test_the_optimum_stays_and_log_z_takes_the_shift(beta: float, shift: float) -> None:
    facts = the_lab().facts(0)
    reference, reward = facts.reference_logps, facts.true_quality
    shifted = optimal_logps(reference, reward + shift, beta)
    # Rounding of a shifted reward, divided by beta.
    rounding = 1e-15 * (1 + abs(shift)) / beta + 1e-12
    torch.testing.assert_close(
        shifted, optimal_logps(reference, reward, beta), rtol=0, atol=10 * rounding
    )
    moved = log_partition(reference, reward + shift, beta) - log_partition(reference, reward, beta)
    assert float(moved) == pytest.approx(shift / beta, abs=10 * rounding)


@pytest.mark.parametrize("name", ["sigmoid", "robust", "hinge", "ipo", "exo_pair", "discopop"])
@PROMISE
@given(shift=st.floats(-100, 100), beta=st.floats(0.01, 10), seed=st.integers(0, 10**6))
def test_the_loss_of_dpo_stays(name: str, shift: float, beta: float, seed: int) -> None:
    """Losses of differences do not see a shift of a prompt's implicit rewards by beta f(x)."""
    generator = torch.Generator().manual_seed(seed)
    columns = -5 - 20 * torch.rand(4, 50, dtype=torch.float64, generator=generator)
    smoothing = 0.1 if name == "exo_pair" else 0.0
    pairs = replace(PairLogps(*columns), params=LossParams(smoothing))
    shifted = replace(
        pairs,
        policy_chosen=pairs.policy_chosen + shift,
        policy_rejected=pairs.policy_rejected + shift,
    )
    torch.testing.assert_close(
        preference_loss(name, shifted, beta),
        preference_loss(name, pairs, beta),
        rtol=1e-10,
        atol=1e-10,
    )
