"""What can go wrong in a batch of log-probabilities of pairs."""

from __future__ import annotations

from app.check.batch import ReportedBatch
from app.check.findings.pairs.beginning import step_zero
from app.check.findings.pairs.cells import (
    batch_means,
    equal_sides,
    few_pairs,
    fractional_lengths,
    not_finite,
)
from app.check.findings.pairs.losses import beta_twice, other_loss
from app.check.findings.pairs.prompt import prompt_counted
from app.check.findings.pairs.reference import not_moved, reference_missing
from app.check.findings.pairs.sums import implausible_sums, mean_not_sum
from app.check.findings.pairs.swaps import swapped, swapped_in_one
from app.check.findings.pairs.training import displacement, length, saturated, suppression
from app.check.findings.rule import Look, Said, cannot_tell
from app.check.findings.same_cause import with_causes
from app.check.report import Finding

PairFinding = Look[ReportedBatch]

ON_COLUMNS: tuple[PairFinding, ...] = (
    reference_missing,
    mean_not_sum,
    prompt_counted,
    implausible_sums,
    swapped_in_one,
)
"""what the columns hold; a mistake here shows in whatever rests on log-ratios"""

ON_SINGLE_PAIRS: tuple[PairFinding, ...] = (beta_twice, other_loss, saturated)
"""what a mean over pairs does not have: the mean of the losses is not the loss of the mean"""

ON_LOG_RATIOS: tuple[PairFinding, ...] = (beta_twice, step_zero, other_loss, not_moved, swapped)

ON_TRAINING: tuple[PairFinding, ...] = (displacement, suppression, saturated, length)

ON_CELLS: tuple[PairFinding, ...] = (not_finite, equal_sides, batch_means, few_pairs)

PAIR_FINDINGS: tuple[PairFinding, ...] = (*ON_COLUMNS, *ON_LOG_RATIOS, *ON_TRAINING, *ON_CELLS)
"""in the order in which they are told"""


def pair_findings(batch: ReportedBatch) -> tuple[Finding, ...]:
    """What every finding says of a batch.

    A mistake in the columns, or a swap, hides what rests on the log-ratios, and means of batches hide what
    single pairs would show: that is not claimed.
    """
    if not len(batch):
        nothing = cannot_tell("No pair is left whose numbers are all finite.", "0 pairs.")
        return tuple(
            look(batch) if look is not_finite else look.says(nothing) for look in PAIR_FINDINGS
        )
    of_batches = fractional_lengths(batch) > 0
    told: list[Finding] = []
    hidden_by: Finding | None = None
    for look in (*ON_COLUMNS, *ON_LOG_RATIOS, *ON_TRAINING):
        if hidden_by is not None:
            finding = look.says(_hidden(hidden_by))
        elif look in ON_SINGLE_PAIRS and of_batches:
            finding = look.says(_OF_BATCHES)
        else:
            finding = look(batch)
        told.append(finding)
        if finding.verdict == "found" and look in (*ON_COLUMNS, swapped):
            hidden_by = finding
    return with_causes([*told, *(look(batch) for look in ON_CELLS)])


_OF_BATCHES = cannot_tell("This needs single pairs, and rows are means of batches.", "")


def _hidden(by: Finding) -> Said:
    message = f"This rests on log-ratios, and another mistake was found in them: {by.title_in_a_sentence}."
    return cannot_tell(message, "")
