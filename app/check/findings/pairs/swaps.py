"""Columns that stand in each other's place."""

from __future__ import annotations

import torch

from app.check.batch import ReportedBatch
from app.check.findings import figures
from app.check.findings.chance import UNLIKELY, at_least, errors_from_0, standard_error
from app.check.findings.numbers import correlation, three_digits
from app.check.findings.pairs.explained import columns_exchanged
from app.check.findings.pairs.rows import are_unrelated
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found
from app.formatting import count, percent, scientific, signed
from app.lab.more_losses import ALL_REFERENCE_FREE, ALL_THAT_NEED_LENGTHS

ERRORS = 3
"""standard errors that a mean margin lies from 0 where its sign is no chance"""

MOST_WITHOUT_REFERENCE = 2 / 3
"""share of pairs ranked wrongly that the start of an ordinary run does not reach"""

FEWEST = 16
"""pairs for a standard error that can be relied on"""

FEWEST_FOR_CORRELATION = 5
"""pairs"""


@finding("swapped", see=figures.SWAPPED, mended=figures.RIGHT)
def swapped(batch: ReportedBatch) -> Said:
    """Training raises the accuracy of its pairs above one half; swapped, it lies as far below.

    Found if a fair coin ranks so many or more pairs wrongly with a probability of at most 0.5%, or
    if the mean margin lies below 0 by three standard errors; not found if the same holds of the pairs
    ranked as labeled; in between the pairs do not tell. Ties count for neither. Chosen and rejected
    swapped look the same, but then log-ratios of both together are not positive: a response drawn from
    the reference is, on average, more likely under it.
    """
    trained = batch.trained()
    if trained is None:
        return cannot_tell(
            "Policy and reference are the same here, so that a swap changes nothing.",
            "All pairs are of step 0.",
        )
    if not trained.computable:
        return cannot_tell(
            f"The rewards of {batch.loss_name} need columns that are missing.", "No rewards."
        )
    free = all(loss.loss_type in ALL_REFERENCE_FREE for loss in batch.settings.losses)
    margins = _moved_per_token(trained) if free and trained.has_reference else trained.margins()
    told = _accuracies(margins)
    if not bool((margins != 0).any()):
        return cannot_tell("All margins are 0, and a swap changes nothing.", f"{told}.")
    direction = _direction(margins)
    if direction < 0 and not trained.has_reference:
        if batch.lengths is None or batch.loss_name not in ALL_THAT_NEED_LENGTHS:
            return cannot_tell(
                "Sums without a reference are ranked by their lengths, whatever the training.",
                f"{told}.",
            )
        if float((margins < 0).double().mean()) < MOST_WITHOUT_REFERENCE:
            return cannot_tell(
                "Without a reference, a policy that has hardly been trained ranks pairs as its start does.",
                f"{told}.",
            )
    if direction < 0:
        return found(_which_swap(trained), f"{told}; {_moved(trained)}.")
    if direction > 0:
        return not_found("The policy ranks most pairs as labeled.", f"{told}.")
    return cannot_tell(
        "The accuracy is too close to one half for so few pairs, and a swap would mirror it.",
        f"{told}.",
    )


def _direction(margins: torch.Tensor) -> int:
    """1 if margins lie above 0 and not by chance, -1 if below, else 0."""
    mean = float(margins.mean())
    sign = 1 if mean > 0 else -1
    with_it, against = int((sign * margins > 0).sum()), int((sign * margins < 0).sum())
    if with_it <= against:
        return 0
    told = at_least(with_it, with_it + against) <= UNLIKELY or (
        len(margins) >= FEWEST and abs(mean) > ERRORS * standard_error(margins)
    )
    return sign if told else 0


def _accuracies(margins: torch.Tensor) -> str:
    pairs, right, wrong = len(margins), int((margins > 0).sum()), int((margins < 0).sum())
    told = (
        f"Accuracy is {percent(1)(right / pairs)} as given and {percent(1)(wrong / pairs)} swapped, over "
        f"{count(pairs)} {'pair' if pairs == 1 else 'pairs'}"
    )
    if right + wrong == 0:
        return told
    chance = at_least(max(right, wrong), right + wrong)
    return f"{told}; a fair coin is as one-sided with a probability of {scientific(chance)}"


