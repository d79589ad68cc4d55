"""Reward models r_phi(x, y), one for each prompt, fitted to its comparisons.

There are two kinds. ``AdditiveReward`` is too simple on purpose: a sum over phrases can learn that a
flattering phrase is liked, but not that five of them are not, the trap that PPO then walks into.
``NetworkReward`` is as rich as a policy: what DPO's implicit reward can express, it can.

Both minimize the same loss on the same pairs, the mean over pairs of

    -log sigma(r(y_w) - r(y_l)) + decay (r(y_w)^2 + r(y_l)^2)

which is DPO Eq. 2 (arXiv 2305.18290) and a weak decay for each pair. Without it the rewards of few
pairs would grow without end, and nothing would settle the shift that preferences leave open.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from app.lab.draws import Draws, Stream
from app.lab.exact import in_float64, sum_along_prefixes
from app.lab.network.adam import Adam
from app.lab.network.flat import flatten
from app.lab.network.policy import Policy, next_scores, of_phrases
from app.lab.network.prefixes import distinct_prefixes, every_prefix
from app.lab.preferences import Comparisons
from app.lab.world import PHRASES, SLOTS, sum_over_slots

OUTPUT_SCALE = 0.1
"""What a network's output is multiplied by, as DPO multiplies its log-ratio by beta.

Of 0.1, 0.3 and 1 the one with the highest likelihood of held-out labels."""

DECAY = 1e-3
"""The same wherever a reward model is fitted. Standard deviations of rewards change by 3% for it."""


class RewardKind(StrEnum):
    """The kinds of reward model."""

    additive = "additive"
    network = "network"


class AdditiveReward(nn.Module):
    """The sum over slots of a score for the phrase there: 30 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(SLOTS, PHRASES))

    def forward(self, responses: Tensor) -> Tensor:
        """Reward of responses. Shapes: (batch, 5) -> (batch,)."""
        return self.scores[torch.arange(SLOTS), responses].sum(-1)

    @torch.no_grad()
    def all_rewards(self) -> Tensor:
        """Reward of every response. Shape: (7776,), float64."""
        return sum_over_slots(self.scores.double())


class NetworkReward(nn.Module):
    """The sum over slots of a score for the phrase there, given the phrases before it.

    The scores are those of a policy without its softmax. The trunk starts as the reference policy's,
    the scores start at zero.
    """

    def __init__(self, reference: Policy, prompt: int) -> None:
        super().__init__()
        self.prompt = prompt
        self.trunk = copy.deepcopy(reference.trunk)
        self.head = nn.Parameter(torch.zeros_like(reference.head[prompt]))

    def forward(self, responses: Tensor) -> Tensor:
        """Reward of responses. Shapes: (batch, 5) -> (batch,)."""
        prefixes, rows = distinct_prefixes(responses)
        return of_phrases(self.next_rewards(prefixes), rows, responses).sum(-1)

    def next_rewards(self, prefixes: Tensor) -> Tensor:
        """Scores of the six phrases that can follow each prefix. Shapes: (n,) -> (n, 6)."""
        hidden = self.trunk(self.prompt, prefixes)
        return OUTPUT_SCALE * next_scores(self.head, prefixes, hidden).T

    @torch.no_grad()
    def all_rewards(self) -> Tensor:
        """Reward of every response. Shape: (7776,), float64."""
        return sum_along_prefixes(in_float64(self).next_rewards(every_prefix()))


RewardModel = AdditiveReward | NetworkReward


@dataclass(frozen=True)
class RewardModelConfig:
    """Hyperparameters of reward-model training; the learning rate falls linearly to zero."""

    steps: int
    learning_rate: float
    batch_size: int | None
    """None takes all pairs in each step"""
    decay: float = DECAY
    """for each pair: the weight of the squares of its two rewards"""


REWARD_CONFIGS = {
    RewardKind.additive: RewardModelConfig(steps=150, learning_rate=0.1, batch_size=None),
    # Steps, batches and learning rate are DPO's.
    RewardKind.network: RewardModelConfig(steps=400, learning_rate=2e-3, batch_size=128),
}


@dataclass(frozen=True)
class RewardModelStep:
    """One step: Bradley-Terry loss (nats a pair, without the decay) and accuracy on its pairs."""

    step: int
    loss: float
    accuracy: float


def train_reward_model(
    kind: RewardKind,
    reference: Policy,
    pairs: Comparisons,
    seed: int,
    config: RewardModelConfig | None = None,
) -> tuple[RewardModel, list[RewardModelStep]]:
    """Fit a reward model of a kind to the comparisons of one prompt; the seed orders its batches.

    ``config`` is that of ``REWARD_CONFIGS`` unless given.
    """
    config = config or REWARD_CONFIGS[kind]
    model = new_reward_model(kind, reference, pairs.prompt)
    optimizer = Adam([flatten(model)], config.learning_rate)
    batches = _batches(pairs, config.batch_size, Draws(seed, Stream.REWARD_MODEL))
    history = []
    for step in range(1, config.steps + 1):
        rewards = model(next(batches).both()).view(2, -1)
        margins = rewards[0] - rewards[1]
        loss = -F.logsigmoid(margins).mean()
        decay = config.decay * rewards.square().sum(0).mean()
        optimizer.zero_grad()
        (loss + decay).backward()
        optimizer.learning_rate = config.learning_rate * (1 - (step - 1) / config.steps)
        optimizer.step()
        correct = (margins.detach() > 0).double().mean()
        history.append(RewardModelStep(step, float(loss.detach()), float(correct)))
    return model, history


def new_reward_model(kind: RewardKind, reference: Policy, prompt: int) -> RewardModel:
    """An untrained reward model: every reward is 0."""
    return AdditiveReward() if kind == RewardKind.additive else NetworkReward(reference, prompt)


@torch.no_grad()
def reward_margins(model: RewardModel, pairs: Comparisons) -> Tensor:
    """r_phi(x, y_w) - r_phi(x, y_l). Shape: (pairs,)."""
    rewards: Tensor = model(pairs.both()).view(2, -1)
    return rewards[0] - rewards[1]


def _batches(pairs: Comparisons, size: int | None, draws: Draws) -> Iterator[Comparisons]:
    """Whole batches without end, in a new order each epoch; what is left over is not used."""
    while size is None:
        yield pairs
    size = min(size, len(pairs))
    while True:
        order = draws.order(len(pairs))
        for start in range(0, len(pairs) - size + 1, size):
            yield pairs[order[start : start + size]]
