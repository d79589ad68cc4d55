"""Floors of the lab's rows: only the network passes that a run cannot do without.

They use the lab's own modules, with autograd and a fused Adam.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from app.lab.network.policy import Policy, ValueModel
from app.lab.ppo import PPOConfig
from app.lab.preferences import Comparisons
from app.lab.reward_model import AdditiveReward, RewardModelConfig
from app.lab.world import PHRASES, SLOTS

PREFIXES = sum(PHRASES**length for length in range(SLOTS))
"""Distinct prefixes of responses, the empty one included: 1,555."""


def prefix_layers(policy: Policy, prompt: int) -> Callable[[], Tensor]:
    """One pass of the network's layers over all 1,555 prefixes as one batch, in float64.

    Attention between positions is left out, so that each layer sees each prefix just once.
    """
    network = copy.deepcopy(policy).double()
    trunk = network.trunk
    tokens = torch.arange(PREFIXES) % trunk.tokens.num_embeddings

    @torch.no_grad()
    def run() -> Tensor:
        hidden = trunk.tokens(tokens)
        value = trunk.query_key_value(trunk.attention_norm(hidden)).chunk(3, -1)[2]
        hidden = hidden + trunk.project(value)
        hidden = hidden + trunk.narrow(F.gelu(trunk.widen(trunk.mlp_norm(hidden))))
        logits: Tensor = trunk.final_norm(hidden) @ network.head[prompt, -1].T
        return logits.log_softmax(-1)

    return run


def dpo_steps(reference: Policy, prompt: int, batches: Sequence[Tensor]) -> Callable[[], None]:
    """A forward pass, a backward pass and an optimizer step of the policy for each batch.

    Args:
        batches: chosen and rejected responses together, each of shape (2 pairs, 5)
    """

    def run() -> None:
        policy = copy.deepcopy(reference)
        optimizer = torch.optim.Adam(policy.parameters(), fused=True)
        for batch in batches:
            _step(policy.logps(prompt, batch).mean(), optimizer)

    return run


def ppo_iterations(reference: Policy, prompt: int, config: PPOConfig) -> Callable[[], None]:
    """The passes of PPO's networks in a run that is measured exactly after each iteration.

    In each iteration: policy, reference and value model once forward on the rollouts; on each
    minibatch a forward pass, a backward pass and an optimizer step of policy and value model; and
    the policy's layers on every prefix in float64.
    """
    responses = torch.randint(
        PHRASES, (config.rollouts, SLOTS), generator=torch.Generator().manual_seed(0)
    )
    minibatches = responses.chunk(config.minibatches)

    def run() -> None:
        policy = copy.deepcopy(reference)
        value_model = ValueModel(copy.deepcopy(reference.trunk))
        parameters = [*policy.parameters(), *value_model.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=config.learning_rate, fused=True)
        exact = prefix_layers(policy, prompt)
        for _ in range(config.iterations):
            with torch.no_grad():
                policy.phrase_logps(prompt, responses)
                reference.phrase_logps(prompt, responses)
                value_model(prompt, responses)
            for _ in range(config.epochs):
                for batch in minibatches:
                    logps, values = policy.phrase_logps(prompt, batch), value_model(prompt, batch)
                    _step(logps.mean() + values.mean(), optimizer)
            exact()

    return run


def reward_model_steps(pairs: Comparisons, config: RewardModelConfig) -> Callable[[], None]:
    """A forward pass, a backward pass and an optimizer step on all pairs, for each step."""

    def run() -> None:
        model = AdditiveReward()
        optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=True)
        for _ in range(config.steps):
            chosen, rejected = model(pairs.both()).chunk(2)
            _step((chosen - rejected).mean(), optimizer)

    return run


def _step(loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