def _moved_per_token(batch: ReportedBatch) -> torch.Tensor:
    """Where training has moved the policy, under a loss that does not look at the reference."""
    chosen, rejected = batch.pairs.chosen, batch.pairs.rejected
    if batch.lengths is None:
        return chosen - rejected
    return chosen / batch.lengths[0] - rejected / batch.lengths[1]


def _moved(batch: ReportedBatch) -> str:
    moved = float(torch.cat([batch.pairs.chosen, batch.pairs.rejected]).mean())
    return f"the mean log-ratio of all responses is {signed(moved)} nats"


def _which_swap(batch: ReportedBatch) -> str:
    toward = "has moved toward" if batch.has_reference else "prefers"
    message = f"The policy {toward} the rejected responses. "
    if batch.has_reference:
        moved = float(torch.cat([batch.pairs.chosen, batch.pairs.rejected]).mean())
        likely, less = "policy and reference", "chosen and rejected"
        if moved <= 0:
            likely, less = less, likely
        message += f"{likely.capitalize()} may be swapped, or else {less}."
    else:
        message += "Chosen and rejected may be swapped."
    message += (
        " Labels that are mostly flipped look the same. Read a few pairs, and check the order of the "
        "columns."
    )
    if columns_exchanged(batch):
        message += " The reported loss is that of exchanged columns: only the file has them wrong."
    return message


@finding("swapped_in_one", see=figures.ONE_SWAPPED, mended=figures.RIGHT)
def swapped_in_one(batch: ReportedBatch) -> Said:
    """Of two responses, policy and reference mostly find the same one likelier: they are much alike.

    Found if the differences chosen - rejected of the two models have a negative correlation over the
    pairs, by three standard errors, as sides that were exchanged in one give; not found if it is positive
    by as much. Training weakens this correlation, but in no run of the lab does it become negative.
    """
    if not batch.has_reference:
        return cannot_tell("This compares with a reference.", "There are no reference columns.")
    pairs = batch.pairs
    policy = pairs.policy_chosen - pairs.policy_rejected
    reference = pairs.reference_chosen - pairs.reference_rejected
    together = correlation(policy, reference)
    if together is None or len(batch) < FEWEST_FOR_CORRELATION:
        return cannot_tell("Too few pairs differ to tell.", f"{count(len(batch))} pairs.")
    given = _distance(pairs.chosen, pairs.rejected)
    crossed = _distance(
        pairs.policy_chosen - pairs.reference_rejected,
        pairs.policy_rejected - pairs.reference_chosen,
    )
    told = (
        "Differences chosen − rejected of policy and reference have a correlation of "
        f"{three_digits(together)} over {count(len(batch))} pairs; log-probabilities of the two models "
        f"are {three_digits(given)} nats apart as given, {three_digits(crossed)} with the sides of one "
        "exchanged"
    )
    errors = errors_from_0(together, len(batch))
    if errors <= -ERRORS:
        return found(_in_which(policy, reference), f"{told}.")
    if errors >= ERRORS:
        return not_found("Both models find the same response of a pair likelier.", f"{told}.")
    if are_unrelated(batch):
        return cannot_tell(
            "What a pair costs the policy says nothing of what it costs the reference, so the two may have "
            "been given different responses: rows shifted or shuffled, or another data set. Compare the "
            "texts of one row in both.",
            f"{told}.",
        )
    return cannot_tell("The two models are too different, or the pairs too few.", f"{told}.")


def _in_which(policy: torch.Tensor, reference: torch.Tensor) -> str:
    # With the sides of the reference exchanged the margin is the sum of both differences, else its negative.
    margin = float((policy + reference).mean())
    one, other = ("reference", "policy") if margin > 0 else ("policy", "reference")
    return (
        f"Chosen and rejected may be swapped in one model: in the {one}, since the policy then prefers the "
        f"chosen responses, or else in the {other}. Check that both models are given the responses in the "
        "same order and that their outputs are split in the same way."
    )


def _distance(one: torch.Tensor, other: torch.Tensor) -> float:
    return float(torch.cat([one, other]).square().mean().sqrt())
