"""Log-probabilities that are no sums over the tokens of a response."""

from __future__ import annotations

import torch

from app.check.findings import figures
from app.check.findings.logs.beginning import step_zero
from app.check.findings.logs.curves import MARGIN, Curves, early, means
from app.check.findings.logs.reference import reference_missing
from app.check.findings.logs.start import FEW, apart_at_start
from app.check.findings.numbers import three_digits
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found
from app.check.settings import RunSettings
from app.check.tables import LOGGED_LOGPS, LOGGED_REWARDS, TrainingLog
from app.formatting import signed

LIKELY_IN_ALL = 4.0
"""a typical response of a language model has a probability of less than e^-4, 2%"""

LEAST_LIKELY = 13.0
"""nats per token: an even guess among 440,000 tokens, more than any vocabulary has"""

CANCELS = 0.1
"""share of an offset of both rewards that may be left of it in the margin"""


@finding("mean_not_sum", see=figures.MEAN, mended=figures.RIGHT)
def mean_not_sum(log: TrainingLog, settings: RunSettings) -> Said:
    """Found if typical log-probabilities of both sides are above -4 nats although the loss needs sums."""
    curves = Curves(log, settings)
    if (lacks := curves.needs(*LOGGED_LOGPS)) is not None:
        return lacks
    logps = list(map(early, curves.together(*LOGGED_LOGPS)))
    typical = float(torch.cat(logps).median())
    told = f"Early log-probabilities have a median of {three_digits(typical)} nats"
    if curves.per_token or not curves.has_reference:
        return cannot_tell(f"{curves.loss_name} may log means: some trainers do.", f"{told}.")
    if bool(((logps[0] - logps[1]).abs() <= 1e-4 * logps[0].abs()).all()):
        return cannot_tell(
            "Both sides are the same: they may be cut to a token or two.", f"{told}."
        )
    if float(torch.cat(logps).abs().max()) == 0:
        return cannot_tell("All log-probabilities are 0: no token was counted.", f"{told}.")
    if curves.assumes("loss_type") and step_zero(log, settings).verdict == "cannot_tell":
        return cannot_tell(
            f"{curves.loss_name} was assumed; for a loss of means over tokens this is right. Give the "
            "loss_type that was run.",
            f"{told}.",
        )
    if typical <= -LIKELY_IN_ALL:
        return not_found("Log-probabilities are as far from 0 as sums are.", f"{told}.")
    return found(
        "Log-probabilities may be means over tokens, or over a padded width, which makes them smaller "
        f"still: {curves.loss_name} needs sums over the tokens of a response. Rewards and gradients are "
        "then too small by the length. Only answers of a word or two are that likely; if yours are, "
        "this is no mistake.",
        f"{told}.",
    )


@finding("implausible_sums", see=figures.NOT_SHIFTED, mended=figures.RIGHT)
def implausible_sums(log: TrainingLog, settings: RunSettings) -> Said:
    """Labels that are not shifted by one token are as unlikely as chance, or more.

    That is a statement about one token: found only where means over tokens are logged and lie below -13
    nats, that is below chance for every vocabulary. Sums need lengths, which logs do not have; but a sum of
    exactly 0 is one of no token.
    """
    curves = Curves(log, settings)
    if (lacks := curves.needs(*LOGGED_LOGPS)) is not None:
        return lacks
    logps = torch.cat(list(map(early, curves.together(*LOGGED_LOGPS))))
    typical = float(logps.median())
    told = f"Early log-probabilities have a median of {three_digits(typical)} nats."
    if (rows := _empty(curves)) > 0:
        return found(
            "Log-probabilities of exactly 0 beside rewards of 0: no token of those responses is counted. "
            "Prompts may fill the whole max_length, so that responses are cut away, or every label may "
            "be masked.",
            f"{rows} of {len(log)} rows.",
        )
    if float(logps.max()) > 1e-3:
        return found(
            "A log-probability is at most 0; these may be costs, or a sum of scores.", told
        )
    if curves.has("nll_loss"):
        nll = float(early(curves.together("nll_loss")[0]).median())
        told = f"{told[:-1]}; nll_loss is {three_digits(nll)} nats per token."
        typical = -nll
    elif not curves.per_token or typical < -60:
        return cannot_tell(
            "How likely a token is cannot be told from a sum without lengths. Divide a few sums by "
            "their tokens: a guess among 32,000 has −10.4 nats, and labels that are not shifted by one "
            "token are about as unlikely.",
            told,
        )
    if typical < -LEAST_LIKELY:
        return found(
            "Tokens are less likely than by chance. Labels may not be shifted by one, tokenizer and "
            "model may not belong together, or the weights were not loaded.",
            told,
        )
    return not_found("Tokens are no less likely than by chance.", told)


