"""The reward model r_phi(x, y): an additive head, one score per phrase, fitted by Bradley-Terry.

It is too simple on purpose. A sum over phrases can learn that a flattering phrase is liked, but not
that five of them are not: the flattery trap that PPO then walks into.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from app.lab.network.adam import Adam
from app.lab.preferences import Comparisons
from app.lab.world import PHRASES, PROMPTS, SLOTS, sum_over_slots


class RewardModel(nn.Module):
    """r_phi(x, y) = sum over slots of a score for the phrase there."""

    def __init__(self) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(PROMPTS, SLOTS, PHRASES))

    def forward(self, prompt: int, responses: Tensor) -> Tensor:
        """Reward of responses. Shapes: (batch, 5) -> (batch,)."""
        return self.scores[prompt, torch.arange(SLOTS), responses].sum(-1)

    @torch.no_grad()
    def all_rewards(self, prompt: int) -> Tensor:
        """Reward of every response. Shape: (7776,), float64."""
        return sum_over_slots(self.scores[prompt].double())


@dataclass(frozen=True)
class RewardModelConfig:
    """Hyperparameters of reward-model training."""

    steps: int = 150
    learning_rate: float = 0.1
    weight_decay: float = 1e-3


@dataclass(frozen=True)
class RewardModelStep:
    """One full-batch step: Bradley-Terry loss (nats a pair) and accuracy on the training pairs."""

    step: int
    loss: float
    accuracy: float


def train_reward_model(
    data: Sequence[Comparisons], config: RewardModelConfig
) -> tuple[RewardModel, list[RewardModelStep]]:
    """Fit by full-batch gradient steps on -log sigma(r_w - r_l) (DPO Eq. 2, arXiv 2305.18290).

    Args:
        data: comparisons for one or more prompts

    Weight decay pulls the scores of phrases that were never compared to zero.
    """
    model = RewardModel()
    optimizer = Adam(model.parameters(), config.learning_rate)
    history = []
    for step in range(1, config.steps + 1):
        margins = reward_margins(model, data)
        loss = -F.logsigmoid(margins).mean()
        penalty = config.weight_decay * model.scores.square().sum()
        optimizer.zero_grad()
        (loss + penalty).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        correct = (margins.detach() > 0).double().mean()
        history.append(RewardModelStep(step, float(loss.detach()), float(correct)))
    return model, history


def reward_margins(model: RewardModel, data: Sequence[Comparisons]) -> Tensor:
    """r_phi(x, y_w) - r_phi(x, y_l) of all pairs, prompt after prompt. Shape: (pairs,)."""
    return torch.cat(
        [model(pairs.prompt, pairs.chosen) - model(pairs.prompt, pairs.rejected) for pairs in data]
    )
