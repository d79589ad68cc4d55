"""pi* beats every other policy on its objective, E_pi[r] - beta KL(pi || pi_ref)."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from app.lab.exact import expectation, kl_divergence
from app.lab.optimum import log_partition, optimal_logps
from app.lab.trained import PromptFacts, the_lab
from tests.promises.batches import PROMISE

BETAS = (0.01, 0.1, 0.3, 1.0, 10.0)

ROUNDING = 1e-9


def objective(logps: Tensor, facts: PromptFacts, beta: float) -> Tensor:
    kl = kl_divergence(logps, facts.reference_logps)
    return expectation(logps, facts.true_quality) - beta * kl


def best(facts: PromptFacts, beta: float) -> float:
    optimal = optimal_logps(facts.reference_logps, facts.true_quality, beta)
    return float(objective(optimal, facts, beta))


@settings(PROMISE, max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    size=st.floats(1e-6, 20),
    beta=st.sampled_from(BETAS),
    around=st.sampled_from(["optimum", "reference", "nothing"]),
)
def test_random_search_finds_none_better(seed: int, size: float, beta: float, around: str) -> None:
    facts = the_lab().facts(1)
    center = {
        "optimum": optimal_logps(facts.reference_logps, facts.true_quality, beta),
        "reference": facts.reference_logps,
        "nothing": torch.zeros_like(facts.reference_logps),
    }[around]
    noise = torch.randn(7776, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    other = (center + size * noise).log_softmax(0)
    assert float(objective(other, facts, beta)) <= best(facts, beta) + ROUNDING


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("prompt", [0, 4])
def test_no_response_is_worth_more_probability(prompt: int, beta: float) -> None:
    """For each of the 7,776 responses: always giving it, and giving it a little more often."""
    facts = the_lab().facts(prompt)
    optimal = optimal_logps(facts.reference_logps, facts.true_quality, beta)
    # The objective of a policy that always says y is r(y) + beta log pi_ref(y).
    certain = facts.true_quality + beta * facts.reference_logps
    assert float(certain.max()) <= best(facts, beta) + ROUNDING
    # Along pi* + t (y - pi*) the objective is concave, and its slope at t = 0 is 0: it can only fall.
    gains = facts.true_quality - beta * (optimal - facts.reference_logps)
    slopes = gains - expectation(optimal, gains)
    assert float(slopes.abs().max()) <= ROUNDING


@pytest.mark.parametrize("beta", BETAS)
def test_gradient_ascent_ends_at_the_optimum_and_never_above(beta: float) -> None:
    facts = the_lab().facts(3)
    highest = best(facts, beta)
    logits = facts.reference_logps.clone().requires_grad_()
    optimizer = torch.optim.Adam([logits], lr=0.3)
    reached = []
    for _ in range(150):
        optimizer.zero_grad()
        value = objective(logits.log_softmax(0), facts, beta)
        (-value).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        reached.append(value.item())
    assert max(reached) <= highest + ROUNDING
    assert reached[-1] > reached[0]
    assert reached[-1] == pytest.approx(highest, abs=0.02)


@pytest.mark.parametrize("beta", BETAS)
def test_the_objective_at_the_optimum_is_beta_log_z(beta: float) -> None:
    facts = the_lab().facts(0)
    log_z = log_partition(facts.reference_logps, facts.true_quality, beta)
    assert best(facts, beta) == pytest.approx(beta * float(log_z), abs=ROUNDING)
