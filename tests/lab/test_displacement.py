from __future__ import annotations

import math

import pytest
import torch

from app.lab.displacement import Displacement, displacement, often_chosen, seen_responses
from app.lab.dpo import DPOConfig
from app.lab.trained import the_lab
from app.lab.world import response_number

CONFIG = DPOConfig(beta=0.1, steps=45, seed=3)


@pytest.fixture(scope="module")
def looks() -> list[Displacement]:
    return list(displacement(the_lab(), the_lab().comparisons(0, 3), CONFIG))


def test_the_run_is_looked_at_every_ten_steps_and_at_its_end(looks: list[Displacement]) -> None:
    assert [look.step for look in looks] == [0, 10, 20, 30, 40, 45]
    for look in looks:
        assert look.logps.exp().sum().item() == pytest.approx(1, abs=1e-9)
        assert look.run.mass_unseen == pytest.approx(
            look.logps.exp()[~look.in_pairs].sum().item(), abs=1e-9
        )


def test_it_starts_at_the_reference_with_means_over_all_pairs(looks: list[Displacement]) -> None:
    lab = the_lab()
    with torch.no_grad():
        logps = lab.reference_policy.logps(0, lab.comparisons(0, 3).chosen)
    start = looks[0]
    assert start.run.chosen_logp == pytest.approx(logps.double().mean().item(), abs=1e-4)
    assert start.run.kl == pytest.approx(0, abs=1e-12)
    assert start.optimum is not None
    assert start.optimum.chosen_logp == pytest.approx(start.run.chosen_logp, abs=1e-9)


def test_the_optimum_has_the_kl_of_the_run_and_more_quality(looks: list[Displacement]) -> None:
    for look in looks[1:]:
        assert look.optimum is not None
        assert look.optimum.kl == pytest.approx(look.run.kl, abs=1e-9)
        assert look.optimum.true_quality > look.run.true_quality


def test_the_optimum_is_what_plain_sums_over_all_responses_give(looks: list[Displacement]) -> None:
    lab, look = the_lab(), looks[-1]
    facts, pairs = lab.facts(0), lab.comparisons(0, 3)
    reference = facts.reference_logps.exp().tolist()
    quality = facts.true_quality.tolist()

    def optimum(beta: float) -> tuple[list[float], float]:
        """Eq. 4 with its partition function, and its KL: E[r] / beta - log Z."""
        weights = [p * math.exp(r / beta) for p, r in zip(reference, quality, strict=True)]
        z = math.fsum(weights)
        policy = [weight / z for weight in weights]
        reward = math.fsum(p * r for p, r in zip(policy, quality, strict=True))
        return policy, reward / beta - math.log(z)

    low, high = 0.01, 100.0
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if optimum(middle)[1] > look.run.kl else (low, middle)
    policy, kl = optimum(low)
    chosen, rejected = (
        [tuple(row) for row in side.tolist()] for side in (pairs.chosen, pairs.rejected)
    )

    def number(response: tuple[int, ...]) -> int:
        return int("".join(map(str, response)), 6)

    def mean_logp(responses: list[tuple[int, ...]]) -> float:
        return math.fsum(math.log(policy[number(r)]) for r in responses) / len(responses)

    seen = {number(r) for r in chosen + rejected}
    assert look.optimum is not None
    assert kl == pytest.approx(look.optimum.kl, abs=1e-9)
    assert mean_logp(chosen) == pytest.approx(look.optimum.chosen_logp, abs=1e-6)
    assert mean_logp(rejected) == pytest.approx(look.optimum.rejected_logp, abs=1e-6)
    assert math.fsum(p for n, p in enumerate(policy) if n not in seen) == pytest.approx(
        look.optimum.mass_unseen, abs=1e-8
    )
    assert math.fsum(p * r for p, r in zip(policy, quality, strict=True)) == pytest.approx(
        look.optimum.true_quality, abs=1e-8
    )


def test_seen_responses_are_those_of_the_pairs() -> None:
    pairs = the_lab().comparisons(0, 3)[torch.arange(5)]
    seen = seen_responses(pairs)
    assert {int(n) for n in seen.nonzero()} == {int(n) for n in response_number(pairs.both())}


def test_each_response_of_the_pairs_counts_as_chosen_or_as_rejected(
    looks: list[Displacement],
) -> None:
    for look in looks:
        for found in (look.run, look.optimum):
            assert found is not None
            parts = found.mass_chosen + found.mass_rejected + found.mass_unseen
            assert parts == pytest.approx(1, abs=1e-9)
    pairs = the_lab().comparisons(0, 3)
    chosen, rejected = (
        response_number(responses).tolist() for responses in (pairs.chosen, pairs.rejected)
    )
    for number in set(chosen) | set(rejected):
        often = chosen.count(number) >= rejected.count(number)
        assert bool(often_chosen(pairs)[number]) == (often and number in chosen)
