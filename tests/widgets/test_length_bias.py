from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import logsigmoid

from app.lab.exact import exact_logps, expectation, kl_divergence
from app.lab.length import optimum, trained_on_taste, word_counts
from app.lab.trained import the_lab
from app.lab.world import response_number, the_world
from app.widgets.base import PROMPT_TEXTS
from app.widgets.length_bias import MOST, TRAINED, TRAINED_WITH, Params, Result, compute

Floats = np.ndarray[Any, np.dtype[np.float64]]


def at(**params: Any) -> Result:
    return compute(Params(**params))


def numbers(prompt: str) -> tuple[Floats, Floats, Floats]:
    """pi_ref, true quality and the words of each readable response, split at its spaces."""
    world = the_world()
    number = world.prompt_number(prompt)
    facts = the_lab().facts(number)
    words = [len(world.text(number, row).split()) for row in np.ndindex(6, 6, 6, 6, 6)]
    return (
        np.exp(facts.reference_logps.numpy()),
        facts.true_quality.numpy(),
        np.array(words, dtype=np.float64),
    )


def tilted(reference: Floats, reward: Floats, beta: float) -> Floats:
    """Eq. 4, with the largest exponent taken out."""
    weights = reference * np.exp((reward - reward.max()) / beta)
    return np.asarray(weights / weights.sum())


def kl(p: Floats, q: Floats) -> float:
    inside = p > 0
    return float((p[inside] * np.log(p[inside] / q[inside])).sum())


def at_kl(reference: Floats, quality: Floats, wanted: float) -> Floats:
    """The optimum of true quality at a KL, by bisection of the logarithm of its beta."""
    low, high = -6.0, 6.0
    for _ in range(100):
        middle = (low + high) / 2
        far = kl(tilted(reference, quality, np.exp(middle)), reference) > wanted
        low, high = (middle, high) if far else (low, middle)
    return tilted(reference, quality, np.exp(high))


@pytest.mark.parametrize("prompt", list(PROMPT_TEXTS))
@pytest.mark.parametrize(("taste", "price"), [(0.1, 0), (0.3, 0.12), (0.05, 0.4)])
def test_the_numbers_are_those_of_an_enumeration_in_numpy(
    prompt: str, taste: float, price: float
) -> None:
    reference, quality, words = numbers(prompt)
    policy = tilted(reference, quality + (taste - price) * words, 0.4)
    best = at_kl(reference, quality, kl(policy, reference))
    found = at(prompt=prompt, beta=0.4, length_taste=taste, length_price=price)
    assert found.reference_words == pytest.approx(reference @ words, abs=1e-9)
    assert found.mean_words == pytest.approx(policy @ words, abs=1e-9)
    assert found.true_quality == pytest.approx(policy @ quality, abs=1e-9)
    assert found.kl == pytest.approx(kl(policy, reference), abs=1e-9)
    assert found.best_words == pytest.approx(best @ words, abs=1e-6)
    assert found.best_true_quality == pytest.approx(best @ quality, abs=1e-6)
    assert found.lost_quality == pytest.approx((best - policy) @ quality, abs=1e-6)
    shares: dict[int, float] = defaultdict(float)
    for number, probability in zip(words, policy, strict=True):
        shares[int(number)] += probability
    for row in found.words:
        assert row.probability == pytest.approx(shares[row.words], abs=1e-12)


@pytest.mark.parametrize("taste", [0, 0.1, 0.37, MOST])
@pytest.mark.parametrize("beta", [0.05, 0.5, 5])
def test_a_price_equal_to_the_taste_gives_the_optimum_of_an_unbiased_judge_exactly(
    taste: float, beta: float
) -> None:
    repaired = at(beta=beta, length_taste=taste, length_price=taste)
    unbiased = at(beta=beta, length_taste=0)
    for name in ("mean_words", "true_quality", "kl", "words", "lost_quality"):
        assert getattr(repaired, name) == getattr(unbiased, name), name
    assert repaired.extra_words == repaired.lost_quality == 0


