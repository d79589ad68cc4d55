from __future__ import annotations

import copy
import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from app.lab.draws import Draws, Stream
from app.lab.measure import Measurement, measure, measure_policy
from app.lab.network.policy import ValueModel
from app.lab.network.prefixes import every_prefix
from app.lab.optimum import optimal_logps
from app.lab.ppo import (
    PPOConfig,
    PPOTrainer,
    clipped_policy_loss,
    clipped_value_loss,
    collect_rollouts,
    generalized_advantages,
    penalized_rewards,
    ppo_losses,
)
from app.lab.runs import finished_ppo
from app.lab.trained import the_lab
from tests.lab import plain_network


def target(prompt: int, kl_coefficient: float) -> Measurement:
    facts = the_lab().facts(prompt)
    logps = optimal_logps(facts.reference_logps, facts.learned_reward, kl_coefficient)
    return measure(logps, facts, facts.learned_reward)


def test_published_values_of_the_clipped_loss() -> None:
    """torchtune: a ratio of e with advantage 1 and clip range 0.2 gives a loss of -1.2."""
    loss, clipped = clipped_policy_loss(
        torch.tensor([1.0]), torch.tensor([0.0]), torch.tensor([1.0]), 0.2
    )
    assert float(loss) == pytest.approx(-1.2)
    assert float(clipped) == 1


def test_clipping_never_hides_a_loss() -> None:
    ratio, advantage = 1.5, -1.0  # a move toward a bad action: no clipping
    loss, _ = clipped_policy_loss(
        torch.tensor([math.log(ratio)]), torch.tensor([0.0]), torch.tensor([advantage]), 0.2
    )
    assert float(loss) == pytest.approx(1.5)


def test_published_values_of_the_penalized_rewards() -> None:
    """torchtune: scores 1, 2, 3, coefficient 0.5, log-ratios -0.1, -0.2, -0.3."""
    log_ratios = torch.tensor([[-0.1] * 3, [-0.2] * 3, [-0.3] * 3])
    rewards = penalized_rewards(
        torch.tensor([1.0, 2.0, 3.0]), log_ratios, torch.zeros(3, 3), kl_coefficient=0.5
    )
    expected = [[0.05, 0.05, 1.05], [0.1, 0.1, 2.1], [0.15, 0.15, 3.15]]
    torch.testing.assert_close(rewards, torch.tensor(expected))


def test_advantages_are_the_weighted_sums_of_temporal_differences() -> None:
    generator = torch.Generator().manual_seed(0)
    rewards, values = torch.randn(2, 7, 5, generator=generator, dtype=torch.float64)
    gamma, gae_lambda = 0.9, 0.8
    following = torch.cat([values[:, 1:], torch.zeros(7, 1)], 1)
    deltas = rewards + gamma * following - values
    for slot in range(5):
        by_hand = sum((gamma * gae_lambda) ** k * deltas[:, slot + k] for k in range(5 - slot))
        assert isinstance(by_hand, torch.Tensor)
        advantages = generalized_advantages(rewards, values, gamma, gae_lambda)
        torch.testing.assert_close(advantages[:, slot], by_hand)


def test_the_value_loss_is_the_larger_of_clipped_and_unclipped() -> None:
    old, returns = torch.tensor([0.0]), torch.tensor([1.0])
    # Within the clip range the unclipped error counts; beyond it, the clipped one.
    assert float(clipped_value_loss(torch.tensor([0.3]), old, returns, 0.5)) == pytest.approx(0.245)
    assert float(clipped_value_loss(torch.tensor([0.9]), old, returns, 0.5)) == pytest.approx(0.125)


@pytest.mark.slow
def test_with_a_large_coefficient_ppo_lands_on_its_exact_optimum() -> None:
    last = finished_ppo(3, PPOConfig(kl_coefficient=0.7, seed=1))[-1].measured
    exact = target(3, 0.7)
    assert last.kl == pytest.approx(exact.kl, rel=0.1)
    assert last.reward == pytest.approx(exact.reward, rel=0.1)


