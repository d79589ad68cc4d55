"""A policy that stays where it started."""

from __future__ import annotations

import math

import torch

from app.check.findings import figures
from app.check.findings.logs.curves import Curves, early, late, level, standard_error
from app.check.findings.logs.expected import loss_at_start
from app.check.findings.numbers import three_digits
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found
from app.check.settings import RunSettings
from app.check.tables import LOGGED_LOGPS, LOGGED_REWARDS, TrainingLog
from app.formatting import fixed, signed

ALL_BUT_0 = 1e-3
"""nats of log-ratio that a policy has surely left after so many steps"""

FLAT = 0.01
"""share of the starting loss within which a loss is flat"""

LONG_ENOUGH = 20
"""steps after which a policy has moved at any usual learning rate"""


@finding("not_moved", see=figures.NOT_MOVED, mended=figures.RIGHT)
def not_moved(log: TrainingLog, settings: RunSettings) -> Said:
    """Found if rewards are 0 after many steps, or noise around 0 beside a flat loss.

    Where only the loss is logged, it has to stay at its start to four digits.
    """
    curves = Curves(log, settings)
    start = loss_at_start(curves.settings)
    if start is None:
        return _loss_moves(curves)
    if not curves.has(*LOGGED_REWARDS):
        return _flat_loss(curves, start)
    rewards = curves.together(*LOGGED_REWARDS)
    if curves.starts_untouched and log.steps[0] <= 1:
        rewards = [column[1:] for column in rewards]
    rows = len(rewards[0])
    if rows == 0 or not _trained_for(curves, rows):
        return cannot_tell(
            "The log ends before a policy has to have moved.",
            f"{len(log)} {'row' if len(log) == 1 else 'rows'}, the last at {curves.at_rows()} "
            f"{curves.last_step:g}.",
        )
    largest = float(torch.cat(rewards).abs().max())
    told = (
        f"Largest reward after the start: {three_digits(largest)}, {three_digits(largest / curves.beta)} "
        "nats of log-ratio"
    )
    if largest <= ALL_BUT_0 * curves.beta:
        return found(_why_still(curves), f"{told}, by {curves.at_rows()} {curves.last_step:g}.")
    margins = rewards[0] - rewards[1]
    apart = level(late(margins)) - level(early(margins))
    error = math.hypot(standard_error(late(margins)), standard_error(early(margins)))
    losses = curves.together("loss")[0]
    flat = len(losses) > 0 and float((losses / start - 1).abs().max()) <= FLAT
    told += f"; the margin goes from {signed(level(early(margins)), 4)} to {signed(level(late(margins)), 4)}"
    if largest <= 0.05 and flat and len(margins) >= 10 and abs(apart) <= 2 * error:
        return found(
            "Rewards are noise around 0 and the loss is flat. " + _why_still(curves), f"{told}."
        )
    if flat and abs(level(late(margins))) < 0.02:
        return cannot_tell(
            "The policy has hardly moved: a learning rate that is too low looks like this, and so does "
            "a run that is only slow. Raise the learning rate tenfold for a few steps: rewards have to "
            "answer.",
            f"{told}.",
        )
    return not_found("The policy moves away from its reference.", f"{told}.")


def _trained_for(curves: Curves, rows: int) -> bool:
    """Whether a policy has to have moved by the end of the log."""
    epochs = curves.together("epoch")[0]
    if len(epochs) and float(epochs[-1]) >= 0.1:
        return True
    if curves.log.numbered:
        return rows >= 5
    return curves.last_step >= LONG_ENOUGH or rows >= 10


def _stopped(curves: Curves) -> str | None:
    """Why nothing is trained, if the log says so: no learning rate, or no gradient.

    Both count only where nothing moves: some trainers print rates in few digits, or log a norm of 0.
    """
    rates, norms = curves.together("learning_rate")[0], curves.together("grad_norm")[0]
    if len(rates) > 2 and float(rates.abs().max()) == 0:
        return (
            "The learning rate is 0 in every row, so nothing is trained. Check the schedule and its "
            "number of steps."
        )
    if len(norms) > 2 and float(norms.abs().max()) == 0:
        return (
            "The gradient is 0 in every row, so nothing is trained. All parameters may be frozen, the "
            "adapter may not be active, or no token of the responses is left after truncation."
        )
    return None


def _why_still(curves: Curves) -> str:
    logps = torch.cat(curves.together(*LOGGED_LOGPS))
    if len(logps) and float(logps.abs().max()) == 0:
        return (
            "All log-probabilities are 0: no token of the responses is counted. Prompts may fill the whole "
            "max_length, so that responses are cut away, or every label may be masked."
        )
    if (stopped := _stopped(curves)) is not None:
        return stopped
    return (
        "Policy and reference are the same. Either nothing is trained (learning rate all but 0, frozen "
        "parameters, an adapter that is not active), or the reference is the policy itself: the same "
        "object, or one that shares its weights. Compare a parameter before and after a step: if it "
        "changes, the reference moves with it."
    )


def _flat_loss(curves: Curves, start: float) -> Said:
    if (lacks := curves.needs("loss")) is not None:
        return lacks
    losses = curves.together("loss")[0]
    told = (
        f"The loss goes from {fixed(4)(float(losses[0]))} to {fixed(4)(float(losses[-1]))}; "
        f"{curves.loss_name} starts at {fixed(4)(start)}."
    )
    if not _trained_for(curves, len(losses)):
        return cannot_tell("The log ends before a policy has to have moved.", told)
    if float((losses - start).abs().max()) <= 0.0006 * start:
        return found(_why_still(curves), told)
    if (stopped := _stopped(curves)) is not None and float(
        (losses - losses[0]).abs().max()
    ) <= FLAT * start:
        return found(stopped, told)
    if len(losses) >= 3 and level(late(losses)) < 0.95 * min(start, level(early(losses))):
        return not_found("The loss falls, so the policy moves.", told)
    return cannot_tell(
        "This needs rewards: the loss alone does not say whether the policy moves.", told
    )


def _loss_moves(curves: Curves) -> Said:
    """For losses without a reference: whether anything changes at all."""
    if (lacks := curves.needs("loss")) is not None:
        return lacks
    losses = curves.together("loss")[0]
    told = f"The loss goes from {fixed(4)(float(losses[0]))} to {fixed(4)(float(losses[-1]))}."
    if len(losses) >= 10:
        apart = level(early(losses)) - level(late(losses))
        error = math.hypot(standard_error(early(losses)), standard_error(late(losses)))
        if abs(apart) > 3 * error:
            return not_found("The loss changes, so the policy moves.", told)
        if (stopped := _stopped(curves)) is not None:
            return found(stopped, told)
    return cannot_tell(
        f"{curves.loss_name} has no reference that rewards would be measured from.", told
    )
