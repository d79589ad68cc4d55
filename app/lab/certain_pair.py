"""One pair that is always labeled the same: what each loss makes of it, by gradient descent.

A policy over three responses, chosen, rejected and all others, each with a logit of its own, so that
nothing but the loss decides where it goes. DPO widens the gap without end for every beta; IPO stops
at 1 / (2 beta) (arXiv 2310.12036 section 4.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from app.lab.losses import LOSSES, PairLogps
from app.lab.network.adam import Adam

REFERENCE = (0.3, 0.3, 0.4)
"""Probabilities of the chosen, the rejected and all other responses at the start."""

TOKENS = 5.0
"""Length of each response, for losses that average over tokens: as in the lab."""

STEPS = 600
LEARNING_RATE = 0.05


@dataclass(frozen=True)
class CertainPair:
    """All losses trained side by side, by name, in the order of the family."""

    gaps: Mapping[str, list[float]]
    """log-ratio of chosen minus that of rejected, nats, after each step from 0 on"""
    probabilities: Mapping[str, list[float]]
    """of chosen, rejected and others at the end"""


def train_certain_pair(beta: float, steps: int = STEPS) -> CertainPair:
    """Minimize every loss of the family on the one pair with Adam, each on a policy of its own."""
    names = tuple(LOSSES)
    reference = torch.tensor(REFERENCE, dtype=torch.float64).log()
    logits = reference.repeat(len(names), 1).requires_grad_()
    optimizer = Adam([logits], LEARNING_RATE)
    gaps = [_gaps(logits, reference)]
    for _ in range(steps):
        optimizer.zero_grad()
        logps = logits.log_softmax(1)
        # Policies share no parameter: the gradient of the sum is that of each.
        total = torch.stack(
            [LOSSES[name](_pair(logps[n], reference), beta) for n, name in enumerate(names)]
        ).sum()
        total.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        gaps.append(_gaps(logits, reference))
    courses, ends = torch.stack(gaps, 1).tolist(), logits.detach().softmax(1).tolist()
    return CertainPair(dict(zip(names, courses, strict=True)), dict(zip(names, ends, strict=True)))


def _gaps(logits: Tensor, reference: Tensor) -> Tensor:
    ratios = logits.detach().log_softmax(1) - reference
    return ratios[:, 0] - ratios[:, 1]


def _pair(logps: Tensor, reference: Tensor) -> PairLogps:
    lengths = torch.full((1,), TOKENS, dtype=torch.float64)
    return PairLogps(
        logps[:1],
        logps[1:2],
        reference[:1],
        reference[1:2],
        lengths,
        lengths,
    )
