"""Checks for common mistakes in a batch of log-probabilities.

Each check has a rule that its docstring states. A rule sees only numbers, so what it finds may have
another cause, and the words say "may".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from app.formatting import fixed, percent, scientific, signed
from app.lab.losses import PairLogps, preference_loss

CheckOutcome = Literal["found", "not found", "cannot tell"]

LIKELY_IN_ALL = 4.0
"""a typical response of a language model has a probability of less than e^-4, 2%"""

GROWS = 0.3
"""least correlation of -log pi with the length that counts as growing"""

AT_START = 0.01
"""nats: log-ratios that are on average smaller belong to a policy that equals the reference"""

APART_AT_START = 0.05
"""nats: log-ratios that are on average larger, at step 0, are more than rounding"""

STANDARD_ERRORS = 3


@dataclass(frozen=True)
class CheckedMistake:
    """The outcome of a check, with the numbers that are its evidence."""

    kind: str
    title: str
    outcome: CheckOutcome
    message: str
    evidence: str


@dataclass(frozen=True)
class ReportedBatch:
    """A batch with the losses that its run reported. Shapes: (pairs,)."""

    pairs: PairLogps
    loss_type: str
    beta: float
    losses: Tensor | None = None
    """the losses that the trainer reported"""
    steps: Tensor | None = None
    """gradient steps before each pair"""

    def losses_at(self, beta: float) -> Tensor:
        """The loss of each pair at some beta. Shape: (pairs,)."""
        return preference_loss(self.loss_type, self.pairs, beta)

    def log_ratio(self, rows: Tensor | None = None) -> float:
        """Mean absolute log-ratio, nats."""
        ratios = torch.stack([self.pairs.chosen, self.pairs.rejected]).abs()
        return float((ratios if rows is None else ratios[:, rows]).mean())

    def first_rows(self) -> Tensor | None:
        """Which pairs were logged at step 0; all, if the policy still equals the reference."""
        if self.steps is not None and bool((self.steps == 0).any()):
            return self.steps == 0
        if self.log_ratio() <= AT_START:
            return torch.ones(len(self.pairs.chosen), dtype=torch.bool)
        return None


def checks(batch: ReportedBatch) -> list[CheckedMistake]:
    """Results of all checks, in the order of the page."""
    return [check(batch) for check in (summed, not_swapped, beta_once, starts_right, loss_agrees)]


Finding = tuple[CheckOutcome, str, str]
"""outcome, message and evidence"""

NOT_REPORTED: Finding = (
    "cannot tell",
    "This needs the losses that your trainer reported.",
    "No column loss.",
)
OVERFLOWS = "The loss overflows at these log-probabilities."


def _named(
    kind: str, title: str
) -> Callable[[Callable[[ReportedBatch], Finding]], Callable[[ReportedBatch], CheckedMistake]]:
    def named(
        rule: Callable[[ReportedBatch], Finding],
    ) -> Callable[[ReportedBatch], CheckedMistake]:
        def check(batch: ReportedBatch) -> CheckedMistake:
            return CheckedMistake(kind, title, *rule(batch))

        check.__doc__ = rule.__doc__
        return check

    return named


@_named("mean_not_sum", "Mean over tokens instead of a sum")
def summed(batch: ReportedBatch) -> Finding:
    """A sum over tokens grows with the length, and is rarely close to 0.

    Found if a typical response has log pi above -4 nats although lengths differ by a factor of two
    and -log pi does not grow with them; or, where all are about equally long, if it is above
    half a nat for each token too. Responses of one token tell nothing.
    """
    pairs = batch.pairs
    costs = -torch.cat([pairs.reference_chosen, pairs.reference_rejected])
    typical = float(costs.median())
    told = f"The median log-probability under the reference is {_written(-typical)} nats"
    if pairs.chosen_lengths is None or pairs.rejected_lengths is None:
        if typical >= LIKELY_IN_ALL:
            return "not found", "Log-probabilities are as far from 0 as sums are.", f"{told}."
        return (
            "found",
            "Log-probabilities may be means over tokens: they are close to 0. DPO needs sums over the "
            "tokens of a response. Only answers of a word or two are that likely.",
            f"{told}; there are no lengths to compare with.",
        )
    lengths = torch.cat([pairs.chosen_lengths, pairs.rejected_lengths])
    length = float(lengths.median())
    told = f"{told}, for a median of {length:g} tokens"
    if length < 2:
        return "cannot tell", "For a single token, mean and sum are the same.", f"{told}."
    limit = min(LIKELY_IN_ALL, length / 2)
    if float(lengths.max()) >= 2 * float(lengths.min()):
        grows = correlation(lengths, costs)
        if grows is not None:
            told = f"{told}; its size has a correlation of {_written(grows)} with the length"
            limit = LIKELY_IN_ALL if grows < GROWS else 0.0
    if typical < limit:
        return (
            "found",
            "Log-probabilities may be means over tokens. DPO needs sums: a sum grows with the length "
            "of the response and is rarely close to 0.",
            f"{told}.",
        )
    return "not found", "Log-probabilities behave like sums over tokens.", f"{told}."


@_named("swapped", "Policy and reference swapped")
def not_swapped(batch: ReportedBatch) -> Finding:
    """Training raises the accuracy of its pairs above one half; swapped, it lies as far below.

    Found if it is below one half by more than three standard errors of a fair coin, and the mean
    margin is negative. Chosen and rejected swapped look the same, but then log-ratios of
    both together are not positive: a response drawn from the reference is, on average, more
    likely under it.
    """
    first = batch.first_rows()
    if first is not None and bool(first.all()):
        return "cannot tell", "At step 0 the policy has not moved yet.", "All pairs are of step 0."
    pairs = batch.pairs
    margins = pairs.chosen - pairs.rejected
    accuracy = float((margins > 0).double().mean())
    other_way = float((margins < 0).double().mean())
    told = (
        f"Accuracy is {percent(1)(accuracy)} as given and {percent(1)(other_way)} with policy and reference "
        "swapped"
    )
    error = 0.5 / math.sqrt(len(margins))
    if accuracy < 0.5 - STANDARD_ERRORS * error and float(margins.mean()) < 0:
        moved = float(torch.cat([pairs.chosen, pairs.rejected]).mean())
        likely, less = ("policy and reference", "chosen and rejected")
        if moved <= 0:
            likely, less = less, likely
        return (
            "found",
            f"The policy prefers the rejected responses. {likely.capitalize()} may be swapped, or else "
            f"{less}.",
            f"{told}; the mean log-ratio of all responses is {signed(moved)} nats.",
        )
    return "not found", "The policy does not prefer the rejected responses.", f"{told}."


@_named("beta_twice", "β applied twice")
def beta_once(batch: ReportedBatch) -> Finding:
    """Found if the reported loss is the loss at beta squared, and not that at beta.

    An implicit reward already holds beta; a loss that multiplies by it again has beta squared.
    """
    reported = batch.losses
    if reported is None:
        return NOT_REPORTED
    once, twice = batch.losses_at(batch.beta), batch.losses_at(batch.beta**2)
    told = (
        f"Mean reported: {_loss(reported)}; with β = {batch.beta:g}: {_loss(once)}; with β² = "
        f"{batch.beta**2:g}: {_loss(twice)}."
    )
    if not bool(torch.isfinite(torch.stack([once, twice])).all()):
        return "cannot tell", OVERFLOWS, told
    if _agree(once, twice, reported):
        return "cannot tell", "Once and twice give nearly the same loss here.", told
    if _agree(reported, twice, reported) and not _agree(reported, once, reported):
        return (
            "found",
            "β may have been applied twice: the reported loss is the one at β². An implicit reward holds β "
            "already.",
            told,
        )
    return "not found", "The reported loss is not the one at β².", told


@_named("step_zero", "Step 0 does not start from the reference")
def starts_right(batch: ReportedBatch) -> Finding:
    """At step 0 the policy equals the reference, so the sigmoid loss is ln 2.

    Found if pairs of step 0 have log-ratios of more than 0.05 nats on average, or if the loss
    reported for them is not the loss of a policy that equals the reference. Without a column
    ``step``, pairs count as step 0 if their log-ratios are all but 0.
    """
    rows = batch.first_rows()
    if rows is None:
        return "cannot tell", "This check needs pairs of step 0.", "There are none."
    expected = replace(batch, pairs=at_the_start(batch.pairs)).losses_at(batch.beta)[rows]
    moved, loss = batch.log_ratio(rows), batch.losses_at(batch.beta)[rows]
    ln2 = ", that is ln 2" if abs(float(expected.mean()) - math.log(2)) < 1e-9 else ""
    told = (
        f"At step 0: mean size of the log-ratios {_written(moved)} nats, loss {_loss(loss)}; expected: 0, "
        f"and {_loss(expected)}{ln2}"
    )
    if moved > APART_AT_START:
        return (
            "found",
            "At step 0 policy and reference should agree, and they do not. The reference may be another "
            "checkpoint, dropout may be on, or the two may mask different tokens.",
            f"{told}.",
        )
    reported = None if batch.losses is None else batch.losses[rows]
    computable = bool(torch.isfinite(expected).all())
    if reported is not None and computable and not _agree(reported, expected, reported):
        return (
            "found",
            "Policy and reference agree, but the reported loss is not that of step 0. The loss function may "
            "be wrong.",
            f"{told}; reported: {_loss(reported)}.",
        )
    return "not found", "At step 0 policy and reference agree.", f"{told}."


@_named("other_loss", "The reported loss does not match")
def loss_agrees(batch: ReportedBatch) -> Finding:
    """Found if the reported loss is neither the loss at beta nor that at its square."""
    reported = batch.losses
    if reported is None:
        return NOT_REPORTED
    ours = batch.losses_at(batch.beta)
    told = f"Mean reported: {_loss(reported)}; computed: {_loss(ours)}."
    if not bool(torch.isfinite(ours).all()):
        return "cannot tell", OVERFLOWS, told
    if _agree(reported, ours, reported) or beta_once(batch).outcome == "found":
        return "not found", "The reported loss is accounted for.", told
    return (
        "found",
        f"The reported loss is not {batch.loss_type} at β = {batch.beta:g}. Your trainer may use another β, "
        "loss or label smoothing.",
        told,
    )


def at_the_start(pairs: PairLogps) -> PairLogps:
    """The same pairs under a policy that equals the reference."""
    return replace(
        pairs, policy_chosen=pairs.reference_chosen, policy_rejected=pairs.reference_rejected
    )


def correlation(one: Tensor, other: Tensor) -> float | None:
    """Pearson's correlation, or None if one of the two is constant. Shapes: (pairs,), (pairs,)."""
    if len(one) < 2 or bool((one == one[0]).all()) or bool((other == other[0]).all()):
        return None
    # Scaled by the largest deviation, so that no square underflows or overflows.
    deviations = torch.stack([one - one.mean(), other - other.mean()])
    largest = deviations.abs().amax(1, keepdim=True)
    if not bool((largest > 0).all()):
        return None
    return float(torch.corrcoef(deviations / largest)[0, 1])


def _agree(one: Tensor, other: Tensor, reported: Tensor) -> bool:
    """Whether losses are equal but for rounding: trainers log in few digits, or compute in bfloat16.

    Compared pair by pair if ``reported`` has a loss for each pair. Trainers often log a mean for a
    batch: then few values differ, and means are compared. Shapes: (pairs,).
    """
    by_pair = len(set(reported.tolist())) > len(reported) / 2
    size = torch.maximum(one.abs(), other.abs()).mean()
    apart = (one - other).abs().mean() if by_pair else (one.mean() - other.mean()).abs()
    # A mean of huge losses may overflow, and infinity equals infinity.
    return bool(torch.isfinite(apart)) and bool(apart <= 0.002 + 0.01 * size)


def _loss(losses: Tensor) -> str:
    """A mean loss as the page writes it."""
    mean = float(losses.mean())
    if not math.isfinite(mean):
        return "not finite"
    return fixed(3)(mean) if abs(mean) < 1e6 else scientific(mean)


def _written(value: float) -> str:
    """A number with three significant digits."""
    return f"{value:.3g}".replace("-", "−") if abs(value) < 1e6 else f"{value:.1e}"
