from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lab.exact import conditional_logps, phrase_marginals
from app.lab.optimum import optimal_logps
from app.lab.quantiles import even_quantiles
from app.lab.trained import the_lab
from app.lab.world import PHRASES, all_responses, response_number
from app.widgets.base import PROMPT_TEXTS
from app.widgets.beta_effect.dots import DOTS, REFERENCE_ROWS, ROWS, stacked
from app.widgets.beta_effect.widget import Params, Result, RewardName, compute


def at(**params: Any) -> Result:
    return compute(Params(**params))


def test_the_listed_responses_gain_and_lose_most() -> None:
    result = at(beta=0.3)
    gains = [r.optimal_probability - r.reference_probability for r in result.responses]
    losses = [r.optimal_probability - r.reference_probability for r in result.losing]
    assert gains == sorted(gains, reverse=True)
    assert gains[-1] > 0 > losses[0]
    assert losses == sorted(losses)


def test_phrase_shares_are_distributions_over_each_slot() -> None:
    phrases = at(beta=0.1, reward="learned").phrases
    for slot in range(5):
        rows = phrases[slot * PHRASES : (slot + 1) * PHRASES]
        assert len({row.slot for row in rows}) == 1
        assert sum(row.reference_probability for row in rows) == pytest.approx(1, abs=1e-12)
        assert sum(row.optimal_probability for row in rows) == pytest.approx(1, abs=1e-12)
        assert [row.flattering for row in rows] == [False] * 5 + [True]


def test_a_high_beta_stays_and_a_low_beta_goes_far() -> None:
    high, low = at(beta=10), at(beta=0.01)
    assert high.kl < 0.02
    assert low.kl > 9
    assert low.effective_responses < 2 < 2000 < high.effective_responses


def test_the_learned_reward_leads_into_the_flattery_trap_and_the_true_one_does_not() -> None:
    true, learned = at(beta=0.1), at(beta=0.1, reward="learned")
    assert true.true_quality > 3
    assert learned.true_quality < 0 < learned.expected_reward
    assert "below the reference" in learned.finding
    flattering = [p.optimal_probability for p in learned.phrases if p.flattering]
    assert min(flattering) > 0.5


def test_the_curve_falls_in_kl_and_passes_through_the_result() -> None:
    result = at(beta=1)
    kls = [point.kl for point in result.curve]
    assert kls == sorted(kls, reverse=True)
    here = next(point for point in result.curve if point.beta == pytest.approx(1))
    assert here.kl == pytest.approx(result.kl, rel=1e-9)
    assert here.expected_reward == pytest.approx(result.expected_reward, rel=1e-9)


def test_the_distributions_drawn_sum_to_one() -> None:
    for trace in at().figure["data"]:  # type: ignore[attr-defined]
        assert sum(trace["y"]) == pytest.approx(1, abs=1e-3)


def test_marginals_and_conditionals_against_enumeration() -> None:
    """p(phrase | before) = p(prefix with it) / p(prefix), each summed by brute force."""
    logps = the_lab().facts(1).reference_logps
    responses = all_responses()
    shown = responses[4321]
    found = conditional_logps(logps, shown.unsqueeze(0))[0]
    before = 1.0
    for slot in range(5):
        same = (responses[:, : slot + 1] == shown[: slot + 1]).all(1)
        mass = logps[same].exp().sum().item()
        assert found[slot].item() == pytest.approx(math.log(mass / before), abs=1e-9)
        before = mass
    assert found.sum().item() == pytest.approx(logps[int(response_number(shown))].item(), abs=1e-9)
    share = logps[responses[:, 3] == 2].exp().sum().item()
    assert phrase_marginals(logps)[3, 2].item() == pytest.approx(share, abs=1e-12)


# ---- dots --------------------------------------------------------------------------------------


@pytest.mark.parametrize("reward", list(RewardName))
@pytest.mark.parametrize("prompt", list(PROMPT_TEXTS))
def test_dots_rise_from_the_reference_and_stay_in_their_frame(prompt: str, reward: str) -> None:
    axes, references = [], []
    for beta in (10, 0.5, 0.01):
        result = at(beta=beta, prompt=prompt, reward=reward)
        axis = result.dots_axis
        axes.append(axis)
        references.append([(d.reference_column, d.reference_row) for d in result.dots])
        assert len(result.dots) == DOTS
        for dot in result.dots:
            assert axis.low <= dot.reference_reward <= dot.reward + 1e-9
            assert dot.reward <= axis.high
            assert 0 <= dot.column < axis.columns
            assert 0 <= dot.row < ROWS == axis.rows
            assert 0 <= dot.reference_row < REFERENCE_ROWS == axis.reference_rows
        assert len({(d.column, d.row) for d in result.dots}) == DOTS
        assert len(set(references[-1])) == DOTS
    assert axes[0] == axes[1] == axes[2]
    assert references[0] == references[1] == references[2]


@pytest.mark.parametrize("beta", [0.01, 0.5, 10])
def test_each_dot_stands_for_one_percent(beta: float) -> None:
    facts = the_lab().facts(0)
    optimal = optimal_logps(facts.reference_logps, facts.true_quality, beta)
    quantiles = even_quantiles(optimal, facts.true_quality, DOTS).tolist()
    assert [dot.reward for dot in at(beta=beta).dots] == pytest.approx(quantiles)


def test_the_share_beyond_the_reference_is_the_sum_over_such_responses() -> None:
    facts = the_lab().facts(0)
    reward, order = facts.true_quality.sort()
    reached = facts.reference_logps[order].exp().cumsum(0) >= 0.99
    optimal = optimal_logps(facts.reference_logps, facts.true_quality, 0.5)[order].exp()
    share = optimal[reward > reward[reached][0]].sum().item()
    assert at(beta=0.5).beyond_reference == pytest.approx(share, abs=1e-12)
    assert at(beta=10).beyond_reference < 0.02 < 0.99 < at(beta=0.02).beyond_reference


@given(values=st.lists(st.floats(-3, 3), max_size=DOTS))
def test_a_stack_has_no_gap_and_its_columns_are_in_the_order_of_the_values(
    values: list[float],
) -> None:
    places = stacked(sorted(values), -3, 3)
    assert len(set(places)) == len(values)
    bins = [column // 2 for column, _ in places]
    assert bins == sorted(bins)
    for number in set(bins):
        rows = [row for column, row in places if column // 2 == number]
        assert rows == [k // 2 for k in range(len(rows))]


def test_an_axis_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="no length"):
        stacked([1.0], 1, 1)
