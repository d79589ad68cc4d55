"""A prompt that one model counts and the other does not."""

from __future__ import annotations

from torch import Tensor

from app.check.batch import ReportedBatch
from app.check.findings import figures
from app.check.findings.numbers import correlation, three_digits
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found

SHARED = 0.8
"""least correlation of both log-ratios of a pair that a part common to both gives"""

MOST_OF_IT = 0.25
"""largest root mean square of the difference of log-ratios, as a share of the part common to both"""

OF_A_RESPONSE = 0.2
"""least share of what a response costs that a prompt costs"""

LEAST_PROMPT = 5.0
"""nats: a prompt of some words costs more"""

IN_PROPORTION = 0.8
"""correlation over the pairs of that part with the cost of the responses, from which on training gave it"""

PERHAPS = 0.5
"""correlation up to which long prompts may have long responses, and beyond which either may be"""

VARIED = 0.15
"""coefficient of variation of costs below which a part in proportion to them looks constant"""

FEWEST = 4
"""pairs for a correlation"""


@finding("prompt_counted", see=figures.PROMPT_COUNTED, mended=figures.RIGHT)
def prompt_counted(batch: ReportedBatch) -> Said:
    """A prompt adds the same to both log-ratios of a pair, whatever its responses are.

    Found if both are large, have a correlation of 0.8 or more over the pairs, differ by no more than 25%
    of what they share, and share at least 5 nats and a fifth of what a response costs. Training that
    moves both sides alike does so in proportion to what responses cost: it is not found if what they
    share has a correlation of 0.8 or more with that cost, and both causes are named from 0.5 on.
    """
    if not batch.has_reference:
        return cannot_tell("This compares with a reference.", "There are no reference columns.")
    chosen, rejected = batch.pairs.chosen, batch.pairs.rejected
    shared = (chosen + rejected) / 2
    apart = float((chosen - rejected).square().mean().sqrt())
    size = float(shared.mean())
    together = correlation(chosen, rejected)
    told = (
        f"Both log-ratios of a pair share {three_digits(size)} nats on average and differ by "
        f"{three_digits(apart)}"
    )
    if together is not None:
        told += f"; their correlation is {three_digits(together)}"
    if len(batch) < FEWEST:
        return cannot_tell(f"At least {FEWEST} pairs are needed.", f"{told}.")
    costs = _costs_without_prompt(batch, size)
    cost = float(costs.median())
    told += f"; a response costs {three_digits(cost)} nats"
    if abs(size) < max(LEAST_PROMPT, OF_A_RESPONSE * cost):
        return not_found(
            "What the log-ratios of a pair share is less than a prompt would cost.", f"{told}."
        )
    if together is None or together < SHARED:
        # One prompt for all pairs adds a constant, which has no correlation with anything.
        if apart <= MOST_OF_IT * abs(size):
            return cannot_tell(
                "Both log-ratios of a pair are far from 0 by nearly the same amount: a prompt that all pairs "
                "share may be counted in one model only, or training has moved both sides. Compare "
                "log-ratios at step 0.",
                f"{told}.",
            )
        return not_found("The log-ratios of a pair do not move together.", f"{told}.")
    follows = correlation(shared * (1 if size > 0 else -1), costs) or 0.0
    told += f"; over the pairs, what they share has a correlation of {three_digits(follows)} with that cost"
    if follows >= IN_PROPORTION:
        return not_found(
            "Both log-ratios of a pair are large, but in proportion to what the responses cost. Training "
            "does that; a prompt costs the same whatever the response.",
            f"{told}.",
        )
    if apart > MOST_OF_IT * abs(size):
        return cannot_tell(
            "Both log-ratios of a pair have a large part in common, but also differ: the prompt may be "
            "counted in one model only, or training has moved both sides. Compare log-ratios at step 0.",
            f"{told}.",
        )
    one, other = ("policy", "reference") if size < 0 else ("reference", "policy")
    either = follows > PERHAPS or float(costs.std()) < VARIED * float(costs.mean())
    return found(
        f"The {one} may count the tokens of the prompt, and the {other} not: both log-ratios of a pair are "
        "nearly the same. Sum over the tokens of the response only, in both models. The loss takes a "
        f"difference and hides this, but rewards do not. {_LIKELY if either else _UNLIKELY}",
        f"{told}.",
    )


_UNLIKELY = "Two different chat templates have the same effect."
_LIKELY = (
    "Two chat templates have the same effect, and so has displacement, which lowers both responses."
)


def _costs_without_prompt(batch: ReportedBatch, size: float) -> Tensor:
    """Mean -log pi of both responses under the model that counts no prompt. Shape: (pairs,)."""
    pairs = batch.pairs
    # That model has the larger log-probabilities.
    chosen, rejected = (
        (pairs.reference_chosen, pairs.reference_rejected)
        if size < 0
        else (pairs.policy_chosen, pairs.policy_rejected)
    )
    return -(chosen + rejected) / 2
