"""Which settings give the losses that were reported: all that were tried and fit, in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from app.check.batch import ReportedBatch
from app.check.findings.numbers import three_digits
from app.check.findings.pairs.reported import ReportedLosses
from app.lab.more_losses import (
    ALL_LOSSES,
    ALL_THAT_SMOOTH,
    F_DIVERGENCE_LOSSES,
    OF_SINGLE_RESPONSES,
    OF_THE_BATCH,
)

SEARCHED = 500
"""pairs that the search for a parameter looks at; what it finds is held to all of them"""

MOST_PASSES = 128
"""most batches whose losses may have been added instead of averaged"""

WHOLE = 0.002
"""share of a whole number by which the ratio of two losses may miss it"""

FEWEST = 4
"""pairs with losses of their own from which another loss is told along with its beta"""

BETAS = tuple(10 ** (power / 16) for power in range(-80, 33))
"""from 0.00001 to 100"""
SMOOTHINGS = tuple(step / 100 for step in range(1, 50))
TARGETS = tuple(step / 10 for step in range(101))
POINTS = tuple(float(step) for step in range(101))


def explanations(batch: ReportedBatch) -> tuple[str, ...]:
    """Everything tried that gives the reported losses, the most definite first."""
    reported = ReportedLosses.of(batch)
    if reported is None or not batch.computable:
        return ()
    tried = (_by_pairs, _in_other_columns, _other_losses, _with_likelihood, _scaled, _parameters)
    fits = [what for look in tried for what in look(batch, reported)]
    # A mean can be had from nearly any loss at some beta; losses of single pairs cannot.
    if not fits and reported.of_single_pairs and len(batch) >= FEWEST:
        fits = [*_other_losses_and_betas(batch, reported)]
    return tuple(dict.fromkeys(fits))


def columns_exchanged(batch: ReportedBatch) -> bool:
    """Whether the reported losses are those of the settings on exchanged columns."""
    reported = ReportedLosses.of(batch)
    return (
        reported is not None
        and batch.computable
        and not reported.agree(batch.computed())
        and any(_in_other_columns(batch, reported))
    )


def _by_pairs(batch: ReportedBatch, reported: ReportedLosses) -> Iterator[str]:
    """The sum of both halves of a pair, where trainers take their mean."""
    losses = _losses(batch)
    if (
        batch.settings.loss_type in OF_SINGLE_RESPONSES
        and losses is not None
        and reported.agree(2 * losses)
    ):
        yield f"{batch.loss_name} summed over the two responses of a pair, not averaged"


def _in_other_columns(batch: ReportedBatch, reported: ReportedLosses) -> Iterator[str]:
    """The same loss with columns exchanged, or without the reference."""
    if not batch.has_reference:
        return
    pairs = batch.pairs
    none = torch.zeros_like(pairs.policy_chosen)
    exchanged = {
        "chosen and rejected exchanged": replace(
            pairs,
            policy_chosen=pairs.policy_rejected,
            policy_rejected=pairs.policy_chosen,
            reference_chosen=pairs.reference_rejected,
            reference_rejected=pairs.reference_chosen,
            chosen_lengths=pairs.rejected_lengths,
            rejected_lengths=pairs.chosen_lengths,
        ),
        "policy and reference exchanged": replace(
            pairs,
            policy_chosen=pairs.reference_chosen,
            policy_rejected=pairs.reference_rejected,
            reference_chosen=pairs.policy_chosen,
            reference_rejected=pairs.policy_rejected,
        ),
        "no reference": replace(pairs, reference_chosen=none, reference_rejected=none),
    }
    for what, others in exchanged.items():
        losses = _losses(replace(batch, pairs=others))
        if losses is not None and reported.agree(losses):
            yield f"{batch.loss_name} at β = {batch.settings.beta:g} with {what}"


def _other_losses(batch: ReportedBatch, reported: ReportedLosses) -> Iterator[str]:
    """Every other loss at the same beta."""
    for name in ALL_LOSSES:
        losses = None if name == batch.loss_name else _losses(_under(batch, name))
        if losses is None:
            continue
        if reported.agree(losses):
            yield f"{name} at β = {batch.settings.beta:g}"
        elif name in OF_SINGLE_RESPONSES and reported.agree(2 * losses):
            yield f"{name} at β = {batch.settings.beta:g}, summed over the two responses of a pair"


def _with_likelihood(batch: ReportedBatch, reported: ReportedLosses) -> Iterator[str]:
    """The loss and some multiple of the negative log-likelihood of the chosen responses, as in RPO."""
    losses = _losses(batch)
    if losses is None or not reported.of_single_pairs or len(batch) < FEWEST:
        return
    costs = {"log-likelihood": -batch.pairs.policy_chosen}
    if batch.lengths is not None:
        costs = {"mean token log-likelihood": costs["log-likelihood"] / batch.lengths[0]} | costs
    for what, cost in costs.items():
        alpha = float((cost * (reported.values - losses)).sum() / cost.square().sum())
        if alpha > 0 and reported.agree(losses + alpha * cost):
            yield (
                f"{batch.loss_name} at β = {batch.settings.beta:g} less {three_digits(alpha)} times the "
                f"{what} of chosen responses"
            )
            return


def _scaled(batch: ReportedBatch, reported: ReportedLosses) -> Iterator[str]:
    """A whole multiple of the loss, or a whole part of it."""
    losses = _losses(batch)
    if losses is None or batch.losses is None:
        return
    one, other = float(batch.losses.mean()), float(losses.mean())
    if one <= 0 or other <= 0 or not max(one, other) / min(one, other) < MOST_PASSES + 1:
        return
    times = round(max(one, other) / min(one, other))
    exact = abs(max(one, other) / min(one, other) - times) <= WHOLE * times
    if not 2 <= times <= MOST_PASSES or not exact:
        return
    if one > other and reported.agree(losses * times):
        yield (
            f"{times} times the loss of the settings, as if added up over {times} batches of gradient "
            "accumulation"
        )
    elif one < other and reported.agree(losses / times):
        yield f"the loss of the settings divided by {times}, as if once too often for gradient accumulation"


@dataclass(frozen=True)
class _Parameter:
    """What a loss depends on, with values to begin a search from."""

    name: str
    setting: str
    values: Sequence[float]

    def at(self, batch: ReportedBatch, value: float) -> ReportedBatch:
        """The batch with another value."""
        return batch.under(**{self.setting: value})


BETA = _Parameter("β", "beta", BETAS)
SMOOTHING = _Parameter("label smoothing", "label_smoothing", SMOOTHINGS)
TARGET = _Parameter("γ", "simpo_gamma", TARGETS)
POINT = _Parameter("reference point", "kto_reference_point", POINTS)

PARAMETERS: dict[str, tuple[_Parameter, ...]] = {
    "sigmoid": (BETA, SMOOTHING),
    "robust": (BETA, SMOOTHING),
    "exo_pair": (BETA, SMOOTHING),
    "simpo": (BETA, TARGET),
    "kto": (BETA, POINT),
}
"""of each loss; of all others beta alone"""


def _parameters(batch: ReportedBatch, reported: ReportedLosses) -> Iterator[str]:
    """Another value of one parameter of the same loss, or of label smoothing as in rDPO."""
    name = batch.loss_name
    for parameter in PARAMETERS.get(name, (BETA,)):
        yield from _solved(batch, reported, parameter)
    if name == "sigmoid":
        yield from _solved(_under(batch, "robust"), reported, SMOOTHING)


def _other_losses_and_betas(batch: ReportedBatch, reported: ReportedLosses) -> Iterator[str]:
    for name in ALL_LOSSES:
        if name != batch.loss_name:
            yield from _solved(_under(batch, name), reported, BETA)


def _solved(batch: ReportedBatch, reported: ReportedLosses, parameter: _Parameter) -> Iterator[str]:
    """The values of a parameter that give the reported losses, in words."""
    for value in _solutions(batch, parameter):
        losses = _losses(parameter.at(batch, value))
        if losses is not None and reported.agree(losses):
            at = "" if parameter is BETA else f" at β = {batch.settings.beta:g}"
            yield f"{batch.loss_name}{at} with {parameter.name} = {three_digits(value)}"


def _solutions(batch: ReportedBatch, parameter: _Parameter) -> list[float]:
    """At most two values, at which the losses come closest to those reported."""
    reported = ReportedLosses.of(batch)
    if reported is not None and reported.of_single_pairs and batch.loss_name not in OF_THE_BATCH:
        every = math.ceil(len(batch) / SEARCHED)
        batch = batch.only(torch.arange(len(batch)) % every == 0)
        reported = ReportedLosses.of(batch)
    if reported is None:
        return []
    held_to = reported

    def apart(value: float) -> float:
        losses = _losses(parameter.at(batch, value))
        return math.inf if losses is None else held_to.distance(losses)

    values, last = parameter.values, len(parameter.values) - 1
    distances = [apart(value) for value in values]
    lowest = [
        n
        for n, here in enumerate(distances)
        if here < math.inf and here <= min(distances[max(0, n - 1) : n + 2])
    ]
    lowest = sorted(lowest, key=distances.__getitem__)[:2]
    return [_least(apart, values[max(0, n - 1)], values[min(last, n + 1)]) for n in lowest]


def _least(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function that falls and then rises is least, by golden-section search."""
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(32):
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, b) if function(a) <= function(b) else (a, high)
    return (low + high) / 2


def _under(batch: ReportedBatch, name: str) -> ReportedBatch:
    """The same batch under another loss, with what that loss can use of the settings."""
    smoothing = batch.settings.label_smoothing if name in ALL_THAT_SMOOTH else 0.0
    divergence = batch.settings.f_divergence_type if name in F_DIVERGENCE_LOSSES else "reverse_kl"
    return batch.under(
        loss_type=name,
        loss_types=(),
        loss_weights=(),
        label_smoothing=smoothing,
        f_divergence_type=divergence,
    )


def _losses(batch: ReportedBatch) -> Tensor | None:
    """Losses of a batch; None if they cannot be computed, or overflow. Shape: (pairs,)."""
    if not batch.computable:
        return None
    losses = batch.computed()
    return losses if bool(losses.isfinite().all()) else None
