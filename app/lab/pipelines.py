"""RLHF and DPO on the same comparisons, trained part by part, with everything they take counted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar

from torch import Tensor, nn

from app.lab.dpo import DPOConfig, DPOTrainer
from app.lab.exact import exact_logps
from app.lab.measure import Measurement, measure
from app.lab.network.policy import Policy, parameter_count
from app.lab.ppo import PPOConfig, PPOTrainer
from app.lab.reward_model import RewardKind, RewardModelConfig, train_reward_model
from app.lab.sft import SFTConfig
from app.lab.stopwatch import Stopwatch
from app.lab.trained import Lab, centered_rewards


@dataclass(frozen=True)
class NetworkInMemory:
    """A network in memory while a pipeline trains its policy."""

    role: str
    parameters: int
    trained: bool


def hyperparameter_names(**configurations: type) -> list[str]:
    """Hyperparameters by name, as stage.field; a seed is not one."""
    return [
        f"{stage}.{field.name}"
        for stage, configuration in configurations.items()
        for field in fields(configuration)
        if field.name != "seed"
    ]


class Pipeline(ABC):
    """A pipeline after the SFT that both share. Its comparisons are drawn with its own seed."""

    method: ClassVar[str]
    stages: ClassVar[list[str]]
    hyperparameters: ClassVar[list[str]]
    """fields of the stages' configurations, each with its stage"""

    policy: Policy
    networks: list[NetworkInMemory]
    """networks in memory while the policy is trained"""
    gradient_steps: int = 0
    """gradient steps so far, of all networks"""
    samples_generated: int = 0
    """responses sampled from the policy so far"""

    def __init__(self, lab: Lab, prompt: int) -> None:
        self.lab = lab
        self.prompt = prompt
        self._watch = Stopwatch()
        with self._watch:
            self._prepare()

    @property
    def seconds(self) -> float:
        """CPU seconds of training so far, on one thread, without measurements."""
        return self._watch.seconds

    @property
    def wall_seconds(self) -> float:
        """Wall-clock seconds of training so far, without measurements."""
        return self._watch.wall_seconds

    def train_to(self, share: float) -> None:
        """Train until this share of the policy's steps is done, 0 to 1."""
        with self._watch:
            self._train_to(share)

    def measure(self, learned_reward: Tensor) -> tuple[Measurement, Tensor]:
        """Where the policy is now, and log pi(y|x) of all responses.

        Args:
            learned_reward: what the measurement's ``reward`` is the mean of

        Shapes: (7776,) -> (7776,), float64
        """
        logps = exact_logps(self.policy, self.prompt)
        return measure(logps, self.lab.facts(self.prompt), learned_reward), logps

    @abstractmethod
    def _prepare(self) -> None:
        """Train what the policy's first step needs."""

    @abstractmethod
    def _train_to(self, share: float) -> None:
        """Train the policy, counting steps and samples."""


class RLHFPipeline(Pipeline):
    """A reward model fitted to the comparisons, then PPO against it."""

    method = "rlhf"
    stages: ClassVar = ["supervised fine-tuning", "reward model", "PPO"]
    hyperparameters: ClassVar = hyperparameter_names(
        SFT=SFTConfig, reward_model=RewardModelConfig, PPO=PPOConfig
    )

    def __init__(self, lab: Lab, prompt: int, config: PPOConfig, reward_model: RewardKind) -> None:
        self.config = config
        self._kind = reward_model
        super().__init__(lab, prompt)

    @property
    def learned_reward(self) -> Tensor:
        """Reward of the fitted model, mean 0 under the reference. Shape: (7776,), float64."""
        reference_logps = self.lab.facts(self.prompt).reference_logps
        return centered_rewards(self._reward_model, reference_logps)

    def _prepare(self) -> None:
        seed, reference = self.config.seed, self.lab.reference_policy
        pairs = self.lab.comparisons(self.prompt, seed)
        reward_model, fitting = train_reward_model(self._kind, reference, pairs, seed)
        self._reward_model = reward_model
        self._fitting_steps = self.gradient_steps = len(fitting)
        trainer = PPOTrainer(reference, reward_model, self.prompt, self.config)
        self._trainer, self.policy = trainer, trainer.policy
        self.networks = [
            _network("policy", trainer.policy, trained=True),
            _network("value model", trainer.value_model, trained=True),
            _network("reference policy", trainer.reference, trained=False),
            _network("reward model", trainer.reward_model, trained=False),
        ]

    def _train_to(self, share: float) -> None:
        while self._trainer.iterations_done < int(self.config.iterations * share):
            self._trainer.step()
        self.gradient_steps = self._fitting_steps + self._trainer.gradient_steps
        self.samples_generated = self._trainer.responses_sampled


class DPOPipeline(Pipeline):
    """DPO on the same comparisons that ``RLHFPipeline`` with this seed fits its reward model to."""

    method = "dpo"
    stages: ClassVar = ["supervised fine-tuning", "DPO"]
    hyperparameters: ClassVar = hyperparameter_names(SFT=SFTConfig, DPO=DPOConfig)

    def __init__(self, lab: Lab, prompt: int, config: DPOConfig) -> None:
        self.config = config
        super().__init__(lab, prompt)

    def _prepare(self) -> None:
        pairs = self.lab.comparisons(self.prompt, self.config.seed)
        reference = self.lab.reference_policy
        self._trainer = DPOTrainer(reference, pairs, self.config)
        self.policy = self._trainer.policy
        self.networks = [
            _network("policy", self.policy, trained=True),
            _network("reference policy", reference, trained=False),
        ]

    def _train_to(self, share: float) -> None:
        while self._trainer.gradient_steps < int(self.config.steps * share):
            self._trainer.step()
        self.gradient_steps = self._trainer.gradient_steps


def _network(role: str, network: nn.Module, *, trained: bool) -> NetworkInMemory:
    return NetworkInMemory(role, parameter_count(network), trained)
