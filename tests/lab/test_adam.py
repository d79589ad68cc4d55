"""Our Adam equals torch's, and does not import torch's compiler."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from app.lab.network.adam import Adam

TRAIN_ALL = """
import sys
from app.lab.certain_pair import train_certain_pair
from app.lab.dpo import DPOConfig, DPOTrainer
from app.lab.ppo import PPOConfig, PPOTrainer
from app.lab.reward_model import RewardKind, RewardModelConfig, train_reward_model
from app.lab.trained import the_lab

lab = the_lab()
pairs, once = lab.training_comparisons(0), RewardModelConfig(1, 0.1, 128)
train_certain_pair(0.1, steps=1)
train_reward_model(RewardKind.network, lab.reference_policy, pairs, 0, once)
DPOTrainer(lab.reference_policy, pairs, DPOConfig(steps=1)).step()
PPOTrainer(lab.reference_policy, lab.reward_model(0), 0, PPOConfig(iterations=1)).step()
print("torch._dynamo" in sys.modules)
"""


def parameters() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(size, generator=generator).requires_grad_() for size in (7, 33)]


def loss(tensors: list[torch.Tensor]) -> torch.Tensor:
    return sum((tensor.sin().square().sum() for tensor in tensors), torch.zeros(()))


@pytest.mark.parametrize("eps", [1e-8, 1e-5])
def test_steps_are_those_of_torch(eps: float) -> None:
    ours, theirs = parameters(), parameters()
    adam = Adam(ours, 0.1, eps)
    oracle = torch.optim.Adam(theirs, lr=0.1, eps=eps, fused=True)
    for step in range(20):
        adam.learning_rate = oracle.param_groups[0]["lr"] = 0.1 * (1 - step / 20)
        for optimizer, tensors in ((adam, ours), (oracle, theirs)):
            optimizer.zero_grad()
            loss(tensors).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    for mine, other in zip(ours, theirs, strict=True):
        assert torch.equal(mine, other)
    assert not torch.equal(ours[0], parameters()[0])


def test_a_parameter_without_a_gradient_is_named_as_the_reason() -> None:
    with pytest.raises(ValueError, match="gradient"):
        Adam(parameters(), 0.1).step()


@pytest.mark.slow
def test_training_does_not_load_the_compiler() -> None:
    printed = subprocess.run(
        [sys.executable, "-c", TRAIN_ALL], check=True, capture_output=True, text=True
    ).stdout
    assert printed.strip() == "False"
