"""The parts of a stage's description: networks, quantities, hyperparameters and timing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, Field

from app.formatting import count, fixed, percent, signed
from app.lab.network.policy import ValueModel, parameter_count
from app.lab.trained import the_lab

NetworkState = Literal["trained", "frozen", "not in memory"]

Part = tuple[NetworkState, str]
"""the state of a network in a stage, and its task"""


class StageNetwork(BaseModel):
    """One of the pipeline's networks, as this stage sees it."""

    name: str
    parameters: int = Field(description="numbers in it, counted")
    state: NetworkState
    task: str = Field(description="what it does in this stage")


class Quantity(BaseModel):
    """Something counted or measured."""

    name: str
    value: float
    shown: str = Field(description="the value as the page writes it, with its unit")


class Hyperparameter(BaseModel):
    """A field of the stage's configuration."""

    name: str
    value: float
    shown: str = Field(description="the value as the page writes it")


@dataclass(frozen=True)
class StageTiming:
    """How long the training of a stage took."""

    seconds: float
    measured: str
    """where and when it was measured"""


@dataclass(frozen=True)
class StageDescription:
    """A stage, described from its run."""

    title: str
    finding: str
    goes_in: str
    objective: str
    comes_out: str
    networks: list[StageNetwork]
    gradient_steps: int
    timing: StageTiming
    quantities: list[Quantity]
    hyperparameters: list[Hyperparameter]
    figure: dict[str, object]

    @property
    def parameters_trained(self) -> int:
        """Parameters of networks that this stage trains."""
        return sum(n.parameters for n in self.networks if n.state == "trained")

    @property
    def parameters_in_memory(self) -> int:
        """Parameters of all networks that this stage holds."""
        return sum(n.parameters for n in self.networks if n.state != "not in memory")


def networks(
    *, sft_model: Part, reward_model: Part, policy: Part, value_model: Part
) -> list[StageNetwork]:
    """The four networks of the pipeline with their roles in a stage, always in this order."""
    parts = {
        "SFT model, later the reference": sft_model,
        "reward model": reward_model,
        "policy": policy,
        "value model": value_model,
    }
    return [
        StageNetwork(name=name, parameters=size, state=state, task=task)
        for (name, (state, task)), size in zip(parts.items(), _network_sizes(), strict=True)
    ]


@lru_cache(maxsize=1)
def _network_sizes() -> tuple[int, int, int, int]:
    """Parameters of the four networks that PPO holds."""
    lab = the_lab()
    # The policy is a copy of the reference; the value model has the same trunk and its own output.
    policy = parameter_count(lab.reference_policy)
    value_model = parameter_count(ValueModel(lab.reference_policy.trunk))
    return policy, parameter_count(lab.reward_model(0)), policy, value_model


def shipped_timing(stage: str) -> StageTiming:
    """Timing of a stage whose result ships with the site, by its key in the training report."""
    report = the_lab().report
    return StageTiming(
        report["seconds"][stage],
        "when the networks that ship with this site were trained, a recorded run "
        f"(torch {report['versions']['torch']}, one CPU thread)",
    )


def hyperparameters(config: dict[str, Any]) -> list[Hyperparameter]:
    """All hyperparameters of a configuration, without its seed."""
    return [
        Hyperparameter(name=name, value=value, shown=f"{value:g}")
        for name, value in config.items()
        if name != "seed"
    ]


def counted(name: str, value: int) -> Quantity:
    """A count."""
    return Quantity(name=name, value=value, shown=count(value))


def in_nats(name: str, value: float) -> Quantity:
    """A loss, an entropy or a divergence, in nats."""
    return Quantity(name=name, value=value, shown=f"{fixed(3)(value)} nats")


def as_share(name: str, value: float) -> Quantity:
    """A share from 0 to 1, shown as a percentage."""
    return Quantity(name=name, value=value, shown=percent(1)(value))


def as_reward(name: str, value: float) -> Quantity:
    """A reward relative to the reference policy, with its sign."""
    return Quantity(name=name, value=value, shown=signed(value))
