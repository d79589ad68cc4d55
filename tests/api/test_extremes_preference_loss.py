"""POST preference_loss over everything it accepts: right, or refused by a field that overflows float64."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.api.preference_loss import PairBatch, pair_losses
from app.check.tables import LENGTHS, LOGPS
from app.lab.losses import LOSSES
from app.lab.more_losses import ALL_LOSSES, F_DIVERGENCE_LOSSES, F_DIVERGENCES
from app.web.problem import InvalidParams
from tests.lab.published_losses import exactly, published_loss

ADDRESS = "/api/v1/preference_loss"

logps = st.sampled_from([-1e6, -700.0, -1e-9, -5e-324, 0.0]) | st.floats(-1e6, 0)
lengths = st.sampled_from([1, 1_000_000]) | st.integers(1, 2000)
betas = st.sampled_from([5e-324, 1e-200, 1e-150, 0.1, 100.0]) | st.floats(1e-9, 100)


def batch_of(name: str, draw: st.DrawFn | Any) -> dict[str, Any]:
    smoothing = {"sigmoid": st.floats(0, 0.499), "robust": st.floats(0, 0.499)}.get(name)
    if name == "exo_pair":
        smoothing = st.floats(5e-324, 0.499)
    return {
        "loss_type": name,
        "beta": draw(betas),
        "label_smoothing": 0.0 if smoothing is None else draw(smoothing),
        "simpo_gamma": draw(st.floats(0, 100)),
        "kto_reference_point": draw(st.sampled_from([0.0, 1e6]) | st.floats(0, 1e6)),
        **{name: [draw(logps)] for name in LOGPS},
        **{name: [draw(lengths)] for name in LENGTHS},
    }


def numbers(value: object) -> list[float]:
    if isinstance(value, dict):
        return [number for inner in value.values() for number in numbers(inner)]
    if isinstance(value, list):
        return [number for inner in value for number in numbers(inner)]
    assert isinstance(value, float)
    return [value]


@pytest.mark.parametrize("name", LOSSES)
@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_batch_is_right_or_refused_by_field(name: str, data: st.DataObject) -> None:
    sent = batch_of(name, data.draw)
    try:
        result = pair_losses(PairBatch.model_validate(sent))
    except InvalidParams as refused:
        (error,) = refused.errors
        assert error.allowed is not None
        assert name in error.allowed
        if error.field == "beta":
            assert sent["beta"] < 1e-150
            assert error.allowed == f"from 1e-150 to 100 for {name}"
        else:
            assert name == "orpo"
            assert sent[error.field.removesuffix(".0")][0] > -1e-290
        return
    assert all(map(math.isfinite, numbers(result.model_dump())))
    columns = {
        key.removesuffix("_logps").removesuffix("s"): sent[key] for key in (*LOGPS, *LENGTHS)
    }
    others = ("beta", "label_smoothing", "simpo_gamma", "kto_reference_point")
    pair = exactly(
        **{key: value for key, [value] in columns.items()}, **{key: sent[key] for key in others}
    )
    # The difference of two log-probabilities of a million is known up to the rounding of a million.
    rounding = 1e-15 * sum(abs(value[0]) for key, value in sent.items() if key.endswith("logps"))
    steepest = max(1.0, sent["beta"]) / (1 - 2 * sent["label_smoothing"])
    if name in ("ipo", "ipo_norm", "sppo_hard"):
        steepest = 2 * math.sqrt(result.loss)
    known_to = 1e-12 + 4 * rounding * (steepest + 1)
    assert result.loss == pytest.approx(published_loss(name, pair), rel=1e-11, abs=known_to)


def refusal(client: TestClient, **sent: Any) -> dict[str, Any]:
    answer = client.post(ADDRESS, json=sent)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    return dict(error)


FOUR = {name: [-1.0, -2.0] for name in LOGPS}


@pytest.mark.parametrize("side", ["policy_chosen_logps", "policy_rejected_logps"])
def test_a_certain_response_is_refused_by_its_own_name(client: TestClient, side: str) -> None:
    lengths = {"chosen_lengths": [3, 3], "rejected_lengths": [3, 3]}
    error = refusal(client, **{**FOUR, **lengths, side: [-1.0, 0.0]}, loss_type="orpo")
    assert error["field"] == f"{side}.1"
    assert error["allowed"] == "from -1e+06 to -1e-290 for orpo"


def test_a_mean_that_overflows_is_refused_too(client: TestClient) -> None:
    """Each loss of 1.6e308 is finite, but their sum is not."""
    error = refusal(client, **FOUR, loss_type="ipo", beta=0.5 / math.sqrt(1.6e308))
    assert error["field"] == "beta"


@pytest.mark.parametrize("name", ALL_LOSSES)
@settings(max_examples=8, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_loss_with_any_parameters_is_finite_or_refused_by_field(
    name: str, data: st.DataObject
) -> None:
    divergences = F_DIVERGENCES if name in F_DIVERGENCE_LOSSES else ("reverse_kl",)
    weights = st.floats(0, 1000)
    sent = {
        **batch_of(name, data.draw),
        "loss_types": [name, name],
        "loss_weights": [data.draw(weights), data.draw(weights)],
        "desirable_weight": data.draw(weights),
        "undesirable_weight": data.draw(weights),
        "pair_weights": [data.draw(weights)],
        "reward_shift": data.draw(st.floats(-1e6, 1e6)),
        "discopop_tau": data.draw(st.floats(0.001, 100)),
        "alphapo_alpha": data.draw(st.floats(-10, 10)),
        "f_divergence_type": data.draw(st.sampled_from(divergences)),
        "f_alpha_divergence_coef": data.draw(st.floats(-10, 10)),
    }
    try:
        result = pair_losses(PairBatch.model_validate(sent))
    except InvalidParams as refused:
        (error,) = refused.errors
        assert error.allowed is not None
    else:
        assert all(map(math.isfinite, numbers(result.model_dump())))
