"""Losses are right at the extremes: margins, beta, label smoothing, log-probabilities.

Each is compared, gradient included, with the formula of its paper, computed to 400 digits. Results are
right up to rounding, in float64 and in float32.
"""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch

from app.lab.losses import LOSSES, NEEDS_LENGTHS, LossParams, PairLogps, preference_loss
from tests.lab.published_losses import Pair, as_tensors, exactly, published_loss, published_slopes

LOGPS = [
    (-700, -1),
    (-1, -700),
    (-1_000_000, -1),
    (-1, -1_000_000),
    (-1_000_000, -1_000_000),
    (-36.5, -0.125),
    (-0.125, -36.5),
    (-(2.0**-60), -0.5),
    (-0.5, -(2.0**-60)),
]
"""log pi_theta of chosen and rejected against a reference of 0: margins to +-700 at beta 1, differences up to
the allowed million, probabilities one rounding below 1. All are exact in float32."""

BETAS = [0.0078125, 1, 100]
"""near 0.01, the ends of sliders, and the ends of preference_loss; exact in float32"""

JUST_BELOW_HALF = 0.5 - 2.0**-54
SMOOTHINGS = {
    "sigmoid": [0, 1e-300, JUST_BELOW_HALF],
    "robust": [0, 0.49, JUST_BELOW_HALF],
    "exo_pair": [5e-324, 0.001, JUST_BELOW_HALF],
}

LENGTHS = [(1, 1), (1, 1_000_000)]

TERMS_CANCEL = {
    *("sigmoid", "robust", "exo_pair", "nca_pair", "apo_down", "discopop", "ipo", "ipo_norm"),
}
"""Losses that are, or whose slope is, a difference of nearly equal terms: as exact as the terms."""


def cases(name: str) -> list[Pair]:
    lengths = LENGTHS if name in NEEDS_LENGTHS else LENGTHS[:1]
    return [
        exactly(
            policy_chosen=chosen,
            policy_rejected=rejected,
            reference_chosen=0,
            reference_rejected=0,
            chosen_length=chosen_length,
            rejected_length=rejected_length,
            beta=beta,
            label_smoothing=smoothing,
        )
        for (chosen, rejected), (chosen_length, rejected_length), beta, smoothing in product(
            LOGPS, lengths, BETAS, SMOOTHINGS.get(name, [0])
        )
    ]


def found(name: str, pair: Pair, dtype: torch.dtype) -> list[float]:
    """Loss and both slopes."""
    batch = as_tensors(pair, dtype)
    asked = [batch.policy_chosen.requires_grad_(), batch.policy_rejected.requires_grad_()]
    loss = preference_loss(name, batch, float(pair.beta))
    assert loss.dtype == dtype
    slopes = torch.autograd.grad(loss.sum(), asked, materialize_grads=True)
    return [loss.item(), *(slope.item() for slope in slopes)]


def size_of_terms(name: str, pair: Pair) -> float:
    """The size of the terms that cancel: probabilities times log e or beta."""
    if name not in TERMS_CANCEL:
        return 0.0
    if name == "apo_down":
        # The slope of two sigmoids, either of which may be saturated.
        chosen = float(pair.beta * pair.chosen)
        return float(pair.beta) * (math.exp(-abs(chosen)) + math.exp(-abs(float(pair.margin))))
    return (1 + float(pair.beta)) * (750 if name == "exo_pair" else 1)


PRECISIONS = ((torch.float64, 1e-12, 1e-307), (torch.float32, 2e-5, 1e-37))
"""a dtype, the relative error of exponentials of rounded margins, and where it underflows"""


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_and_its_gradient_are_right_at_the_ends(name: str) -> None:
    for pair in cases(name):
        expected = [published_loss(name, pair), *published_slopes(name, pair)]
        for dtype, share, smallest in PRECISIONS:
            rounding = smallest + 4 * torch.finfo(dtype).eps * size_of_terms(name, pair)
            assert found(name, pair, dtype) == pytest.approx(expected, rel=share, abs=rounding), (
                f"{dtype}, {pair}"
            )


@pytest.mark.parametrize("name", LOSSES)
def test_label_smoothing_beyond_its_bounds_is_refused_by_name(name: str) -> None:
    one = -torch.ones(1)
    for smoothing in (-1e-9, 0.5, 1.0, float("nan")):
        pairs = PairLogps(one, one, one, one, -one, -one, LossParams(smoothing))
        with pytest.raises(ValueError, match="label_smoothing must be"):
            preference_loss(name, pairs, 0.1)
