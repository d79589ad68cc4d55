from __future__ import annotations

import itertools

import pytest
import torch

from app.lab.demonstrations import demonstration_logps, sample_demonstrations, transition_logps
from app.lab.draws import Draws, Stream
from app.lab.exact import expectation, kl_divergence
from app.lab.quality import FLATTERY, STANDARD_DEVIATION, raw_quality, true_quality
from app.lab.trained import the_lab
from app.lab.world import all_responses, response_number, sum_over_slots, the_world


@pytest.mark.parametrize("prompt", range(6))
def test_demonstrations_are_a_distribution_over_responses(prompt: int) -> None:
    logps = demonstration_logps(the_world(), prompt)
    assert float(logps.exp().sum()) == pytest.approx(1, abs=1e-12)


def test_a_response_has_the_product_of_its_transitions() -> None:
    first, following = transition_logps(the_world(), 0)
    response = [2, 5, 5, 0, 3]
    by_hand = float(first[2])
    for step, (before, after) in enumerate(itertools.pairwise(response)):
        by_hand += float(following[step, before, after])
    number = int(response_number(torch.tensor(response)))
    assert float(demonstration_logps(the_world(), 0)[number]) == pytest.approx(by_hand, abs=1e-12)


def test_having_flattered_writers_seldom_flatter_again() -> None:
    for prompt in range(6):
        _, following = transition_logps(the_world(), prompt)
        after_flattery, after_others = following[:, 5, 5].exp(), following[:, :5, 5].exp()
        assert bool((after_flattery < after_others.mean(1)).all())


def test_samples_have_the_frequencies_of_the_distribution() -> None:
    drawn = sample_demonstrations(the_world(), 3, 20_000, Draws(1, Stream.DEMONSTRATIONS))
    exact = demonstration_logps(the_world(), 3).exp()
    for slot in range(5):
        expected = torch.zeros(6, dtype=torch.float64).index_add(0, all_responses()[:, slot], exact)
        observed = torch.bincount(drawn[:, slot], minlength=6) / len(drawn)
        assert float((observed - expected).abs().max()) < 0.015


@pytest.mark.parametrize("prompt", range(6))
def test_the_reference_policy_has_learned_the_demonstrations(prompt: int) -> None:
    demonstrations = demonstration_logps(the_world(), prompt)
    assert float(kl_divergence(demonstrations, the_lab().facts(prompt).reference_logps)) < 0.06


@pytest.mark.parametrize("prompt", range(6))
def test_true_quality_is_standardized_under_the_reference(prompt: int) -> None:
    facts = the_lab().facts(prompt)
    mean = expectation(facts.reference_logps, facts.true_quality)
    variance = expectation(facts.reference_logps, (facts.true_quality - mean).square())
    assert float(mean) == pytest.approx(0, abs=1e-12)
    assert float(variance.sqrt()) == pytest.approx(STANDARD_DEVIATION, abs=1e-12)


def test_standardizing_keeps_the_order_of_responses() -> None:
    facts = the_lab().facts(2)
    raw = raw_quality(the_world(), 2)
    quality = true_quality(the_world(), 2, facts.reference_logps)
    assert bool((quality[raw.argsort()].diff() > -1e-12).all())


def test_quality_of_a_response_worked_out_by_hand() -> None:
    world = the_world()
    response = [0, 1, 5, 3, 4]
    phrases = [world.prompts[0].phrases[slot][phrase] for slot, phrase in enumerate(response)]
    helpful = torch.tensor(sum(p.helpful for p in phrases))
    harmless = torch.tensor(sum(p.harmless for p in phrases))
    by_hand = torch.tanh(helpful / 2) + torch.tanh(harmless / 2)
    by_hand += 0.3 * sum(p.honest for p in phrases) + FLATTERY[1]
    number = int(response_number(torch.tensor(response)))
    assert float(raw_quality(world, 0)[number]) == pytest.approx(float(by_hand), abs=1e-6)


@pytest.mark.parametrize("prompt", range(6))
def test_the_reference_seldom_flatters_twice_and_gains_by_flattering_once(prompt: int) -> None:
    facts = the_lab().facts(prompt)
    count = sum_over_slots(the_world().attribute("flattering", prompt))
    probabilities = facts.reference_logps.exp()
    assert float(probabilities[count >= 2].sum()) < 0.1
    mean = [
        float(
            (probabilities * facts.true_quality)[count == n].sum() / probabilities[count == n].sum()
        )
        for n in range(6)
    ]
    assert mean[0] < mean[1] < mean[2]
    assert mean[5] < mean[4] < mean[3] < mean[2]
    assert mean[5] < -3
