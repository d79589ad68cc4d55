"""What training does to the pairs: where probability goes, and what drives the margins."""

from __future__ import annotations

import torch

from app.check.batch import ReportedBatch
from app.check.findings import figures
from app.check.findings.chance import errors_from_0, standard_error
from app.check.findings.numbers import correlation, three_digits
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

AT_THE_OPTIMUM = 2.5
"""times the margin by which chosen responses fall at most at an exact optimum of the lab: 2.3, at any beta"""

OF_A_RESPONSE = 30.0
"""nats that a response of some sentences costs; of shorter ones the optimum itself takes a large part"""
A_TENTH, TEN, FORTY = 0.1, 10.0, 40.0
"""of what a chosen response costs, at least so many nats, and at most, from which on a fall is large"""


@finding(
    "displacement",
    "Chosen responses lose probability",
    see=figures.DISPLACED,
    mended=figures.WITH_NLL,
)
def displacement(batch: ReportedBatch) -> Said:
    """Found if chosen responses fall further than alignment needs.

    That is: by more than 2.5 times the margin, in nats. At the lab's exact optimum they rise while the
    margin is small and fall as it grows, at every beta by less than that: the optimum is for reward r,
    log Z is at most the largest reward over beta, and so they fall by at most (max r - E r(chosen)) / beta.
    Or, for responses that cost 30 nats or more, by a tenth of what they cost, and 10 nats; 40 nats are
    enough. Public runs that ended well mostly lose less.
    """
    if not batch.has_reference:
        return NO_REFERENCE
    trained = batch.trained()
    if trained is None:
        return AT_STEP_0
    chosen, rejected = trained.pairs.chosen, trained.pairs.rejected
    fall, error = -float(chosen.mean()), standard_error(chosen)
    gap = chosen - rejected
    cost = -float(trained.pairs.reference_chosen.mean())
    told = (
        f"The log-ratio of chosen responses is {signed(-fall)} nats on average, of rejected ones "
        f"{signed(float(rejected.mean()))}, so that the margin is {signed(float(gap.mean()))} nats; "
        "chosen responses cost the "
        f"reference {three_digits(cost)} nats"
    )
    if len(trained) < FEWEST:
        return cannot_tell(f"At least {FEWEST} pairs are needed.", f"{told}.")
    if float(gap.mean()) <= 0:
        return cannot_tell(
            "The margin has not grown, so that a fall of chosen responses is no price of it.",
            f"{told}.",
        )
    beyond = chosen + AT_THE_OPTIMUM * gap
    further = float(beyond.mean()) < -ERRORS * standard_error(beyond) and fall > 1
    large = cost >= OF_A_RESPONSE and fall >= max(TEN, A_TENTH * cost) and fall > ERRORS * error
    if further or large:
        return found(
            f"Chosen responses lose probability: {three_digits(fall)} nats on average, "
            f"{percent(0)(fall / cost) if cost else 'all'} of what they cost at the start. The loss sees "
            "the difference "
            "alone, so that margin and accuracy can grow meanwhile. At the exact optimum of the lab chosen "
            "responses fall too where the margin is large. Pairs that are "
            "alike, a "
            "learning rate that is too high and many epochs do this; an NLL term on the chosen response "
            "holds it.",
            f"{told}.",
        )
    if fall > ERRORS * error:
        return not_found(
            "Chosen responses lose some probability, as they do in most runs that end well.",
            f"{told}.",
        )
    return not_found("Chosen responses do not lose probability.", f"{told}.")


FROM_REJECTED = 0.8
"""share of the margin that comes from rejected responses"""
A_QUARTER, THIRTY, EIGHTY = 0.25, 30.0, 80.0
"""of what a rejected response costs, at least so many nats, and at most, from which on its fall is large"""


