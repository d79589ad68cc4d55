from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import ValidationError

from app.lab.losses import LOSSES, NEEDS_LENGTHS, REFERENCE_FREE
from app.widgets.dpo_loss.widget import Params, Result, compute


def at(loss_type: str = "sigmoid", **changes: Any) -> Result:
    smoothing = {"label_smoothing": 0.001} if loss_type == "exo_pair" else {}
    return compute(Params(loss_type=loss_type, **{**smoothing, **changes}))


def test_the_default_has_the_published_values() -> None:
    result = at()
    assert result.margin == 2
    assert f"{result.probability:.1%}" == "88.1%"
    assert f"{result.loss:.3f}" == "0.127"
    assert f"{result.gradient_weight:.3f}" == "0.119"


@pytest.mark.parametrize("loss_type", LOSSES)
def test_what_a_loss_reads_is_what_it_depends_on(loss_type: str) -> None:
    here = at(loss_type)
    assert here.reads.lengths == (loss_type in NEEDS_LENGTHS)
    longer = at(loss_type, chosen_length=7)
    assert (longer.loss != here.loss) == here.reads.lengths
    moved = at(loss_type, reference_chosen_logp=-9)
    assert (not math.isclose(moved.loss, here.loss, rel_tol=1e-12)) == (loss_type in REFERENCE_FREE)
    shifted = at(loss_type, logratio_chosen=-1, logratio_rejected=-5)
    if here.reads.only_difference:
        assert shifted.loss == pytest.approx(here.loss, rel=1e-9, abs=1e-12)
    else:
        assert shifted.loss != pytest.approx(here.loss, rel=1e-6)


def test_both_log_ratios_may_fall_while_the_loss_does() -> None:
    result = at(logratio_chosen=-4, logratio_rejected=-8)
    assert result.loss < math.log(2)
    assert "Both responses have become less likely" in result.finding


def test_ipo_rests_at_its_target_gap() -> None:
    result = at("ipo", beta=0.5, logratio_chosen=0.5, logratio_rejected=-0.5)
    assert result.loss == pytest.approx(0, abs=1e-18)
    assert "at rest" in result.finding


@pytest.mark.parametrize("loss_type", LOSSES)
def test_the_curve_goes_through_the_pair(loss_type: str) -> None:
    result = at(loss_type)
    traces = {trace["name"]: trace for trace in result.figure["data"]}  # type: ignore[attr-defined]
    assert traces["this pair"]["y"] == [pytest.approx(result.loss, rel=1e-4)]
    curve = traces[loss_type]
    places = list(zip(curve["x"], curve["y"], strict=True))
    below = max(p for p in places if p[0] <= result.margin)
    above = min(p for p in places if p[0] >= result.margin)
    low, high = sorted([below[1], above[1]])
    assert low - 1e-3 <= result.loss <= high + 1e-3


@pytest.mark.parametrize(
    ("given_params", "field"),
    [
        ({"loss_type": "exo_pair", "label_smoothing": 0.5}, "label_smoothing"),
        ({"loss_type": "hinge", "label_smoothing": 0.1}, "label_smoothing"),
        ({"loss_type": "orpo", "logratio_chosen": 8}, "logratio_chosen"),
        ({"loss_type": "simpo", "logratio_rejected": 9}, "logratio_rejected"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(given_params: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Params(**given_params)
    assert [error["loc"] for error in refused.value.errors()] == [(field,)]
