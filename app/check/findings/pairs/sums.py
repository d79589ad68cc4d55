"""Log-probabilities that are no sums over the tokens of a response."""

from __future__ import annotations

import torch

from app.check.batch import ReportedBatch
from app.check.findings.numbers import correlation, three_digits
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found

LIKELY_IN_ALL = 4.0
"""a typical response of a language model has a probability of less than e^-4, 2%"""

GROWS = 0.3
"""least correlation of -log pi with the length that counts as growing"""


@finding("mean_not_sum", "Mean over tokens instead of a sum")
def mean_not_sum(batch: ReportedBatch) -> Said:
    """A sum over tokens grows with the length, and is rarely close to 0.

    Found if a typical response has log pi above -4 nats although lengths differ by a factor of two
    and -log pi does not grow with them; or, where all are about equally long, if it is above
    half a nat for each token too. Responses of one token tell nothing.
    """
    pairs = batch.pairs
    costs = -torch.cat([pairs.reference_chosen, pairs.reference_rejected])
    typical = float(costs.median())
    told = f"The median log-probability under the reference is {three_digits(-typical)} nats"
    if pairs.chosen_lengths is None or pairs.rejected_lengths is None:
        if typical >= LIKELY_IN_ALL:
            return not_found("Log-probabilities are as far from 0 as sums are.", f"{told}.")
        return found(
            "Log-probabilities may be means over tokens: they are close to 0. DPO needs sums over the "
            "tokens of a response. Only answers of a word or two are that likely.",
            f"{told}; there are no lengths to compare with.",
        )
    lengths = torch.cat([pairs.chosen_lengths, pairs.rejected_lengths])
    length = float(lengths.median())
    told = f"{told}, for a median of {length:g} tokens"
    if length < 2:
        return cannot_tell("For a single token, mean and sum are the same.", f"{told}.")
    limit = min(LIKELY_IN_ALL, length / 2)
    if float(lengths.max()) >= 2 * float(lengths.min()):
        grows = correlation(lengths, costs)
        if grows is not None:
            told = f"{told}; its size has a correlation of {three_digits(grows)} with the length"
            limit = LIKELY_IN_ALL if grows < GROWS else 0.0
    if typical < limit:
        return found(
            "Log-probabilities may be means over tokens. DPO needs sums: a sum grows with the length "
            "of the response and is rarely close to 0.",
            f"{told}.",
        )
    return not_found("Log-probabilities behave like sums over tokens.", f"{told}.")
