from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.lab.proportions import (
    CONVINCING_Z,
    Share,
    best_within,
    design_effect,
    difference,
    difference_from_even,
    dominated,
    sample_size_to_convince,
    share_won,
    standard_error,
)

shares = st.floats(0.01, 0.99)
sizes = st.integers(1, 100_000)


@given(n=sizes, data=st.data())
def test_the_standard_error_is_that_of_a_mean_of_wins_and_losses(
    n: int, data: st.DataObject
) -> None:
    wins = data.draw(st.integers(0, n))
    share = share_won(wins, n)
    assert share == Share(wins / n, n)
    # Population variance of `wins` ones and n - wins zeros, over n.
    variance = (wins * (1 - share.value) ** 2 + (n - wins) * share.value**2) / n
    assert standard_error(share) == pytest.approx(math.sqrt(variance / n), rel=1e-9, abs=1e-12)


@given(p=shares, once=sizes, twice=sizes, data=st.data())
def test_two_judgments_of_one_comparison_add_their_covariance(
    p: float, once: int, twice: int, data: st.DataObject
) -> None:
    # Of two judgments, one is a win and the other is not with probability 1 - agreement.
    agreement = data.draw(st.floats(abs(2 * p - 1), 1))
    both = p - (1 - agreement) / 2
    of_a_pair = (1 - agreement) + 4 * both - (2 * p) ** 2
    variance = once * p * (1 - p) + twice * of_a_pair
    n = once + 2 * twice
    share = Share(p, n, once + twice, agreement)
    assert standard_error(share) == pytest.approx(math.sqrt(max(0, variance)) / n, abs=1e-9)


@given(p=shares, comparisons=sizes)
def test_a_second_judgment_that_always_agrees_adds_nothing(p: float, comparisons: int) -> None:
    twice = Share(p, 2 * comparisons, comparisons, agreement=1)
    assert design_effect(twice) == pytest.approx(2)
    assert standard_error(twice) == pytest.approx(standard_error(Share(p, comparisons)) or 0.0)
    by_chance = Share(p, 2 * comparisons, comparisons, agreement=p**2 + (1 - p) ** 2)
    assert design_effect(by_chance) == pytest.approx(1)


def test_the_human_study_is_as_far_from_even_as_the_closed_form_says() -> None:
    found = difference_from_even(Share(0.58, 272, 150, 0.65))
    # The correlation of two judgments is 2 * 0.65 - 1 under an even split; 122 comparisons have two.
    variance = (272 + 2 * 122 * 0.3) * 0.25 / 272**2
    assert found.z == pytest.approx(0.08 / math.sqrt(variance))
    assert found.z == pytest.approx(2.34, abs=0.005)


@given(first=shares, second=shares, n=sizes, m=sizes)
def test_variances_add_up_and_z_counts_standard_errors(
    first: float, second: float, n: int, m: int
) -> None:
    found = difference(Share(first, n), Share(second, m))
    variance = first * (1 - first) / n + second * (1 - second) / m
    assert found.value == pytest.approx(first - second)
    assert found.standard_error == pytest.approx(math.sqrt(variance))
    assert found.z == pytest.approx((first - second) / math.sqrt(variance))


@pytest.mark.parametrize(("z", "p"), [(0.0, 1.0), (1.0, 0.3173), (1.96, 0.05), (2.576, 0.01)])
def test_the_p_value_is_the_two_sided_one_of_the_tables(z: float, p: float) -> None:
    n = 10_000
    gap = z * math.sqrt(0.25 / n)
    found = difference_from_even(Share(0.5 + gap, n))
    assert found.z == pytest.approx(z)
    assert found.p_value == pytest.approx(p, abs=1e-4)


def test_without_a_sample_size_there_is_a_difference_but_no_test() -> None:
    for found in (
        difference(Share(0.36, None), Share(0.26, 100)),
        difference(Share(0.36, 100), Share(0.26, None)),
    ):
        assert found.value == pytest.approx(0.10)
        assert (found.standard_error, found.z, found.p_value) == (None, None, None)
    assert difference_from_even(Share(0.6, None)).z is None
    assert standard_error(Share(0.6, None)) is None


@pytest.mark.parametrize(("first", "second"), [(0.36, 0.26), (0.31, 0.23), (0.1, 0.9)])
def test_the_needed_sample_size_is_the_smallest_that_convinces(first: float, second: float) -> None:
    n = sample_size_to_convince(first, second)
    tests = [difference(Share(first, k), Share(second, k)).z for k in (n - 1, n)]
    short, enough = (abs(z) for z in tests if z is not None)
    assert short < CONVINCING_Z <= enough


def test_equal_shares_need_no_end_of_samples() -> None:
    with pytest.raises(ValueError, match="equal shares"):
        sample_size_to_convince(0.4, 0.4)


def test_a_point_is_dominated_by_more_reward_at_no_more_kl() -> None:
    by = torch.tensor([[1.0, 0.5], [3.0, 0.8]])
    points = torch.tensor([[1.0, 0.4], [0.9, 0.4], [2.0, 0.5], [5.0, 0.79], [5.0, 0.8]])
    assert dominated(points, by).tolist() == [True, False, False, True, False]


def test_the_best_within_a_kl_ignores_what_costs_more() -> None:
    points = torch.tensor([[1.0, 0.5], [2.0, 0.4], [3.0, 0.8]])
    assert best_within(points, 2.0) == pytest.approx(0.5)
    assert best_within(points, 3.0) == pytest.approx(0.8)
    assert best_within(points, 0.5) is None