@finding(
    "suppression",
    "Margins from pushing rejected responses down",
    see=figures.SUPPRESSED,
    mended=figures.BOUNDED,
)
def suppression(batch: ReportedBatch) -> Said:
    """Found if four fifths of the margin or more come of rejected responses that fall far.

    Far is at least 30 nats and a quarter of what they cost the reference, for responses that cost 30
    nats or more. Most runs lower rejected responses more than they raise chosen ones; it is
    the size that is unusual.
    """
    if not batch.has_reference:
        return NO_REFERENCE
    trained = batch.trained()
    if trained is None:
        return AT_STEP_0
    chosen, rejected = trained.pairs.chosen, trained.pairs.rejected
    fall, gap = -float(rejected.mean()), float((chosen - rejected).mean())
    cost = -float(trained.pairs.reference_rejected.mean())
    told = (
        f"Rejected responses change by {signed(-fall)} nats on average, chosen ones by "
        f"{signed(float(chosen.mean()))}; rejected responses cost the reference {three_digits(cost)} nats"
    )
    if len(trained) < FEWEST:
        return cannot_tell(f"At least {FEWEST} pairs are needed.", f"{told}.")
    if cost < OF_A_RESPONSE:
        return cannot_tell(
            "Responses this short leave little room: also the exact optimum of the lab lowers them by more "
            "than they cost.",
            f"{told}.",
        )
    far = fall >= min(max(THIRTY, A_QUARTER * cost), EIGHTY) and fall > ERRORS * standard_error(
        rejected
    )
    if far and gap > 0 and fall >= FROM_REJECTED * gap:
        return found(
            f"The margin comes from rejected responses, which lose {three_digits(fall)} nats, "
            f"{percent(0)(fall / cost)} of what "
            "they cost at the start, while chosen ones "
            f"{'fall too' if float(chosen.mean()) < 0 else 'hardly rise'}. The policy "
            "learns what not to say, and the probability goes to responses that no pair holds. A higher "
            "β, fewer "
            "epochs, a lower learning rate or an NLL term on the chosen response hold it.",
            f"{told}.",
        )
    return not_found("Rejected responses are not pushed down far.", f"{told}.")


TARGETED = frozenset({"ipo", "ipo_norm", "sppo_hard"})
"""losses with a target, at which they are meant to stop"""
ALL_RIGHT = 0.95
A_HUNDREDTH = 0.005
"""sigma(-margin) of a pair whose gradient is a hundredth of that at the start, 1/2"""


@finding(
    "saturated", "Accuracy 1 with huge margins", see=figures.NOTHING_LEFT, mended=figures.SOME_LEFT
)
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
            f"The pairs are ranked as labeled with nothing left to learn{at}: a typical one pulls less "
            "than a hundredth "
            "as hard as at the start. Further epochs only fit what is left, or noise. The pairs may be too "
            "easy, such as answers of two very different models, seen too often, or β is too large for these "
            "log-ratios.",
            f"{told}.",
        )
    return not_found("There is a gradient left.", f"{told}.")


LEAST_FOR_LENGTH = 24
"""pairs for a correlation with the length"""
DRIVES = 0.7
"""least correlation: length explains more than a third of the variance of the margins"""
LENGTH_ERRORS = 3.3
"""standard errors of the correlation, a probability of 0.001 by chance"""


@finding("length", "Length drives the margin", see=figures.LENGTH, mended=figures.LENGTH_PRICED)
def length(batch: ReportedBatch) -> Said:
    """Found if margin and difference of lengths have a correlation of 0.6 or more, beyond chance.

    Beyond chance is 3.3 standard errors. Sums over more tokens are larger, so that the same is
    told of margins divided by the length.
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
        f"{count(len(trained))} "
        f"pairs"
    )
    if per_token is not None:
        told += f", {three_digits(per_token)} after log-ratios are divided by their lengths"
    told += (
        f"; chosen responses are {three_digits(abs(mean))} tokens {'longer' if mean >= 0 else 'shorter'} "
        "on average"
    )
    if len(trained) < LEAST_FOR_LENGTH:
        return cannot_tell(f"At least {LEAST_FOR_LENGTH} pairs are needed.", f"{told}.")
    errors = abs(errors_from_0(follows, len(trained)))
    if abs(follows) >= DRIVES and errors >= LENGTH_ERRORS:
        which = "longer" if follows > 0 else "shorter"
        after = (
            "It stays after division by the length: the policy has learned to prefer it."
            if per_token is not None and per_token * follows > 0 and abs(per_token) >= 0.3
            else "It is gone after division by the length: it is the number of tokens that adds up."
        )
        return found(
            f"The margin follows the length: pairs whose chosen response is {which} have the larger "
            f"margins. {after} "
            "Length-normalized losses, a price for length, or pairs of similar length remove it.",
            f"{told}.",
        )
    return not_found("Length explains little of the margins.", f"{told}.")
