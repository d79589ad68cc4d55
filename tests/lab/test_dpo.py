from __future__ import annotations

import copy

import pytest
import torch

from app.lab.dpo import DPOConfig, train_dpo
from app.lab.draws import Draws, Stream
from app.lab.exact import exact_logps
from app.lab.measure import measure_policy
from app.lab.trained import the_lab
from app.lab.world import PROMPTS
from tests.lab import plain_network


def test_the_loss_starts_at_ln_2_whatever_beta_is() -> None:
    lab = the_lab()
    for beta in (0.05, 0.5, 5.0):
        _, history = train_dpo(
            lab.reference_policy, lab.training_comparisons(0), DPOConfig(beta=beta, steps=1)
        )
        assert history[0].loss == pytest.approx(0.693147, abs=1e-5)
        assert history[0].margin == pytest.approx(0, abs=1e-5)


def test_ten_steps_from_a_seed_are_pinned() -> None:
    """A golden trajectory: unintended changes of behavior show here."""
    lab = the_lab()
    _, history = train_dpo(
        lab.reference_policy, lab.training_comparisons(0), DPOConfig(steps=10, seed=0)
    )
    assert [step.loss for step in history] == pytest.approx(GOLDEN, abs=2e-3)


GOLDEN = [0.6931, 0.6816, 0.6625, 0.6684, 0.6493, 0.643, 0.6307, 0.6403, 0.6319, 0.6121]


def test_a_run_is_plain_gradient_descent_on_the_plain_network() -> None:
    """Against a plain loop that shares, caches and flattens nothing, over epochs."""
    lab = the_lab()
    data = lab.comparisons(4, seed=7, count=300)
    config = DPOConfig(steps=12, seed=5)
    trained, history = train_dpo(lab.reference_policy, data, config)

    draws = Draws(config.seed, Stream.DPO)
    policy = copy.deepcopy(lab.reference_policy)
    optimizer = torch.optim.Adam(policy.parameters())
    order = torch.empty(0, dtype=torch.long)
    for step in range(config.steps):
        if len(order) < config.batch_size:
            order = draws.order(len(data))
        rows, order = order.tensor_split([config.batch_size])
        pairs = data[rows]
        margins = sum(
            sign * config.beta * plain_network.phrase_logps(network, pairs.prompt, responses).sum(1)
            for sign, network, responses in (
                (1, policy, pairs.chosen),
                (-1, policy, pairs.rejected),
                (-1, lab.reference_policy, pairs.chosen),
                (1, lab.reference_policy, pairs.rejected),
            )
        )
        assert isinstance(margins, torch.Tensor)
        loss = -torch.nn.functional.logsigmoid(margins).mean()
        optimizer.param_groups[0]["lr"] = config.learning_rate * (1 - step / config.steps)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        assert history[step].loss == pytest.approx(loss.item(), abs=1e-5)
        assert history[step].margin == pytest.approx(margins.mean().item(), abs=1e-4)
    # Not parameter by parameter: the gradient of the keys' bias is only rounding, which Adam scales up.
    ours, expected = (exact_logps(network, data.prompt) for network in (trained, policy))
    torch.testing.assert_close(ours, expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("prompt", range(PROMPTS))
def test_the_shipped_dpo_policy_is_better_than_the_reference(prompt: int) -> None:
    lab = the_lab()
    facts = lab.facts(prompt)
    policy = lab.dpo_policies[prompt]
    assert measure_policy(policy, facts, facts.learned_reward).true_quality > 0.5


def test_few_pairs_make_one_small_batch() -> None:
    lab = the_lab()
    pairs = lab.comparisons(0, seed=3, count=10)
    _, history = train_dpo(lab.reference_policy, pairs, DPOConfig(steps=30))
    assert history[-1].accuracy == 1.0
