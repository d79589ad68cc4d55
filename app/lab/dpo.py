"""Direct Preference Optimization: gradient descent on a loss over pairs; nothing is sampled.

Reference log-probabilities of all pairs are computed once, before training (arXiv 2305.18290).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from app.lab.losses import PairLogps, preference_loss
from app.lab.policy import Policy
from app.lab.preferences import Comparisons
from app.lab.world import SLOTS


@dataclass(frozen=True)
class DPOConfig:
    """Knobs of DPO; names as in TRL's DPOConfig."""

    beta: float = 0.3
    learning_rate: float = 2e-3
    batch_size: int = 128
    steps: int = 400
    loss_type: str = "sigmoid"
    label_smoothing: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class DPOStep:
    """One gradient step, over its batch.

    ``chosen_logps`` and ``rejected_logps`` are mean log pi_theta(y|x) in nats, ``margin`` the mean
    difference of implicit rewards, ``accuracy`` the share of pairs with a positive one.
    """

    step: int
    loss: float
    margin: float
    accuracy: float
    chosen_logps: float
    rejected_logps: float


def train_dpo(
    reference: Policy, data: Sequence[Comparisons], config: DPOConfig
) -> tuple[Policy, list[DPOStep]]:
    """Train a copy of the reference policy on comparisons for one or more prompts.

    Each step takes a batch of one prompt, the prompts in turn; each epoch reshuffles. The learning
    rate falls linearly to zero. Returns the trained policy and one row per step.
    """
    generator = torch.Generator().manual_seed(config.seed)
    policy = copy.deepcopy(reference)
    cached = [reference_logps(reference, pairs) for pairs in data]
    orders = [torch.empty(0, dtype=torch.long) for _ in data]
    optimizer = torch.optim.Adam(policy.parameters(), lr=config.learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / config.steps)
    history = []
    for step in range(config.steps):
        turn = step % len(data)
        size = min(config.batch_size, len(data[turn]))
        if len(orders[turn]) < size:
            orders[turn] = torch.randperm(len(data[turn]), generator=generator)
        rows, orders[turn] = orders[turn][:size], orders[turn][size:]
        batch = pair_logps(policy, data[turn][rows], cached[turn][:, rows], config.label_smoothing)
        loss = preference_loss(config.loss_type, batch, config.beta).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        history.append(_step(step + 1, loss, batch, config.beta))
    return policy, history


@torch.no_grad()
def reference_logps(reference: Policy, pairs: Comparisons) -> Tensor:
    """log pi_ref of all pairs, computed once and kept. Shape: (2, pairs), chosen then rejected."""
    return reference.logps(pairs.prompt, pairs.both()).view(2, -1)


def pair_logps(
    policy: Policy, pairs: Comparisons, reference: Tensor, label_smoothing: float = 0.0
) -> PairLogps:
    """What a loss needs of a batch of pairs; one forward pass for chosen and rejected together.

    Args:
        reference: log pi_ref of the same pairs, shape: (2, pairs)
    """
    chosen, rejected = policy.logps(pairs.prompt, pairs.both()).view(2, -1)
    lengths = torch.full_like(reference[0], SLOTS)
    return PairLogps(
        chosen, rejected, reference[0], reference[1], lengths, lengths, label_smoothing
    )


def _step(step: int, loss: Tensor, batch: PairLogps, beta: float) -> DPOStep:
    with torch.no_grad():
        margins = beta * (batch.chosen - batch.rejected)
        values = torch.stack(
            [
                loss,
                margins.mean(),
                (margins > 0).to(margins.dtype).mean(),
                batch.policy_chosen.mean(),
                batch.policy_rejected.mean(),
            ]
        )
    return DPOStep(step, *values.tolist())
