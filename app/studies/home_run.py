"""The recorded runs on the home page, PPO and DPO from the same start: how they are made and read.

``dpo-explained record`` makes them; they ship as data, so that the home page waits for no training, and
a test makes them again and compares.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import torch

from app.lab.dpo import DPOConfig
from app.lab.measure import Measurement
from app.lab.pipelines import DPOPipeline
from app.lab.ppo import PPOConfig
from app.lab.reward_model import RewardKind
from app.lab.runs import finished_ppo
from app.lab.trained import the_lab
from app.paths import DATA, Strict

FILE = DATA / "recorded_run.json"
PROMPT = "lock"
PLACES = 150
"""parts of each run after which it was measured"""
PPO = PPOConfig(kl_coefficient=0.1, iterations=PLACES, seed=0)
DPO = DPOConfig(beta=0.1, seed=0)


class PolicyPoint(Strict):
    """A policy as a point: KL (nats) and true quality."""

    kl: float
    true_quality: float


class RecordedPath(Strict):
    """A run, measured after each part of it; the first place is the reference policy."""

    kl: list[float]
    """KL(pi || pi_ref), nats"""
    true_quality: list[float]
    learned_reward: list[float]
    """expected reward of PPO's reward model"""
    says: list[int]
    """the most probable response, by its number in ``answers``"""

    def peak(self) -> int:
        """The place with the highest true quality."""
        return self.true_quality.index(max(self.true_quality))


class RecordedRuns(Strict):
    """Both runs, and the frontier that they stay below."""

    command: str
    prompt: str
    seed: int
    kl_coefficient: float
    dpo_beta: float
    versions: dict[str, str]
    answers: list[str]
    ppo: RecordedPath
    dpo: RecordedPath
    frontier: list[PolicyPoint]


def record() -> RecordedRuns:
    """Compute the runs. Takes some seconds on one core."""
    lab = the_lab()
    prompt = lab.world.prompt_number(PROMPT)
    facts = lab.facts(prompt)
    ppo = [row.measured for row in finished_ppo(prompt, PPO)]
    dpo = list(_dpo(prompt))
    texts = [[lab.world.text(prompt, m.favorite) for m in run] for run in (ppo, dpo)]
    answers = list(dict.fromkeys(text for run in texts for text in run))
    farthest = 1.04 * max(m.kl for m in (*ppo, *dpo))
    frontier = facts.frontier
    return RecordedRuns(
        command="dpo-explained record",
        prompt=PROMPT,
        seed=PPO.seed,
        kl_coefficient=PPO.kl_coefficient,
        dpo_beta=DPO.beta,
        versions={"python": platform.python_version(), "torch": torch.__version__},
        answers=answers,
        ppo=_path(ppo, [answers.index(text) for text in texts[0]]),
        dpo=_path(dpo, [answers.index(text) for text in texts[1]]),
        frontier=[
            PolicyPoint(kl=round(point.kl, 4), true_quality=round(point.expected_reward, 4))
            for point in reversed(frontier.points)
            if point.kl <= farthest
        ]
        # Beyond the KL of the single best response the frontier is level.
        + [PolicyPoint(kl=round(farthest, 4), true_quality=round(frontier.bound(farthest), 4))],
    )


def _dpo(prompt: int) -> Iterable[Measurement]:
    lab = the_lab()
    runner = DPOPipeline(lab, prompt, DPO)
    reward = lab.facts(prompt).learned_rewards[RewardKind.additive]
    for place in range(PLACES + 1):
        runner.train_to(place / PLACES)
        measured, _ = runner.measure(reward)
        yield measured


def _path(run: Sequence[Measurement], says: list[int]) -> RecordedPath:
    return RecordedPath(
        kl=[round(m.kl, 4) for m in run],
        true_quality=[round(m.true_quality, 4) for m in run],
        learned_reward=[round(m.reward, 4) for m in run],
        says=says,
    )


def save(runs: RecordedRuns, file: Path = FILE) -> None:
    """Write the runs as JSON."""
    text = json.dumps(runs.model_dump(), ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")


@lru_cache(maxsize=1)
def load_recorded_runs() -> RecordedRuns:
    """The runs that ship with the site. Raises pydantic.ValidationError if the file is wrong."""
    return RecordedRuns.model_validate_json(FILE.read_text(encoding="utf-8"))
