"""Proximal Policy Optimization on a learned reward (Schulman et al., arXiv 1707.06347), as in RLHF.

Rollouts are sampled from the policy; each phrase pays a KL penalty against the reference, and the
last one earns the learned reward; advantages by GAE (arXiv 1506.02438); clipped policy and value
losses over minibatch epochs. The exact optimum of what it maximizes is
pi_r of the learned reward at beta = kl_coefficient, so a run can be checked.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from app.lab.draws import Draws, Stream
from app.lab.network.adam import Adam
from app.lab.network.flat import flatten
from app.lab.network.policy import Policy, ValueModel, of_phrases
from app.lab.network.prefixes import distinct_prefixes, every_prefix, prefixes_of
from app.lab.network.stacked import share_parameters, stack
from app.lab.world import SLOTS


@dataclass(frozen=True)
class PPOConfig:
    """Hyperparameters of PPO."""

    kl_coefficient: float = 0.2
    learning_rate: float = 1e-3
    clip_range: float = 0.2
    iterations: int = 150
    rollouts: int = 128
    """responses sampled per iteration"""
    epochs: int = 2
    minibatches: int = 2
    value_coefficient: float = 0.5
    value_clip_range: float = 0.5
    gamma: float = 1.0
    gae_lambda: float = 0.95
    max_gradient_norm: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class Rollouts:
    """One iteration's samples, all of shape (rollouts, 5)."""

    responses: Tensor
    logps: Tensor
    values: Tensor
    advantages: Tensor
    returns: Tensor

    def __getitem__(self, rows: Tensor) -> Rollouts:
        """Some of them. Shape of rows: (minibatch,)."""
        return Rollouts(
            self.responses[rows],
            self.logps[rows],
            self.values[rows],
            self.advantages[rows],
            self.returns[rows],
        )


@dataclass(frozen=True)
class PPOIteration:
    """What one iteration did: the share of clipped ratios, and the losses, means over updates."""

    iteration: int
    clip_fraction: float
    policy_loss: float
    value_loss: float


class PPOTrainer:
    """PPO on one prompt: a copy of the reference policy in training, one ``step`` an iteration.

    Four networks are resident: ``policy`` and ``value_model`` are trained, ``reference`` and
    ``reward_model`` stay frozen. The learning rate falls linearly to zero.
    """

    def __init__(
        self, reference: Policy, reward_model: nn.Module, prompt: int, config: PPOConfig
    ) -> None:
        self.reference = reference
        self.reward_model = reward_model
        self.policy = copy.deepcopy(reference)
        self.value_model = ValueModel(copy.deepcopy(reference.trunk))
        self.prompt = prompt
        self.config = config
        self._draws = Draws(config.seed, Stream.PPO)
        with torch.no_grad():
            self._reference_logps = reference(prompt, every_prefix())
        # Updates evaluate both trunks at once; one tensor holds all that is trained.
        trunks = (self.policy.trunk, self.value_model.trunk)
        heads = (nn.ParameterList([self.policy.head]), self.value_model.head)
        self._trunks = stack(*trunks)
        self._parameters = flatten(self._trunks, *heads)
        share_parameters(self._trunks, *trunks)
        self._optimizer = Adam([self._parameters], config.learning_rate, eps=1e-5)
        self.iterations_done = 0
        self.responses_sampled = 0
        self.gradient_steps = 0

    def step(self) -> PPOIteration:
        """One iteration: sample rollouts, then update both networks on them."""
        config = self.config
        remaining = 1 - self.iterations_done / config.iterations
        self._optimizer.learning_rate = config.learning_rate * remaining
        rollouts = collect_rollouts(
            self.policy,
            self._reference_logps,
            self.value_model,
            self.reward_model,
            self.prompt,
            config,
            self._draws,
        )
        self.responses_sampled += len(rollouts.responses)
        measured = []
        for _ in range(config.epochs):
            order = self._draws.order(config.rollouts)
            measured += [self._update(rollouts[rows]) for rows in order.chunk(config.minibatches)]
        self.iterations_done += 1
        return PPOIteration(self.iterations_done, *torch.stack(measured).mean(0).tolist())

    def _update(self, batch: Rollouts) -> Tensor:
        """One gradient step on a minibatch. Returns clip fraction and both losses."""
        logps, values = self._evaluate(batch.responses)
        policy_loss, value_loss, clipped = ppo_losses(logps, values, batch, self.config)
        self._optimizer.zero_grad()
        (policy_loss + self.config.value_coefficient * value_loss).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._parameters, self.config.max_gradient_norm)
        self._optimizer.step()
        self.gradient_steps += 1
        return torch.stack([clipped, policy_loss, value_loss]).detach()

    def _evaluate(self, responses: Tensor) -> tuple[Tensor, Tensor]:
        """log pi of each phrase, and the value before it; the trunks of both networks at once.

        Shapes: (minibatch, 5) -> (minibatch, 5), (minibatch, 5)
        """
        prefixes, rows = distinct_prefixes(responses)
        policy_hidden, value_hidden = self._trunks(self.prompt, prefixes)
        logps = self.policy.next_logps(self.prompt, prefixes, policy_hidden)
        values = self.value_model.values(value_hidden)
        return of_phrases(logps, rows, responses), values[rows]


