"""Fields of widgets' params, with their range, unit and labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field
from pydantic.config import JsonDict

from app.lab.reward_model import RewardKind
from app.lab.world import the_world
from app.widgets.base import PROMPT_TEXTS, PromptId


def number(
    default: float,
    low: float,
    high: float,
    *,
    title: str,
    description: str,
    unit: str = "",
    step: float = 0.1,
    log_scale: bool = False,
) -> Any:
    """A number with its range and unit, drawn as a slider with a number box."""
    extra: JsonDict = {"unit": unit, "step": step, "log_scale": log_scale}
    return Field(
        default, ge=low, le=high, title=title, description=description, json_schema_extra=extra
    )


def prompt(description: str = "which of the lab's six prompts") -> Any:
    """The choice of a prompt."""
    extra: JsonDict = {"labels": dict(PROMPT_TEXTS)}
    return Field(
        PromptId(the_world().prompts[0].id),
        title="Prompt",
        description=description,
        json_schema_extra=extra,
    )


def studied_prompt(studied: Sequence[str]) -> Any:
    """The choice among the prompts that a study was made on, by id."""
    return choice(
        studied[0],
        title="Prompt",
        description="which prompt of the study",
        labels={name: PROMPT_TEXTS[name] for name in studied},
    )


def beta(description: str, default: float = 0.5, *, high: float = 10, title: str = "β") -> Any:
    """A temperature, or another price of a nat of KL, from 0.01 on a logarithmic scale."""
    unit = "reward per nat"
    return number(
        default, 0.01, high, title=title, description=description, unit=unit, log_scale=True
    )


def choice(default: str, *, title: str, description: str, labels: dict[str, str]) -> Any:
    """One of a few named choices; ``labels`` says them in words."""
    extra: JsonDict = {"labels": dict(labels)}
    return Field(default, title=title, description=description, json_schema_extra=extra)


def reward_model(default: RewardKind) -> Any:
    """The choice of a reward model."""
    return choice(
        default,
        title="Reward model",
        description="additive: one score for each phrase; network: as rich as the policy that DPO trains",
        labels={"additive": "additive", "network": "network"},
    )


def seed(default: int = 0) -> Any:
    """The seed of all randomness in a run."""
    return number(
        default,
        0,
        999_999,
        title="Seed",
        description="of everything random here: the same seed gives the same result",
        step=1,
    )
