"""Every loss and its slopes equal the formula of its paper (tests/lab/published_losses.py)."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given

from app.lab.losses import LOSSES, preference_loss
from tests.lab.published_losses import (
    Pair,
    as_tensors,
    published_loss,
    published_slopes,
)
from tests.promises.batches import PROMISE, pairs, suited


@pytest.mark.parametrize("name", LOSSES)
@PROMISE
@given(drawn=pairs)
def test_a_loss_and_its_gradient_equal_the_published_formula(name: str, drawn: Pair) -> None:
    pair = suited(name, drawn)
    batch = as_tensors(pair)
    asked = [batch.policy_chosen.requires_grad_(), batch.policy_rejected.requires_grad_()]
    loss = preference_loss(name, batch, float(pair.beta))
    assert loss.item() == pytest.approx(published_loss(name, pair), rel=1e-12, abs=1e-12)
    if name == "hinge" and abs(1 - pair.margin) < 1e-9:
        return  # the corner of the hinge has no derivative
    found = torch.autograd.grad(loss.sum(), asked, materialize_grads=True)
    expected = published_slopes(name, pair)
    assert [slope.item() for slope in found] == pytest.approx(expected, rel=1e-11, abs=1e-12)
