"""Reported losses that are not those of the settings."""

from __future__ import annotations

import torch
from torch import Tensor

from app.check.batch import ReportedBatch
from app.check.findings.numbers import loss_text
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found

NOT_REPORTED = cannot_tell("This needs the losses that your trainer reported.", "No column loss.")
OVERFLOWS = "The loss overflows at these log-probabilities."


def agree(one: Tensor, other: Tensor, reported: Tensor) -> bool:
    """Whether losses are equal but for rounding: trainers log in few digits, or compute in bfloat16.

    Compared pair by pair if ``reported`` has a loss for each pair. Trainers often log a mean for a
    batch: then few values differ, and means are compared. Shapes: (pairs,).
    """
    by_pair = len(set(reported.tolist())) > len(reported) / 2
    size = torch.maximum(one.abs(), other.abs()).mean()
    apart = (one - other).abs().mean() if by_pair else (one.mean() - other.mean()).abs()
    # A mean of huge losses may overflow, and infinity equals infinity.
    return bool(torch.isfinite(apart)) and bool(apart <= 0.002 + 0.01 * size)


@finding("beta_twice", "β applied twice")
def beta_twice(batch: ReportedBatch) -> Said:
    """Found if the reported loss is the loss at beta squared, and not that at beta.

    An implicit reward already holds beta; a loss that multiplies by it again has beta squared.
    """
    reported = batch.losses
    if reported is None:
        return NOT_REPORTED
    once, twice = batch.losses_at(batch.beta), batch.losses_at(batch.beta**2)
    told = (
        f"Mean reported: {loss_text(reported)}; with β = {batch.beta:g}: {loss_text(once)}; with β² = "
        f"{batch.beta**2:g}: {loss_text(twice)}."
    )
    if not bool(torch.isfinite(torch.stack([once, twice])).all()):
        return cannot_tell(OVERFLOWS, told)
    if agree(once, twice, reported):
        return cannot_tell("Once and twice give nearly the same loss here.", told)
    if agree(reported, twice, reported) and not agree(reported, once, reported):
        return found(
            "β may have been applied twice: the reported loss is the one at β². An implicit reward holds β "
            "already.",
            told,
        )
    return not_found("The reported loss is not the one at β².", told)


@finding("other_loss", "The reported loss does not match")
def other_loss(batch: ReportedBatch) -> Said:
    """Found if the reported loss is neither the loss at beta nor that at its square."""
    reported = batch.losses
    if reported is None:
        return NOT_REPORTED
    ours = batch.losses_at(batch.beta)
    told = f"Mean reported: {loss_text(reported)}; computed: {loss_text(ours)}."
    if not bool(torch.isfinite(ours).all()):
        return cannot_tell(OVERFLOWS, told)
    if agree(reported, ours, reported) or beta_twice(batch).verdict == "found":
        return not_found("The reported loss is accounted for.", told)
    return found(
        f"The reported loss is not {batch.loss_type} at β = {batch.beta:g}. Your trainer may use another β, "
        "loss or label smoothing.",
        told,
    )
