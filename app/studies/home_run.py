"""The recorded PPO run on the home page: how it is made and read.

``dpo-explained record`` makes it; it ships as data, so that the home page waits for no training, and
a test makes it again and compares.
"""

from __future__ import annotations

import json
import platform
from functools import lru_cache
from pathlib import Path

import torch

from app.lab.ppo import PPOConfig
from app.lab.runs import PPORow, finished_ppo
from app.lab.trained import the_lab
from app.paths import DATA, Strict

FILE = DATA / "recorded_run.json"
PROMPT = "poem"
CONFIG = PPOConfig(kl_coefficient=0.02, iterations=150, seed=0)


class PolicyPoint(Strict):
    """A policy as a point: KL (nats) and true quality."""

    kl: float
    true_quality: float


class RunMoment(PolicyPoint):
    """A policy and its most probable response."""

    iteration: int
    learned_reward: float
    says: str


class RecordedRun(Strict):
    """The run, and the frontier that it stays below."""

    command: str
    prompt: str
    seed: int
    kl_coefficient: float
    versions: dict[str, str]
    path: list[PolicyPoint]
    frontier: list[PolicyPoint]
    start: RunMoment
    peak: RunMoment
    end: RunMoment


def record() -> RecordedRun:
    """Compute the run. Takes some seconds on one core."""
    lab = the_lab()
    prompt = lab.world.prompt_number(PROMPT)
    rows = finished_ppo(prompt, CONFIG)
    peak = max(rows, key=lambda row: row.measured.true_quality)
    frontier = lab.facts(prompt).frontier
    farthest = 1.04 * rows[-1].measured.kl

    def moment(row: PPORow) -> RunMoment:
        return RunMoment(
            iteration=row.iteration,
            kl=round(row.measured.kl, 4),
            true_quality=round(row.measured.true_quality, 4),
            learned_reward=round(row.measured.reward, 4),
            says=lab.world.text(prompt, row.measured.favourite),
        )

    return RecordedRun(
        command="dpo-explained record",
        prompt=PROMPT,
        seed=CONFIG.seed,
        kl_coefficient=CONFIG.kl_coefficient,
        versions={"python": platform.python_version(), "torch": torch.__version__},
        path=[
            PolicyPoint(kl=round(r.measured.kl, 4), true_quality=round(r.measured.true_quality, 4))
            for r in rows
        ],
        frontier=[
            PolicyPoint(kl=round(point.kl, 4), true_quality=round(point.expected_reward, 4))
            for point in reversed(frontier.points)
            if point.kl <= farthest
        ]
        # Beyond the KL of the single best response the frontier is level.
        + [PolicyPoint(kl=round(farthest, 4), true_quality=round(frontier.bound(farthest), 4))],
        start=moment(rows[0]),
        peak=moment(peak),
        end=moment(rows[-1]),
    )


def save(run: RecordedRun, file: Path = FILE) -> None:
    """Write a run as JSON."""
    text = json.dumps(run.model_dump(), indent=1, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")


@lru_cache(maxsize=1)
def load_recorded_run() -> RecordedRun:
    """The run that ships with the site. Raises pydantic.ValidationError if the file is wrong."""
    return RecordedRun.model_validate_json(FILE.read_text(encoding="utf-8"))
