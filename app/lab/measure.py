"""Measure a policy exactly: KL, learned reward, true quality, entropy, and what it likes to say."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from app.lab.exact import entropy, exact_logps, expectation, kl_divergence
from app.lab.network.policy import Policy
from app.lab.trained import PromptFacts
from app.lab.world import all_responses

ROUNDING = 1e-6


class AboveFrontier(RuntimeError):
    """A policy was measured above the frontier, which is impossible: something is wrong."""


@dataclass(frozen=True)
class Measurement:
    """Exact expectations of one policy for one prompt."""

    kl: float
    """KL(pi || pi_ref), nats"""
    reward: float
    """expected learned reward; 0 is the reference policy"""
    true_quality: float
    """expected r*; 0 is the reference policy"""
    entropy: float
    """nats"""
    favorite: list[int]
    """the most probable response, as phrase numbers"""


def measure_policy(policy: Policy, facts: PromptFacts, learned_reward: Tensor) -> Measurement:
    """Measure a policy against a prompt's facts and the reward it was trained on.

    Args:
        learned_reward: of all responses, mean 0 under the reference, shape: (7776,)
    """
    return measure(exact_logps(policy, facts.prompt), facts, learned_reward)


def measure(logps: Tensor, facts: PromptFacts, learned_reward: Tensor) -> Measurement:
    """Measure a distribution over all responses.

    Args:
        logps: log pi(y|x), shape: (7776,)
        learned_reward: of all responses, mean 0 under the reference, shape: (7776,)

    Raises:
        AboveFrontier: more true quality than any policy with this KL can have.
    """
    kl = float(kl_divergence(logps, facts.reference_logps))
    quality = float(expectation(logps, facts.true_quality))
    if quality > facts.frontier.bound(kl) + ROUNDING:
        raise AboveFrontier(f"true quality {quality} at KL {kl} nats")
    return Measurement(
        kl=kl,
        reward=float(expectation(logps, learned_reward)),
        true_quality=quality,
        entropy=float(entropy(logps)),
        favorite=all_responses()[int(torch.argmax(logps))].tolist(),
    )