def _empty(curves: Curves) -> int:
    """Rows in which a side has a log-probability and a reward of exactly 0, as without tokens."""
    columns = [column.abs() for column in curves.together(*LOGGED_LOGPS, *LOGGED_REWARDS)]
    empty = (columns[0] + columns[2] == 0) | (columns[1] + columns[3] == 0)
    return int(empty.sum())


@finding("prompt_counted", see=figures.PROMPT_COUNTED, mended=figures.RIGHT)
def prompt_counted(log: TrainingLog, settings: RunSettings) -> Said:
    """The log-probability of a prompt in one model only is the same in both rewards, and cancels in margins.

    Found if rewards do not start at 0, are equal on both sides but for a tenth, and ten nats or more.
    """
    curves = Curves(log, settings)
    if not curves.has_reference:
        return cannot_tell(f"{curves.loss_name} has no reference.", curves.read)
    if (lacks := curves.needs(*LOGGED_REWARDS)) is not None:
        return lacks
    first = means(column[:FEW] for column in curves.together(*LOGGED_REWARDS))
    told = (
        f"Early rewards are {signed(float(first[0]), 3)} (chosen) and "
        f"{signed(float(first[1]), 3)} (rejected)"
    )
    apart = apart_at_start(curves)
    if apart is None:
        if curves.starts_early:
            return not_found(
                "Rewards start at 0, so both models count the same tokens.", f"{told}."
            )
        return cannot_tell("This needs the first rows of a run.", f"{told}.")
    if reference_missing(log, settings).verdict == "found":
        return not_found("Rewards start away from 0 because the reference is missing.", f"{told}.")
    offset = (apart.chosen + apart.rejected) / 2
    if abs(apart.margin) <= CANCELS * abs(offset) and abs(offset) >= 10 * curves.beta:
        which = "reference" if offset > 0 else "policy"
        return found(
            f"Both rewards start equally far from 0 while their difference does not: the {which} may "
            "count tokens that the other model does not, such as the prompt, a system message or a "
            "template. They cancel in the margin, so the sigmoid loss does not notice, but losses of "
            "single rewards (kto, nca_pair, apo) do. Another checkpoint as the reference can look "
            "alike, but rarely cancels. Compare the number of unmasked labels in both models.",
            f"{told}.",
        )
    return not_found("Rewards start away from 0, but not by the same on both sides.", f"{told}.")


@finding("length", see=figures.LENGTH, mended=figures.LENGTH_PRICED)
def length(log: TrainingLog, settings: RunSettings) -> Said:
    """Lengths are no column of a log, and without them nothing can be said."""
    curves = Curves(log, settings)
    told = curves.read
    if curves.has(MARGIN, *LOGGED_LOGPS):
        gaps = curves.together(*LOGGED_LOGPS)
        told = f"Log-probabilities differ by {signed(float((gaps[0] - gaps[1]).mean()), 1)} nats on average."
    return cannot_tell(
        "Logs have no lengths. Check a few hundred pairs with chosen_lengths and rejected_lengths: if "
        "the longer response of a pair wins, length drives the margin.",
        told,
    )