@torch.no_grad()
def collect_rollouts(
    policy: Policy,
    reference_logps: Tensor,
    value_model: ValueModel,
    reward_model: nn.Module,
    prompt: int,
    config: PPOConfig,
    draws: Draws,
) -> Rollouts:
    """Sample responses and work out, for each phrase, its advantage and its return.

    Args:
        reference_logps: log pi_ref of the phrases after each prefix, shape: (prefixes, 6)

    Shapes of all in the result: (rollouts, 5).
    """
    responses, logps = policy.sample_with_logps(prompt, config.rollouts, draws)
    values = value_model(prompt, responses)
    rewards = penalized_rewards(
        reward_model(responses),
        logps,
        of_phrases(reference_logps, prefixes_of(responses), responses),
        config.kl_coefficient,
    )
    advantages = generalized_advantages(rewards, values, config.gamma, config.gae_lambda)
    return Rollouts(responses, logps, values, advantages, advantages + values)


def penalized_rewards(
    scores: Tensor, logps: Tensor, reference_logps: Tensor, kl_coefficient: float
) -> Tensor:
    """Per-phrase rewards: a KL penalty on each phrase, the score of the response on the last.

    Shapes: (rollouts,), (rollouts, 5), (rollouts, 5) -> (rollouts, 5)
    """
    rewards = -kl_coefficient * (logps - reference_logps)
    rewards[:, -1] += scores
    return rewards


def generalized_advantages(
    rewards: Tensor, values: Tensor, gamma: float, gae_lambda: float
) -> Tensor:
    """GAE(gamma, lambda), arXiv 1506.02438 Eq. 16; a response ends after its last phrase.

    Shapes: (rollouts, 5), (rollouts, 5) -> (rollouts, 5)
    """
    advantages = torch.zeros_like(rewards)
    following = torch.zeros_like(rewards[:, 0])
    next_value = torch.zeros_like(rewards[:, 0])
    for slot in range(SLOTS - 1, -1, -1):
        delta = rewards[:, slot] + gamma * next_value - values[:, slot]
        following = delta + gamma * gae_lambda * following
        advantages[:, slot] = following
        next_value = values[:, slot]
    return advantages


def ppo_losses(
    logps: Tensor, values: Tensor, batch: Rollouts, config: PPOConfig
) -> tuple[Tensor, Tensor, Tensor]:
    """Clipped policy loss, clipped value loss and clip fraction of a minibatch.

    Args:
        logps: log pi of its phrases under the policy as it is now, shape: (minibatch, 5)
        values: before them, of the value model as it is now, shape: (minibatch, 5)

    Returns:
        Shapes: (), (), (); advantages are standardized within the minibatch.
    """
    advantages = (batch.advantages - batch.advantages.mean()) / (batch.advantages.std() + 1e-8)
    policy_loss, clipped = clipped_policy_loss(logps, batch.logps, advantages, config.clip_range)
    value_loss = clipped_value_loss(values, batch.values, batch.returns, config.value_clip_range)
    return policy_loss, value_loss, clipped


def clipped_policy_loss(
    logps: Tensor, old_logps: Tensor, advantages: Tensor, clip_range: float
) -> tuple[Tensor, Tensor]:
    """-min(ratio A, clip(ratio, 1 - e, 1 + e) A), Eq. 7 of arXiv 1707.06347, and clip fraction.

    The clip fraction is the share of ratios outside of [1 - e, 1 + e]. Shapes: all three the same,
    here (minibatch, 5) -> (), () means over them.
    """
    ratio = torch.exp(logps - old_logps)
    unclipped = ratio * advantages
    clipped = ratio.clamp(1 - clip_range, 1 + clip_range) * advantages
    outside = (ratio.detach() - 1).abs() > clip_range
    return -torch.minimum(unclipped, clipped).mean(), outside.to(ratio.dtype).mean()


def clipped_value_loss(
    values: Tensor, old_values: Tensor, returns: Tensor, clip_range: float
) -> Tensor:
    """Half the larger of the squared errors with and without clipping the change of the value.

    Not in the paper on PPO, but in its common implementations (arXiv 2005.12729).
    Shapes: all three the same, here (minibatch, 5) -> () the mean over them.
    """
    near = old_values + (values - old_values).clamp(-clip_range, clip_range)
    worse = torch.maximum((values - returns).square(), (near - returns).square())
    return 0.5 * worse.mean()
