"""The frontier and best-of-N. What pi* promises is tested in tests/promises/."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from app.lab.exact import expectation, kl_divergence
from app.lab.measure import AboveFrontier, measure
from app.lab.optimum import (
    Frontier,
    best_of_n_logps,
    optimal_logps,
    optimal_logps_at,
)
from app.lab.trained import PromptFacts, the_lab


@pytest.fixture(scope="module")
def facts() -> PromptFacts:
    return the_lab().facts(0)


def test_kl_and_reward_of_the_optimum_fall_as_beta_grows(facts: PromptFacts) -> None:
    for lower, higher in itertools.pairwise(facts.frontier.points):
        assert lower.kl >= higher.kl - 1e-12
        assert lower.expected_reward >= higher.expected_reward - 1e-12


def test_the_frontier_bound_touches_its_own_points(facts: PromptFacts) -> None:
    for point in facts.frontier.points:
        assert facts.frontier.bound(point.kl) == pytest.approx(point.expected_reward, abs=1e-8)


def test_the_frontier_bound_holds_between_its_points(facts: PromptFacts) -> None:
    for beta in (0.0123, 0.0777, 0.345, 3.21):
        optimal = optimal_logps(facts.reference_logps, facts.true_quality, beta)
        kl = float(kl_divergence(optimal, facts.reference_logps))
        reward = float(expectation(optimal, facts.true_quality))
        assert reward <= facts.frontier.bound(kl) + 1e-9
        # The grid is fine enough for the bound to be tight.
        assert reward >= facts.frontier.bound(kl) - 0.002


def test_a_measurement_above_the_frontier_is_refused(facts: PromptFacts) -> None:
    optimal = optimal_logps(facts.reference_logps, facts.true_quality, 0.3)
    lower = PromptFacts(
        facts.prompt,
        facts.reference_logps,
        facts.true_quality,
        facts.learned_rewards,
        Frontier(facts.reference_logps, 0.9 * facts.true_quality),
    )
    with pytest.raises(AboveFrontier):
        measure(optimal, lower, facts.learned_reward)


@pytest.mark.parametrize("chance", [0.5, 0.6, 0.9, 1 - 1e-6])
def test_the_optimum_at_a_kl_is_known_for_two_responses(chance: float) -> None:
    """Between two equally likely responses, the optimum with this chance of the better one has KL
    log 2 - H(chance)."""
    kl = math.log(2) + chance * math.log(chance) + (1 - chance) * math.log(1 - chance)
    reference = torch.tensor([0.5, 0.5], dtype=torch.float64).log()
    logps = optimal_logps_at(reference, torch.tensor([0.0, 3.0], dtype=torch.float64), kl)
    assert logps is not None
    # To 1e-12 in KL, which near one half is flat.
    assert logps.exp()[1].item() == pytest.approx(chance, abs=1e-6)


@pytest.mark.parametrize("share", [0, 1e-12, 1e-6, 0.01, 0.5, 0.9, 0.999, 1 - 1e-9, 1])
@pytest.mark.parametrize("prompt", range(6))
def test_the_optimum_at_a_kl_has_that_kl_as_far_as_an_optimum_can_be(
    prompt: int, share: float
) -> None:
    """The farthest says the best response alone."""
    facts = the_lab().facts(prompt)
    reference, quality = facts.reference_logps, facts.true_quality
    farthest = -float(reference[quality.argmax()])
    logps = optimal_logps_at(reference, quality, share * farthest)
    assert logps is not None
    assert float(kl_divergence(logps, reference)) == pytest.approx(share * farthest, abs=1e-9)
    assert float(logps.exp().sum()) == pytest.approx(1, abs=1e-12)
    assert optimal_logps_at(reference, quality, farthest + 1e-6) is None


def test_no_kl_leaves_the_reference_as_it_is(facts: PromptFacts) -> None:
    logps = optimal_logps_at(facts.reference_logps, facts.true_quality, 0)
    assert logps is not None
    assert float((logps - facts.reference_logps).abs().max()) < 1e-12


def test_the_farthest_optimum_says_all_of_the_best_responses() -> None:
    reference = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64).log()
    reward = torch.tensor([0.0, 1.0, 1.0], dtype=torch.float64)
    logps = optimal_logps_at(reference, reward, math.log(2))
    assert logps is not None
    assert logps.exp().tolist() == pytest.approx([0, 0.6, 0.4], abs=1e-9)
    assert optimal_logps_at(reference, reward, math.log(2) + 1e-6) is None


def test_no_policy_has_more_true_quality_at_the_kl_of_an_optimum(facts: PromptFacts) -> None:
    generator = torch.Generator().manual_seed(3)
    for strength in torch.logspace(-1, 1, 21, dtype=torch.float64):
        noise = torch.randn(len(facts.true_quality), generator=generator, dtype=torch.float64)
        other = (facts.reference_logps + strength * (facts.true_quality + noise)).log_softmax(0)
        kl = float(kl_divergence(other, facts.reference_logps))
        optimal = optimal_logps_at(facts.reference_logps, facts.true_quality, kl)
        if optimal is not None:
            best = float(expectation(optimal, facts.true_quality))
            assert float(expectation(other, facts.true_quality)) < best
            assert best == pytest.approx(facts.frontier.bound(kl), abs=0.002)


def test_best_of_n_is_what_enumerating_all_draws_gives() -> None:
    probabilities = [0.5, 0.2, 0.2, 0.1]
    rewards = [0.0, 1.0, 1.0, -1.0]  # a tie between the second and the third
    n = 3
    won = [0.0] * 4
    for draws in itertools.product(range(4), repeat=n):
        chance = math.prod(probabilities[d] for d in draws)
        best = max(rewards[d] for d in draws)
        tied = [d for d in draws if rewards[d] == best]
        for draw in tied:
            won[draw] += chance / len(tied)
    logps = best_of_n_logps(
        torch.tensor(probabilities, dtype=torch.float64).log(),
        torch.tensor(rewards, dtype=torch.float64),
        n,
    )
    assert logps.exp().tolist() == pytest.approx(won, abs=1e-12)


@pytest.mark.parametrize("n", [1, 2, 16, 128, 10_000])
def test_best_of_n_stays_below_its_kl_bound_and_the_frontier(facts: PromptFacts, n: int) -> None:
    logps = best_of_n_logps(facts.reference_logps, facts.true_quality, n)
    measured = measure(logps, facts, facts.learned_reward)  # raises for anything above the frontier
    bound = math.log(n) - (n - 1) / n  # arXiv 2401.01879
    assert -1e-12 <= measured.kl <= bound + 1e-9


def test_best_of_one_is_the_reference(facts: PromptFacts) -> None:
    logps = best_of_n_logps(facts.reference_logps, facts.true_quality, 1)
    torch.testing.assert_close(logps, facts.reference_logps, rtol=0, atol=1e-7)
