from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from app.lab.optimum import optimal_logps_at
from app.widgets.likelihood_displacement import LOSS_SETTINGS, Params, Result, compute

SEEDS = range(3)


@pytest.fixture(scope="module")
def runs() -> dict[str, Result]:
    return {loss: compute(Params(loss=loss)) for loss in LOSS_SETTINGS}


def seeds(**params: Any) -> list[Result]:
    return [compute(Params(seed=seed, **params)) for seed in SEEDS]


def displaced(result: Result) -> float:
    assert result.chosen_displacement is not None
    return result.chosen_displacement


def drawn(figure: Mapping[str, Any]) -> dict[str, Any]:
    return {trace["name"]: trace for trace in figure["data"]}


def test_dpo_lowers_the_chosen_responses_and_the_margin_still_grows(
    runs: dict[str, Result],
) -> None:
    dpo = runs["dpo"]
    assert dpo.rejected_change < dpo.chosen_change < -5
    assert "became less likely" in dpo.finding


def test_the_mass_goes_to_responses_that_no_pair_holds_as_at_the_optimum(
    runs: dict[str, Result],
) -> None:
    dpo = runs["dpo"]
    assert dpo.last.unseen > dpo.first.unseen + 0.3
    assert dpo.optimum is not None
    assert dpo.optimum.mass_unseen > dpo.first.unseen + 0.3
    assert dpo.gained[0].policy_probability > dpo.gained[0].reference_probability


def test_alignment_and_displacement_add_up_to_the_change(runs: dict[str, Result]) -> None:
    for result in runs.values():
        assert result.optimum == result.last.optimum
        assert result.optimum is not None
        assert result.chosen_alignment is not None
        assert result.chosen_alignment == pytest.approx(
            result.optimum.chosen_logp - result.first.chosen_logps, abs=1e-12
        )
        assert result.chosen_alignment + displaced(result) == pytest.approx(
            result.chosen_change, abs=1e-12
        )


def test_the_optimum_of_each_row_has_its_kl_and_more_quality_and_is_drawn_dashed(
    runs: dict[str, Result],
) -> None:
    for result in runs.values():
        for row in result.history:
            assert row.optimum is not None
            assert row.optimum.kl == pytest.approx(row.kl, abs=1e-9)
            assert row.optimum.true_quality >= row.true_quality - 1e-9
        logps, mass = drawn(result.figure), drawn(result.mass)
        for trace, value in (
            (logps["chosen, optimum"], result.optimum.chosen_logp),  # type: ignore[union-attr]
            (logps["rejected, optimum"], result.optimum.rejected_logp),  # type: ignore[union-attr]
            (mass["in no pair, optimum"], result.optimum.mass_unseen),  # type: ignore[union-attr]
        ):
            assert trace["line"]["dash"] == "dash"
            assert trace["y"][-1] == pytest.approx(value, rel=1e-4)


@pytest.mark.slow
def test_with_a_small_beta_most_of_the_fall_is_displacement() -> None:
    for result in seeds(beta=0.03):
        assert displaced(result) < result.chosen_change / 2
        assert "nats are displacement" in result.finding


@pytest.mark.slow
def test_with_a_large_beta_chosen_responses_fall_and_none_of_it_is_displacement() -> None:
    for result in seeds(beta=0.3):
        assert result.chosen_change < -1
        assert displaced(result) > 0
        assert "nothing is displaced" in result.finding


def test_the_nll_term_holds_the_policy_near_the_reference_and_away_from_quality(
    runs: dict[str, Result],
) -> None:
    held = runs["dpo_nll"]
    assert "did not become less likely" in held.finding
    assert held.chosen_change > -0.05
    assert held.last.kl < runs["ipo"].last.kl < runs["dpo"].last.kl
    assert held.last.true_quality < min(runs[loss].last.true_quality for loss in ("dpo", "ipo"))


def test_a_run_beyond_every_optimum_has_none_to_compare_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "app.lab.displacement.optimal_logps_at",
        lambda *given: optimal_logps_at(*given) if given[2] < 1 else None,
    )
    result = compute(Params(seed=77))
    assert result.optimum is None
    assert result.chosen_alignment is None
    assert result.chosen_displacement is None
    assert "no optimum to compare with" in result.finding
    within = [row.step for row in result.history if row.optimum]
    assert within
    assert drawn(result.figure)["chosen, optimum"]["x"] == within


def test_changes_are_those_of_the_history(runs: dict[str, Result]) -> None:
    for result in runs.values():
        first, last = result.history[0], result.history[-1]
        assert result.chosen_change == last.chosen_logps - first.chosen_logps
        assert [row.step for row in result.history] == list(range(0, 301, 10))
        assert drawn(result.figure)["chosen"]["y"][-1] == pytest.approx(last.chosen_logps, rel=1e-4)
