"""Likelihood displacement: where probability goes while DPO widens its margins, exactly.

After Razin et al. (arXiv 2410.08847): the margin of a pair can grow while both of its responses
become less likely. The lab sees where the mass goes, since it can sum over all responses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from app.lab.dpo import DPOConfig, DPOTrainer
from app.lab.exact import exact_logps, kl_divergence
from app.lab.preferences import Comparisons
from app.lab.trained import Lab
from app.lab.world import RESPONSES, response_number

MEASURED_EVERY = 10
"""Gradient steps between two measurements."""


@dataclass(frozen=True)
class Displacement:
    """The policy after some steps; log-probabilities are means over all training pairs, in nats."""

    step: int
    chosen_logps: float
    rejected_logps: float
    seen: float
    """probability of responses that some training pair holds, chosen or rejected"""
    unseen: float
    """probability of responses that no training pair holds"""
    kl: float
    true_quality: float
    logps: Tensor
    """log pi(y|x) of all responses, shape: (7776,), float64"""
    in_pairs: Tensor
    """which responses some training pair holds, shape: (7776,), bool"""


def displacement(lab: Lab, prompt: int, config: DPOConfig) -> Iterator[Displacement]:
    """Train on ``lab.comparisons(prompt, config.seed)``, measuring exactly every few steps."""
    pairs = lab.comparisons(prompt, config.seed)
    trainer = DPOTrainer(lab.reference_policy, pairs, config)
    yield _measure(lab, pairs, trainer)
    while trainer.gradient_steps < config.steps:
        for _ in range(min(MEASURED_EVERY, config.steps - trainer.gradient_steps)):
            trainer.step()
        yield _measure(lab, pairs, trainer)


def seen_responses(pairs: Comparisons) -> Tensor:
    """Which responses are in some pair. Shape: (7776,), bool."""
    seen = torch.zeros(RESPONSES, dtype=torch.bool)
    seen[response_number(pairs.both())] = True
    return seen


def _measure(lab: Lab, pairs: Comparisons, trainer: DPOTrainer) -> Displacement:
    facts = lab.facts(pairs.prompt)
    logps = exact_logps(trainer.policy, pairs.prompt)
    probabilities = logps.exp()
    in_pairs = seen_responses(pairs)
    seen = float(probabilities[in_pairs].sum())
    return Displacement(
        step=trainer.gradient_steps,
        chosen_logps=float(logps[response_number(pairs.chosen)].mean()),
        rejected_logps=float(logps[response_number(pairs.rejected)].mean()),
        seen=seen,
        unseen=1 - seen,
        kl=float(kl_divergence(logps, facts.reference_logps)),
        true_quality=float((probabilities * facts.true_quality).sum()),
        logps=logps,
        in_pairs=in_pairs,
    )
