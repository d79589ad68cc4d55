"""What the cells of a file show before any of them is compared with another."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

from torch import Tensor

from app.check.batch import ReportedBatch, at_the_start
from app.check.findings import figures
from app.check.findings.chance import UNLIKELY, at_least, pairs_needed, standard_error
from app.check.findings.numbers import loss_text, three_digits
from app.check.findings.pairs.explained import explanations
from app.check.findings.pairs.reported import ReportedLosses
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found
from app.formatting import count, percent, signed

LEAST_PAIRS = 8
"""of fewer, not even a result without exception is told from chance at ``UNLIKELY``"""

EQUAL_BY_NATURE = 0.02
"""a share of pairs with the same text twice that is usual: two samples of a model may coincide"""

EQUAL_BY_CHANCE = 0.025
"""the share of files with that many equal pairs that may be flagged"""

CONVEX = frozenset({"sigmoid", "robust", "hinge", "ipo", "ipo_norm", "sigmoid_norm", "simpo"})
"""losses whose mean over pairs lies above the loss of the mean pair, by Jensen's inequality"""

ROUNDING = 5e-4
"""by which a loss of four digits, of log-probabilities of two, may be off"""
MOST = 0.8
"""share of rows whose loss lies higher by more than that"""

LEAST_FOR_SPREAD = 16
"""pairs"""
LEAST_SPREAD = 0.1
"""standard deviation of log-probabilities over their mean; that of responses whose lengths vary by a
quarter is larger, and a mean of 8 of them divides it by 2.8"""


@finding("not_finite", see=figures.OVERFLOW, mended=figures.HEALTHY)
def not_finite(batch: ReportedBatch) -> Said:
    """Found if a cell is NaN or infinite. Its pair is left out of everything else."""
    if not batch.not_finite:
        return not_found("All numbers are finite.", f"{count(len(batch))} pairs were read.")
    first = min(batch.not_finite, key=lambda fault: fault.line)
    at = "" if first.step is None else f", step {count(first.step)}"
    told = "; ".join(
        f"{fault.column}: {count(fault.cells)} {'cell' if fault.cells == 1 else 'cells'}, first on line "
        f"{count(fault.line)}"
        for fault in batch.not_finite
    )
    logps = [fault for fault in batch.not_finite if fault.column != "loss"]
    if logps:
        why = (
            "Log-probabilities that are NaN come from the model: overflow in float16, a learning rate that "
            "is too high, or a response without tokens; minus infinity, from a token that is masked out. "
            "Train in bfloat16, clip gradients, and drop empty responses."
        )
    else:
        why = (
            "The log-probabilities are finite, so the loss broke in its own arithmetic: log σ of a "
            "large margin in float16, or a mean over no pairs. Compute it in float32, by logsigmoid."
        )
    return found(
        f"NaN or infinity appears first in {first.column}, on line {count(first.line)}{at}. {why}",
        f"{told}. These pairs were left out.",
    )


@finding("few_pairs", see=figures.FEW_PAIRS, mended=figures.RIGHT)
def few_pairs(batch: ReportedBatch) -> Said:
    """Found for fewer than 8 pairs: were all ranked alike, that would still be likely enough by chance.

    Beyond that it depends on the accuracy: the verdict is "cannot tell" where it cannot be told
    from one half, with how many pairs would tell it.
    """
    pairs = len(batch)
    margins = batch.margins() if batch.computable else batch.pairs.chosen - batch.pairs.rejected
    right = int((margins > 0).sum())
    decided = int((margins != 0).sum())
    error = standard_error(margins)
    told = (
        f"{count(right)} of {count(pairs)} pairs have a margin above 0; the mean margin is "
        f"{signed(float(margins.mean()))}"
    )
    if math.isfinite(error):
        told += f" with a standard error of {three_digits(error)}"
    if pairs < LEAST_PAIRS:
        return found(
            f"{'One pair tells' if pairs == 1 else f'{pairs} pairs tell'} little: even if all were "
            f"ranked the same way, chance would explain it. Log {LEAST_PAIRS} or more; about 400 give the "
            "accuracy to within 5 percentage points.",
            f"{told}.",
        )
    likely = max(right, decided - right)
    if decided and at_least(likely, decided) <= UNLIKELY:
        return not_found("The pairs are enough to tell the accuracy from one half.", f"{told}.")
    needed = pairs_needed(right / pairs)
    message = "The accuracy cannot be told from one half."
    if needed is not None and needed > pairs:
        message += f" If it stays as it is, about {count(needed)} pairs would tell."
    return cannot_tell(message, f"{told}.")


