from __future__ import annotations

import pytest

from app.lab.ppo import PPOConfig
from app.lab.runs import finished_ppo
from app.lab.trained import the_lab
from app.widgets.ppo_dynamics import Params, compute

SHORT = {"iterations": 10, "seed": 2}


@pytest.mark.slow
def test_the_default_run_over_optimizes_and_says_so() -> None:
    result = compute(Params())
    assert result.last.true_quality < 0 < result.peak.true_quality
    assert "over-optimization" in result.finding
    # Five flattering phrases in a row: the trap.
    assert result.last.sample == the_lab().world.text(0, [5, 5, 5, 5, 5])


def test_the_history_is_that_of_the_lab() -> None:
    result = compute(Params(**SHORT))
    run = finished_ppo(0, PPOConfig(kl_coefficient=0.02, iterations=10, seed=2))
    assert [row.kl for row in result.history] == [row.measured.kl for row in run]
    assert result.last == result.history[-1]
    assert result.last.iteration == 10


def test_the_figure_draws_the_history() -> None:
    result = compute(Params(**SHORT))
    traces = {trace["name"]: trace for trace in result.figure["data"]}  # type: ignore[attr-defined]
    assert traces["KL"]["y"] == pytest.approx([row.kl for row in result.history], rel=1e-4)
    assert traces["true quality"]["x"] == list(range(11))