@pytest.mark.parametrize("prompt", list(PROMPT_TEXTS))
@pytest.mark.parametrize("beta", [0.01, 0.5, 10])
def test_what_is_left_of_the_taste_says_which_way_length_goes_and_costs_quality(
    prompt: str, beta: float
) -> None:
    for net in (0.02, 0.1, MOST):
        longer = at(prompt=prompt, beta=beta, length_taste=net)
        shorter = at(prompt=prompt, beta=beta, length_taste=0, length_price=net)
        assert shorter.extra_words < 0 < longer.extra_words
        assert longer.mean_words > longer.unbiased_words > shorter.mean_words
        assert longer.lost_quality >= 0 <= shorter.lost_quality


def test_beyond_every_optimum_the_best_is_a_best_response() -> None:
    quality = the_lab().facts(the_world().prompt_number("lottery")).true_quality
    assert at(prompt="lottery", beta=0.1, length_taste=0.5).best_true_quality == pytest.approx(
        quality.max().item()
    )


def test_the_term_of_r_dpo_takes_length_out_of_the_fitted_reward() -> None:
    """At beta D = (difference of r*) the expected loss of R-DPO has no slope if alpha is the taste."""
    facts, words = the_lab().facts(0), word_counts(the_world(), 0)
    some = torch.arange(0, 7776, 97)
    quality, words, taste = facts.true_quality[some], words[some], 0.3
    gaps, word_gaps = (x.unsqueeze(1) - x.unsqueeze(0) for x in (quality, words))
    prefers = torch.sigmoid(gaps + taste * word_gaps)

    def slope(alpha: float) -> float:
        reward = quality.clone().requires_grad_()
        fitted = reward.unsqueeze(1) - reward.unsqueeze(0) + alpha * word_gaps
        loss = -(prefers * logsigmoid(fitted) + (1 - prefers) * logsigmoid(-fitted)).mean()
        (gradient,) = torch.autograd.grad(loss, reward)
        return gradient.abs().max().item()

    assert slope(taste) == pytest.approx(0, abs=1e-15)
    assert slope(0) > 1e-4
    assert slope(-taste) > slope(0)


def test_labels_flip_where_the_same_coin_falls_otherwise() -> None:
    """Of all coins in [0, 1), a label flips for those between the two probabilities."""
    facts, pairs = the_lab().facts(0), the_lab().training_comparisons(0)
    words = word_counts(the_world(), 0)
    chosen, rejected = response_number(pairs.chosen), response_number(pairs.rejected)
    gaps = facts.true_quality[chosen] - facts.true_quality[rejected]
    tasted = gaps + 0.3 * (words[chosen] - words[rejected])
    coins = (torch.arange(4000) + 0.5) / 4000
    differ = [
        ((coins < one) != (coins < other)).double().mean()
        for one, other in zip(torch.sigmoid(gaps), torch.sigmoid(tasted), strict=True)
    ]
    assert at(length_taste=0.3).labels_flipped == pytest.approx(
        torch.stack(differ).mean().item(), abs=1e-4
    )
    assert at(length_taste=0).labels_flipped == 0


def test_a_judge_with_a_taste_chooses_the_longer_answer_more_often() -> None:
    tasted = [at(length_taste=taste).longer_chosen for taste in (0, 0.1, 0.3, MOST)]
    assert tasted == sorted(set(tasted))
    assert tasted[0] == at(length_taste=0.3).longer_chosen_unbiased


def test_the_curve_passes_through_the_result() -> None:
    found = at(length_taste=0.3, length_price=0.1)
    here = next(p for p in found.curve if p.length_taste == 0.3)
    for name in ("mean_words", "true_quality", "best_words", "kl", "labels_flipped"):
        assert getattr(here, name) == getattr(found, name), name


@pytest.mark.slow
@pytest.mark.parametrize("taste", TRAINED)
def test_dpo_on_the_labels_of_such_a_judge_ends_where_was_recorded(taste: float) -> None:
    facts, words = the_lab().facts(0), word_counts(the_world(), 0)
    logps = exact_logps(trained_on_taste(the_lab(), 0, taste, TRAINED_WITH), 0)
    long = expectation(logps, words).item()
    quality = expectation(logps, facts.true_quality).item()
    kl = kl_divergence(logps, facts.reference_logps).item()
    # Other machines round otherwise, and training goes on from that.
    for found, recorded, near in zip(
        (long, quality, kl), TRAINED[taste], (0.3, 0.1, 0.2), strict=True
    ):
        assert found == pytest.approx(recorded, abs=near)
    assert long == pytest.approx(optimum(0, TRAINED_WITH.beta, taste).words, abs=2)