@finding("equal_sides", see=figures.TRUNCATED, mended=figures.RIGHT)
def equal_sides(batch: ReportedBatch) -> Said:
    """A pair whose two responses have the same log-probability, under both models, is one text twice.

    Found if there are more such pairs than coincidence gives: with 2% of them in the data, so many
    or more would be in fewer than 2.5% of files.
    """
    pairs = batch.pairs
    equal = _same(pairs.policy_chosen, pairs.policy_rejected)
    if batch.has_reference:
        equal &= _same(pairs.reference_chosen, pairs.reference_rejected)
    equals, total = int(equal.sum()), len(batch)
    told = f"{count(equals)} of {count(total)} pairs have equal log-probabilities on both sides."
    if equals and at_least(equals, total, EQUAL_BY_NATURE) <= EQUAL_BY_CHANCE:
        return found(
            f"{count(equals)} of {count(total)} pairs {'has' if equals == 1 else 'have'} the same "
            "response on both sides: truncated to a common beginning, or a duplicate in the data. Such a "
            "pair teaches nothing and counts as wrong in the accuracy. Raise the maximum length, or drop "
            "these pairs.",
            told,
        )
    return not_found("Chosen and rejected responses differ.", told)


def _same(one: Tensor, other: Tensor) -> Tensor:
    return (one - other).abs() <= 1e-9 * one.abs()


def fractional_lengths(batch: ReportedBatch) -> int:
    """How many rows have a length that is not whole, so that they are means of several responses."""
    if batch.lengths is None:
        return 0
    chosen, rejected = batch.lengths
    return int(((chosen % 1 != 0) | (rejected % 1 != 0)).sum())


@finding("batch_means", see=figures.BATCH_MEANS, mended=figures.RIGHT)
def batch_means(batch: ReportedBatch) -> Said:
    """A mean over a batch is no pair: the loss of the mean is not the mean of the losses.

    Found if lengths are not whole numbers, if rows repeat in blocks, if their log-probabilities vary by
    less than 10%, or if the reported loss lies above the loss of its row in every row, as a mean of
    convex losses does, and no setting explains that in three rows or more.
    """
    pairs = batch.pairs
    columns = [pairs.policy_chosen, pairs.policy_rejected]
    if batch.has_reference:
        columns += [pairs.reference_chosen, pairs.reference_rejected]
    total = len(batch)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    repeats = sum(one == other for one, other in pairwise(rows))
    blocks = total - repeats
    told = "1 row" if total == 1 else f"{count(total)} rows"
    broken = fractional_lengths(batch)
    if broken:
        told += f", {count(broken)} of them with a length that is not whole"
        return found(
            "Rows are means of batches: their lengths are not whole numbers. The loss of a mean is not the "
            "mean of the losses, so log one row for each pair.",
            f"{told}.",
        )
    if repeats:
        told += f" in {'1 block' if blocks == 1 else f'{count(blocks)} blocks'} of equal ones"
    if 2 <= blocks <= total / 2:
        return found(
            "Rows repeat in blocks. They may hold the mean of their batch, written once for each pair, "
            "or every pair was written several times. Log one row for each pair.",
            f"{told}.",
        )
    if blocks == 1 and total > 1:
        return cannot_tell("All rows are the same.", f"{told}.")
    if total >= LEAST_FOR_SPREAD:
        costs = columns[2 if batch.has_reference else 1 :]
        spread = max(float(c.std()) / max(abs(float(c.mean())), 1e-12) for c in costs)
        told += f"; log-probabilities vary by {percent(1)(spread)}"
        if 0 < spread < LEAST_SPREAD:
            return found(
                "Rows may be means of batches: their log-probabilities vary too little for single "
                "responses of different lengths. Log one row for each pair. If the rows are pairs, their "
                "responses were all cut to one length.",
                f"{told}.",
            )
    return _above_its_row(batch, told)


def _above_its_row(batch: ReportedBatch, told: str) -> Said:
    if batch.losses is None or not batch.computable or batch.loss_name not in CONVEX:
        if len(batch) < LEAST_FOR_SPREAD:
            return cannot_tell(
                "Rows are too few, and no loss was reported that would tell.", f"{told}."
            )
        return not_found("Rows vary as single pairs do, or means of very few.", f"{told}.")
    ours = batch.computed()
    if not bool(ours.isfinite().all()):
        return cannot_tell("The loss overflows at these log-probabilities.", f"{told}.")
    told += (
        f"; mean loss reported {loss_text(batch.losses)}, computed from the rows {loss_text(ours)}"
    )
    reported = ReportedLosses.of(batch)
    gaps = batch.losses - ours
    # Rounding moves a loss to both sides.
    above = bool((gaps > -ROUNDING).all()) and bool((gaps > ROUNDING).double().mean() > MOST)
    # A loss that lies above that of the start too may be another one, or have something added.
    above &= bool(
        batch.losses.mean() < replace(batch, pairs=at_the_start(batch.pairs)).computed().mean()
    )
    if not above or reported is None or not reported.of_single_pairs:
        return not_found("The reported losses are not those of means of batches.", f"{told}.")
    if len(batch) < LEAST_PAIRS and reported.agree(ours):
        return not_found("The reported losses are those of the rows.", f"{told}.")
    fits = explanations(batch) if not reported.agree(ours) else ()
    if fits and len(batch) > 2:
        return not_found(f"Another setting gives the reported losses: {fits[0]}.", f"{told}.")
    also = f" The same numbers fit {'; or '.join(fits)}." if fits else ""
    return found(
        "Rows may be means of batches: the reported loss lies above the loss of its row, as a mean loss "
        f"lies above the loss at the mean (Jensen’s inequality). Log one row for each pair.{also}",
        f"{told}.",
    )
