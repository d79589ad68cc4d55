"""The recorded comparison of RLHF, with either reward model, and DPO, as means over seeds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from app.lab.reward_model import RewardKind
from app.lab.world import PROMPTS
from app.studies.data import comparison_study
from app.studies.sweep import COMPARED, COMPARED_STRENGTHS


@dataclass(frozen=True)
class Reached:
    """Where policies of one method ended: means over seeds with their standard errors."""

    true_quality: float
    true_quality_se: float
    kl: float
    """nats"""
    kl_se: float


@cache
def reached(method: str, reward_model: RewardKind, strength: float, prompt: int | None) -> Reached:
    """Of one prompt, or of the mean over all prompts for None.

    Comparisons of prompts are drawn apart, so seeds are independent in both cases.

    Raises:
        LookupError: no such runs in the study
    """
    prompts = range(PROMPTS) if prompt is None else [prompt]
    runs = torch.stack([_runs(method, reward_model, strength, number) for number in prompts])
    of_seeds = runs.mean(0)
    means, errors = of_seeds.mean(0), of_seeds.std(0) / len(of_seeds) ** 0.5
    return Reached(float(means[1]), float(errors[1]), float(means[0]), float(errors[0]))


def compared(prompt: int | None = None) -> list[tuple[float, list[Reached]]]:
    """Each strength with what every compared method reached at it, in the order of ``COMPARED``."""
    return [
        (strength, [reached(method, kind, strength, prompt) for method, kind in COMPARED])
        for strength in COMPARED_STRENGTHS
    ]


@cache
def network_ahead(kl: float) -> Tensor:
    """True quality of RLHF with the network less that of DPO, where both are at a KL (nats).

    Each seed has a path of its own: straight lines from the reference through the policies of all
    strengths. Shape: (prompts, seeds), float64.
    """
    return _on_path("ppo", RewardKind.network, kl) - _on_path("dpo", RewardKind.additive, kl)


def _on_path(method: str, reward_model: RewardKind, kl: float) -> Tensor:
    """True quality on each path at a KL. Shape: (prompts, seeds), float64."""
    runs = torch.stack(
        [
            torch.stack(
                [_runs(method, reward_model, strength, prompt) for prompt in range(PROMPTS)]
            )
            for strength in COMPARED_STRENGTHS
        ]
    )
    # The reference is at the start of every path: (1 + strengths, prompts, seeds, 2).
    paths = torch.cat([torch.zeros_like(runs[:1]), runs])
    kls, order = paths[..., 0].sort(0)
    qualities = paths[..., 1].gather(0, order)
    seeds = range(kls.shape[2])
    return torch.tensor(
        [
            [float(np.interp(kl, kls[:, p, s], qualities[:, p, s])) for s in seeds]
            for p in range(PROMPTS)
        ],
        dtype=torch.float64,
    )


def _runs(method: str, reward_model: RewardKind, strength: float, prompt: int) -> Tensor:
    """KL and true quality of each seed. Shape: (seeds, 2), float64."""
    rows = [
        row.points[0][:2]
        for row in comparison_study().rows
        if (row.method, row.reward_model, row.strength, row.prompt)
        == (method, reward_model, strength, prompt)
    ]
    if not rows:
        raise LookupError(f"no runs of {method} at {strength:g} with the {reward_model} model")
    return torch.tensor(rows, dtype=torch.float64)
