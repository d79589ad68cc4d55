"""Losses of log-ratios in the browser's lab are those of torch and autograd."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from app.lab.log_ratios import LossOfRatios, sigma
from app.lab.losses import LOSSES, USES_LABEL_SMOOTHING
from tests.lab.published_losses import many_digits
from tests.lab.published_losses import sigma as exact_sigma
from tests.node import answer_of

RATIOS = (-20.0, -3.0, -0.25, 0.0, 1.0, 7.5)
PAIRS = len(RATIOS) ** 2


def _loss(name: str) -> dict[str, Any]:
    """Its fields, some of them a number for all pairs, some one for each."""
    return {
        "loss_type": name,
        "label_smoothing": 0.1 if name in USES_LABEL_SMOOTHING else 0.0,
        "beta": [0.1 + 0.05 * n for n in range(PAIRS)],
        "reference_chosen": -8.0,
        "reference_rejected": [-8.0 - n for n in range(PAIRS)],
        "chosen_lengths": [1 + n for n in range(PAIRS)],
        "rejected_lengths": 5,
    }


def test_losses_and_slopes_are_those_of_torch() -> None:
    chosen, rejected = map(list, zip(*product(RATIOS, RATIOS), strict=True))
    losses = [_loss(name) for name in LOSSES]
    asked = {"chosen": chosen, "rejected": rejected, "losses": losses}
    for loss, found in zip(losses, answer_of("log_ratios.js", asked), strict=True):
        here = LossOfRatios(**loss)
        for there, expected in zip(found, here.losses_and_slopes(chosen, rejected), strict=True):
            assert there == pytest.approx(expected, rel=1e-9, abs=1e-9), loss["loss_type"]
        assert here.losses(chosen, rejected) == here.losses_and_slopes(chosen, rejected)[0]


@pytest.mark.parametrize("margin", [-700.0, -40.0, -1e-9, 0.0, 0.3, 37.5, 700.0])
def test_sigma_keeps_its_digits(margin: float) -> None:
    with many_digits():
        assert sigma(margin) == pytest.approx(float(exact_sigma(Decimal(margin))), rel=1e-15, abs=0)
