from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from app.lab.trained import the_lab
from app.pages.mathml import mathml
from app.widgets.base import PROMPT_TEXTS
from app.widgets.dpo_derivation.mistakes import MISTAKES, forward_kl_optimum
from app.widgets.dpo_derivation.steps import DERIVATION
from app.widgets.dpo_derivation.widget import STEPS, Params, Result, compute

steps = pytest.mark.parametrize("step", range(1, STEPS + 1))


def at(**params: Any) -> Result:
    return compute(Params(**params))


@steps
@given(
    beta=st.floats(0.01, 10),
    prompt=st.sampled_from(list(PROMPT_TEXTS)),
    seed=st.integers(0, 999_999),
)
@settings(max_examples=10)
def test_both_sides_agree_on_all_responses(step: int, beta: float, prompt: str, seed: int) -> None:
    check = at(step=step, beta=beta, prompt=prompt, seed=seed).check
    assert check.responses_checked == 7776
    assert check.max_abs_difference < 1e-9
    assert check.left == pytest.approx(check.right, abs=1e-9)


def test_each_step_shows_another_equation_with_words_and_source() -> None:
    results = [at(step=n) for n in range(1, STEPS + 1)]
    assert len({r.latex for r in results}) == STEPS
    assert [r.step for r in results] == list(range(1, STEPS + 1))
    for one, following in pairwise(results):
        assert one.explanation != following.explanation
    for result in results:
        assert len(result.terms) == 3
        assert result.source.startswith("Eq. ")
        assert [e.latex for e in result.equations] == [s.latex for s in DERIVATION]


@steps
def test_the_part_that_changes_is_marked(step: int) -> None:
    html = mathml(DERIVATION[step - 1].latex, display=True)
    marked = "menclose" if step == 5 else "term-changed"
    assert (marked in html) == (step > 1)


@given(seed=st.integers(0, 999_999))
@settings(max_examples=20)
def test_the_two_responses_differ_and_come_from_the_seed(seed: int) -> None:
    result = at(seed=seed)
    assert result.response != result.opponent
    assert at(seed=seed) == result


@steps
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_breaks_the_steps_that_it_says_and_no_other(mistake: str, step: int) -> None:
    for beta in (0.2, 0.5, 2.0):
        result = at(step=step, mistake=mistake, beta=beta)
        broken = result.check.max_abs_difference > 1e-6
        words = MISTAKES[mistake]
        assert broken == (step not in words.unseen), beta
        assert result.finding.endswith(words.why if broken else words.unseen[step])


def test_the_optimum_for_the_flipped_kl_beats_others_on_its_objective() -> None:
    facts, beta = the_lab().facts(0), 0.5
    reference, reward = facts.reference_logps, facts.true_quality

    def objective(logps: torch.Tensor) -> float:
        kl = (reference.exp() * (reference - logps)).sum()
        return float((logps.exp() * reward).sum() - beta * kl)

    best = forward_kl_optimum(reference, reward, beta)
    assert best.exp().sum().item() == pytest.approx(1, abs=1e-12)
    generator = torch.Generator().manual_seed(0)
    others = [reference, *(
        torch.log_softmax(best + size * torch.randn(len(best), generator=generator).double(), 0)
        for size in (0.01, 0.1, 1.0)
    )]  # fmt: skip
    assert all(objective(other) < objective(best) for other in others)
