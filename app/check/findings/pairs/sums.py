"""Log-probabilities that are no sums over the tokens of a response."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from app.check.batch import ReportedBatch
from app.check.findings import figures
from app.check.findings.numbers import correlation, three_digits
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found
from app.formatting import percent

LIKELY_IN_ALL = 4.0
"""a typical response of a language model has a probability of less than e^-4, 2%"""

GROWS = 0.3
"""least correlation of -log pi with the length that counts as growing"""

LIKELY_PER_TOKEN = 0.05
"""nats for a token: the model gives every token a probability of 95%, as of text it knows by heart"""

OF_A_TOKEN = 2.5
"""nats for a token: an even guess among 12, and less than a sum over several tokens mostly costs"""

ONE_MODEL = 5.0
"""times that log-probabilities of one model are those of the other, where one of them is a mean"""

ALIKE_PER_TOKEN = 0.75
"""coefficient of variation of log-probabilities beyond which a mean over tokens hardly varies, nor a sum
over a padded width; sums over a few tokens do"""

UNLIKELY_PER_TOKEN = 8.0
"""nats for a token: guessing evenly among 3,000 tokens costs as much"""

UNUSUAL_PER_TOKEN = 4.0
"""nats for a token: as unlikely as in an even guess among 55, which is much for a model of its text"""

MOST_TOLD = 13.0
"""nats for a token, up to which the even guess is among no more tokens than a vocabulary has"""

ALIKE = 1.25
"""times that one side of a model costs the other where no training has told them apart"""


@dataclass(frozen=True)
class _Column:
    """The two sides of one model. Shapes: (2 pairs,)."""

    model: str
    costs: Tensor
    lengths: Tensor | None

    @property
    def typical(self) -> float:
        """Median of -log pi, nats."""
        return float(self.costs.median())

    @property
    def variation(self) -> float:
        """Their standard deviation over their mean; 0 for a single pair of responses that are certain."""
        mean = float(self.costs.mean())
        return float(self.costs.std()) / mean if mean > 0 else 0.0

    @property
    def per_token(self) -> float | None:
        """Median of the same for a token."""
        return None if self.lengths is None else float((self.costs / self.lengths).median())


def _models(batch: ReportedBatch) -> list[_Column]:
    pairs = batch.pairs
    lengths = None if batch.lengths is None else torch.cat(batch.lengths)
    policy = -torch.cat([pairs.policy_chosen, pairs.policy_rejected])
    reference = -torch.cat([pairs.reference_chosen, pairs.reference_rejected])
    models = [_Column("policy", policy, lengths)]
    if batch.has_reference and bool((reference > 0).any()):
        models.append(_Column("reference", reference, lengths))
    return models


@finding("mean_not_sum", see=figures.MEAN, mended=figures.RIGHT)
def mean_not_sum(batch: ReportedBatch) -> Said:
    """A sum over tokens grows with the length, and is rarely close to 0.

    Found if a typical response has log pi above -4 nats although lengths differ by a factor of two
    and -log pi does not grow with them; or, where all are about equally long, if it is above
    half a nat for each token too; or if it is above -4 nats and a token costs less than 0.05 nats, as after
    a division by the width to which responses are padded. Without lengths, log pi has to be above -4
    nats and to vary by less than three quarters of its mean, as sums of short answers do not. Found
    too if one model is so and the other is not. Responses of one token tell nothing.
    """
    models = _models(batch)
    told = "; ".join(_told(model) for model in models)
    told = f"{told[0].upper()}{told[1:]}"
    if models[0].lengths is not None and float(models[0].lengths.median()) < 2:
        return cannot_tell("For a single token, mean and sum are the same.", f"{told}.")
    averaged = [model for model in models if _is_averaged(model)]
    if not averaged:
        if any(model.lengths is None and model.typical < LIKELY_IN_ALL for model in models):
            return cannot_tell(
                "Log-probabilities are close to 0, but vary as sums over a few tokens do. Columns "
                "chosen_lengths and rejected_lengths would tell sums of short answers from means.",
                f"{told}.",
            )
        return not_found("Log-probabilities behave like sums over tokens.", f"{told}.")
    whose = "Log-probabilities"
    one, other = averaged[0], models[-1] if averaged[0] is models[0] else models[0]
    if len(averaged) < len(models):
        # Training may have made responses so unlikely under the policy that their means are large.
        if other.typical >= ONE_MODEL * one.typical or _only_other_grows(one, other):
            whose = f"Log-probabilities of the {one.model}, but not of the {other.model},"
        elif one.model == "policy" or (one.lengths is None and one.typical > OF_A_TOKEN):
            return cannot_tell(
                f"Log-probabilities of the {one.model} look like means over tokens, those of the "
                f"{other.model} do not, and they are too close to each other to tell.",
                f"{told}.",
            )
    return found(f"{whose} may be means over tokens. {_which_mean(averaged[0])}", f"{told}.")


def _told(model: _Column) -> str:
    told = (
        f"the median log-probability under the {model.model} is {three_digits(-model.typical)} nats"
    )
    if model.lengths is None or model.per_token is None:
        return f"{told}, and they vary by {percent(1)(model.variation)}, without lengths to compare with"
    grows = correlation(model.lengths, model.costs)
    told += (
        f" for a median of {float(model.lengths.median()):g} tokens, {three_digits(model.per_token)} "
        "nats a token"
    )
    if grows is None:
        return told
    return f"{told}; its size has a correlation of {three_digits(grows)} with the length"


def _is_averaged(model: _Column) -> bool:
    if model.typical >= LIKELY_IN_ALL:
        return False
    if model.lengths is None or model.per_token is None:
        return model.variation < ALIKE_PER_TOKEN
    if model.per_token < LIKELY_PER_TOKEN:
        return True
    if float(model.lengths.max()) < 2 * float(model.lengths.min()):
        return model.per_token < 0.5
    grows = correlation(model.lengths, model.costs)
    return grows is None or grows < GROWS


def _only_other_grows(one: _Column, other: _Column) -> bool:
    """Whether the length decides what the other model gives, and not what this one does."""
    if one.lengths is None or other.lengths is None or one.typical > other.typical:
        return False
    grow, other_grows = (
        correlation(m.lengths, m.costs) for m in (one, other) if m.lengths is not None
    )
    return grow is not None and other_grows is not None and grow < GROWS and other_grows > 2 * GROWS


def _which_mean(model: _Column) -> str:
    if model.lengths is None or model.per_token is None:
        return (
            "They are close to 0, and DPO needs sums over the tokens of a response. Sums that close to 0 "
            "are those of answers of a word or two. Columns chosen_lengths and rejected_lengths would tell."
        )
    grows = correlation(model.lengths, model.costs)
    if grows is not None and grows >= GROWS and model.per_token < LIKELY_PER_TOKEN:
        return (
            "They grow with the length but are very close to 0, as if every sum had been divided by one "
            "number, such as the width to which a batch is padded. DPO needs sums, so divide by nothing. "
            "Text that the model knows by heart is as likely."
        )
    if grows is None or grows >= GROWS:
        return (
            "They are too close to 0 for sums over so many tokens, unless the model knows the text by heart. "
            "DPO needs sums: do not divide by the number of tokens."
        )
    return (
        "They are close to 0 and do not grow with the length, as sums would. DPO needs sums: do not "
        "divide by the number of tokens."
    )


@finding("implausible_sums", see=figures.NOT_SHIFTED, mended=figures.RIGHT)
def implausible_sums(batch: ReportedBatch) -> Said:
    """Found if a typical token costs more than 8 nats under a model, in chosen and rejected responses.

    That is as unlikely as in an even guess among 3,000 tokens. Up to 4 nats, among 55, nothing is
    unusual; in between a small vocabulary, odd text and training each explain it too.
    """
    if batch.lengths is None:
        return cannot_tell(
            "How likely a token is cannot be told without columns chosen_lengths and rejected_lengths.",
            "There are no lengths.",
        )
    pairs = batch.pairs
    sides = {"policy": (pairs.policy_chosen, pairs.policy_rejected)}
    if batch.has_reference:
        sides["reference"] = (pairs.reference_chosen, pairs.reference_rejected)
    per_token = {
        model: [
            float((-logps / lengths).median())
            for logps, lengths in zip(both, batch.lengths, strict=True)
        ]
        for model, both in sides.items()
    }
    costs = {model: min(both) for model, both in per_token.items()}
    told = "; ".join(
        f"{three_digits(cost)} nats under the {model}{_guess(cost)}"
        for model, cost in costs.items()
    )
    told = f"A typical token costs {told}."
    # Long training can make responses as unlikely under the policy, but rejected ones more than chosen ones.
    unlikely = [
        model
        for model, both in per_token.items()
        if min(both) > UNLIKELY_PER_TOKEN and max(both) < ALIKE * min(both)
    ]
    if unlikely:
        training = ", or training has driven it there" if unlikely == ["policy"] else ""
        return found(
            f"Text is about as unlikely as random tokens under the {' and the '.join(unlikely)}. Labels "
            "may not be shifted by one, so that each token is scored at its own position. Else another "
            f"tokenizer was used, padding was counted, or the weights are untrained{training}.",
            told,
        )
    unusual = [model for model, cost in costs.items() if cost > UNUSUAL_PER_TOKEN]
    if unusual:
        others = "a small vocabulary or unusual text"
        if unusual == ["policy"]:
            others += ", or training that has lowered both responses"
        return cannot_tell(
            f"Tokens are less likely under the {' and the '.join(unusual)} than is usual for a model’s own "
            f"kind of text. Labels that are not shifted by one would give that, and so would {others}. "
            "Compare with the loss per token of an evaluation.",
            told,
        )
    return not_found("Tokens are likely enough for a language model.", told)


def _guess(cost: float) -> str:
    if cost > MOST_TOLD:
        return ""
    return f", as in an even guess among {three_digits(math.exp(cost))} tokens"
