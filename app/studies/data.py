"""The shipped studies, read from their data files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

import torch

from app.lab.methods import CLIMBS, METHODS
from app.lab.reward_model import RewardKind
from app.lab.world import the_world
from app.paths import Strict
from app.studies.sweep import COMPARISON, FRONTIER, OVEROPTIMIZATION


class StudyRow(Strict):
    """One run: what determines it, and the point that its policy reached."""

    prompt: int
    method: str
    strength: float
    seed: int
    reward_model: RewardKind
    """what PPO and best-of-N climbed; the learned reward of every method is that of this model"""
    points: list[tuple[float, float, float]]
    """KL in nats, true quality, learned reward"""


class ClimbRow(Strict):
    """One reward model climbed: what determines it, and the points on the way."""

    prompt: int
    method: str
    comparisons: int
    seed: int
    reward_model: RewardKind
    points: list[tuple[float, float, float]]
    """KL in nats, true quality, learned reward"""


RowT = TypeVar("RowT")


class Study(Strict, Generic[RowT]):
    """A study, and the command and versions that computed it."""

    command: str
    commit: str
    versions: dict[str, str]
    lab_seed: int
    rows: list[RowT]


@dataclass(frozen=True)
class StrengthSpread:
    """A method at one strength: mean and standard deviation over seeds."""

    strength: float
    kl: float
    kl_sd: float
    true_quality: float
    true_quality_sd: float
    seeds: int


@lru_cache(maxsize=1)
def frontier_study() -> Study[StudyRow]:
    """All methods over their strengths. Raises pydantic.ValidationError if the file is wrong."""
    return Study[StudyRow].model_validate_json(FRONTIER.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def comparison_study() -> Study[StudyRow]:
    """RLHF with each reward model and DPO, on all prompts. Raises pydantic.ValidationError likewise."""
    return Study[StudyRow].model_validate_json(COMPARISON.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def overoptimization_study() -> Study[ClimbRow]:
    """Reward models of all sizes climbed. Raises pydantic.ValidationError if the file is wrong."""
    return Study[ClimbRow].model_validate_json(OVEROPTIMIZATION.read_text(encoding="utf-8"))


def studied_prompts(study: Study[Any]) -> list[str]:
    """Ids of the prompts that a study was made on, in the order of the world."""
    world = the_world()
    return [world.prompts[number].id for number in sorted({row.prompt for row in study.rows})]


@lru_cache(maxsize=32)
def spreads(prompt: int, reward_model: RewardKind) -> dict[str, list[StrengthSpread]]:
    """Every method of the study on one prompt, by rising strength; climbs are of one reward model."""
    rows = [
        row
        for row in frontier_study().rows
        if row.prompt == prompt and (row.method not in CLIMBS or row.reward_model == reward_model)
    ]
    return {
        name: [
            _spread(strength, [r for r in rows if (r.method, r.strength) == (name, strength)])
            for strength in sorted({row.strength for row in rows if row.method == name})
        ]
        for name in METHODS
    }


def _spread(strength: float, rows: list[StudyRow]) -> StrengthSpread:
    values = torch.tensor([row.points[0][:2] for row in rows], dtype=torch.float64)
    mean, sd = values.mean(0), values.std(0, correction=1 if len(rows) > 1 else 0)
    return StrengthSpread(
        strength=strength,
        kl=mean[0].item(),
        kl_sd=sd[0].item(),
        true_quality=mean[1].item(),
        true_quality_sd=sd[1].item(),
        seeds=len(rows),
    )
