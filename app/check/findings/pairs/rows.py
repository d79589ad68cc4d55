"""Whether policy and reference stand in one row for the same pair of responses."""

from __future__ import annotations

import math

from torch import Tensor

from app.check.batch import ReportedBatch
from app.check.findings.chance import errors_from_0
from app.check.findings.numbers import correlation, three_digits
from app.check.findings.shifts import at_every_shift
from app.formatting import count

FEWEST = 16
"""pairs"""

ERRORS = 3
"""standard errors of a correlation that lies below another, or from 0"""
OF_MANY = 5
"""the same for the largest of many"""

SAME = 0.8
"""least correlation over the pairs of two models of the same responses, or of one with the lengths"""
NOT_THE_SAME = 0.5
"""correlation that those of different responses lie below"""

VARIED = 0.2
"""coefficient of variation of log-probabilities from which on long responses decide a correlation"""

SIMILAR = 2.0
"""times that responses cost one model what they cost the other; more if one of the two takes means"""


def of_other_responses(batch: ReportedBatch) -> tuple[str, str] | None:
    """What is wrong and the numbers that show it, if the models were given different responses."""
    if len(batch) < FEWEST or not batch.has_reference:
        return None
    policy, reference = _costs(batch)
    given = correlation(policy, reference)
    if given is None:
        return None
    told = f"{_told(given, batch)}."
    by, shifted = _best_shift(policy, reference)
    further = math.atanh(min(shifted, 1 - 1e-12)) - math.atanh(
        max(-1 + 1e-12, min(given, 1 - 1e-12))
    )
    if shifted >= SAME and further * math.sqrt((len(batch) - 3) / 2) >= OF_MANY:
        rows = "row" if abs(by) == 1 else "rows"
        return (
            f"The reference columns are {count(abs(by))} {rows} too {'low' if by > 0 else 'high'}: each pair "
            "has the reference of another. Join the two models by an identifier of the pair, and compute "
            "reference log-probabilities in the order in which they are read.",
            f"{told[:-1]}, and of {three_digits(shifted)} with reference rows moved "
            f"{'up' if by > 0 else 'down'} by {count(abs(by))}.",
        )
    return _off_the_lengths(batch, policy, reference, told)


def _off_the_lengths(
    batch: ReportedBatch, policy: Tensor, reference: Tensor, told: str
) -> tuple[str, str] | None:
    if batch.lengths is None or not _is_below(correlation(policy, reference), len(batch)):
        return None
    lengths = batch.lengths[0] + batch.lengths[1]
    follow = {"policy": correlation(lengths, policy), "reference": correlation(lengths, reference)}
    typical = sorted((float(policy.median()), float(reference.median())))
    for right, wrong in (("policy", "reference"), ("reference", "policy")):
        follows = follow[right]
        if (
            follows is not None
            and follows >= SAME
            and _is_below(follow[wrong], len(batch))
            and typical[1] <= SIMILAR * typical[0]
        ):
            return (
                f"The {wrong} columns are not those of these responses: they do not follow the lengths, "
                f"and those of the {right} do. Rows may have been shuffled, or belong to another data set. "
                "Join the two models by an identifier of the pair.",
                f"{told} Correlation with the lengths: {three_digits(follows)} for the {right}, "
                f"{three_digits(follow[wrong] or 0.0)} for the {wrong}.",
            )
    return None


def are_unrelated(batch: ReportedBatch) -> bool:
    """Whether what a pair costs under one model says nothing of what it costs under the other."""
    policy, reference = _costs(batch)
    given = correlation(policy, reference)
    return (
        given is not None
        and _is_below(given, len(batch))
        and errors_from_0(given, len(batch)) < ERRORS
        and all(float(costs.std()) >= VARIED * float(costs.mean()) for costs in (policy, reference))
    )


def _costs(batch: ReportedBatch) -> tuple[Tensor, Tensor]:
    """-log pi of both responses of a pair under policy and reference, whichever of the two is chosen."""
    pairs = batch.pairs
    return (
        -(pairs.policy_chosen + pairs.policy_rejected),
        -(pairs.reference_chosen + pairs.reference_rejected),
    )


def _told(given: float, batch: ReportedBatch) -> str:
    return (
        "Log-probabilities of a pair under policy and reference have a correlation of "
        f"{three_digits(given)} over {count(len(batch))} pairs"
    )


def _is_below(given: float | None, pairs: int) -> bool:
    """Whether a correlation is too small for the same responses, and not by chance."""
    if given is None:
        return False
    errors = (
        math.atanh(NOT_THE_SAME) - math.atanh(max(-1 + 1e-12, min(given, 1 - 1e-12)))
    ) * math.sqrt(max(0, pairs - 3))
    return errors >= ERRORS


def _best_shift(policy: Tensor, reference: Tensor) -> tuple[int, float]:
    """By how many rows the reference lies too low where the two fit best, and their correlation there."""
    one, other = ((v - v.mean()) / v.std(correction=0) for v in (policy, reference))
    rows = len(policy)
    fits = (at_every_shift(one, other) / rows).tolist()
    by = max(range(1, rows), key=fits.__getitem__)
    return (by if by <= rows / 2 else by - rows), fits[by]
