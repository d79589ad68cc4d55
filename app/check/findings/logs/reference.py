"""A reference that is not there, and sides that stand in each other's place."""

from __future__ import annotations

import torch
from torch import Tensor

from app.check.findings import figures
from app.check.findings.chance import UNLIKELY, at_least
from app.check.findings.logs.curves import (
    ACCURACY,
    MARGIN,
    Curves,
    early,
    late,
    level,
    pairs_of_a_row,
    standard_error,
)
from app.check.findings.logs.scale import centered, direction_of, proportional, scale_of
from app.check.findings.logs.start import FEW
from app.check.findings.numbers import three_digits
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found
from app.check.settings import RunSettings
from app.check.tables import LOGGED_LOGPS, LOGGED_REWARDS, TrainingLog
from app.formatting import percent, signed

STANDARD_ERRORS = 3

ALIKE = 0.02
"""share of the rewards that may be left when they are multiples of log-probabilities"""

FAR = 2.0
"""nats from which log-probabilities, or their difference, are told from noise"""

BACK, APART = 0.25, 0.1
"""share of the rows that turn back where each is of another batch, two thirds by chance; and mean square of
the changes from row to row over the variance, 2 by chance: both are little where a curve goes its way"""

ROUGHLY = 0.35
"""share of early margins that training and batches may add to those of swapped sides"""

ROWS = 10
"""least number of batches from which a line is told from chance"""


@finding("reference_missing", see=figures.NO_REFERENCE, mended=figures.RIGHT)
def reference_missing(log: TrainingLog, settings: RunSettings) -> Said:
    """Without a reference, a reward is beta times the log-probability of the policy.

    Found if rewards of both sides are the same multiple of their log-probabilities; or, with a constant in
    the reference's place, if they lie on one line over them although they did not start at 0.
    """
    curves = Curves(log, settings)
    if not curves.has_reference:
        return cannot_tell(f"{curves.loss_name} has no reference.", curves.read)
    if (lacks := curves.needs(*LOGGED_REWARDS, *LOGGED_LOGPS)) is not None:
        return lacks
    columns = curves.together(*LOGGED_REWARDS, *LOGGED_LOGPS)
    rewards, logps = torch.cat(columns[:2]), torch.cat(columns[2:])
    largest = float(rewards.abs().max())
    if float(logps.abs().max()) < FAR or largest == 0:
        return cannot_tell(
            "Rewards or log-probabilities are all but 0, so they cannot be compared.",
            f"Largest reward {three_digits(largest)}.",
        )
    factor, rest = proportional(rewards, logps)
    apart = (rewards - factor * logps).abs() / (factor * logps).abs()
    rows = len(columns[0])
    first = torch.cat([apart[:FEW], apart[rows : rows + FEW]])
    told = (
        f"Rewards are {three_digits(factor)} times the log-probabilities but for {percent(1)(rest)}; the "
        f"first ones are {signed(float(columns[0][0]))} and {signed(float(columns[1][0]))}"
    )
    if factor > 0 and float(first.max()) <= ALIKE and float(apart.median()) <= ALIKE:
        return found(
            "Rewards are log-probabilities of the policy times a constant, so the reference is missing "
            "or 0: its log-probabilities were not computed or not passed on, or reference_free is set. "
            "That is the loss of CPO, not DPO. If it is meant, check the run as such.",
            f"{told}.",
        )
    if rows >= 6 and (line := _on_one_line(columns[:2], columns[2:])) is not None:
        return found(
            "Rewards lie on one line over the log-probabilities of the policy, so the reference "
            "subtracts the same from every response: its log-probabilities may be a constant, or of one "
            "batch for all.",
            f"{line}; the first rewards are {signed(float(columns[0][0]))} and "
            f"{signed(float(columns[1][0]))}.",
        )
    return not_found("Rewards are not the policy's log-probabilities times a constant.", f"{told}.")


def _on_one_line(rewards: list[Tensor], logps: list[Tensor]) -> str | None:
    """The line that rewards of both sides are over log-probabilities which change with the batch, if any.

    Other batches have other references, so it is their common intercept that tells. Rows of the same pairs
    lie on a line, too: but those move step by step, and a policy that starts as its reference begins at 0.
    So do rows of a policy that has exploded, but for the references: these leave more than rounding does.
    """
    flat = centered([torch.cat(rewards), torch.cat(logps)])
    if float(flat[1].abs().max()) < FAR:
        return None
    factor, rest = proportional(flat[0], flat[1])
    steps = [column.diff() for column in logps]
    turns = torch.cat([column[1:] * column[:-1] for column in steps])
    back = float((turns < 0).double().mean())
    variance = torch.cat(centered(logps)).square().mean().clamp(min=1e-12)
    apart = float(torch.cat(steps).square().mean() / variance)
    of_other_batches = back >= BACK and apart >= APART
    begins = max(abs(float(column[0])) for column in rewards)
    if factor <= 0 or rest > ALIKE or not of_other_batches or begins < FAR * factor:
        return None
    if rest * float(flat[0].square().mean().sqrt()) > FAR * factor:
        return None
    constant = float(torch.cat(logps).mean() - torch.cat(rewards).mean() / factor)
    return (
        f"Rewards are {three_digits(factor)} times the log-probabilities, less {signed(constant, 1)} nats, "
        f"but for {percent(1)(rest)}"
    )


