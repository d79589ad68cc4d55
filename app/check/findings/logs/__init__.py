"""What the log of a trainer shows."""

from __future__ import annotations

from dataclasses import replace

from app.check.findings.logs.beginning import step_zero
from app.check.findings.logs.course import displacement, saturated, suppression
from app.check.findings.logs.curves import MARGIN
from app.check.findings.logs.health import diverging, equal_sides, few_pairs, not_finite
from app.check.findings.logs.losses import other_loss
from app.check.findings.logs.movement import not_moved
from app.check.findings.logs.reference import reference_missing, swapped, swapped_in_one
from app.check.findings.logs.sums import implausible_sums, length, mean_not_sum, prompt_counted
from app.check.findings.logs.twice import beta_twice
from app.check.findings.rule import Look
from app.check.findings.same_cause import with_causes
from app.check.report import Finding
from app.check.settings import RunSettings
from app.check.tables import LOGGED_REWARDS, TrainingLog

LogFinding = Look[TrainingLog, RunSettings]

LOG_FINDINGS: tuple[LogFinding, ...] = (
    not_finite,
    reference_missing,
    swapped,
    swapped_in_one,
    prompt_counted,
    equal_sides,
    mean_not_sum,
    implausible_sums,
    step_zero,
    not_moved,
    beta_twice,
    other_loss,
    diverging,
    displacement,
    suppression,
    saturated,
    length,
    few_pairs,
)
"""in the order in which they are told: what spoils all other numbers comes first"""


OF_EVALUATION = frozenset(
    look.name
    for look in (
        reference_missing,
        swapped_in_one,
        mean_not_sum,
        implausible_sums,
        equal_sides,
        not_moved,
        beta_twice,
        other_loss,
        displacement,
        suppression,
        saturated,
    )
)
"""findings that rows of the evaluation show, too. Not ``swapped`` or ``diverging``: where a
run overfits, held-out margins fall and losses climb"""


IN_REWARDS = frozenset(look.name for look in (reference_missing, swapped, swapped_in_one))
"""mistakes that make rewards something else than they are called"""

ON_REWARDS = frozenset(look.name for look in (displacement, suppression))
"""findings that say where probability goes, which such rewards do not show"""


def log_findings(log: TrainingLog, settings: RunSettings) -> tuple[Finding, ...]:
    """What every finding says of a log.

    Tables of model cards have rewards of the evaluation alone: what the rows of training have too few
    columns for is then looked for there.
    """
    evaluation = _evaluation(log)
    told = [_of_both(look, log, evaluation, settings) for look in LOG_FINDINGS]
    spoiled = next((one for one in told if one.verdict == "found" and one.name in IN_REWARDS), None)
    return with_causes(told if spoiled is None else [_in_doubt(one, spoiled) for one in told])


def _in_doubt(finding: Finding, spoiled: Finding) -> Finding:
    """A finding that nothing is wrong, where it rests on rewards in which something is."""
    if finding.verdict != "not_found" or finding.name not in ON_REWARDS:
        return finding
    message = (
        f"This rests on rewards, and a mistake was found in them: {spoiled.title_in_a_sentence}."
    )
    return replace(finding, verdict="cannot_tell", message=message)


def _evaluation(log: TrainingLog) -> TrainingLog | None:
    """The rows of the evaluation, if they have rewards and those of the training have none."""
    there = log.evaluation
    if there is None or MARGIN in log.columns or set(LOGGED_REWARDS) & log.columns.keys():
        return None
    return there if {MARGIN, *LOGGED_REWARDS} & there.columns.keys() else None


def _of_both(
    look: LogFinding, log: TrainingLog, evaluation: TrainingLog | None, settings: RunSettings
) -> Finding:
    said = look(log, settings)
    if evaluation is None or said.verdict != "cannot_tell" or look.name not in OF_EVALUATION:
        return said
    there = look(evaluation, settings)
    return replace(there, evidence=f"In the rows of the evaluation: {_within(there.evidence)}")


def _within(sentence: str) -> str:
    """A sentence as it stands after a colon."""
    return sentence[:1].lower() + sentence[1:]
