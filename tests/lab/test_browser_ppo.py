"""Reward models and PPO in the browser's lab, compared with torch in float64 from the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from app.lab.draws import Draws, Stream
from app.lab.exact import exact_logps
from app.lab.network.policy import Policy
from app.lab.network.prefixes import every_prefix
from app.lab.ppo import PPOConfig, PPOTrainer, collect_rollouts, ppo_losses
from app.lab.preferences import Comparisons
from app.lab.reward_model import RewardKind, RewardModel, RewardModelStep, train_reward_model
from tests.lab.browser_runs import (
    IN_FLOAT32,
    attributes_of,
    comparisons_of,
    flat,
    logps_apart,
    reference_in_float64,
)
from tests.node import answer_of, camel_case

NATS = 1e-7
"""by which log-probabilities and rewards may differ at the end of a run"""
OF_A_GRADIENT = 1e-9
"""by which numbers of a gradient may differ"""
AN_UPDATE_IN_FLOAT32 = 1e-5
"""by which a gradient, and log-probabilities after an update, may differ in float32"""


@dataclass(frozen=True)
class Run:
    """A reward model fitted to comparisons, and so many iterations of PPO on it."""

    prompt: int
    comparisons: int
    kind: RewardKind
    iterations: int
    config: PPOConfig

    def asked(self) -> dict[str, Any]:
        """What tests/js/train_ppo.js takes."""
        return {
            "prompt": self.prompt,
            "attributes": attributes_of(self.prompt),
            "count": self.comparisons,
            "kind": self.kind,
            "done": self.iterations,
            "config": {camel_case(n): value for n, value in asdict(self.config).items()},
        }

    def pairs(self, reference: Policy) -> Comparisons:
        """The comparisons that the reward model is fitted to."""
        return comparisons_of(reference, self.prompt, self.comparisons, self.config.seed)


RUNS = {
    "additive": Run(1, 2000, RewardKind.additive, 20, PPOConfig(seed=7)),
    "network": Run(4, 300, RewardKind.network, 10, PPOConfig(seed=2)),
    # Large steps leave the clipping ranges.
    "clipped": Run(
        2, 400, RewardKind.additive, 6, PPOConfig(seed=3, learning_rate=0.01, clip_range=0.05)
    ),
}

ONE_UPDATE = Run(1, 2000, RewardKind.additive, 1, PPOConfig(seed=7, epochs=1, minibatches=1))


pytestmark = pytest.mark.usefixtures("float64")


@pytest.fixture(scope="module")
def reference() -> Policy:
    return reference_in_float64()


@pytest.fixture(scope="module")
def made(reference: Policy) -> dict[str, Any]:
    """What the browser's lab makes of all runs."""
    return dict(zip(RUNS, in_the_browser(reference, list(RUNS.values())), strict=True))


def in_the_browser(
    reference: Policy, runs: Sequence[Run], arithmetic: str = "float64"
) -> list[Any]:
    """What the browser's lab makes of some runs; see tests/js/train_ppo.js."""
    asked = {
        "weights": flat(reference),
        "runs": [run.asked() for run in runs],
        "arithmetic": arithmetic,
    }
    made: list[Any] = answer_of("train_ppo.js", asked)
    return made


Fitted = tuple[RewardModel, list[RewardModelStep]]


@pytest.fixture(scope="module")
def fitted(reference: Policy, float64: None) -> dict[str, Fitted]:  # noqa: ARG001
    """The reward models in torch."""
    return {
        name: train_reward_model(run.kind, reference, run.pairs(reference), run.config.seed)
        for name, run in RUNS.items()
    }


@pytest.mark.parametrize("name", RUNS)
def test_a_reward_model_is_fitted_as_in_torch(
    name: str, made: dict[str, Any], fitted: dict[str, Fitted]
) -> None:
    model, steps = fitted[name]
    there = made[name]
    for step, theirs in zip(steps, there["fitted"], strict=True):
        assert theirs["step"] == step.step
        assert theirs["loss"] == pytest.approx(step.loss, abs=NATS)
        assert theirs["accuracy"] == step.accuracy
    rewards = torch.tensor(there["rewards"])
    assert float((rewards - model.all_rewards()).abs().max()) < NATS


def gradient_in_torch(run: Run, reference: Policy, reward_model: RewardModel) -> Tensor:
    """That of the losses on the first rollouts, by autograd: policy, then value model."""
    trainer = PPOTrainer(reference, reward_model, run.prompt, run.config)
    policy, value_model = trainer.policy, trainer.value_model
    with torch.no_grad():
        of_prefixes = reference(run.prompt, every_prefix())
    draws = Draws(run.config.seed, Stream.PPO)
    rollouts = collect_rollouts(
        policy, of_prefixes, value_model, reward_model, run.prompt, run.config, draws
    )
    logps = policy.phrase_logps(run.prompt, rollouts.responses)
    values = value_model(run.prompt, rollouts.responses)
    policy_loss, value_loss, _ = ppo_losses(logps, values, rollouts, run.config)
    (policy_loss + run.config.value_coefficient * value_loss).backward()  # type: ignore[no-untyped-call]
    parts = [
        policy.head.grad[run.prompt],  # type: ignore[index]
        *(weight.grad for weight in policy.trunk.parameters()),
        *(weight.grad for weight in value_model.head.parameters()),
        *(weight.grad for weight in value_model.trunk.parameters()),
    ]
    return torch.cat([part.flatten() for part in parts if part is not None])


def gradients_apart(there: Any, gradient: Tensor) -> float:
    return float((torch.tensor(there["gradient"]) - gradient).abs().max())


@pytest.mark.parametrize("name", RUNS)
def test_the_gradient_of_ppo_is_that_of_autograd(
    name: str, reference: Policy, made: dict[str, Any], fitted: dict[str, Fitted]
) -> None:
    gradient = gradient_in_torch(RUNS[name], reference, fitted[name][0])
    assert gradients_apart(made[name], gradient) < OF_A_GRADIENT


@pytest.mark.parametrize("arithmetic", IN_FLOAT32)
def test_in_float32_an_update_is_nearly_that_of_torch(
    arithmetic: str, reference: Policy, fitted: dict[str, Fitted]
) -> None:
    run, reward_model = ONE_UPDATE, fitted["additive"][0]
    (there,) = in_the_browser(reference, [run], arithmetic)
    gradient = gradient_in_torch(run, reference, reward_model)
    assert gradients_apart(there, gradient) < AN_UPDATE_IN_FLOAT32
    trainer = PPOTrainer(reference, reward_model, run.prompt, run.config)
    trainer.step()
    assert logps_apart(there, exact_logps(trainer.policy, run.prompt)) < AN_UPDATE_IN_FLOAT32


@pytest.mark.parametrize("name", RUNS)
def test_ppo_goes_and_ends_as_in_torch(
    name: str, reference: Policy, made: dict[str, Any], fitted: dict[str, Fitted]
) -> None:
    run, there = RUNS[name], made[name]
    trainer = PPOTrainer(reference, fitted[name][0], run.prompt, run.config)
    for theirs in there["iterations"]:
        done = trainer.step()
        assert theirs["iteration"] == done.iteration
        assert theirs["clipFraction"] == pytest.approx(done.clip_fraction, abs=1e-9)
        assert theirs["policyLoss"] == pytest.approx(done.policy_loss, abs=NATS)
        assert theirs["valueLoss"] == pytest.approx(done.value_loss, abs=NATS)
    assert logps_apart(there, exact_logps(trainer.policy, run.prompt)) < NATS
    assert (name != "clipped") or there["iterations"][-1]["clipFraction"] > 0
