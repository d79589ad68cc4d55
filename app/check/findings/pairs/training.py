"""What training does to the pairs: where probability goes, and what drives the margins."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from app.check.batch import ReportedBatch
from app.check.findings import figures
from app.check.findings.chance import errors_from_0, standard_error
from app.check.findings.numbers import correlation, three_digits
from app.check.findings.optima import (
    DISPLACED,
    LEAST,
    OPTIMUM_CHOSEN,
    OPTIMUM_REJECTED,
    SUPPRESSED,
    TOGETHER,
    unit_of,
)
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found
from app.formatting import count, fixed, percent, signed
from app.lab.more_losses import ALL_REFERENCE_FREE, ALL_THAT_NEED_LENGTHS

ERRORS = 2
"""standard errors that tell a mean from 0"""

FEWEST = 4
"""pairs for a standard error"""

NO_REFERENCE = cannot_tell("This compares with a reference.", "There are no reference columns.")
AT_STEP_0 = cannot_tell(
    "At step 0 the policy has not moved yet, so nothing can have been displaced.",
    "All pairs are of step 0.",
)

OF_A_RESPONSE = 30.0
"""nats that a response of some sentences costs; of shorter ones the optimum itself takes a large part"""

RARER, MUCH_RARER = math.log(100), math.log(10_000)
"""nats that chosen and rejected responses have to fall in any case: a large beta makes rewards of less"""

A_TENTH = 0.1
"""of what chosen responses cost, from which on a fall beyond every optimum is large"""

FROM_REJECTED = 0.8
"""share of the margin that comes of rejected responses"""

A_QUARTER = 0.25
"""of what rejected responses cost, from which on a fall beyond every optimum is large"""


@dataclass(frozen=True)
class _Moved:
    """Means over the pairs of how far training has moved them; rewards are beta times log-ratios."""

    chosen: Tensor
    rejected: Tensor
    """log-ratios, for each token where the loss takes means over tokens; shape: (pairs,)"""
    beta: float
    per_token: bool

    @classmethod
    def of(cls, batch: ReportedBatch) -> _Moved:
        chosen, rejected = batch.pairs.chosen, batch.pairs.rejected
        per_token = batch.loss_name in ALL_THAT_NEED_LENGTHS and batch.lengths is not None
        if per_token and batch.lengths is not None:
            chosen, rejected = chosen / batch.lengths[0], rejected / batch.lengths[1]
        return cls(chosen, rejected, batch.settings.beta, per_token)

    def units(self, log_ratios: Tensor) -> float:
        """Mean log-ratio in units of reward."""
        return float(log_ratios.mean()) * self.beta / unit_of(self.beta, per_token=self.per_token)


def _is_clear(values: Tensor) -> bool:
    """Whether a mean differs from 0, and not by chance."""
    return abs(float(values.mean())) > ERRORS * standard_error(values)


@finding(
    "displacement",
    see=figures.DISPLACED,
    mended=figures.WITH_NLL,
)
def displacement(batch: ReportedBatch) -> Said:
    """Found if chosen responses fall further than at any exact optimum of the lab, by two standard errors.

    That is: if their reward falls by 5 or more; by 2 or more and three times as far as the margin grows;
    or by more than 3.1 and a tenth of what they cost the reference, where that is 30 nats or more. In any
    case they have to be a hundredth as likely as they were. A smaller fall is usual, and no mistake: even
    the optimum lowers most responses, chosen ones too.
    """
    if not batch.has_reference:
        return NO_REFERENCE
    trained = batch.trained()
    if trained is None:
        return AT_STEP_0
    pairs = trained.pairs
    moved = _Moved.of(trained)
    fall, units = -float(pairs.chosen.mean()), -moved.units(moved.chosen)
    cost = -float(pairs.reference_chosen.mean())
    told = f"{_changes(trained)}; chosen responses cost the reference {three_digits(cost)} nats"
    if len(trained) < FEWEST:
        return cannot_tell(f"At least {FEWEST} pairs are needed.", f"{told}.")
    margin = moved.chosen - moved.rejected
    if _is_clear(margin) and float(margin.mean()) < 0:
        return cannot_tell(
            "The margin has fallen too, so this is not the usual case of a margin that grows at the expense "
            "of chosen responses.",
            f"{told}.",
        )
    beyond = moved.chosen + TOGETHER * margin
    together = units >= LEAST and float(beyond.mean()) < 0 and _is_clear(beyond)
    large = units > -OPTIMUM_CHOSEN and cost >= OF_A_RESPONSE and fall >= A_TENTH * cost
    if fall >= RARER and _is_clear(moved.chosen) and (units >= DISPLACED or together or large):
        return found(
            f"Chosen responses lose {three_digits(fall)} nats on average (likelihood displacement). The loss "
            "sees only the difference, so the margin can grow all the same. At the lab’s exact optima their "
            f"reward falls by {fixed(1)(-OPTIMUM_CHOSEN)} at most. Add the NLL of chosen responses to the "
            "loss, lower the learning rate, or drop pairs whose responses are nearly the same.",
            f"{told}.",
        )
    if fall > 0 and _is_clear(pairs.chosen):
        return not_found("Chosen responses lose some probability, as is usual.", f"{told}.")
    return not_found("Chosen responses do not lose probability.", f"{told}.")


def _changes(batch: ReportedBatch) -> str:
    chosen, rejected = (float(side.mean()) for side in (batch.pairs.chosen, batch.pairs.rejected))
    moved = _Moved.of(batch)
    mean = "a mean over tokens, " if moved.per_token else ""
    return (
        f"Mean log-ratios are {signed(chosen)} nats (chosen) and {signed(rejected)} (rejected); "
        f"{mean}with {batch.beta_text} rewards of {signed(moved.beta * float(moved.chosen.mean()))} and "
        f"{signed(moved.beta * float(moved.rejected.mean()))}"
    )


@finding(
    "suppression",
    see=figures.SUPPRESSED,
    mended=figures.BOUNDED,
)
def suppression(batch: ReportedBatch) -> Said:
    """Found if four fifths of the margin or more come of rejected responses that fall far.

    Far is a reward of 10 less, twice what the lab's exact optima have, or of more than 4.5 less, beyond
    them, and a quarter of what they cost the reference, where that is 30 nats or more. Most runs lower
    rejected responses more than they raise chosen ones; it is the size that is unusual.
    """
    if not batch.has_reference:
        return NO_REFERENCE
    trained = batch.trained()
    if trained is None:
        return AT_STEP_0
    pairs = trained.pairs
    moved = _Moved.of(trained)
    fall, units = -float(pairs.rejected.mean()), -moved.units(moved.rejected)
    cost = -float(pairs.reference_rejected.mean())
    told = f"{_changes(trained)}; rejected responses cost the reference {three_digits(cost)} nats"
    if len(trained) < FEWEST:
        return cannot_tell(f"At least {FEWEST} pairs are needed.", f"{told}.")
    margin = float((moved.chosen - moved.rejected).mean())
    mostly = margin > 0 and -float(moved.rejected.mean()) >= FROM_REJECTED * margin
    large = units > -OPTIMUM_REJECTED and cost >= OF_A_RESPONSE and fall >= A_QUARTER * cost
    far = fall >= MUCH_RARER and (units >= SUPPRESSED or large)
    if far and mostly and _is_clear(moved.rejected):
        chosen = float(pairs.chosen.mean())
        return found(
            f"The margin comes from rejected responses, which lose {three_digits(fall)} nats, while chosen "
            f"ones {'lose' if chosen < 0 else 'gain'} {three_digits(abs(chosen))}. The policy mostly learns "
            "what not to say. Take pairs that the policy itself would write, a loss that stops (ipo, label "
            "smoothing), a higher β or a lower learning rate.",
            f"{told}.",
        )
    return not_found("Rejected responses are not pushed down far.", f"{told}.")


TARGETED = frozenset({"ipo", "ipo_norm", "sppo_hard"})
"""losses with a target, at which they are meant to stop"""
ALL_RIGHT = 0.95
A_HUNDREDTH = 0.005
"""sigma(-margin) of a pair whose gradient is a hundredth of that at the start, 1/2"""


@finding("saturated", see=figures.NOTHING_LEFT, mended=figures.SOME_LEFT)
def saturated(batch: ReportedBatch) -> Said:
    """Found if 95% of the pairs are ranked as labeled, and a typical one has hardly any gradient left.

    Hardly any: sigma(-margin) at the median margin is a hundredth of what it is at the start, that
    is, the margin is above 5.3.
    """
    trained = batch.trained()
    if trained is None:
        return cannot_tell("At step 0 the policy has not moved yet.", "All pairs are of step 0.")
    if not trained.computable:
        return cannot_tell(
            f"The rewards of {batch.loss_name} need columns that are missing.", "No rewards."
        )
    margins = trained.margins()
    accuracy = float((margins > 0).double().mean())
    typical = float(margins.median())
    weight = float(torch.sigmoid(-margins.median()))
    told = (
        f"Accuracy {percent(1)(accuracy)}, median margin {fixed(2)(typical)} with {batch.beta_text}"
    )
    if batch.loss_name in TARGETED:
        return cannot_tell(
            f"{batch.loss_name} has a target for the margin and is meant to stop there.", f"{told}."
        )
    told += f", where σ(−margin) is {three_digits(weight)}"
    if accuracy >= ALL_RIGHT and weight < A_HUNDREDTH:
        if len(trained) < FEWEST:
            return cannot_tell(f"At least {FEWEST} pairs are needed.", f"{told}.")
        at = "" if trained.steps is None else f" by step {count(float(trained.steps.max()))}"
        return found(
            f"Little is left to learn{at}: nearly all pairs are ranked as labeled, and the gradient of a "
            "typical one is less than a hundredth of that at the start. Stop earlier, take harder pairs, or "
            "lower β or the learning rate; further epochs fit the few pairs that are left, or noise.",
            f"{told}.",
        )
    return not_found("There is a gradient left.", f"{told}.")


LEAST_FOR_LENGTH = 24
"""pairs for a correlation with the length"""
MOST_OF_THE_MARGIN = 0.5
"""share of the variance of margins that length explains, from which on all else explains less"""
BY_ADDING_UP = 0.4
"""the same where margins for each token do not follow the length: there it is the number of tokens alone"""
LITTLE_OF_THE_MARGIN = 0.25
"""share below which that is called little"""
LENGTH_ERRORS = 3.3
"""standard errors of the correlation, a probability of 0.001 by chance"""


@finding("length", see=figures.LENGTH, mended=figures.LENGTH_PRICED)
def length(batch: ReportedBatch) -> Said:
    """Found if differences of length explain half of the variance of margins, beyond chance.

    Two fifths do if the correlation is gone once log-ratios are divided by their lengths: then it is the
    number of tokens that adds up. The share is the square of the correlation, and beyond chance is 3.3
    standard errors. Not found if two standard errors more would not be half either.
    """
    if batch.lengths is None:
        return cannot_tell(
            "This needs columns chosen_lengths and rejected_lengths.", "There are no lengths."
        )
    trained = batch.trained()
    if trained is None or trained.lengths is None:
        return cannot_tell("At step 0 the policy has not moved yet.", "All pairs are of step 0.")
    if not trained.computable:
        return cannot_tell(
            f"The rewards of {batch.loss_name} need columns that are missing.", "No rewards."
        )
    if batch.loss_name in ALL_REFERENCE_FREE - ALL_THAT_NEED_LENGTHS:
        return cannot_tell(
            f"The rewards of {batch.loss_name} are sums without a reference, which follow the length in "
            "any run.",
            f"{count(len(trained))} pairs.",
        )
    chosen_lengths, rejected_lengths = trained.lengths
    longer = chosen_lengths - rejected_lengths
    follows = correlation(longer, trained.margins())
    if follows is None:
        return cannot_tell("Lengths or margins do not differ.", f"{count(len(trained))} pairs.")
    per_token = correlation(
        longer, trained.pairs.chosen / chosen_lengths - trained.pairs.rejected / rejected_lengths
    )
    mean = float(longer.mean())
    told = (
        f"The margin has a correlation of {three_digits(follows)} with the difference of lengths over "
        f"{count(len(trained))} pairs"
    )
    if per_token is not None:
        told += f", {three_digits(per_token)} after log-ratios are divided by their lengths"
    told += (
        f"; chosen responses are {three_digits(abs(mean))} tokens {'longer' if mean >= 0 else 'shorter'} "
        "on average"
    )
    if len(trained) < LEAST_FOR_LENGTH:
        return cannot_tell(f"At least {LEAST_FOR_LENGTH} pairs are needed.", f"{told}.")
    share = follows**2
    stays = (
        per_token is not None
        and per_token * follows > 0
        and abs(errors_from_0(per_token, len(trained))) >= ERRORS
    )
    chance = abs(errors_from_0(follows, len(trained))) < LENGTH_ERRORS
    if not chance and share >= (MOST_OF_THE_MARGIN if stays else BY_ADDING_UP):
        which = "longer" if follows > 0 else "shorter"
        after = (
            "It also does so after division by the length: the policy has learned to prefer it."
            if stays
            else "After division by the length it does not: it is the number of tokens that adds up."
        )
        return found(
            f"The margin follows the length: pairs whose chosen response is {which} have larger margins. "
            f"{after} Take a length-normalized loss, a penalty on length, or pairs of similar length.",
            f"{told}.",
        )
    explains = f"Length explains {percent(0)(share)} of the variance of margins"
    most = math.tanh(
        math.atanh(min(abs(follows), 1 - 1e-12)) + ERRORS / math.sqrt(len(trained) - 3)
    )
    if most**2 < MOST_OF_THE_MARGIN:
        how_much = "little" if share < LITTLE_OF_THE_MARGIN else "a part, but not most"
        return not_found(f"{explains}, which is {how_much}.", f"{told}.")
    return cannot_tell(
        f"{explains}, but {count(len(trained))} pairs are too few to tell whether it explains most.",
        f"{told}.",
    )
