"""The band of healthy runs is whole, and what this checkout computes."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from app.studies.healthy_runs import (
    AT_END,
    LEVELS,
    LOGGED,
    POINTS,
    RUNS,
    band,
    log_of,
    scale,
)


def test_what_ships_is_whole() -> None:
    shipped = band()
    assert (shipped.runs, len(shipped.progress)) == (len(RUNS), POINTS)
    assert len(RUNS) == 200
    assert {run.prompt for run in RUNS} == set(range(6))
    assert (shipped.progress[0], shipped.progress[-1]) == (1 / POINTS, 1)
    for curves in (shipped.scaled, shipped.plain):
        assert tuple(curves) == LOGGED
        assert {(len(of), len(of[0])) for of in curves.values()} == {(len(LEVELS), POINTS)}


@pytest.mark.parametrize("name", LOGGED)
@pytest.mark.parametrize("scaled", [True, False])
def test_a_higher_level_is_nowhere_below_a_lower_one(name: str, scaled: bool) -> None:
    curves = [band().curve(name, level, scaled=scaled) for level in LEVELS]
    for lower, higher in itertools.pairwise(curves):
        assert all(a <= b for a, b in zip(lower, higher, strict=True))


def test_a_scaled_log_has_its_loss_from_ln_2_and_its_margin_ends_at_1() -> None:
    rows = {
        "loss": math.log(2) - 0.1,
        "rewards/accuracies": 0.75,
        "rewards/margins": 3.0,
        "rewards/chosen": -1.5,
        "rewards/rejected": -4.5,
        "logps/chosen": -300.0,
        "logps/rejected": -280.0,
    }
    log = torch.tensor([[rows[name]] * POINTS for name in LOGGED], dtype=torch.float64)
    log[LOGGED.index("logps/chosen"), 1:] -= 15
    scaled = dict(zip(LOGGED, scale(log, 0.1)[:, -1].tolist(), strict=True))
    assert scaled == pytest.approx(
        {
            "loss": -0.1,
            "rewards/accuracies": 0.75,
            "rewards/margins": 1,
            "rewards/chosen": -0.5,
            "rewards/rejected": -1.5,
            "logps/chosen": -0.5,
            "logps/rejected": 0,
        }
    )


def test_a_run_that_learned_nothing_is_not_scaled() -> None:
    with pytest.raises(ValueError, match="does not grow"):
        scale(torch.zeros(len(LOGGED), POINTS), 0.1)


@pytest.mark.slow
def test_a_recorded_run_trained_again_lies_where_the_band_has_it() -> None:
    """At each row a tenth of all runs lies outside; the one in the middle of the list mostly inside."""
    run = RUNS[len(RUNS) // 2]
    log = log_of(run)
    assert float(log[LOGGED.index("rewards/margins"), -AT_END:].mean()) > 0
    for name, curve in zip(LOGGED, scale(log, run.beta).tolist(), strict=True):
        low, high = band().curve(name, LEVELS[0]), band().curve(name, LEVELS[-1])
        inside = [a <= value <= b for a, value, b in zip(low, curve, high, strict=True)]
        assert sum(inside) >= POINTS / 2, name
