from __future__ import annotations

import pytest

from app.widgets.likelihood_displacement import LOSS_SETTINGS, Params, Result, compute

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def runs() -> dict[str, Result]:
    return {loss: compute(Params(loss=loss)) for loss in LOSS_SETTINGS}


def test_dpo_lowers_the_chosen_responses_and_the_margin_still_grows(
    runs: dict[str, Result],
) -> None:
    dpo = runs["dpo"]
    assert dpo.rejected_change < dpo.chosen_change < -5
    assert "less likely too" in dpo.finding


def test_the_mass_goes_to_responses_that_no_pair_holds(runs: dict[str, Result]) -> None:
    assert runs["dpo"].last.unseen > runs["dpo"].first.unseen + 0.3
    assert runs["dpo"].gained[0].policy_probability > runs["dpo"].gained[0].reference_probability


def test_the_relatives_displace_less(runs: dict[str, Result]) -> None:
    dpo = runs["dpo"]
    for loss in ("cdpo", "ipo", "dpo_nll"):
        assert runs[loss].chosen_change > dpo.chosen_change, loss
    assert runs["dpo_nll"].chosen_change > -0.05
    assert "did not become less likely" in runs["dpo_nll"].finding


def test_changes_are_those_of_the_history(runs: dict[str, Result]) -> None:
    for result in runs.values():
        first, last = result.history[0], result.history[-1]
        assert result.chosen_change == last.chosen_logps - first.chosen_logps
        assert [row.step for row in result.history] == list(range(0, 301, 10))
        drawn = {t["name"]: t for t in result.figure["data"]}  # type: ignore[attr-defined]
        assert drawn["chosen"]["y"][-1] == pytest.approx(last.chosen_logps, rel=1e-4)