@finding("swapped", see=figures.SWAPPED, mended=figures.RIGHT)
def swapped(log: TrainingLog, settings: RunSettings) -> Said:
    """Training raises margins and accuracies; where two sides are swapped, they fall.

    Found if rewards fall while their log-probabilities rise; or if margins at the end are negative and
    lower than at the beginning, both by three standard errors, and accuracies are below one half; or if
    more pairs than by chance are ranked wrong in the second half. The beginning is the row before the first
    update, where the log has it: a fast run is at its end soon after.
    """
    curves = Curves(log, settings)
    scale = scale_of(curves)
    if scale is not None and scale.beta < 0:
        return found(
            _OPPOSITE,
            f"A nat of log-probability changes the reward by {three_digits(scale.beta)}, from {scale.how}.",
        )
    direction = direction_of(curves)
    if direction is not None and direction.against:
        return found(_OPPOSITE, direction.told)
    if (lacks := curves.needs(MARGIN)) is not None:
        return lacks
    margins = curves.together(MARGIN)[0]
    beginning = level(margins[:1] if curves.starts_untouched else early(margins))
    end, error = level(late(margins)), standard_error(late(margins))
    told = f"The mean margin goes from {signed(beginning, 3)} to {signed(end, 3)}"
    accuracies = curves.together(MARGIN, ACCURACY)[1]
    accuracy = level(late(accuracies)) if len(accuracies) else None
    if accuracy is not None:
        told += f", accuracy at the end is {percent(1)(accuracy)}"
    wrong = accuracy is None or accuracy < 0.5
    if len(margins) >= 3:
        fell = end < beginning - STANDARD_ERRORS * error
        if wrong and fell and curves.loss_type == "discopop":
            return cannot_tell(
                "discopop is lower just below a margin of 0 than above, and pairs come to rest there; "
                "swapped sides look alike.",
                f"{told}.",
            )
        if wrong and fell and end < min(-0.02, -STANDARD_ERRORS * error):
            return found(_why_falling(curves), f"{told}.")
        lost = _lost_pairs(curves)
        if lost is not None and end < beginning < 0.02:
            return found(_why_falling(curves), f"{told}; {lost}.")
    elif wrong and accuracy is not None and accuracy <= 0.25 and end < -0.1:
        return found(_why_falling(curves), f"{told}.")
    if end > max(0.02, STANDARD_ERRORS * error) and len(margins) >= 3 and not wrong:
        if direction is None and scale is None:
            return cannot_tell(
                "Margins grow as the labels say, so chosen and rejected are not swapped. With policy "
                "and reference swapped they would grow as well, and it takes log-probabilities over "
                "more or longer steps to see which way the policy goes.",
                f"{told}.",
            )
        return not_found(
            "Margins grow as the labels say, and log-probabilities with them.", f"{told}."
        )
    return cannot_tell(
        "Margins are too close to 0, or too noisy, to tell on which side they are.", f"{told}."
    )


