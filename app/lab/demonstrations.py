"""Demonstrations: the authored distribution that ordinary writers follow, sampled for SFT.

A writer picks each phrase by its authored weight, and leans, mildly, toward phrases alike in tone
to the one just written; having flattered once, they seldom flatter again. So what comes next
depends on what came before, and a policy needs its attention to match it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from app.lab.draws import Draws, chosen
from app.lab.world import PHRASES, SLOTS, World

TONE = 0.5
"""How strongly a difference of 1 in an attribute from the previous phrase discourages, in nats."""

FLATTERED_ALREADY = 1.0
"""How much a second flattering phrase in a row is discouraged, in nats."""


def transition_logps(world: World, prompt: int) -> tuple[Tensor, Tensor]:
    """The demonstrators' distribution as a Markov chain.

    Returns:
        log p of the first phrase, shape: (6,); and log p of each phrase given the one before,
        shape: (4, 6, 6) as (slot - 1, previous phrase, phrase). float64.
    """
    log_weight = world.attribute("weight", prompt).log()
    flattering = world.attribute("flattering", prompt)
    logits = log_weight[1:].unsqueeze(1).expand(SLOTS - 1, PHRASES, PHRASES)
    for name in ("helpful", "harmless", "honest"):
        value = world.attribute(name, prompt)
        logits = logits - TONE * (value[:-1].unsqueeze(2) - value[1:].unsqueeze(1)).abs()
    both = flattering[:-1].unsqueeze(2) * flattering[1:].unsqueeze(1)
    logits = logits - FLATTERED_ALREADY * both
    return log_weight[0].log_softmax(0), logits.log_softmax(-1)


def demonstration_logps(world: World, prompt: int) -> Tensor:
    """Exact log-probability of every response under the demonstrators. Shape: (7776,), float64."""
    first, following = transition_logps(world, prompt)
    total = first
    for step in following:
        # total ends in the previous phrase: (..., 6) + (6, 6) -> (..., 6, 6)
        total = total.unsqueeze(-1) + step
    return total.flatten()


def sample_demonstrations(world: World, prompt: int, count: int, draws: Draws) -> Tensor:
    """Draw demonstrations. Shape: (count, 5)."""
    first, following = transition_logps(world, prompt)
    uniform = draws.uniform(count, SLOTS)
    phrases = [chosen(first.exp(), uniform[:, 0])]
    for slot, step in enumerate(following, start=1):
        phrases.append(chosen(step.exp()[phrases[-1]], uniform[:, slot]))
    return torch.stack(phrases, 1)
