"""Columns that stand in each other's place."""

from __future__ import annotations

import math

import torch

from app.check.batch import ReportedBatch
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found
from app.formatting import percent, signed

STANDARD_ERRORS = 3


@finding("swapped", "Policy and reference swapped")
def swapped(batch: ReportedBatch) -> Said:
    """Training raises the accuracy of its pairs above one half; swapped, it lies as far below.

    Found if it is below one half by more than three standard errors of a fair coin, and the mean
    margin is negative. Chosen and rejected swapped look the same, but then log-ratios of
    both together are not positive: a response drawn from the reference is, on average, more
    likely under it.
    """
    first = batch.first_rows()
    if first is not None and bool(first.all()):
        return cannot_tell("At step 0 the policy has not moved yet.", "All pairs are of step 0.")
    pairs = batch.pairs
    margins = pairs.chosen - pairs.rejected
    accuracy = float((margins > 0).double().mean())
    other_way = float((margins < 0).double().mean())
    told = (
        f"Accuracy is {percent(1)(accuracy)} as given and {percent(1)(other_way)} with policy and reference "
        "swapped"
    )
    error = 0.5 / math.sqrt(len(margins))
    if accuracy < 0.5 - STANDARD_ERRORS * error and float(margins.mean()) < 0:
        moved = float(torch.cat([pairs.chosen, pairs.rejected]).mean())
        likely, less = ("policy and reference", "chosen and rejected")
        if moved <= 0:
            likely, less = less, likely
        return found(
            f"The policy prefers the rejected responses. {likely.capitalize()} may be swapped, or else "
            f"{less}.",
            f"{told}; the mean log-ratio of all responses is {signed(moved)} nats.",
        )
    return not_found("The policy does not prefer the rejected responses.", f"{told}.")
