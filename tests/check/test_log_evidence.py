"""Findings on logs: which numbers are evidence of a mistake, and which leave it open."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from app.check.settings import RunSettings
from app.check.tables import TrainingLog
from tests.check.test_log_findings import findings, found, log_of, row

LN2 = math.log(2)


def sided(chosen: float, rejected: float) -> dict[str, float]:
    return {"logps/chosen": chosen, "logps/rejected": rejected}


def accurate(share: float) -> dict[str, float]:
    return {"rewards/accuracies": share}


def constant_reference(learned: float) -> TrainingLog:
    """Batches of any length, of which a reference of -150 nats is subtracted."""
    generator = torch.Generator().manual_seed(3)
    rows = []
    for n in range(1, 31):
        chosen, rejected = (-180 - 40 * torch.randn(2, generator=generator)).tolist()
        chosen, rejected = chosen + learned * n, rejected - 4 * learned * n
        rows.append(
            row(n, 1.5, 0.1 * (chosen + 150), 0.1 * (rejected + 150), **sided(chosen, rejected))
        )
    return log_of(*rows)


@pytest.mark.parametrize("learned", [0.0, 2.0])
def test_a_constant_reference_shows_by_the_intercept_that_batches_share(learned: float) -> None:
    assert "reference_missing" in found(constant_reference(learned))


def test_rows_of_the_same_pairs_lie_on_a_line_and_have_a_reference() -> None:
    rows = [
        row(n, 0.6, -0.05 * n, -0.1 * n, **sided(-150 - 0.5 * n, -150 - n)) for n in range(1, 31)
    ]
    assert "reference_missing" not in found(log_of(*rows))


def test_more_pairs_ranked_wrong_than_by_chance_are_swapped() -> None:
    generator = torch.Generator().manual_seed(5)
    rows = []
    for n in range(40):
        wrong = torch.rand(4, generator=generator) < min(0.85, 0.5 + n / 40)
        margin = -0.03 * n + float(torch.randn(1, generator=generator))
        rows.append(
            row(n + 1, 0.7, margin / 2, -margin / 2, **accurate(1 - float(wrong.double().mean())))
        )
    rows[0] |= row(1, 0.6931, 0, 0)
    assert "swapped" in found(log_of(*rows))


def evaluated(moved: float, digits: int) -> TrainingLog:
    """A log whose evaluation moves by that many nats a row, at a beta of 0.4."""
    rows = [
        row(
            10 * n,
            math.log1p(math.exp(-1.2 * moved * n)),
            round(0.4 * moved * n, digits),
            round(-0.8 * moved * n, digits),
            **sided(round(-120 + moved * n, digits), round(-110 - 2 * moved * n, digits)),
        )
        for n in range(1, 7)
    ]
    log = log_of(*({"step": 5 * n, "loss": 0.69 - 0.003 * n} for n in range(1, 20)))
    return replace(log, evaluation=log_of(*rows))


@pytest.mark.parametrize(("digits", "told"), [(6, True), (1, False)])
def test_a_slope_is_taken_where_it_exceeds_the_rounding_of_digits(digits: int, told: bool) -> None:
    log = evaluated(0.0317, digits)
    assert ("other_loss" in found(log, RunSettings(beta=0.1))) is told
    assert "other_loss" not in found(log, RunSettings(beta=0.4))


def test_logits_alone_that_are_nan_are_told_beside_a_loss_that_is_finite() -> None:
    log = log_of(*(row(10 * n, 0.69 - 0.01 * n, 0.01 * n, -0.01 * n) for n in range(1, 12)))
    assert "not_finite" not in found(log)
    said = findings(replace(log, strange=("logits/chosen",)))["not_finite"]
    assert said.verdict == "found"
    assert "logits/chosen" in said.evidence


def test_log_probabilities_of_0_have_no_token_even_in_a_single_row() -> None:
    told = findings(log_of(row(2, 0.6931, 0, 0, **sided(0.0, 0.0))))
    assert told["implausible_sums"].verdict == "found"
    assert told["equal_sides"].verdict == "cannot_tell"


def test_a_loss_that_begins_high_and_is_learned_away_does_not_diverge() -> None:
    rows = [row(1, 0.45, 6.0, 5.0)]
    rows += [row(n, 5.0 * math.exp(-n / 9), 6 + 0.1 * n, 8 - 0.1 * n) for n in range(2, 41)]
    assert "diverging" not in found(log_of(*rows))
    rows = [row(1, 0.6931, 0, 0), *rows[:0:-1]]
    steps = [{**each, "step": n} for n, each in enumerate(rows, 1)]
    assert "diverging" in found(log_of(*steps))


def test_a_loss_of_nearly_0_leaves_nothing_to_learn_though_no_accuracy_is_logged() -> None:
    rows = [row(60 + n, 0.0005, -5.0 + 0.1 * (n % 2), -12.5) for n in range(7)]
    assert "saturated" in found(log_of(*rows))


@pytest.mark.parametrize(("margin", "verdict"), [(16.0, "found"), (6.0, "cannot_tell")])
def test_a_margin_of_15_is_told_from_a_single_row(margin: float, verdict: str) -> None:
    log = log_of(row(900, 0.0, margin, 0.0, **accurate(1.0)))
    assert findings(log)["saturated"].verdict == verdict


def test_rows_from_the_middle_of_a_run_do_not_show_that_sides_were_swapped_at_its_start() -> None:
    rows = [
        row(n, 0.2, 0.1 * gap, -0.1 * gap, epoch=0.7 + 0.01 * n, **sided(-200.0 + gap, -200.0))
        for n, gap in enumerate((41.0, 44.0, 39.0, 43.0), 1)
    ]
    said = findings(log_of(*rows, numbered=True))["swapped_in_one"]
    assert said.verdict == "cannot_tell"


@pytest.mark.parametrize(("share", "verdict"), [(0.95, "not_found"), (0.65, "cannot_tell")])
def test_equal_sides_are_denied_only_by_a_high_accuracy(share: float, verdict: str) -> None:
    rows = [
        row(10 * n, 0.5, 0.3, -0.5, **sided(-200 + n, -190.0), **accurate(share))
        for n in range(1, 12)
    ]
    assert findings(log_of(*rows))["equal_sides"].verdict == verdict


def test_rewards_that_only_the_evaluation_has_are_looked_at_there() -> None:
    losses = [{"step": 100 * n, "loss": 0.02} for n in range(1, 6)]
    rows = [
        row(100 * n, 0.02, -1.0, -9.0 - n, **sided(-300.0, -400.0), **accurate(0.995))
        for n in range(1, 6)
    ]
    log = replace(log_of(*losses), evaluation=log_of(*rows))
    assert "saturated" in found(log)
    assert findings(log)["saturated"].evidence.startswith("In the rows of the evaluation: ")


def test_an_evaluation_that_overfits_is_neither_swapped_nor_diverging() -> None:
    losses = [{"step": 100 * n, "loss": 0.6 - 0.05 * n} for n in range(1, 9)]
    rows = [
        row(100 * n, 0.6 + 0.4 * n, -0.1 * n, 0.1 * n, **accurate(0.45 - 0.02 * n))
        for n in range(1, 9)
    ]
    told = found(replace(log_of(*losses), evaluation=log_of(*rows)))
    assert {"swapped", "diverging"}.isdisjoint(told)


def ranked(loss: float, margin: float) -> TrainingLog:
    """A run that ranks all pairs right from the fifth row on, and then stays at this loss and margin."""
    rows = [row(n, LN2 - 0.05 * n, 0, 0, **accurate(0.6)) for n in range(5)]
    rows += [row(n, loss, margin / 3, -margin / 1.5, **accurate(1.0)) for n in range(5, 20)]
    return log_of(*rows)


def test_label_smoothing_leaves_nothing_to_learn_at_the_least_loss_that_it_allows() -> None:
    least = -0.1 * math.log(0.1) - 0.9 * math.log(0.9)
    log = ranked(round(least + 0.004, 4), 2.1)
    assert "saturated" in found(log, RunSettings(label_smoothing=0.1))


@pytest.mark.parametrize(("loss", "verdict"), [(0.21, "found"), (0.5, "not_found")])
def test_a_loss_that_rests_while_all_pairs_are_ranked_right_is_saturated(
    loss: float, verdict: str
) -> None:
    assert findings(ranked(loss, 2.9))["saturated"].verdict == verdict


def test_a_loss_is_not_called_learnable_where_pairs_are_ranked_wrong() -> None:
    rows = [row(n, 5.0 + n % 3, -1.0 * n, -0.9 * n, **accurate(0.45)) for n in range(1, 12)]
    assert findings(log_of(*rows))["saturated"].message == "Not all pairs are ranked right."


@pytest.mark.parametrize(("spread", "verdict"), [(0.2, "found"), (8.0, "cannot_tell")])
def test_a_fall_within_the_noise_of_rows_is_no_displacement(spread: float, verdict: str) -> None:
    rows = [
        row(n, LN2, -0.45 * n + spread * (-1) ** n, -0.47 * n + spread * (-1) ** n)
        for n in range(21)
    ]
    assert findings(log_of(*rows))["displacement"].verdict == verdict


def test_a_reference_apart_does_not_displace_responses_that_become_more_likely() -> None:
    rows = [
        row(n, 9.0, 70 - 0.5 * n, 60.0, **{"logps/chosen": -190 + n, "logps/rejected": -200})
        for n in range(1, 21)
    ]
    assert findings(log_of(*rows))["displacement"].verdict == "cannot_tell"
