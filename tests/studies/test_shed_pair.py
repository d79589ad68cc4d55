"""The numbers of the shed pair, against a plain network and sums over all responses."""

from __future__ import annotations

import math

import pytest
import torch

from app.lab.trained import the_lab
from app.lab.world import all_responses
from app.studies.shed_pair import NUMBER, Scores, shed_pair
from tests.lab.plain_network import phrase_logps

LOCK = 0
BETA = 0.3


def logps(policy: object) -> list[float]:
    """log pi(y|x) of every response, phrase by phrase."""
    with torch.no_grad():
        return phrase_logps(policy, LOCK, all_responses()).double().sum(1).tolist()  # type: ignore[arg-type]


def numbers() -> tuple[int, int]:
    """The two responses' numbers: five digits of base six."""
    pairs = the_lab().training_comparisons(LOCK)

    def number(response: torch.Tensor) -> int:
        return int("".join(map(str, response.tolist())), 6)

    return number(pairs.chosen[NUMBER - 1]), number(pairs.rejected[NUMBER - 1])


def near(chosen: float, rejected: float) -> object:
    return pytest.approx((chosen, rejected), abs=1e-4)


def both(scores: Scores) -> tuple[float, float]:
    return scores.chosen, scores.rejected


def test_its_four_log_probabilities_make_its_loss_by_hand() -> None:
    pair, (w, r) = shed_pair(), numbers()
    reference = logps(the_lab().reference_policy)
    policy = logps(the_lab().dpo_policies[LOCK])
    assert both(pair.reference_logp) == near(reference[w], reference[r])
    assert both(pair.policy_logp) == near(policy[w], policy[r])
    assert both(pair.log_ratio) == near(policy[w] - reference[w], policy[r] - reference[r])
    assert pair.beta == BETA
    margin = BETA * (policy[w] - reference[w]) - BETA * (policy[r] - reference[r])
    assert pair.implicit_reward.margin == pytest.approx(margin, abs=1e-4)
    assert pair.implicit_reward.probability == pytest.approx(1 / (1 + math.exp(-margin)), abs=1e-4)
    assert pair.implicit_reward.loss == pytest.approx(math.log1p(math.exp(-margin)), abs=1e-4)
    assert pair.implicit_reward.weight == pytest.approx(1 / (1 + math.exp(margin)), abs=1e-4)


def test_its_rewards_under_the_optimum_are_its_true_quality_but_for_the_partition_function() -> (
    None
):
    pair, (w, r) = shed_pair(), numbers()
    quality = the_lab().facts(LOCK).true_quality.tolist()
    reference = [math.exp(logp) for logp in logps(the_lab().reference_policy)]
    assert both(pair.true_quality) == (quality[w], quality[r])
    for beta, scores in pair.at.items():
        weights = [p * math.exp(q / beta) for p, q in zip(reference, quality, strict=True)]
        expected = weights[w] / sum(weights), weights[r] / sum(weights)
        assert both(scores) == pytest.approx(expected, rel=1e-4)
    z = sum(p * math.exp(q / BETA) for p, q in zip(reference, quality, strict=True))
    assert pair.scaled_log_partition == pytest.approx(BETA * math.log(z), abs=1e-5)
    assert pair.optimum_reward.chosen + pair.scaled_log_partition == pytest.approx(quality[w])
    assert pair.optimum_reward.rejected + pair.scaled_log_partition == pytest.approx(quality[r])
    better = sum(p for p, q in zip(reference, quality, strict=True) if q > quality[w])
    assert pair.better == pytest.approx(better, abs=1e-5)


def test_what_the_text_says_of_it() -> None:
    pair = shed_pair()
    assert "shed" in pair.rejected
    assert "shed" not in pair.chosen
    # It ranks the pair as labeled, and makes both responses less likely, as the optimum does.
    assert pair.learned_reward.margin > 0
    assert 0 > pair.log_ratio.chosen > pair.log_ratio.rejected
    assert 0 > pair.optimum_reward.chosen > pair.optimum_reward.rejected
    # The chosen response gains while beta is large and loses when it is small; the rejected one only loses.
    chosen = [pair.before.chosen, *(pair.at[beta].chosen for beta in (10, 3, 1, 0.3))]
    assert chosen[0] < chosen[1] < chosen[2] > chosen[3] > chosen[0] > chosen[4]
    rejected = [pair.before.rejected, *(scores.rejected for scores in pair.at.values())]
    assert rejected == sorted(rejected, reverse=True)


def test_the_sums_come_out_with_the_digits_that_the_text_shows() -> None:
    pair = shed_pair()

    def shown(value: float, digits: int = 2) -> float:
        return round(value, digits)

    for side in ("chosen", "rejected"):
        ratio = shown(getattr(pair.policy_logp, side)) - shown(getattr(pair.reference_logp, side))
        assert shown(ratio) == shown(getattr(pair.log_ratio, side))
        assert shown(BETA * ratio) == shown(getattr(pair.implicit_reward, side))
        summed = shown(getattr(pair.optimum_reward, side)) + shown(pair.scaled_log_partition)
        assert shown(summed) == shown(getattr(pair.true_quality, side))
    for scores, digits in [
        (pair.implicit_reward, 2),
        (pair.optimum_reward, 2),
        (pair.true_quality, 2),
        (pair.learned_reward, 3),
    ]:
        margin = shown(scores.chosen, digits) - shown(scores.rejected, digits)
        assert shown(margin, digits) == shown(scores.margin, digits)
    step = shown(BETA * shown(pair.implicit_reward.weight))
    assert step == shown(BETA * pair.implicit_reward.weight)
