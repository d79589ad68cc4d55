from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor

from app.lab.draws import Draws, Stream
from app.lab.exact import entropy, exact_logps, expectation
from app.lab.network.policy import Policy, ValueModel
from app.lab.network.prefixes import distinct_prefixes
from app.lab.trained import the_lab
from app.lab.world import RESPONSES, all_responses, response_number
from tests.lab import plain_network


@pytest.fixture(scope="module")
def policy() -> Policy:
    """A policy whose weights are all random, so that every input matters."""
    draws = Draws(3, Stream.WEIGHTS)
    policy = Policy(draws).double()
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.add_(0.5 * draws.normal(*parameter.shape))
    return policy


@pytest.mark.parametrize("prompt", [0, 3, 5])
def test_a_policy_is_the_plain_network(policy: Policy, prompt: int) -> None:
    """Working on distinct prefixes and on tables of tokens changes only rounding."""
    responses = all_responses()[3::61]
    prefixes, rows = distinct_prefixes(responses)
    with torch.no_grad():
        expected = plain_network.distributions(policy, prompt, responses)
        logps = policy(prompt, prefixes)[rows]
        torch.testing.assert_close(logps, expected, rtol=0, atol=1e-12)
        single = copy.deepcopy(policy).float()(prompt, prefixes)[rows]
    torch.testing.assert_close(single.double(), expected, rtol=1e-5, atol=1e-5)


def test_its_gradients_are_those_of_the_plain_network(policy: Policy) -> None:
    responses = all_responses()[5::97]
    weights = torch.randn(
        responses.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )

    def gradients(phrase_logps: Tensor) -> list[Tensor]:
        return list(torch.autograd.grad((weights * phrase_logps).sum(), list(policy.parameters())))

    quick = gradients(policy.phrase_logps(4, responses))
    plain = gradients(plain_network.phrase_logps(policy, 4, responses))
    for ours, expected in zip(quick, plain, strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-12, atol=1e-11)


def test_a_value_model_is_the_plain_network(policy: Policy) -> None:
    value_model = ValueModel(copy.deepcopy(policy.trunk)).double()
    responses = all_responses()[1::89]
    with torch.no_grad():
        value_model.head.weight.normal_(generator=torch.Generator().manual_seed(2))
        torch.testing.assert_close(
            value_model(1, responses),
            plain_network.values(value_model, 1, responses),
            rtol=0,
            atol=1e-12,
        )


@pytest.mark.parametrize("prompt", [0, 3, 5])
def test_exact_log_probabilities_are_those_of_the_plain_network_in_float64(
    policy: Policy, prompt: int
) -> None:
    for network in (policy, the_lab().reference_policy):
        plain = copy.deepcopy(network).double()
        with torch.no_grad():
            expected = plain_network.phrase_logps(plain, prompt, all_responses()).sum(1)
        torch.testing.assert_close(exact_logps(network, prompt), expected, rtol=0, atol=1e-12)


def test_a_policy_can_be_used_by_others_while_it_is_evaluated_exactly() -> None:
    policy = copy.deepcopy(the_lab().reference_policy)
    seen: list[set[torch.dtype]] = []
    policy.trunk.narrow.register_forward_hook(
        lambda *_: seen.append({parameter.dtype for parameter in policy.parameters()})
    )
    exact_logps(policy, 0)
    assert seen == [{torch.float32}]


def test_each_prefix_is_evaluated_once(policy: Policy) -> None:
    evaluated: list[int] = []
    watching = policy.trunk.narrow.register_forward_hook(
        lambda _module, _inputs, output: evaluated.append(len(output))
    )
    exact_logps(policy, 0)
    assert sum(evaluated) == 1 + 6 + 36 + 216 + 1296
    evaluated.clear()
    batch = all_responses()[torch.tensor([0, 0, 1, 7775])]
    policy.logps(0, batch)
    watching.remove()
    beginnings = {tuple(row[:length]) for row in batch.tolist() for length in range(5)}
    assert evaluated == [len(beginnings)]


def test_samples_follow_the_exact_distribution() -> None:
    policy = the_lab().reference_policy
    count = 40_000
    drawn = policy.sample(0, count, Draws(0, Stream.PPO))
    counts = torch.bincount(response_number(drawn), minlength=RESPONSES)
    probabilities = exact_logps(policy, 0).exp()
    # A chi-squared statistic over bins of equal size; 99.99% of seeds stay below this.
    order = probabilities.argsort(descending=True)
    bins = 50
    observed = counts[order].view(-1)[: bins * 155].view(bins, -1).sum(1)
    expected = count * probabilities[order][: bins * 155].view(bins, -1).sum(1)
    assert float(((observed - expected).square() / expected).sum()) < 105


def test_sampling_gives_the_log_probabilities_of_what_it_drew(policy: Policy) -> None:
    responses, logps = policy.sample_with_logps(3, 60, Draws(2, Stream.PPO))
    with torch.no_grad():
        expected = plain_network.phrase_logps(policy, 3, responses)
    torch.testing.assert_close(logps, expected, rtol=0, atol=1e-12)


def test_building_a_policy_reads_no_global_random_state() -> None:
    torch.manual_seed(1)
    first = Policy(Draws(9, Stream.WEIGHTS)).state_dict()
    torch.manual_seed(2)
    second = Policy(Draws(9, Stream.WEIGHTS)).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_expectation_and_entropy_of_the_uniform_distribution() -> None:
    uniform = torch.full((RESPONSES,), 1.0, dtype=torch.float64).log_softmax(0)
    values = torch.arange(RESPONSES, dtype=torch.float64)
    assert float(expectation(uniform, values)) == pytest.approx((RESPONSES - 1) / 2)
    assert float(entropy(uniform)) == pytest.approx(float(torch.tensor(7776.0).double().log()))
