"""DPO and RLHF trained side by side from the same comparisons, measured as they go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.lab.dpo import DPOConfig, DPOTrainer
from app.lab.measure import Measurement, measure_policy
from app.lab.policy import parameter_count
from app.lab.ppo import PPOConfig, PPOTrainer
from app.lab.reward_model import RewardModelConfig, train_reward_model
from app.lab.stopwatch import Stopwatch
from app.lab.trained import Lab

LEGS = 50
"""How often each policy is measured: after every fiftieth part of its training."""


@dataclass(frozen=True)
class Leg:
    """One method after another part of its training; leg 0 is the reference policy."""

    method: str
    """dpo or ppo"""
    leg: int
    measured: Measurement
    """its ``reward`` is that of the shipped reward model, for both methods"""
    gradient_steps: int
    samples: int
    """responses sampled from the policy so far"""
    seconds: float
    """of training on one CPU thread, the reward model's included; measuring does not count"""
    parameters_in_memory: int


def race(
    lab: Lab, prompt: int, seed: int, dpo: DPOConfig, ppo: PPOConfig, legs: int = LEGS
) -> Iterator[Leg]:
    """Train both from ``lab.comparisons(prompt, seed)``, a leg of each in turn.

    RLHF first fits a reward model to those comparisons; DPO uses them as they are. ``dpo`` and
    ``ppo`` give everything but the seed, which is the same for both.
    """
    pairs = lab.comparisons(prompt, seed)
    facts = lab.facts(prompt)

    def measured(policy_of: DPOTrainer | PPOTrainer) -> Measurement:
        return measure_policy(policy_of.policy, facts, facts.learned_reward)

    dpo_watch, ppo_watch = Stopwatch(), Stopwatch()
    with dpo_watch:
        dpo_trainer = DPOTrainer(lab.reference_policy, [pairs], replace(dpo, seed=seed))
    with ppo_watch:
        reward_model, fitting = train_reward_model([pairs], RewardModelConfig())
        ppo_trainer = PPOTrainer(
            lab.reference_policy, reward_model, prompt, replace(ppo, seed=seed)
        )
    # DPO needs the reference only for log-probabilities, which it has cached by now.
    dpo_parameters = parameter_count(dpo_trainer.policy)
    ppo_parameters = sum(
        parameter_count(network)
        for network in (
            ppo_trainer.policy,
            ppo_trainer.value_model,
            ppo_trainer.reference,
            ppo_trainer.reward_model,
        )
    )
    for leg in range(legs + 1):
        with dpo_watch:
            while dpo_trainer.gradient_steps < dpo.steps * leg // legs:
                dpo_trainer.step()
        yield Leg(
            "dpo",
            leg,
            measured(dpo_trainer),
            dpo_trainer.gradient_steps,
            0,
            dpo_watch.seconds,
            dpo_parameters,
        )
        with ppo_watch:
            while ppo_trainer.iterations_done < ppo.iterations * leg // legs:
                ppo_trainer.step()
        yield Leg(
            "ppo",
            leg,
            measured(ppo_trainer),
            len(fitting) + ppo_trainer.gradient_steps,
            ppo_trainer.responses_sampled,
            ppo_watch.seconds,
            ppo_parameters,
        )
