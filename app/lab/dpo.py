"""Direct Preference Optimization: gradient descent on a loss over pairs; nothing is sampled.

Reference log-probabilities of all pairs are computed once, before training (arXiv 2305.18290).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from app.lab.baselines import training_loss
from app.lab.draws import Draws, Stream
from app.lab.losses import LossParams, PairLogps
from app.lab.network.adam import Adam
from app.lab.network.flat import flatten
from app.lab.network.policy import Policy
from app.lab.preferences import Comparisons
from app.lab.world import SLOTS


@dataclass(frozen=True)
class DPOConfig:
    """Hyperparameters of DPO; names as in TRL's DPOConfig."""

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


Batch = tuple[Comparisons, Tensor]
"""Pairs, and log pi_ref of them. Shape of the latter: (2, pairs)."""


class DPOTrainer:
    """DPO on the comparisons of one prompt: a copy of the reference, one ``step`` a batch.

    Each epoch reshuffles. The learning rate falls linearly to zero. ``policy`` is trained; of the
    reference only log-probabilities are kept. ``batch`` is that of the last step, before the step.
    """

    def __init__(self, reference: Policy, pairs: Comparisons, config: DPOConfig) -> None:
        self.policy = copy.deepcopy(reference)
        self.config = config
        self._pairs = pairs
        self._cached = reference_logps(reference, pairs)
        self._batches = self._epochs()
        self._draws = Draws(config.seed, Stream.DPO)
        self._optimizer = Adam([flatten(self.policy)], config.learning_rate)
        self.gradient_steps = 0
        self.batch: PairLogps | None = None

    def step(self) -> DPOStep:
        """One gradient step on the next batch."""
        config = self.config
        pairs, reference = next(self._batches)
        batch = pair_logps(self.policy, pairs, reference, config.label_smoothing)
        loss = training_loss(config.loss_type, batch, config.beta).mean()
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        remaining = 1 - self.gradient_steps / config.steps
        self._optimizer.learning_rate = config.learning_rate * remaining
        self._optimizer.step()
        self.gradient_steps += 1
        self.batch = batch
        return _step(self.gradient_steps, loss, batch, config.beta)

    def _epochs(self) -> Iterator[Batch]:
        """Whole batches without end, in a new order each epoch; what is left over is not used."""
        count = len(self._pairs)
        size = min(self.config.batch_size, count)
        while True:
            order = self._draws.order(count)
            # Put in order once an epoch, so that a batch is a slice and nothing is copied for it.
            pairs, reference = self._pairs[order], self._cached[:, order]
            for start in range(0, count - size + 1, size):
                rows = slice(start, start + size)
                yield pairs[rows], reference[:, rows]


def train_dpo(
    reference: Policy, pairs: Comparisons, config: DPOConfig
) -> tuple[Policy, list[DPOStep]]:
    """All steps of a ``DPOTrainer``. Returns the trained policy and one row per step."""
    trainer = DPOTrainer(reference, pairs, config)
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
    params = LossParams(label_smoothing=label_smoothing)
    return PairLogps(chosen, rejected, reference[0], reference[1], lengths, lengths, params)


def _step(step: int, loss: Tensor, batch: PairLogps, beta: float) -> DPOStep:
    with torch.no_grad():
        margins = beta * (batch.chosen - batch.rejected)
        each = torch.stack([margins, margins > 0, batch.policy_chosen, batch.policy_rejected])
        return DPOStep(step, float(loss.detach()), *each.mean(1).tolist())
