"""The first step, at which the policy still equals the reference."""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from app.check.batch import ReportedBatch, at_the_start
from app.check.findings import figures
from app.check.findings.chance import standard_error
from app.check.findings.numbers import correlation, loss_text, three_digits
from app.check.findings.pairs.explained import explanations
from app.check.findings.pairs.precision import may_be_rounding
from app.check.findings.pairs.reported import ReportedLosses
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found

APART_AT_START = 0.05
"""nats: log-ratios that are on average larger, at step 0, are more than rounding of a short sum"""

ROUNDED = 0.005
"""nats for the square root of a token, by which rounding moves longer sums"""


@finding(
    "step_zero",
    see=figures.APART,
    mended=figures.START,
)
def step_zero(batch: ReportedBatch) -> Said:
    """At step 0 the policy equals the reference, so the sigmoid loss is ln 2.

    Found if pairs of step 0 have log-ratios of more than 0.05 nats on average, and 0.005 more for
    the square root of their tokens, unless another precision would leave as much; or if the loss
    reported for them is not the loss of a policy that equals the reference. Without a column ``step``,
    pairs count as step 0 if their log-ratios are all but 0.
    """
    if not batch.has_reference:
        return cannot_tell("This compares with a reference.", "There are no reference columns.")
    first = batch.at_step_0()
    if first is None:
        return cannot_tell("This check needs pairs of step 0.", "There are none.")
    moved = first.log_ratio()
    told = f"At step 0: mean size of the log-ratios {three_digits(moved)} nats, expected: 0"
    expected = replace(first, pairs=at_the_start(first.pairs))
    losses = expected.computed() if first.computable else None
    if losses is not None:
        ln2 = ", that is ln 2" if abs(float(losses.mean()) - math.log(2)) < 1e-9 else ""
        told += f"; loss {loss_text(first.computed())}, expected: {loss_text(losses)}{ln2}"
    if first.losses is not None:
        told += f"; reported: {loss_text(first.losses)}"
    reported = ReportedLosses.of(first)
    agrees = reported is None or (losses is not None and reported.agree(losses))
    if moved > APART_AT_START + ROUNDED * math.sqrt(first.tokens()):
        if may_be_rounding(first) and agrees:
            return cannot_tell(
                "Log-ratios are small and average to 0, as where policy and reference are in another "
                "precision, or in batches of another shape; another checkpoint would seldom leave so little.",
                f"{told}.",
            )
        return found(
            f"Policy and reference should agree at step 0, and do not. {_why_apart(first)} Load both "
            "from one checkpoint, in evaluation mode and in the same precision.",
            f"{told}.",
        )
    if agrees or losses is None or not bool(losses.isfinite().all()):
        return not_found("At step 0 policy and reference agree.", f"{told}.")
    fits = explanations(expected)
    why = (
        f"It fits {'; or '.join(fits)}. Compare with the configuration of the run."
        if fits
        else "No loss, β or multiple that was tried starts there. If it is 0, all labels may be masked."
    )
    return found(
        f"The reported loss is not the one that a policy equal to its reference has. {why}",
        f"{told}.",
    )


def _why_apart(first: ReportedBatch) -> str:
    """The causes whose signs the log-ratios have."""
    chosen, rejected = first.pairs.chosen, first.pairs.rejected
    ratios = torch.cat([chosen, rejected])
    mean, error = float(ratios.mean()), standard_error(ratios)
    shared = correlation(chosen, rejected)
    causes = []
    if shared is not None and shared > 0.8 and abs(mean) > float((chosen - rejected).abs().mean()):
        causes.append(
            "the two may mask different tokens, since both responses of a pair differ alike"
        )
    if may_be_rounding(first):
        causes.append(
            "one of the two may be in another precision, since log-ratios are small and average to 0"
        )
    if mean < -3 * error:
        causes.append("dropout may be on in the policy, which makes text less likely")
    if mean > 3 * error:
        causes.append("the policy may have been trained further than the reference, on such text")
    causes.append("the reference may be another checkpoint")
    text = "; ".join(causes)
    return f"{text[0].upper()}{text[1:]}."
