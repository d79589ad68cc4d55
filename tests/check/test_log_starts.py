"""Findings on logs: what the first rows tell of a start, and where they tell nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from app.check.settings import RunSettings
from tests.check.test_log_findings import findings, found, log_of, row

LN2 = math.log(2)


def fallen(start: float) -> list[dict[str, float]]:
    """A run in which both rewards have an offset from the first row on."""
    return [
        row(
            n,
            round(LN2 - 0.005 * (n - 1), 4),
            start + 0.02 * (n - 1),
            start - 0.03 * (n - 1),
            **{"rewards/accuracies": 0.5 + 0.01 * n},
        )
        for n in range(1, 31)
    ]


def test_a_first_row_without_a_margin_is_of_an_untouched_policy_though_it_has_no_step() -> None:
    log = log_of(*fallen(-6.0), numbered=True)
    assert {"prompt_counted", "step_zero"} <= found(log)
    assert {"displacement", "suppression"}.isdisjoint(found(log))


@pytest.mark.parametrize(("reward", "verdict"), [(0.0, "not_found"), (-0.05, "cannot_tell")])
def test_small_rewards_at_step_1_are_told_from_none(reward: float, verdict: str) -> None:
    rows = [row(1, 0.6985, reward, 0.6 * reward)]
    rows += [row(10 * n, 0.69 - 0.005 * n, 0.01 * n, -0.02 * n) for n in range(1, 20)]
    assert findings(log_of(*rows))["step_zero"].verdict == verdict


def test_a_loss_alone_that_starts_elsewhere_may_be_no_preference_run() -> None:
    log = log_of(*({"step": 10 * n, "loss": 2.05 - 0.08 * n} for n in range(1, 12)))
    said = findings(log)["step_zero"]
    assert said.verdict == "cannot_tell"
    assert "supervised fine-tuning" in said.message


def test_a_loss_alone_that_starts_at_a_multiple_was_summed() -> None:
    log = log_of(*({"step": 5 * n, "loss": 4 * LN2 - 0.01 * n} for n in range(1, 12)))
    assert "4 × ln 2" in findings(log)["step_zero"].message


def test_weights_of_kto_are_named_where_its_start_is_scaled() -> None:
    log = log_of(row(1, 0.75, 0, 0), *(row(n, 0.75 - 0.01 * n, 0.1, -0.1) for n in range(2, 12)))
    settings = RunSettings("kto", assumed=frozenset({"desirable_weight", "undesirable_weight"}))
    assert "desirable_weight" in findings(log, settings)["step_zero"].message
    given = replace(settings, assumed=frozenset())
    assert "desirable_weight" not in findings(log, given)["step_zero"].message


def test_the_weights_of_kto_come_first_and_rewards_of_0_leave_no_room_for_other_losses() -> None:
    rows = [row(1, 1.03, 0, 0), *(row(n, 1.03 - 0.01 * n, 0.1, -0.1) for n in range(2, 12))]
    settings = RunSettings("kto", assumed=frozenset({"desirable_weight"}))
    message = findings(log_of(*rows), settings)["step_zero"].message
    assert message.index("desirable_weight") < message.index("rpo_alpha")
    assert "×" not in message
    assert "hinge" not in message


def runaway(first: float) -> list[dict[str, float]]:
    """A run that the first interval of its log has already thrown far away, and that goes on."""
    rows = [row(8, first, -52.0, -41.0, **{"rewards/accuracies": 0.2})]
    later = ((14.0, -90.0, -84.0), (22.0, -130.0, -112.0), (25.0, -125.0, -104.0))
    for n, (loss, chosen, rejected) in enumerate((*later, *later, *later), 2):
        rows.append(row(8 * n, loss, chosen, rejected, **{"rewards/accuracies": 0.35}))
    return rows


def test_a_run_that_diverged_before_its_first_row_is_not_measured_by_it() -> None:
    told = findings(log_of(*runaway(13.0)))
    assert told["diverging"].verdict == "found"
    assert told["step_zero"].verdict == "cannot_tell"
    assert "as high as its margin makes it" in told["step_zero"].message


def test_a_high_first_loss_beyond_what_its_margin_explains_is_found() -> None:
    rows = [
        row(10, 2.8, 0.1, -0.1),
        *(row(10 * n, 2.8 - 0.05 * n, 0.2, -0.3) for n in range(2, 14)),
    ]
    assert "4 × ln 2" in findings(log_of(*rows))["step_zero"].message
