"""A reference that is none, and a policy that is still the reference."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from app.check.batch import AT_START, ReportedBatch
from app.check.findings import figures
from app.check.findings.chance import standard_error
from app.check.findings.numbers import loss_text, three_digits
from app.check.findings.pairs.precision import may_be_rounding
from app.check.findings.pairs.rows import of_other_responses
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found
from app.formatting import count, signed
from app.lab.more_losses import ALL_REFERENCE_FREE

FEWEST = 3
"""pairs that are not equal by coincidence"""


@finding("reference_missing", see=figures.NO_REFERENCE, mended=figures.RIGHT)
def reference_missing(batch: ReportedBatch) -> Said:
    """Found if there is no reference, if it is 0, or one number where the policy has several.

    A log-probability of 0 is certainty, which no model has of a response. Found too if the columns of
    the two models are of different responses: if they match once rows are shifted, or if one follows
    the lengths and the other does not.
    """
    if not batch.has_reference:
        if all(loss.loss_type in ALL_REFERENCE_FREE for loss in batch.settings.losses):
            return cannot_tell(
                f"{batch.loss_name} has no reference, and there are no columns of one.",
                "No reference columns.",
            )
        return found(
            f"There are no log-probabilities under a reference, which {batch.loss_name} needs. Add them "
            "as columns reference_chosen_logps and reference_rejected_logps.",
            "No reference columns.",
        )
    pairs = batch.pairs
    sides = {
        "chosen": (pairs.reference_chosen, pairs.policy_chosen),
        "rejected": (pairs.reference_rejected, pairs.policy_rejected),
    }
    zero = {side: float((reference == 0).double().mean()) for side, (reference, _) in sides.items()}
    told = "; ".join(
        f"{side}: from {three_digits(float(reference.min()))} to {three_digits(float(reference.max()))} nats"
        for side, (reference, _) in sides.items()
    )
    told = f"Log-probabilities under the reference, {told}."
    at_zero = [side for side, share in zero.items() if share > 0.5]
    if at_zero:
        return found(
            f"The reference gives {' and '.join(at_zero)} responses a log-probability of 0, as if they "
            "were certain. The columns may never have been filled, or the loss is computed without a "
            "reference. Compute them with the reference model: without it, rewards are those of the policy "
            "alone.",
            told,
        )
    constant = [side for side, both in sides.items() if _is_constant(*both)]
    if constant:
        return found(
            f"The reference has the same log-probability for all {' and '.join(constant)} responses, "
            "and the policy has not. One value, such as a mean, may have been filled in for all pairs. "
            "Compute it for each response with the reference model.",
            told,
        )
    if others := of_other_responses(batch):
        return found(*others)
    if len(batch) < FEWEST:
        return cannot_tell(
            f"Whether the reference is constant cannot be told from fewer than {FEWEST} pairs.",
            told,
        )
    return not_found("The reference varies with the responses.", told)


def _is_constant(reference: Tensor, policy: Tensor) -> bool:
    return (
        len(reference) >= FEWEST
        and len(torch.unique(reference)) == 1
        and len(torch.unique(policy)) > 1
    )


EARLY = 20
"""steps of which a warmup may leave nothing to see"""
LATE = 100
"""steps after which also a change of less than 0.05 nats is none"""
HARDLY = 0.05
"""nats"""


@finding("not_moved", see=figures.NOT_MOVED, mended=figures.RIGHT)
def not_moved(batch: ReportedBatch) -> Said:
    """Found if log-ratios are still below 0.01 nats on average after 20 steps, or 0.05 after 100.

    A single step of ordinary training moves the sum of a response by more. It cannot be told if they
    are larger, but no larger than bfloat16 in one of the two leaves them, and average to 0.
    """
    if not batch.has_reference:
        return cannot_tell("This compares with a reference.", "There are no reference columns.")
    last = batch
    at = ""
    step = None
    if batch.steps is not None:
        step = float(batch.steps.max())
        last = batch.only(batch.steps == step)
        at = f" at step {count(step)}"
    moved = last.log_ratio()
    told = f"Mean size of the log-ratios{at}: {three_digits(moved)} nats"
    if last.losses is not None:
        told += f"; mean loss reported: {loss_text(last.losses)}"
    if moved > HARDLY and may_be_rounding(last):
        early = "" if step is None or step >= EARLY else " So early, so may training."
        return cannot_tell(
            "Log-ratios are small and average to 0 on both sides. Arithmetic in bfloat16 alone would "
            f"leave as much of a policy that has not moved.{early} Compute both models in float32 to tell.",
            f"{told}; the mean margin of log-ratios is {_mean(last.pairs.chosen - last.pairs.rejected)}.",
        )
    if moved > HARDLY:
        return not_found("The policy has moved away from the reference.", f"{told}.")
    if step is None:
        return cannot_tell(
            "Policy and reference are the same here, which is right at step 0 and a mistake later. A "
            "column step would tell.",
            f"{told}.",
        )
    if step < EARLY or (step < LATE and moved > AT_START):
        return cannot_tell(f"Step {count(step)} is too early to tell.", f"{told}.")
    return found(
        f"At step {count(step)} the policy is still the reference. It may not be trained: a learning "
        "rate of 0 or far too small, frozen weights, an adapter that is off. Or the reference is the "
        "policy itself: the same object, a copy that is synchronized, or its columns written twice. Compare "
        "the weights of both with those at the start.",
        f"{told}.",
    )


def _mean(values: Tensor) -> str:
    error = standard_error(values)
    told = f"{signed(float(values.mean()))} nats"
    return (
        f"{told} with a standard error of {three_digits(error)}" if math.isfinite(error) else told
    )
