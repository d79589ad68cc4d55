from __future__ import annotations

from typing import Any

import pytest

from app.lab.overoptimization import SIZES
from app.lab.reward_model import RewardKind
from app.widgets.overoptimization import Params, Result, compute


def at(**params: Any) -> Result:
    return compute(Params(**params))


@pytest.mark.parametrize("method", ["best_of_n", "ppo"])
def test_the_learned_reward_climbs_and_true_quality_peaks_and_falls(method: str) -> None:
    result = at(method=method, comparisons="8000")
    rewards = [place.learned_reward for place in result.path]
    assert rewards[-1] > max(rewards) - 0.2
    assert result.fitted.peak > 1.9
    assert result.fitted.end < result.fitted.peak - 1


def test_more_comparisons_deepen_the_fall_of_best_of_n() -> None:
    few, many = at(comparisons="50").fitted, at(comparisons="8000").fitted
    assert many.end < few.end


def test_all_sizes_are_fitted() -> None:
    assert [fit.comparisons for fit in at().all_fits] == list(SIZES)


@pytest.mark.parametrize("kind", RewardKind)
def test_only_the_additive_reward_model_is_said_to_be_too_simple(kind: RewardKind) -> None:
    found = at(reward_model=kind).finding
    assert ("cannot express" in found) == (kind == RewardKind.additive)


@pytest.mark.parametrize("studied", ["lock", "poem"])
def test_with_the_network_the_fall_is_shallow_but_more_pairs_do_not_abolish_it(
    studied: str,
) -> None:
    """Section IV says so of PPO."""
    network, additive = (
        at(studied=studied, method="ppo", comparisons="8000", reward_model=kind).fitted
        for kind in (RewardKind.network, RewardKind.additive)
    )
    assert 0.2 < network.peak - network.end < (additive.peak - additive.end) / 5
