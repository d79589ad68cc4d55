"""Widgets that compute losses are right at the corners of all their ranges.

Against formulas computed to 400 digits: dpo_loss, and bring_your_logps with files of the least and the
greatest allowed values.
"""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import product
from statistics import fmean
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.charts.table import columns_of
from app.check.tables import LENGTHS, LOGPS
from app.lab.losses import LOSSES, NEEDS_LENGTHS, USES_LABEL_SMOOTHING
from app.widgets.bring_your_logps import widget as bring_your_logps
from app.widgets.dpo_loss import widget as dpo_loss
from tests.lab.published_losses import (
    Pair,
    exactly,
    many_digits,
    published_loss,
    published_slopes,
    sigma,
)


def sigma_of(margin: float) -> float:
    with many_digits():
        return float(sigma(Decimal(margin)))


# ---- dpo_loss ----------------------------------------------------------------------------------


def corners(name: str) -> list[dpo_loss.Params]:
    """All allowed corners: without a reference, a log-probability has to be below 0."""
    smoothings = {"exo_pair": [1e-300, 0.49]}.get(name, [0, 0.49])
    found = []
    for beta, chosen, rejected, reference, lengths, smoothing in product(
        (0.01, 10),
        (-20, 20),
        (-20, 20),
        ((-1000, 0), (0, -1000), (-20.5, -20.5)),
        ((1, 1000), (1000, 1)) if name in NEEDS_LENGTHS else ((1, 1),),
        smoothings if name in USES_LABEL_SMOOTHING else [0],
    ):
        try:
            params = dpo_loss.Params(
                loss_type=name,
                beta=beta,
                label_smoothing=smoothing,
                chosen_length=lengths[0],
                rejected_length=lengths[1],
                reference_chosen_logp=reference[0],
                reference_rejected_logp=reference[1],
                logratio_chosen=chosen,
                logratio_rejected=rejected,
            )
        except ValidationError:
            assert name in ("simpo", "orpo")
        else:
            found.append(params)
    return found


def pair_of(params: dpo_loss.Params) -> Pair:
    return exactly(
        policy_chosen=params.reference_chosen_logp + params.logratio_chosen,
        policy_rejected=params.reference_rejected_logp + params.logratio_rejected,
        reference_chosen=params.reference_chosen_logp,
        reference_rejected=params.reference_rejected_logp,
        chosen_length=params.chosen_length,
        rejected_length=params.rejected_length,
        beta=params.beta,
        label_smoothing=params.label_smoothing,
    )


@pytest.mark.parametrize("name", LOSSES)
def test_dpo_loss_is_right_at_all_corners(name: str) -> None:
    several = corners(name)
    assert len(several) >= 20, len(several)
    for params in several:
        (result,) = dpo_loss.compute_many([params])
        pair = pair_of(params)
        margin = params.beta * (params.logratio_chosen - params.logratio_rejected)
        assert result.margin == pytest.approx(margin, rel=1e-15)
        assert result.implicit_reward_chosen == pytest.approx(params.beta * params.logratio_chosen)
        assert result.probability == pytest.approx(sigma_of(margin), rel=1e-12, abs=0)
        assert result.gradient_weight == pytest.approx(sigma_of(-margin), rel=1e-12, abs=0)
        slopes = [result.gradient.logratio_chosen, result.gradient.logratio_rejected]
        terms = 1e-13 if name in ("exo_pair", "apo_down", "nca_pair", "robust") else 1e-300
        assert result.loss == pytest.approx(published_loss(name, pair), rel=1e-12, abs=terms)
        assert slopes == pytest.approx(published_slopes(name, pair), rel=1e-11, abs=terms), params


# ---- bring_your_logps --------------------------------------------------------------------------


def examined(rows: list[dict[str, float]], **given_settings: Any) -> bring_your_logps.Result:
    text = "\n".join(json.dumps(row) for row in rows)
    result = bring_your_logps.compute_own(bring_your_logps.OwnLogps(text=text, **given_settings))
    json.dumps(result.model_dump(), allow_nan=False)
    assert columns_of(result.figure).rows
    return result


EDGES = [
    dict(zip((*LOGPS, *LENGTHS), (*logps, *lengths), strict=True))
    for logps in product((-1e6, -0.001), repeat=4)
    for lengths in ((1, 1_000_000), (1_000_000, 1))
]


@pytest.mark.parametrize("beta", [0.01, 10])
def test_all_losses_of_a_file_of_extremes_are_right(beta: float) -> None:
    result = examined(EDGES, beta=beta)
    pairs = [
        {key.removesuffix("_logps").removesuffix("s"): value for key, value in row.items()}
        for row in EDGES
    ]
    for row in result.losses:
        e = 0.001 if row.loss_type == "exo_pair" else 0
        losses = [
            published_loss(row.loss_type, exactly(**pair, beta=beta, label_smoothing=e))
            for pair in pairs
        ]
        # Trainers average kto over single responses.
        halves = 2 if row.loss_type == "kto" else 1
        assert row.loss == pytest.approx(fmean(losses) / halves, rel=1e-11), row.loss_type
    assert result.margin == pytest.approx(0, abs=1e-6)
    assert result.worst[0].margin == pytest.approx(-2 * beta * (1e6 - 0.001), rel=1e-12)


@pytest.mark.parametrize("size", [5e-324, 1e-200, 1e-9])
def test_margins_of_next_to_nothing_are_drawn(size: float) -> None:
    """Their range is too small to be divided into bins, and their squares underflow."""
    rows = [
        dict(zip((*LOGPS, *LENGTHS), (0.0, chance, 0.0, 0.0, length, 5), strict=True))
        for chance, length in ((0.0, 1), (-size, 2), (0.0, 5))
    ]
    result = examined(rows, beta=10)
    assert result.accuracy == pytest.approx(1 / 3)
    # of lengths 1, 2, 5 with margins 0, m, 0
    assert result.length_correlation == pytest.approx(-1 / 52**0.5 * 2)


def test_reported_losses_too_large_to_be_added_agree_with_nothing() -> None:
    rows = [dict.fromkeys(LOGPS, -5.0) | {"loss": loss} for loss in (1e308, 1.7e308)]
    result = examined(rows)
    assert result.reported_loss is None
    outcomes = {check.kind: check.outcome for check in result.checks}
    assert outcomes["other_loss"] == "found"


values = st.sampled_from([-1e6, -1e-300, -5e-324, 0.0]) | st.floats(-1e6, 0)
hostile_rows = st.lists(
    st.fixed_dictionaries(
        dict.fromkeys(LOGPS, values)
        | dict.fromkeys(LENGTHS, st.sampled_from([1, 1_000_000]) | st.integers(1, 50))
        | {
            "loss": st.floats(allow_nan=False, allow_infinity=False),
            "step": st.sampled_from([0, 10**12]),
        }
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=hostile_rows,
    name=st.sampled_from(sorted(set(LOSSES) - {"exo_pair"})),
    beta=st.sampled_from([0.01, 10.0]),
)
def test_no_file_makes_a_number_that_is_none(
    rows: list[dict[str, float]], name: str, beta: float
) -> None:
    result = examined(rows, loss_type=name, beta=beta)
    assert result.pairs == len(rows)
