"""Gradients of training, through the whole policy, equal difference quotients (of losses: test_formulas)."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from app.lab.dpo import pair_logps, reference_logps
from app.lab.losses import preference_loss
from app.lab.network.policy import Policy
from app.lab.trained import the_lab


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
