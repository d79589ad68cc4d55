"""Common mistakes in the derivation, put into its numbers so that checks fail."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from app.lab.world import PROMPTS
from app.widgets.dpo_derivation.numbers import DerivationNumbers, numbers_of


@dataclass(frozen=True)
class Mistake:
    """A mistake: the steps that it breaks, and why it does not show elsewhere."""

    label: str
    breaks: tuple[int, ...]
    """steps whose check fails"""
    why: str
    unseen: str


MISTAKES = {
    "none": Mistake("none", (), "", ""),
    "no_partition": Mistake(
        "drop Z(x)",
        (2, 3),
        "Without Z(x) the reward is read off short by β log Z(x), the same amount for every response.",
        "Z(x) is missing here too, but it cancels in a difference of two responses to one prompt.",
    ),
    "flipped_kl": Mistake(
        "flip the KL",
        (3, 4, 6),
        "The optimum for KL(π_ref ‖ π) is not the reference times an exponential. Its log-ratio is not "
        "the reward divided by β.",
        "This step does not ask which policy π* is.",
    ),
    "no_beta": Mistake(
        "forget β",
        (3, 4, 6),
        "A log-ratio without β is a reward in the wrong unit: every gap is off by the factor 1/β.",
        "Both sides of this step forget β alike, or it stands outside of what was forgotten.",
    ),
    "other_prompt": Mistake(
        "use another prompt’s response",
        (5, 6),
        "The two responses have different prompts, so each brings its own Z(x), and nothing cancels.",
        "With both Z(x) written out the equation still holds, or it has only one response. But a "
        "comparison across prompts is not a preference that anybody stated.",
    ),
}


def mistaken_numbers(prompt: int, beta: float, seed: int, mistake: str) -> DerivationNumbers:
    """The numbers of a derivation with a mistake. Raises KeyError for an unknown one."""
    right = numbers_of(prompt, beta, seed)
    if MISTAKES[mistake] is MISTAKES["none"]:
        return right
    if mistake == "no_partition":
        return replace(right, log_z=torch.zeros_like(right.log_z))
    if mistake == "flipped_kl":
        return replace(right, optimal=forward_kl_optimum(right.reference, right.reward, beta))
    if mistake == "no_beta":
        return replace(right, believed_beta=1.0)
    return replace(right, opposing=numbers_of(opponents_prompt(prompt, mistake), beta, seed))


def opponents_prompt(prompt: int, mistake: str) -> int:
    """The prompt that y_l answers."""
    return (prompt + 1) % PROMPTS if mistake == "other_prompt" else prompt


def forward_kl_optimum(reference: Tensor, reward: Tensor, beta: float) -> Tensor:
    """log of the policy that maximises E_pi[r] - beta KL(pi_ref || pi).

    Setting the derivative to zero gives pi = beta pi_ref / (c - r), with c above every reward and
    such that the probabilities sum to 1. They fall as c grows, so c is found by halving.

    Shapes: (7776,), (7776,) -> (7776,); float64, nats.
    """
    # At max r + beta the sum is at most 1; as c nears max r it passes 1, unless hardly any mass
    # sits at the top: then the optimum has a point mass there, which the lowest c comes close to.
    low, high = reward.max(), reward.max() + beta
    for _ in range(200):
        middle = (low + high) / 2
        too_much = (beta * reference.exp() / (middle - reward)).sum() > 1
        low, high = (middle, high) if too_much else (low, middle)
    logps = reference + torch.log(beta / (high - reward))
    return logps - torch.logsumexp(logps, 0)
