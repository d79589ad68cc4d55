from __future__ import annotations

import pytest
import torch

from app.lab.methods import TrueReward
from app.lab.overoptimization import DRAWS, Climb, Fit, climb, fit_form, form
from app.lab.trained import the_lab
from app.lab.world import all_responses


def test_the_true_reward_scores_responses_by_their_quality() -> None:
    quality = the_lab().facts(2).true_quality
    rows = torch.tensor([0, 77, 7775])
    scored = TrueReward(quality)(all_responses()[rows])
    assert scored.tolist() == pytest.approx(quality[rows].tolist(), abs=1e-6)


@pytest.mark.slow
def test_more_comparisons_steady_the_peak_and_deepen_the_fall() -> None:
    """Noise averages out; what an additive reward model cannot express stays, with more confidence."""

    def ways(size: int) -> list[list[float]]:
        tasks = [Climb(0, "best_of_n", size, seed) for seed in range(4)]
        return [[m.true_quality for m in climb(the_lab(), task)] for task in tasks]

    few, many = ways(50), ways(8000)
    spread = [torch.tensor([max(way) for way in found]).std().item() for found in (few, many)]
    assert spread[1] < spread[0] / 3
    ends = [sum(way[-1] for way in found) / len(found) for found in (few, many)]
    assert ends[1] < ends[0] - 0.5
    assert ends[1] < max(many[0]) - 1


def test_a_climb_by_best_of_n_starts_at_the_reference_and_goes_outwards() -> None:
    way = climb(the_lab(), Climb(0, "best_of_n", 500, 1))
    assert len(way) == len(DRAWS)
    kls = [measured.kl for measured in way]
    assert kls == sorted(kls)
    assert kls[0] == pytest.approx(0, abs=1e-9)
    rewards = [measured.reward for measured in way]
    assert rewards == sorted(rewards)
    with pytest.raises(ValueError, match="unknown method"):
        climb(the_lab(), Climb(0, "luck", 50, 0))


@pytest.mark.parametrize("method", ["best_of_n", "ppo"])
def test_a_fit_recovers_the_form_that_made_the_points(method: str) -> None:
    made = Fit(a=1.3, b=0.4, error=0.0, points=0)
    distance = torch.linspace(0, 4, 30, dtype=torch.float64)
    fit = fit_form(method, distance, form(method, made, distance))
    assert (fit.a, fit.b) == pytest.approx((1.3, 0.4), abs=1e-9)
    assert fit.error == pytest.approx(0, abs=1e-9)
    assert fit.points == 29
    with pytest.raises(ValueError, match="two points"):
        fit_form(method, distance[:2], distance[:2])
