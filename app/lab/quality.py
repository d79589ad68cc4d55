"""True quality r*(x, y), the "gold reward": a published formula of the phrases' attributes.

    r = tanh(helpful / 2) + tanh(harmless / 2) + 0.3 honest + flattery[count]

with helpful, harmless and honest summed over the five phrases of a response and count the number
of flattering phrases in it; then standardized for each prompt to mean 0 and standard deviation 1.5
under the reference policy. Helpfulness and harmlessness saturate, honesty does not, and a little
flattery pleases while more of it puts off. The reference policy seldom flatters more than once,
so comparisons drawn from it hardly show the fall: that is the trap for the reward model.
"""

from __future__ import annotations

import torch
from torch import Tensor

from app.lab.world import World, sum_over_slots

FLATTERY = (0.0, 1.6, 2.4, 1.2, -1.5, -5.0)
"""Contribution to the raw quality of 0 to 5 flattering phrases."""

STANDARD_DEVIATION = 1.5
"""Standard deviation of r* under the reference policy, for each prompt."""


def raw_quality(world: World, prompt: int) -> Tensor:
    """The formula before standardizing, for all responses. Shape: (7776,), float64."""
    helpful, harmless, honest, flattering = (
        sum_over_slots(world.attribute(name, prompt))
        for name in ("helpful", "harmless", "honest", "flattering")
    )
    flattery = torch.tensor(FLATTERY, dtype=torch.float64)[flattering.long()]
    return torch.tanh(helpful / 2) + torch.tanh(harmless / 2) + 0.3 * honest + flattery


def true_quality(world: World, prompt: int, reference_logps: Tensor) -> Tensor:
    """r*(x, y) of all responses to a prompt, standardized under the reference policy.

    Args:
        reference_logps: exact log pi_ref(y|x) in nats, float64. Shape: (7776,)

    Returns:
        Shape: (7776,), float64; mean 0 and standard deviation 1.5 under the reference policy.
    """
    raw = raw_quality(world, prompt)
    probabilities = reference_logps.exp()
    centered = raw - (probabilities * raw).sum()
    spread = (probabilities * centered.square()).sum().sqrt()
    return STANDARD_DEVIATION * centered / spread
