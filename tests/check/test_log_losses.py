"""Findings on logs: which loss a reported one is, and when that cannot be told."""

from __future__ import annotations

import math

import pytest
import torch

from app.check.settings import RunSettings
from app.check.tables import TrainingLog
from tests.check.test_log_findings import findings, log_of, row


def spread(
    rows: int,
    *,
    smoothing: float = 0.0,
    largest: float = 3.0,
    relative: float = 0.3,
    nll: float = 0.0,
) -> TrainingLog:
    """A log of batches whose margins are normal around a mean that rises until half of the run."""
    generator = torch.Generator().manual_seed(1)
    logged = []
    for n in range(rows):
        mean = largest * min(1.0, 2 * n / rows)
        margins = mean * (1 + relative * torch.randn(128, generator=generator, dtype=torch.float64))
        loss = torch.nn.functional.softplus(-margins) + smoothing * margins
        about = {"rewards/accuracies": float((margins > 0).double().mean())}
        if nll:
            about["nll_loss"] = 1.2 - 0.01 * n
        logged.append(
            row(
                10 * n + 1,
                float(loss.mean()) + nll * about.get("nll_loss", 0.0),
                0.4 * float(margins.mean()),
                -0.6 * float(margins.mean()),
                **about,
            )
        )
    return log_of(*logged)


def test_a_small_smoothing_is_found_where_it_makes_a_difference() -> None:
    said = findings(spread(30, smoothing=0.05))["other_loss"]
    assert said.verdict == "found"
    assert "0.05" in said.message
    assert findings(spread(30))["other_loss"].verdict == "not_found"


def test_a_loss_is_not_denied_where_another_fits_nearly_as_well() -> None:
    for smoothing in (0.0, 0.05):
        said = findings(spread(30, largest=0.15, relative=1.5, smoothing=smoothing))["other_loss"]
        assert said.verdict == "cannot_tell"
        assert "tell it from others" in said.message


@pytest.mark.parametrize(("loss", "word"), [(1.3, "higher"), (0.105, "lower")])
def test_a_loss_that_does_not_fit_is_told_to_be_on_the_side_on_which_it_is(
    loss: float, word: str
) -> None:
    chosen = 1.2
    rows = [
        row(10 * n, loss, chosen, -chosen, **{"rewards/accuracies": 0.75}) for n in range(1, 20)
    ]
    said = findings(log_of(*rows))["other_loss"]
    assert said.verdict == "cannot_tell"
    assert word in said.message


def test_a_single_row_does_not_tell_a_loss() -> None:
    for loss in (0.1, 0.4, 0.9):
        log = log_of(row(400, loss, 0.5, -3.0, **{"rewards/accuracies": 0.88}))
        said = findings(log)["other_loss"]
        assert "three rows" in said.message or said.verdict == "found"


def test_no_multiple_is_named_from_rows_with_one_margin() -> None:
    margin = 8.5
    rows = [
        row(
            200 + n,
            20 * math.log1p(math.exp(-margin - 0.3 * (n % 3))),
            4.2 + 0.3 * (n % 3),
            -4.3,
            **{"rewards/accuracies": 1.0},
        )
        for n in range(6)
    ]
    assert findings(log_of(*rows))["other_loss"].verdict == "cannot_tell"


def test_a_logged_nll_that_is_in_the_loss_explains_it() -> None:
    said = findings(spread(30, nll=0.25), RunSettings())["other_loss"]
    assert said.verdict == "cannot_tell"
    assert "about 0.25 × the logged nll_loss" in said.message


def test_a_small_smoothing_is_told_from_pairs_far_on_the_wrong_side_by_where_margins_rest() -> None:
    """At ln((1 - e) / e) they do, which is 2.9; tails raise the loss as much, and hold no margin back."""
    beyond = findings(spread(30, smoothing=0.05, largest=4.5))["other_loss"]
    assert beyond.verdict == "cannot_tell"
    assert "0.05" in beyond.message
    assert "wrong side" in beyond.message
