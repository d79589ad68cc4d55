"""Reported losses that are not those of the settings."""

from __future__ import annotations

import torch

from app.check.batch import ReportedBatch
from app.check.findings import figures
from app.check.findings.numbers import loss_text
from app.check.findings.pairs.explained import explanations
from app.check.findings.pairs.reported import ReportedLosses
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found
from app.lab.more_losses import OF_SINGLE_RESPONSES

OVERFLOWS = "The loss overflows at these log-probabilities."


def no_losses(batch: ReportedBatch) -> Said:
    """What is said where there are no losses to compare."""
    if batch.losses is None:
        return cannot_tell(
            "This needs the losses that your trainer reported.", "There is no column loss."
        )
    missing = (
        "chosen_lengths, rejected_lengths" if batch.has_reference else "reference_chosen_logps"
    )
    return cannot_tell(
        f"{batch.loss_name} cannot be computed without {missing}.", "They are not in the file."
    )


@finding("beta_twice", see=figures.BETA_TWICE, mended=figures.RIGHT)
def beta_twice(batch: ReportedBatch) -> Said:
    """Found if the reported loss is the loss at beta squared, and not that at beta.

    An implicit reward already holds beta; a loss that multiplies by it again has beta squared.
    """
    reported = ReportedLosses.of(batch)
    if reported is None or batch.losses is None or not batch.computable:
        return no_losses(batch)
    beta = batch.settings.beta
    once, twice = batch.computed(), batch.under(beta=beta**2).computed()
    told = (
        f"Mean reported: {loss_text(batch.losses)}; with {batch.beta_text}: {loss_text(once)}; with β² = "
        f"{beta**2:g}: {loss_text(twice)}."
    )
    if not bool(torch.isfinite(torch.cat([once, twice])).all()):
        return cannot_tell(OVERFLOWS, told)
    if not reported.tell_apart(once, twice):
        return cannot_tell("Once and twice give nearly the same loss here.", told)
    if reported.agree(twice) and not reported.agree(once):
        return found(
            "β may be applied twice: the reported loss is the one at β². Implicit rewards contain β already, "
            f"so multiply by it once. A run with β = {beta**2:g} reports the same: compare with its "
            "configuration.",
            told,
        )
    return not_found("The reported loss is not the one at β².", told)


@finding(
    "other_loss",
    see=figures.ANOTHER_LOSS,
    mended=figures.THE_LOSS,
)
def other_loss(batch: ReportedBatch) -> Said:
    """Found if the reported loss is neither the loss at beta nor that at its square.

    Names every loss, beta, label smoothing, multiple and exchange of columns that gives it, of all
    that are tried.
    """
    reported = ReportedLosses.of(batch)
    if reported is None or batch.losses is None or not batch.computable:
        return no_losses(batch)
    ours = batch.computed()
    told = f"Mean reported: {loss_text(batch.losses)}; computed: {loss_text(ours)}."
    if not bool(torch.isfinite(ours).all()):
        return cannot_tell(OVERFLOWS, told)
    if reported.agree(ours):
        how = ""
        if batch.settings.loss_type in OF_SINGLE_RESPONSES:
            how = f": {batch.loss_name} is averaged over single responses, as trainers log it"
        return not_found(f"The reported loss is accounted for{how}.", told)
    if beta_twice(batch).verdict == "found":
        return not_found("The reported loss is accounted for by β applied twice.", told)
    fits = explanations(batch)
    message = f"The reported loss is not {batch.loss_name} at {batch.beta_text}."
    if fits:
        message += f" It fits {'; or '.join(fits)}. Compare with the configuration of the run."
    else:
        message += (
            " No other loss at this β fits, no other β, label smoothing or multiple, and no exchange of "
            "columns. The loss may have further terms, or be that of another batch."
        )
    if not (fits and len(batch) > 2) and bool((batch.losses > ours).all()):
        message += (
            " Rows that are means of batches look the same, since a mean loss lies above the loss at the "
            "means."
        )
    return found(message, told)