def _lost_pairs(curves: Curves) -> str | None:
    """Pairs with a margin below 0 in the second half of the log, if they are more than chance has."""
    margins, accuracies = curves.together(MARGIN, ACCURACY)
    pairs = pairs_of_a_row(accuracies)
    half = accuracies[len(accuracies) // 2 :]
    if pairs is None or float(margins[len(margins) // 2 :].mean()) >= -0.02:
        return None
    trials = pairs * len(half)
    lost = round(float((1 - half).sum()) * pairs)
    if len(half) < 5 or at_least(lost, trials) > UNLIKELY:
        return None
    return f"in the second half of the log {lost} of {trials} pairs, or more, have none above 0"


_OPPOSITE = (
    "Rewards fall where the log-probabilities of the policy rise. Policy and reference may be swapped "
    "in the loss, or its sign may be wrong. Then training makes chosen responses less likely although "
    "the logged margins grow."
)


def _why_falling(curves: Curves) -> str:
    losses = curves.together("loss")[0]
    said = "The policy comes to prefer the rejected responses. "
    if len(losses) >= 3 and level(late(losses)) < 0.95 * level(early(losses)):
        return said + (
            "The loss falls all the same, so it is the loss or the log that has two sides swapped: "
            "policy and reference, or chosen and rejected. Compute the margin of one pair by hand."
        )
    return said + (
        "Chosen and rejected may be swapped between loss and log, policy and reference may be swapped, "
        "or the loss may be maximized. Compute the loss of one pair by hand, and compare both orders."
    )


@finding("swapped_in_one", see=figures.ONE_SWAPPED, mended=figures.RIGHT)
def swapped_in_one(log: TrainingLog, settings: RunSettings) -> Said:
    """If only one model has the sides swapped, each reward compares a chosen with a rejected response.

    At the start rewards are then beta (log pi_w - log pi_l) and its opposite. Found if the early rewards
    are, but for a third of their size that batches and training may add; or if margins follow that from
    batch to batch, wherever training has brought them.
    """
    curves = Curves(log, settings)
    if not curves.has_reference:
        return cannot_tell(f"{curves.loss_name} has no reference.", curves.read)
    if (lacks := curves.needs(*LOGGED_REWARDS, *LOGGED_LOGPS)) is not None:
        return lacks
    columns = curves.together(*LOGGED_REWARDS, *LOGGED_LOGPS)
    if (followed := _crossed_in_batches(curves.beta, columns)) is not None:
        return found(_crossed(), followed)
    first = [column[: max(1, len(column) // 3)] for column in columns]
    if not (curves.starts_early or curves.starts_with_an_interval):
        return cannot_tell("This needs the first rows of a run.", f"{len(log)} rows.")
    row = [float(column[0]) for column in columns]
    if curves.starts_untouched and _exactly_crossed(curves, row):
        return found(
            _crossed(),
            f"In the first row rewards are {signed(row[0], 3)} and {signed(row[1], 3)}, and β times the "
            f"difference of log-probabilities is {signed(curves.beta * (row[2] - row[3]), 3)}.",
        )
    apart, gaps = first[0] - first[1], first[2] - first[3]
    if float(gaps.square().mean().sqrt()) < FAR:
        return cannot_tell(
            "Chosen and rejected responses are about equally likely, so that swapping them changes little.",
            f"Their early log-probabilities differ by {three_digits(float(gaps.abs().mean()))} nats.",
        )
    common = float((first[0] + first[1]).square().mean().sqrt())
    size = float(apart.square().mean().sqrt())
    factor, rest = (0.0, 1.0) if size == 0 else proportional(apart, gaps)
    told = (
        f"Early margins have a size of {three_digits(size)}; swapped in one model, it would be "
        f"{three_digits(float((2 * curves.beta * gaps).square().mean().sqrt()))}"
    )
    if rest <= ROUGHLY and common <= ROUGHLY * size and abs(factor / (2 * curves.beta) - 1) <= 0.5:
        return found(
            _crossed(),
            f"{told}, and {percent(0)(1 - rest)} of it fits.",
        )
    return not_found("Early margins are not those of swapped sides.", f"{told}.")


def _exactly_crossed(curves: Curves, row: list[float]) -> bool:
    """Whether the rewards of step 1 are those of swapped sides but for rounding, and not 0."""
    crossed = curves.beta * (row[2] - row[3])
    size = abs(crossed)
    off = max(abs(row[0] - crossed), abs(row[1] + crossed))
    return size > 1e-3 and off <= ALIKE * size


def _crossed_in_batches(beta: float, columns: list[Tensor]) -> str | None:
    """How margins follow 2 beta times the difference of both log-probabilities, if they do.

    Under one constant in the reference's place, and on rows of the same pairs, margins lie on such a line as
    well, at any beta; but the sum of both rewards follows the sum of log-probabilities as closely there.
    """
    chosen, rejected, chosen_logps, rejected_logps = centered(columns)
    margins, sums = chosen - rejected, chosen + rejected
    gaps, totals = chosen_logps - rejected_logps, chosen_logps + rejected_logps
    unlike = float(gaps.square().mean().sqrt()) >= FAR and float(totals.square().sum()) > 0
    if len(gaps) < ROWS or not unlike or float(margins.square().sum()) == 0:
        return None
    (factor, rest), (together, _) = proportional(margins, gaps), proportional(sums, totals)
    ratio = factor / (2 * beta)
    if abs(ratio - 1) > ROUGHLY or rest > ROUGHLY or together > (1 - ROUGHLY) * factor:
        return None
    return (
        f"From row to row margins change by {three_digits(ratio)} times what they would with sides "
        f"swapped in one model, and {percent(0)(1 - rest**2)} of their variance fits."
    )


def _crossed() -> str:
    return (
        "Each reward seems to compare the chosen response under one model with the rejected one under the "
        "other: they are opposite, and of the size of β times the difference of both "
        "log-probabilities. Chosen and rejected may be swapped in the policy or in the reference; cached "
        "reference log-probabilities in another order do the same."
    )
