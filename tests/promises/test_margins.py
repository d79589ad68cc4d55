"""A loss falls as the margin grows: as the chosen response gains, and as the rejected one loses.

Where a paper wants something else, ``NOT_FALLING`` gives the reason, and a test shows that it holds.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from app.lab.losses import LOSSES, LossParams, PairLogps, preference_loss
from tests.promises.batches import PROMISE

NOT_FALLING = {
    "ipo": "a square around the margin 1/2 (log-ratios 1/(2 beta) apart): it regresses to a gap",
    "ipo_norm": "the same on means over tokens",
    "sppo_hard": "squares around a target for each log-ratio, 1/(2 beta) and -1/(2 beta)",
    "exo_pair": "a KL divergence, which is 0 where sigma(margin) = 1 - label smoothing",
    "nca_pair": "it holds down every likelihood: the chosen response is to rest at sigma = 2/3",
    "apo_down": "it lowers the chosen response on purpose, and the rejected one further",
    "discopop": "between margins of about -0.1 and 0.1 it goes over from the logistic to the higher "
    "exponential loss",
}
"""Losses with a point beyond which a greater margin costs more. With label smoothing, sigmoid (cDPO)
is among them: its minimum is where sigma(margin) = 1 - e."""

FALLING = sorted(set(LOSSES) - set(NOT_FALLING))


def loss_along(
    name: str, moves: str, sizes: list[float], smoothing: float = 0.0, beta: float = 0.5
) -> Tensor:
    """The loss as one response becomes likelier (chosen) or less likely (rejected) by some nats."""
    by = torch.tensor(sizes, dtype=torch.float64)
    zero = torch.zeros_like(by)
    start = PairLogps(
        zero - 70, zero - 70, zero - 70, zero - 70, zero + 4, zero + 6, LossParams(smoothing)
    )
    moved = (
        replace(start, policy_chosen=start.policy_chosen + by)
        if moves == "chosen"
        else replace(start, policy_rejected=start.policy_rejected - by)
    )
    return preference_loss(name, moved, beta)


@pytest.mark.parametrize("moves", ["chosen", "rejected"])
@pytest.mark.parametrize("name", FALLING)
@PROMISE
@given(
    low=st.floats(-60, 60),
    further=st.floats(1e-3, 60),
    beta=st.floats(0.01, 10),
    smoothing=st.floats(0, 0.499),
)
def test_a_loss_falls_as_the_margin_grows(
    name: str, moves: str, low: float, further: float, beta: float, smoothing: float
) -> None:
    e = smoothing if name == "robust" else 0.0
    before, after = loss_along(name, moves, [low, min(low + further, 65)], e, beta).tolist()
    assert after <= before
    if abs(low) < 20 and beta < 1:
        # Strictly falling, except for the hinge beyond its margin.
        assert after < before or (name == "hinge" and before == 0)


@pytest.mark.parametrize("name", NOT_FALLING)
def test_a_loss_that_must_not_fall_rises_somewhere(name: str) -> None:
    smoothing = 0.05 if name == "exo_pair" else 0.0
    sizes = torch.linspace(-30, 30, 601).tolist()
    assert (loss_along(name, "chosen", sizes, smoothing).diff() > 0).any()


def test_label_smoothing_lets_dpo_rest() -> None:
    """At margins of more than log((1 - e) / e) = log 9 the smoothed loss rises."""
    around = loss_along("sigmoid", "chosen", [4.3, 4.4, 4.5], smoothing=0.1)
    assert around.argmin() == 1  # 2 log 9 = 4.394, at beta 0.5


@pytest.mark.parametrize("name", ["nca_pair", "apo_down"])
def test_what_holds_the_chosen_response_down_still_falls_with_the_rejected_one(name: str) -> None:
    sizes = torch.linspace(-30, 30, 601).tolist()
    assert (loss_along(name, "rejected", sizes).diff() < 0).all()
