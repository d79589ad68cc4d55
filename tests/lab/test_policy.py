from __future__ import annotations

import math

import pytest
import torch

from app.lab.exact import entropy, exact_logps, expectation, kl_divergence
from app.lab.policy import Policy, parameter_count
from app.lab.trained import the_lab
from app.lab.world import RESPONSES, all_responses, response_number


@pytest.fixture(scope="module")
def policy() -> Policy:
    """A policy with random weights everywhere, so that every input matters."""
    generator = torch.Generator().manual_seed(3)
    policy = Policy(generator).double()
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.add_(0.5 * torch.randn(parameter.shape, generator=generator))
    return policy


@pytest.mark.parametrize("prompt", [0, 3, 5])
def test_exact_log_probabilities_are_those_of_the_forward_pass(policy: Policy, prompt: int) -> None:
    with torch.no_grad():
        forward = policy.logps(prompt, all_responses())
    torch.testing.assert_close(exact_logps(policy, prompt), forward, rtol=0, atol=1e-10)


def test_probabilities_of_all_responses_sum_to_one(policy: Policy) -> None:
    assert float(exact_logps(policy, 1).exp().sum()) == pytest.approx(1, abs=1e-12)


def test_a_later_phrase_does_not_change_an_earlier_distribution(policy: Policy) -> None:
    responses = all_responses()[:2000:97].clone()
    with torch.no_grad():
        before = policy.distributions(2, responses)
        responses[:, 3] = (responses[:, 3] + 1) % 6
        after = policy.distributions(2, responses)
    torch.testing.assert_close(after[:, :4], before[:, :4], rtol=0, atol=1e-12)
    assert float((after[:, 4] - before[:, 4]).abs().max()) > 1e-3


def test_every_earlier_phrase_matters(policy: Policy) -> None:
    base = all_responses()[:1]
    with torch.no_grad():
        for slot in range(4):
            changed = base.clone()
            changed[:, slot] += 1
            difference = (
                policy.distributions(2, changed)[:, 4] - policy.distributions(2, base)[:, 4]
            )
            assert float(difference.abs().max()) > 1e-3


def test_prompts_have_different_distributions(policy: Policy) -> None:
    assert float(kl_divergence(exact_logps(policy, 0), exact_logps(policy, 1))) > 0.01


def test_samples_follow_the_exact_distribution() -> None:
    policy = the_lab().reference_policy
    count = 40_000
    drawn = policy.sample(0, count, torch.Generator().manual_seed(0))
    counts = torch.bincount(response_number(drawn), minlength=RESPONSES)
    probabilities = exact_logps(policy, 0).exp()
    # A chi-squared statistic over bins of equal size; 99.99% of seeds stay below this.
    order = probabilities.argsort(descending=True)
    bins = 50
    observed = counts[order].view(-1)[: bins * 155].view(bins, -1).sum(1)
    expected = count * probabilities[order][: bins * 155].view(bins, -1).sum(1)
    assert float(((observed - expected).square() / expected).sum()) < 105


def test_the_same_generator_draws_the_same_responses() -> None:
    policy = the_lab().reference_policy
    first, second = (policy.sample(1, 50, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(first, second)


def test_building_a_policy_reads_no_global_random_state() -> None:
    torch.manual_seed(1)
    first = Policy(torch.Generator().manual_seed(9)).state_dict()
    torch.manual_seed(2)
    second = Policy(torch.Generator().manual_seed(9)).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_policy_is_small() -> None:
    assert parameter_count(the_lab().reference_policy) < 30_000


def test_kl_is_zero_for_equal_and_positive_for_different_distributions(policy: Policy) -> None:
    logps, other = exact_logps(policy, 0), exact_logps(policy, 4)
    assert float(kl_divergence(logps, logps)) == 0
    assert float(kl_divergence(logps, other)) == pytest.approx(
        float((logps.exp() * (logps - other)).sum()), abs=1e-10
    )


def test_kl_survives_probabilities_that_underflow() -> None:
    sharp = torch.full((RESPONSES,), -2000.0, dtype=torch.float64)
    sharp[0] = 0.0
    uniform = torch.full((RESPONSES,), -math.log(RESPONSES), dtype=torch.float64)
    assert float(kl_divergence(sharp, uniform)) == pytest.approx(float(-uniform[0]), abs=1e-6)
    assert float(entropy(sharp)) == 0


def test_expectation_and_entropy_of_the_uniform_distribution() -> None:
    uniform = torch.full((RESPONSES,), 1.0, dtype=torch.float64).log_softmax(0)
    values = torch.arange(RESPONSES, dtype=torch.float64)
    assert float(expectation(uniform, values)) == pytest.approx((RESPONSES - 1) / 2)
    assert float(entropy(uniform)) == pytest.approx(float(torch.tensor(7776.0).double().log()))
