"""Likelihood displacement: where probability goes while DPO widens its margins, exactly.

After Razin et al. (arXiv 2410.08847): the margin of a pair can grow while both of its responses
become less likely. Part of such a fall is due to alignment itself: the optimum of true quality at the
same KL makes most responses less likely, too, since the best few of 7,776 gain. What falls further is
displaced.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from app.lab.dpo import DPOConfig, DPOTrainer
from app.lab.exact import exact_logps, expectation, kl_divergence
from app.lab.optimum import optimal_logps_at
from app.lab.preferences import Comparisons
from app.lab.trained import Lab, PromptFacts
from app.lab.world import RESPONSES, all_responses, response_number

MEASURED_EVERY = 10
"""Gradient steps between two measurements."""


@dataclass(frozen=True)
class OnPairs:
    """What a policy makes of training pairs; log-probabilities are means over all pairs, in nats."""

    chosen_logp: float
    rejected_logp: float
    mass_chosen: float
    """probability of responses of training pairs that are chosen at least as often as rejected"""
    mass_rejected: float
    """probability of the other responses of training pairs"""
    mass_unseen: float
    """probability of responses that no training pair holds"""
    kl: float
    true_quality: float


@dataclass(frozen=True)
class Displacement:
    """The policy after some steps."""

    step: int
    run: OnPairs
    optimum: OnPairs | None
    """the optimum of true quality at the KL of the run; None if no optimum is so far out"""
    logps: Tensor
    """log pi(y|x) of all responses, shape: (7776,), float64"""
    in_pairs: Tensor
    """which responses some training pair holds, shape: (7776,), bool"""


def displacement(lab: Lab, pairs: Comparisons, config: DPOConfig) -> Iterator[Displacement]:
    """Train on pairs of one prompt, measuring exactly every few steps."""
    trainer = DPOTrainer(lab.reference_policy, pairs, config)
    yield _measure(lab, pairs, trainer)
    while trainer.gradient_steps < config.steps:
        for _ in range(min(MEASURED_EVERY, config.steps - trainer.gradient_steps)):
            trainer.step()
        yield _measure(lab, pairs, trainer)


@dataclass(frozen=True)
class GainedProbability:
    """A response that a run made likelier."""

    response: list[int]
    """its phrase numbers"""
    reference_probability: float
    policy_probability: float
    true_quality: float
    seen: bool
    """whether some training pair holds it"""


def most_gained(end: Displacement, facts: PromptFacts, count: int) -> list[GainedProbability]:
    """The responses that gained most probability over the reference, the most first."""
    gain = end.logps.exp() - facts.reference_logps.exp()
    top = torch.argsort(gain, descending=True, stable=True)[:count]
    return [
        GainedProbability(
            all_responses()[n].tolist(),
            facts.reference_logps[n].exp().item(),
            end.logps[n].exp().item(),
            facts.true_quality[n].item(),
            bool(end.in_pairs[n]),
        )
        for n in top.tolist()
    ]


def seen_responses(pairs: Comparisons) -> Tensor:
    """Which responses are in some pair. Shape: (7776,), bool."""
    seen = torch.zeros(RESPONSES, dtype=torch.bool)
    seen[response_number(pairs.both())] = True
    return seen


def often_chosen(pairs: Comparisons) -> Tensor:
    """Which responses are in some pair, and chosen at least as often as rejected. Shape: (7776,), bool."""
    chosen, rejected = (
        torch.bincount(response_number(responses), minlength=RESPONSES)
        for responses in (pairs.chosen, pairs.rejected)
    )
    return (chosen > 0) & (chosen >= rejected)


def on_pairs(logps: Tensor, pairs: Comparisons, facts: PromptFacts) -> OnPairs:
    """Measure a policy, given log pi(y|x) of all responses. Shape: (7776,)."""
    return OnPairs(
        chosen_logp=float(logps[response_number(pairs.chosen)].mean()),
        rejected_logp=float(logps[response_number(pairs.rejected)].mean()),
        mass_chosen=float(logps.exp()[often_chosen(pairs)].sum()),
        mass_rejected=float(logps.exp()[seen_responses(pairs) & ~often_chosen(pairs)].sum()),
        mass_unseen=1 - float(logps.exp()[seen_responses(pairs)].sum()),
        kl=float(kl_divergence(logps, facts.reference_logps)),
        true_quality=float(expectation(logps, facts.true_quality)),
    )


def _measure(lab: Lab, pairs: Comparisons, trainer: DPOTrainer) -> Displacement:
    facts = lab.facts(pairs.prompt)
    logps = exact_logps(trainer.policy, pairs.prompt)
    run = on_pairs(logps, pairs, facts)
    optimal = optimal_logps_at(facts.reference_logps, facts.true_quality, run.kl)
    return Displacement(
        step=trainer.gradient_steps,
        run=run,
        optimum=None if optimal is None else on_pairs(optimal, pairs, facts),
        logps=logps,
        in_pairs=seen_responses(pairs),
    )
