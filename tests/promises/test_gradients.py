"""Gradients equal difference quotients: of the losses, and of training through the whole policy."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from app.lab.dpo import pair_logps, reference_logps
from app.lab.losses import LOSSES, preference_loss
from app.lab.policy import Policy
from app.lab.trained import the_lab
from tests.promises.batches import PROMISE, pairs, suited
from tests.published_losses import Pair, as_tensors, published_slopes


@pytest.mark.parametrize("name", LOSSES)
@PROMISE
@given(drawn=pairs)
def test_the_gradient_of_a_loss_is_the_slope_of_its_published_formula(
    name: str, drawn: Pair
) -> None:
    pair = suited(name, drawn)
    if name == "hinge" and abs(1 - pair.margin) < 1e-9:
        return  # the corner of the hinge has no derivative
    batch = as_tensors(pair)
    asked = [batch.policy_chosen.requires_grad_(), batch.policy_rejected.requires_grad_()]
    loss = preference_loss(name, batch, float(pair.beta))
    found = torch.autograd.grad(loss.sum(), asked, materialize_grads=True)
    expected = published_slopes(name, pair)
    assert [slope.item() for slope in found] == pytest.approx(expected, rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("name", ["sigmoid", "ipo", "apo_down", "orpo"])
def test_the_gradient_reaches_every_parameter_of_the_policy(name: str) -> None:
    """Along random directions through all parameters at once, in float64."""
    lab, generator = the_lab(), torch.Generator().manual_seed(5)
    comparisons = lab.training_comparisons(2)[:32]
    reference = copy.deepcopy(lab.reference_policy).double()
    cached = reference_logps(reference, comparisons)
    policy: Policy = copy.deepcopy(reference)
    start = parameters_to_vector(policy.parameters()).detach()
    # Away from the reference, where all log-ratios are 0.
    start = start + 0.05 * torch.randn(start.shape, generator=generator, dtype=start.dtype)

    def loss_at(parameters: Tensor) -> Tensor:
        vector_to_parameters(parameters, policy.parameters())
        return preference_loss(name, pair_logps(policy, comparisons, cached), 0.3).mean()

    slopes = torch.autograd.grad(loss_at(start), list(policy.parameters()), materialize_grads=True)
    gradient = torch.cat([slope.flatten() for slope in slopes])
    step = 1e-5
    for _ in range(3):
        direction = torch.randn(start.shape, generator=generator, dtype=start.dtype)
        with torch.no_grad():
            ahead, behind = loss_at(start + step * direction), loss_at(start - step * direction)
        slope = float(ahead - behind) / (2 * step)
        assert float(gradient @ direction) == pytest.approx(slope, rel=1e-5, abs=1e-7)
