"""Probabilities of all 7,776 responses sum to 1 within 1e-12, and a KL divergence is never below 0."""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from app.lab.exact import kl_divergence, phrase_marginals
from app.lab.optimum import best_of_n_logps, optimal_logps
from app.lab.trained import PromptFacts, the_lab
from app.lab.world import PROMPTS
from app.widgets.registry import WIDGETS
from tests.lab.published_losses import many_digits
from tests.promises.batches import PROMISE

PROMPT_NUMBERS = range(PROMPTS)
BETAS = (0.01, 0.1, 0.3, 1.0, 10.0)


@pytest.fixture(params=PROMPT_NUMBERS, scope="module")
def facts(request: pytest.FixtureRequest) -> PromptFacts:
    return the_lab().facts(request.param)


def expect_distribution(logps: Tensor) -> None:
    assert logps.dtype == torch.float64
    assert not logps.isnan().any()
    assert math.fsum(logps.exp().tolist()) == pytest.approx(1, abs=1e-12)
    for row in phrase_marginals(logps).tolist():
        assert math.fsum(row) == pytest.approx(1, abs=1e-12)


def test_the_reference_is_a_distribution(facts: PromptFacts) -> None:
    expect_distribution(facts.reference_logps)


def test_the_policy_of_dpo_is_a_distribution() -> None:
    for prompt in PROMPT_NUMBERS:
        expect_distribution(the_lab().dpo_logps(prompt))


def test_the_optimum_is_a_distribution(facts: PromptFacts) -> None:
    for beta, reward in product(BETAS, (facts.true_quality, facts.learned_reward)):
        expect_distribution(optimal_logps(facts.reference_logps, reward, beta))


def test_best_of_n_is_a_distribution(facts: PromptFacts) -> None:
    for n in (1, 2, 16, 4096, 10_000_000):
        expect_distribution(best_of_n_logps(facts.reference_logps, facts.learned_reward, n))


def test_policies_after_training_are_distributions() -> None:
    widget = WIDGETS["ppo_dynamics"]
    assert widget.policies is not None
    # At this learning rate PPO collapses: probabilities come close to 0 and 1.
    wild = widget.params.model_validate({"iterations": 10, "learning_rate": 0.02})
    for logps in widget.policies(wild).values():
        expect_distribution(logps)
        assert kl_divergence(logps, the_lab().facts(0).reference_logps) > 0


@PROMISE
@given(seed=st.integers(0, 10**6), one=st.floats(1e-9, 300), other=st.floats(1e-9, 300))
def test_kl_is_never_negative(seed: int, one: float, other: float) -> None:
    """From nearly equal distributions to ones whose probabilities underflow."""
    generator = torch.Generator().manual_seed(seed)
    p, q = (
        (size * torch.randn(7776, dtype=torch.float64, generator=generator)).log_softmax(0)
        for size in (one, other)
    )
    assert kl_divergence(p, q) >= 0
    assert kl_divergence(q, p) >= 0
    assert kl_divergence(p, p) == 0


@PROMISE
@given(
    ps=st.lists(st.floats(-40, 0), min_size=4, max_size=4),
    qs=st.lists(st.floats(-40, 0), min_size=4, max_size=4),
)
def test_kl_equals_its_definition(ps: list[float], qs: list[float]) -> None:
    """sum p (log p - log q), computed with many digits."""
    with many_digits():
        p, q = ([Decimal(logit).exp() for logit in logits] for logits in (ps, qs))
        p, q = [v / sum(p) for v in p], [v / sum(q) for v in q]
        expected = float(sum(a * (a.ln() - b.ln()) for a, b in zip(p, q, strict=True)))
    found = kl_divergence(
        *(torch.tensor(logits, dtype=torch.float64).log_softmax(0) for logits in (ps, qs))
    )
    assert float(found) == pytest.approx(expected, rel=1e-12, abs=1e-14)
