"""DPO and RLHF trained side by side from the same comparisons, measured exactly as they go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from app.lab.dpo import DPOConfig
from app.lab.measure import Measurement
from app.lab.pipelines import DPOPipeline, NetworkInMemory, RLHFPipeline
from app.lab.ppo import PPOConfig
from app.lab.reward_model import RewardKind
from app.lab.run_cache import RunCache
from app.lab.trained import Lab, the_lab

LEGS = 50
"""How often each policy is measured: after every fiftieth part of its training."""


@dataclass(frozen=True)
class Leg:
    """One pipeline after another part of its training; leg 0 is the reference policy."""

    method: str
    """dpo or rlhf"""
    leg: int
    measured: Measurement
    gradient_steps: int
    samples_generated: int
    """responses sampled from the policy so far"""
    seconds: float
    """CPU seconds of training on one thread, including the reward model, without measurements"""
    wall_seconds: float
    """the same in wall-clock time"""
    networks: list[NetworkInMemory]
    logps: Tensor | None
    """log pi(y|x) of all responses, shape (7776,), float64; None but in the last leg"""

    @property
    def parameters_in_memory(self) -> int:
        """Parameters of all networks together."""
        return sum(network.parameters for network in self.networks)


def race(
    lab: Lab,
    prompt: int,
    dpo: DPOConfig,
    ppo: PPOConfig,
    reward_model: RewardKind,
    legs: int = LEGS,
) -> Iterator[Leg]:
    """Train both pipelines, a leg of each in turn, DPO first.

    RLHF first fits a reward model to the comparisons; DPO uses them as they are. With the same seed
    in both configurations both have the same comparisons. The ``reward`` of both is that of the
    fitted reward model.
    """
    rlhf = RLHFPipeline(lab, prompt, ppo, reward_model)
    runners = (DPOPipeline(lab, prompt, dpo), rlhf)
    learned_reward = rlhf.learned_reward
    for leg in range(legs + 1):
        for runner in runners:
            runner.train_to(leg / legs)
            measured, logps = runner.measure(learned_reward)
            yield Leg(
                runner.method,
                leg,
                measured,
                runner.gradient_steps,
                runner.samples_generated,
                runner.seconds,
                runner.wall_seconds,
                runner.networks,
                logps if leg == legs else None,
            )


_races: RunCache[tuple[int, DPOConfig, PPOConfig, RewardKind], Leg] = RunCache(kept=32)


def race_legs(
    prompt: int, seed: int, dpo_beta: float, kl_coefficient: float, reward_model: RewardKind
) -> Iterator[Leg]:
    """The race on the shipped lab, leg by leg as it runs; a cached one comes at once."""
    dpo = DPOConfig(beta=dpo_beta, seed=seed)
    ppo = PPOConfig(kl_coefficient=kl_coefficient, seed=seed)
    return _races.rows(
        (prompt, dpo, ppo, reward_model),
        lambda: race(the_lab(), prompt, dpo, ppo, reward_model),
    )
