"""Direct Preference Optimization: gradient descent on a loss over pairs; nothing is sampled.

Reference log-probabilities of all pairs are computed once, before training (arXiv 2305.18290).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from app.lab.baselines import training_loss
from app.lab.losses import PairLogps
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


class DPOTrainer:
    """DPO on comparisons for one or more prompts: a copy of the reference, one ``step`` a batch.

    Each step takes a batch of one prompt, the prompts in turn; each epoch reshuffles. The learning
    rate falls linearly to zero. ``policy`` is trained; of the reference only log-probabilities are
    kept.
    """

    def __init__(self, reference: Policy, data: Sequence[Comparisons], config: DPOConfig) -> None:
        self.policy = copy.deepcopy(reference)
        self.config = config
        self._data = data
        self._cached = [reference_logps(reference, pairs) for pairs in data]
        self._orders = [torch.empty(0, dtype=torch.long) for _ in data]
        self._generator = torch.Generator().manual_seed(config.seed)
        self._optimizer = torch.optim.Adam(
            self.policy.parameters(), lr=config.learning_rate, fused=True
        )
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimizer, lambda step: 1 - step / config.steps
        )
        self.gradient_steps = 0

    def step(self) -> DPOStep:
        """One gradient step on the next batch."""
        config, turn = self.config, self.gradient_steps % len(self._data)
        rows = self._next_rows(turn)
        pairs, reference = self._data[turn][rows], self._cached[turn][:, rows]
        batch = pair_logps(self.policy, pairs, reference, config.label_smoothing)
        loss = training_loss(config.loss_type, batch, config.beta).mean()
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self._schedule.step()
        self.gradient_steps += 1
        return _step(self.gradient_steps, loss, batch, config.beta)

    def _next_rows(self, turn: int) -> Tensor:
        size = min(self.config.batch_size, len(self._data[turn]))
        if len(self._orders[turn]) < size:
            self._orders[turn] = torch.randperm(len(self._data[turn]), generator=self._generator)
        rows, self._orders[turn] = self._orders[turn][:size], self._orders[turn][size:]
        return rows


def train_dpo(
    reference: Policy, data: Sequence[Comparisons], config: DPOConfig
) -> tuple[Policy, list[DPOStep]]:
    """All steps of a ``DPOTrainer``. Returns the trained policy and one row per step."""
    trainer = DPOTrainer(reference, data, config)
    history = [trainer.step() for _ in range(config.steps)]
    return trainer.policy, history


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
