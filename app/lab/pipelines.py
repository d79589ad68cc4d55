"""RLHF and DPO run side by side from the same comparisons, with everything they took counted."""

from __future__ import annotations

from dataclasses import dataclass, fields

from torch import nn

from app.lab.dpo import DPOConfig, train_dpo
from app.lab.measure import Measurement, measure_policy
from app.lab.policy import parameter_count
from app.lab.ppo import PPOConfig, PPOTrainer
from app.lab.reward_model import RewardModelConfig, train_reward_model
from app.lab.sft import SFTConfig
from app.lab.stopwatch import Stopwatch
from app.lab.trained import Lab, centred_rewards


@dataclass(frozen=True)
class Network:
    """A network in memory while a pipeline trains its policy."""

    role: str
    parameters: int
    trained: bool


@dataclass(frozen=True)
class PipelineRun:
    """What a pipeline took after SFT, counted from what ran, and the policy it made."""

    stages: list[str]
    networks: list[Network]
    hyperparameters: list[str]
    """fields of the stages' configurations, each with its stage"""
    samples_generated: int
    """responses sampled from the policy in training"""
    gradient_steps: int
    seconds: float
    """of training on one CPU thread"""
    result: Measurement


def run_rlhf(
    lab: Lab, prompt: int, reward_config: RewardModelConfig, config: PPOConfig
) -> PipelineRun:
    """Fit a reward model on comparisons drawn with the run's seed, then run PPO against it."""
    facts = lab.facts(prompt)
    pairs = lab.comparisons(prompt, config.seed)
    with Stopwatch() as watch:
        reward_model, fitting = train_reward_model([pairs], reward_config)
        trainer = PPOTrainer(lab.reference_policy, reward_model, prompt, config)
        for _ in range(config.iterations):
            trainer.step()
    learned = centred_rewards(reward_model, prompt, facts.reference_logps)
    return PipelineRun(
        stages=["supervised fine-tuning", "reward model", "PPO"],
        networks=[
            _network("policy", trainer.policy, trained=True),
            _network("value model", trainer.value_model, trained=True),
            _network("reference policy", trainer.reference, trained=False),
            _network("reward model", trainer.reward_model, trained=False),
        ],
        hyperparameters=knobs(SFT=SFTConfig, reward_model=RewardModelConfig, PPO=PPOConfig),
        samples_generated=trainer.responses_sampled,
        gradient_steps=len(fitting) + trainer.gradient_steps,
        seconds=watch.seconds,
        result=measure_policy(trainer.policy, facts, learned),
    )


def run_dpo(lab: Lab, prompt: int, config: DPOConfig) -> PipelineRun:
    """DPO on the same comparisons that ``run_rlhf`` with this seed fits its reward model to."""
    facts = lab.facts(prompt)
    pairs = lab.comparisons(prompt, config.seed)
    with Stopwatch() as watch:
        policy, steps = train_dpo(lab.reference_policy, [pairs], config)
    return PipelineRun(
        stages=["supervised fine-tuning", "DPO"],
        networks=[
            _network("policy", policy, trained=True),
            _network("reference policy", lab.reference_policy, trained=False),
        ],
        hyperparameters=knobs(SFT=SFTConfig, DPO=DPOConfig),
        samples_generated=0,
        gradient_steps=len(steps),
        seconds=watch.seconds,
        result=measure_policy(policy, facts, facts.learned_reward),
    )


def knobs(**configurations: type) -> list[str]:
    """Hyperparameters by name, as stage.field; a seed is not one."""
    return [
        f"{stage}.{field.name}"
        for stage, configuration in configurations.items()
        for field in fields(configuration)
        if field.name != "seed"
    ]


def _network(role: str, network: nn.Module, *, trained: bool) -> Network:
    return Network(role, parameter_count(network), trained)
