"""The first step, at which the policy still equals the reference."""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from app.check.batch import ReportedBatch, at_the_start
from app.check.findings.numbers import loss_text, three_digits
from app.check.findings.pairs.losses import agree
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found

APART_AT_START = 0.05
"""nats: log-ratios that are on average larger, at step 0, are more than rounding"""


@finding("step_zero", "Step 0 does not start from the reference")
def step_zero(batch: ReportedBatch) -> Said:
    """At step 0 the policy equals the reference, so the sigmoid loss is ln 2.

    Found if pairs of step 0 have log-ratios of more than 0.05 nats on average, or if the loss
    reported for them is not the loss of a policy that equals the reference. Without a column
    ``step``, pairs count as step 0 if their log-ratios are all but 0.
    """
    rows = batch.first_rows()
    if rows is None:
        return cannot_tell("This check needs pairs of step 0.", "There are none.")
    expected = replace(batch, pairs=at_the_start(batch.pairs)).losses_at(batch.beta)[rows]
    moved, loss = batch.log_ratio(rows), batch.losses_at(batch.beta)[rows]
    ln2 = ", that is ln 2" if abs(float(expected.mean()) - math.log(2)) < 1e-9 else ""
    told = (
        f"At step 0: mean size of the log-ratios {three_digits(moved)} nats, loss {loss_text(loss)}; "
        f"expected: 0, and {loss_text(expected)}{ln2}"
    )
    if moved > APART_AT_START:
        return found(
            "At step 0 policy and reference should agree, and they do not. The reference may be another "
            "checkpoint, dropout may be on, or the two may mask different tokens.",
            f"{told}.",
        )
    reported = None if batch.losses is None else batch.losses[rows]
    computable = bool(torch.isfinite(expected).all())
    if reported is not None and computable and not agree(reported, expected, reported):
        return found(
            "Policy and reference agree, but the reported loss is not that of step 0. The loss function may "
            "be wrong.",
            f"{told}; reported: {loss_text(reported)}.",
        )
    return not_found("At step 0 policy and reference agree.", f"{told}.")
