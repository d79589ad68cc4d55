"""Supervised fine-tuning: maximize log pi of demonstrations. Its result is the reference policy."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from app.lab.demonstrations import sample_demonstrations
from app.lab.draws import Draws, Stream
from app.lab.network.adam import Adam
from app.lab.network.policy import Policy
from app.lab.world import PROMPTS, World


@dataclass(frozen=True)
class SFTConfig:
    """Hyperparameters of supervised fine-tuning."""

    demonstrations: int = 4000
    """for each prompt"""
    batch_size: int = 256
    epochs: int = 10
    learning_rate: float = 3e-3
    seed: int = 0


@dataclass(frozen=True)
class SFTStep:
    """One epoch: the mean negative log-likelihood of a demonstration, in nats."""

    epoch: int
    loss: float


def train_sft(world: World, config: SFTConfig) -> tuple[Policy, list[SFTStep]]:
    """Train a new policy on demonstrations for all prompts.

    Each step takes a batch of one prompt, the prompts in turn; the learning rate falls linearly to
    zero. Returns the policy and one row per epoch.
    """
    policy = Policy(Draws(config.seed, Stream.WEIGHTS))
    data = [
        sample_demonstrations(
            world, prompt, config.demonstrations, Draws(config.seed, Stream.DEMONSTRATIONS, prompt)
        )
        for prompt in range(PROMPTS)
    ]
    draws = Draws(config.seed, Stream.SFT)
    optimizer = Adam(policy.parameters(), config.learning_rate)
    batches = config.demonstrations // config.batch_size
    total = config.epochs * batches * PROMPTS
    steps = 0
    history = []
    for epoch in range(1, config.epochs + 1):
        losses = []
        orders = [draws.order(config.demonstrations) for _ in data]
        for batch in range(batches):
            rows = slice(batch * config.batch_size, (batch + 1) * config.batch_size)
            for prompt in range(PROMPTS):
                loss = -policy.logps(prompt, data[prompt][orders[prompt][rows]]).mean()
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.learning_rate = config.learning_rate * (1 - steps / total)
                optimizer.step()
                steps += 1
                losses.append(loss.detach())
        history.append(SFTStep(epoch, float(torch.stack(losses).mean())))
    return policy, history
