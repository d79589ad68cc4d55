from __future__ import annotations

from typing import Any

import pytest

from app.lab.losses import LOSSES
from app.widgets.loss_family import Params, Result, compute


def at(**params: Any) -> Result:
    return compute(Params(**params))


def test_all_losses_have_a_fate_and_the_chosen_one_is_among_them() -> None:
    result = at(loss_type="hinge")
    assert [fate.loss_type for fate in result.fates] == list(LOSSES)
    assert result.fate in result.fates
    for fate in result.fates:
        assert fate.chosen + fate.rejected + fate.others == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    ("loss_type", "verdict"),
    [("sigmoid", "runs on"), ("ipo", "stops"), ("hinge", "stops"), ("discopop", "turns away")],
)
def test_the_verdicts_that_the_text_names(loss_type: str, verdict: str) -> None:
    result = at(loss_type=loss_type)
    assert result.fate.verdict == verdict
    assert verdict in result.finding


def test_apo_down_gives_up_both_responses() -> None:
    assert at(loss_type="apo_down").fate.others > 0.99


def test_a_larger_beta_slows_dpo_and_does_not_stop_it() -> None:
    slow, fast = at(loss_type="sigmoid", beta="2").fate, at(loss_type="sigmoid", beta="0.5").fate
    assert slow.gap < fast.gap
    assert slow.verdict == fast.verdict == "runs on"


@pytest.mark.parametrize("loss_type", LOSSES)
def test_the_slope_drawn_is_the_slope_of_the_loss_drawn(loss_type: str) -> None:
    traces = {t["name"]: t for t in at(loss_type=loss_type).figure["data"]}  # type: ignore[attr-defined]
    x, loss, slope = traces["loss"]["x"], traces["loss"]["y"], traces["slope"]["y"]
    measured = [(loss[n + 1] - loss[n - 1]) / (x[n + 1] - x[n - 1]) for n in range(1, len(x) - 1)]
    # In the middle half of the points: corners and steep slopes lie between the points drawn.
    missed = sorted(abs(m - s) for m, s in zip(measured, slope[1:-1], strict=True))
    assert missed[len(missed) // 2] < 0.01 * max(abs(s) for s in slope)