def test_rollouts_are_judged_by_the_plain_networks() -> None:
    """Values that are looked up or kept from sampling, against a full pass of each network."""
    lab = the_lab()
    config = PPOConfig(kl_coefficient=0.3)
    trainer = PPOTrainer(lab.reference_policy, lab.reward_model(2), 2, config)
    for _ in range(3):
        trainer.step()
    with torch.no_grad():
        rollouts = collect_rollouts(
            trainer.policy,
            lab.reference_policy(2, every_prefix()),
            trainer.value_model,
            lab.reward_model(2),
            2,
            config,
            Draws(0, Stream.PPO),
        )
        logps, reference_logps = (
            plain_network.phrase_logps(policy, 2, rollouts.responses)
            for policy in (trainer.policy, lab.reference_policy)
        )
        values = plain_network.values(trainer.value_model, 2, rollouts.responses)
        scores = lab.reward_model(2)(rollouts.responses)
    rewards = penalized_rewards(scores, logps, reference_logps, config.kl_coefficient)
    advantages = generalized_advantages(rewards, values, config.gamma, config.gae_lambda)
    for ours, expected in (
        (rollouts.logps, logps),
        (rollouts.values, values),
        (rollouts.advantages, advantages),
        (rollouts.returns, advantages + values),
    ):
        torch.testing.assert_close(ours, expected, rtol=1e-5, atol=2e-5)


def test_a_step_is_plain_gradient_descent_on_the_plain_networks() -> None:
    """Both trunks as one stack, with all parameters in one tensor, changes only rounding."""
    lab, prompt, config = the_lab(), 4, PPOConfig(seed=6)
    trainer = PPOTrainer(lab.reference_policy, lab.reward_model(prompt), prompt, config)
    policy = copy.deepcopy(lab.reference_policy)
    value_model = ValueModel(copy.deepcopy(policy.trunk))
    parameters = [*policy.parameters(), *value_model.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=config.learning_rate, eps=1e-5)
    draws = Draws(config.seed, Stream.PPO)
    with torch.no_grad():
        reference_logps = policy(prompt, every_prefix())
    rollouts = collect_rollouts(
        policy, reference_logps, value_model, lab.reward_model(prompt), prompt, config, draws
    )
    for _ in range(config.epochs):
        order = draws.order(config.rollouts)
        for rows in order.chunk(config.minibatches):
            batch = rollouts[rows]
            policy_loss, value_loss, _ = ppo_losses(
                plain_network.phrase_logps(policy, prompt, batch.responses),
                plain_network.values(value_model, prompt, batch.responses),
                batch,
                config,
            )
            optimizer.zero_grad()
            (policy_loss + config.value_coefficient * value_loss).backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(parameters, config.max_gradient_norm)
            optimizer.step()
    trainer.step()
    trained = [*trainer.policy.parameters(), *trainer.value_model.parameters()]
    for ours, expected in zip(trained, parameters, strict=True):
        torch.testing.assert_close(ours, expected, rtol=0, atol=2e-5)


def test_a_run_starts_at_the_reference_and_counts_what_it_takes() -> None:
    config = PPOConfig(iterations=12, seed=3)
    rows = finished_ppo(1, config)
    assert rows[0].measured.kl == pytest.approx(0, abs=1e-12)
    assert rows[0].measured.true_quality == pytest.approx(0, abs=1e-12)
    assert [row.iteration for row in rows] == list(range(13))
    assert [row.responses_sampled for row in rows] == [config.rollouts * n for n in range(13)]
    updates = config.epochs * config.minibatches
    assert [row.gradient_steps for row in rows] == [updates * n for n in range(13)]
    seconds = [row.seconds for row in rows]
    assert seconds[0] == 0
    assert all(before < after for before, after in pairwise(seconds))


def test_ppo_leaves_the_reference_and_the_reward_model_alone() -> None:
    lab = the_lab()
    networks = (lab.reference_policy, lab.reward_model(0))
    before = [{n: v.clone() for n, v in network.state_dict().items()} for network in networks]
    trainer = PPOTrainer(lab.reference_policy, lab.reward_model(0), 0, PPOConfig(iterations=3))
    for _ in range(3):
        trainer.step()
    for network, kept in zip(networks, before, strict=True):
        assert all(torch.equal(kept[name], value) for name, value in network.state_dict().items())
    facts = lab.facts(0)
    assert measure_policy(trainer.policy, facts, facts.learned_reward).kl > 0.01


def test_ten_iterations_from_a_seed_are_pinned() -> None:
    """A golden trajectory: unintended changes of behavior show here."""
    rows = finished_ppo(0, replace(PPOConfig(), iterations=10, kl_coefficient=0.1))
    assert [row.measured.reward for row in rows] == pytest.approx(GOLDEN, abs=0.02)


GOLDEN = [0.0, 0.298, 0.531, 0.727, 0.887, 1.014, 1.112, 1.189, 1.247, 1.285, 1.304]
