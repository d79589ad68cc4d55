"""Common mistakes in the derivation, put into its numbers so that checks fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from app.lab.world import PROMPTS
from app.widgets.dpo_derivation.numbers import DerivationNumbers, numbers_of


@dataclass(frozen=True)
class Mistake:
    """A mistake, why it breaks some steps, and why the others do not notice."""

    label: str
    why: str
    unseen: Mapping[int, str]
    """by step, for those whose check holds despite it"""


MISTAKES = {
    "none": Mistake("none", "", dict.fromkeys(range(1, 7), "")),
    "no_partition": Mistake(
        "drop Z(x)",
        "Without Z(x) the right side is too low by β log Z(x), the same amount for every response.",
        {
            1: "This step does not notice: it has no Z(x) yet.",
            4: "This step does not notice: both responses lack the same β log Z(x), so their difference is "
            "right.",
            5: "This step does not notice: it says that Z(x) may be dropped here.",
            6: "This step does not notice: Z(x) canceled one step earlier.",
        },
    ),
    "flipped_kl": Mistake(
        "flip the KL",
        "The optimum for KL(π_ref ‖ π) is not the reference times an exponential, so its log-ratio is not "
        "the reward divided by β.",
        {
            1: "This step does not notice: it does not say yet which policy is optimal.",
            2: "This step does not notice: it writes π_r as the reference times an exponential, whichever "
            "policy is optimal.",
            5: "This step does not notice: Z(x) cancels whichever policy stands for π*.",
        },
    ),
    "no_beta": Mistake(
        "forget β",
        "A log-ratio without β is a reward in the wrong unit, so every gap is off by the factor 1/β.",
        {
            1: "This step does not notice: β is the price of divergence here, and was not touched.",
            2: "This step does not notice: β is the price of divergence here, and was not touched.",
            5: "This step does not notice: β is missing from the log-ratios on both sides.",
        },
    ),
    "other_prompt": Mistake(
        "use another prompt’s response",
        "The two responses have different prompts, so each brings its own Z(x), and nothing cancels.",
        {
            1: "This step does not notice: it compares no two responses.",
            2: "This step does not notice: it is about one response at a time.",
            3: "This step does not notice: it is about one response at a time.",
            4: "This step does not notice: with both Z(x) written out the equation still holds, although "
            "nobody states a preference across prompts.",
        },
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
    """log of the policy that maximizes E_pi[r] - beta KL(pi_ref || pi).

    Setting the derivative to zero gives pi = beta pi_ref / (c - r), with c above every reward and
    such that the probabilities sum to 1. They fall as c grows, so c is found by halving.

    Shapes: (7776,), (7776,) -> (7776,); float64, nats.
    """
    # At max r + beta the sum is at most 1; as c nears max r it passes 1, unless hardly any mass
    # sits at the top: then the optimum has a point mass there, which the lowest c comes close to.
    low, high = reward.max(), reward.max() + beta
    weights = beta * reference.exp()
    middle = (low + high) / 2
    while low < middle < high:  # until no number lies between them
        too_much = (weights / (middle - reward)).sum() > 1
        low, high = (middle, high) if too_much else (low, middle)
        middle = (low + high) / 2
    logps = reference + torch.log(beta / (high - reward))
    return logps - torch.logsumexp(logps, 0)
