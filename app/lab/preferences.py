"""Comparisons: two responses from the reference policy, labeled by a Bradley-Terry coin on r*."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from app.lab.draws import Draws
from app.lab.network.policy import Policy
from app.lab.world import response_number


def bradley_terry(reward_first: Tensor, reward_second: Tensor) -> Tensor:
    """p(first > second) = sigma(r(x, y1) - r(x, y2)), DPO Eq. 1 (arXiv 2305.18290).

    Elementwise. Shapes: (...), (...) -> (...)
    """
    return torch.sigmoid(reward_first - reward_second)


@dataclass(frozen=True)
class RewardGaps:
    """Bradley-Terry on pairs of rewards (DPO Eq. 1 and 2, arXiv 2305.18290); a number for each pair."""

    margins: list[float]
    """reward of the chosen response minus that of the rejected one"""
    probabilities: list[float]
    """p(chosen > rejected)"""
    losses: list[float]
    """-log p(chosen > rejected), nats"""
    chosen_slopes: list[float]
    """d loss / d reward of the chosen response, by autograd"""
    rejected_slopes: list[float]


def reward_gaps(chosen: Sequence[float], rejected: Sequence[float]) -> RewardGaps:
    """What Bradley-Terry makes of the rewards of chosen and rejected responses. Shapes: (pairs,)."""
    one = torch.tensor(chosen, dtype=torch.float64, requires_grad=True)
    other = torch.tensor(rejected, dtype=torch.float64, requires_grad=True)
    losses = -F.logsigmoid(one - other)
    # No pair's loss depends on another's rewards, so the gradient of the sum is that of each.
    slopes = torch.autograd.grad(losses.sum(), [one, other])
    with torch.no_grad():
        columns = one - other, bradley_terry(one, other), losses, *slopes
    return RewardGaps(*(column.tolist() for column in columns))


@dataclass(frozen=True)
class Comparisons:
    """Labeled pairs for one prompt. ``chosen`` and ``rejected`` have shape (pairs, 5)."""

    prompt: int
    chosen: Tensor
    rejected: Tensor

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, rows: slice | Tensor) -> Comparisons:
        """Some of the pairs."""
        return Comparisons(self.prompt, self.chosen[rows], self.rejected[rows])

    def both(self) -> Tensor:
        """Chosen responses, then rejected ones. Shape: (2 pairs, 5)."""
        return torch.cat([self.chosen, self.rejected])


def sample_comparisons(
    policy: Policy, prompt: int, quality: Tensor, count: int, draws: Draws
) -> Comparisons:
    """Draw ``count`` labeled pairs.

    Args:
        policy: where both responses come from (the reference policy)
        quality: r*(x, y) of all responses, shape: (7776,)
    """
    first = policy.sample(prompt, count, draws)
    second = policy.sample(prompt, count, draws)
    first_wins = bradley_terry(quality[response_number(first)], quality[response_number(second)])
    wins = (draws.uniform(count) < first_wins).unsqueeze(1)
    return Comparisons(prompt, torch.where(wins, first, second), torch.where(wins, second, first))
