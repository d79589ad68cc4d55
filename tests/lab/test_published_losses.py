"""Losses, rewards and gradients are those of the published code of TRL 1.16 and 0.24.

The values in published_values.json were computed by its functions, in float64, by
tools/record_published_losses.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from app.check.losses import losses_of, rewards_of
from app.check.settings import RunSettings
from app.lab.losses import PairLogps
from app.lab.more_losses import ALL_LOSSES, MORE_LOSSES, desensitized

RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).parent / "published_values.json").read_text("utf-8")
)
GIVEN = RECORDED["inputs"]
SIDES = ("policy_chosen", "policy_rejected", "reference_chosen", "reference_rejected")
TRAINERS = {"TRL 1.16.0": "trl", "TRL 0.24.0": "trl_0_24"}
BESIDE = ("use_weighting", "ld_alpha")
"""settings that are data of the pairs here"""


def column(values: list[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def further(side: str) -> Tensor:
    """Sums over the tokens by which responses are longer than the others of their pairs."""
    half = SIDES.index(side) % 2
    others = GIVEN[SIDES[1 - half]]
    rows = zip(GIVEN[side], others, strict=True)
    return column([sum(row[len(other) :]) for row, other in rows])


def weights_of_wpo() -> Tensor:
    """exp of the mean of log p - log of the sum of p^2, of chosen times rejected (arXiv 2406.11827)."""
    squares = GIVEN["log_sum_sq_probs"]
    logs = [
        column(
            [
                sum(row) / len(row) - sum(other) / len(other)
                for row, other in zip(GIVEN[side], squares[side], strict=True)
            ]
        )
        for side in SIDES[:2]
    ]
    return (logs[0] + logs[1]).exp()


def pairs_of(ld_alpha: float | None) -> tuple[PairLogps, list[Tensor]]:
    """The recorded pairs, and the sums that gradients are taken by."""
    sums = [column([sum(row) for row in GIVEN[side]]) for side in SIDES]
    leaves = [logp.requires_grad_() for logp in sums[:2]]
    if ld_alpha is not None:
        sums = [
            desensitized(logp, further(side), ld_alpha)
            for side, logp in zip(SIDES, sums, strict=True)
        ]
    chosen, rejected = (column([len(row) for row in GIVEN[side]]) for side in SIDES[:2])
    return PairLogps(sums[0], sums[1], sums[2], sums[3], chosen, rejected), leaves


@pytest.mark.parametrize(
    "case", RECORDED["cases"], ids=lambda case: f"{case['version']} {case['settings']}"
)
def test_a_loss_is_that_of_the_published_code(case: dict[str, Any]) -> None:
    told = case["settings"]
    pairs, leaves = pairs_of(told.get("ld_alpha"))
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in told.items()
        if name not in BESIDE and value is not None
    }
    run = RunSettings(beta=GIVEN["beta"], trainer=TRAINERS[case["version"]], **given)
    losses = losses_of(pairs, run)
    if told.get("use_weighting"):
        losses = weights_of_wpo() * losses
    assert losses.mean().item() == pytest.approx(case["loss"], rel=1e-13)
    slopes = torch.autograd.grad(losses.mean(), leaves, materialize_grads=True)
    for found, expected in zip(slopes, case["slopes"], strict=True):
        assert found.tolist() == pytest.approx(expected, rel=1e-12, abs=1e-15)
    found_rewards = [float(reward.mean()) for reward in rewards_of(pairs, run)]
    assert found_rewards == pytest.approx(case["rewards"], rel=1e-12)


def test_every_further_loss_is_recorded() -> None:
    recorded = {name for case in RECORDED["cases"] for name in case["settings"]["loss_types"]}
    assert {*MORE_LOSSES} <= recorded <= {*ALL_LOSSES}
