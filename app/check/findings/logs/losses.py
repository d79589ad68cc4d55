"""Logged losses that are not those of the settings."""

from __future__ import annotations

from torch import Tensor

from app.check.findings import figures
from app.check.findings.logs.alternatives import (
    FITS,
    TIMES_BETTER,
    Alternative,
    alternatives,
    best,
    explains,
    starts_alike,
)
from app.check.findings.logs.curves import MARGIN, Curves
from app.check.findings.logs.expected import CANDIDATES, CONVEX, loss_at
from app.check.findings.logs.reported import BELOW, Reported, loss_unit
from app.check.findings.logs.scale import alike, scale_of
from app.check.findings.numbers import three_digits
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found
from app.check.settings import RunSettings
from app.check.tables import TrainingLog
from app.formatting import fixed

POWER = 2.0
"""how many times further from the reported loss every other one has to be, so that it is told from them"""

LEAST = 0.005
"""share of the starting loss below which no misfit counts: rounding, and few pairs"""

NORMAL = 0.15
"""share of the starting loss by which margins of another spread than normal may move a loss"""


@finding(
    "other_loss",
    see=figures.ANOTHER_LOSS,
    mended=figures.THE_LOSS,
)
def other_loss(log: TrainingLog, settings: RunSettings) -> Said:
    """Found if losses are below what rewards allow, or if another loss fits and this one does not.

    A convex loss of many pairs is on average at least the loss of their mean (Jensen). Above it, only a loss
    that another setting explains in all rows is found: heavy tails raise a loss, too. So is a beta
    that is not that of the rewards.
    """
    curves = Curves(log, settings)
    if (other := _another_beta(curves)) is not None:
        return other
    reported = Reported.of(curves)
    if reported is None:
        lacks = curves.needs("loss", MARGIN)
        assert lacks is not None
        return lacks
    if not curves.tells_loss:
        return cannot_tell(
            f"The loss of {curves.loss_name} reads more than the logged rewards.", curves.read
        )
    ours = reported.expected(curves.settings)
    told = (
        f"Mean loss logged: {fixed(3)(float(reported.losses.mean()))}; {curves.loss_name} at these "
        f"rewards: about {fixed(3)(float(ours.mean()))}"
    )
    if (weight := _weight_of_nll(curves, reported, ours)) is not None:
        return cannot_tell(
            f"The loss is {curves.loss_name} plus about {weight:.2g} × the logged nll_loss (rpo_alpha, "
            f"pref_ftx). Check it as such: loss_types {curves.loss_name} and sft, with loss_weights.",
            f"{told}.",
        )
    below = reported.below(curves.settings) > BELOW * loss_unit(curves)
    others = alternatives(curves, reported)
    fitting = best(
        [
            other
            for other in others
            if explains(curves, reported, other.losses) or starts_alike(curves, reported, other)
        ],
        reported,
    )
    if below or fitting:
        if (assumed := _assumed(curves, fitting)) is not None:
            return cannot_tell(assumed, f"{told}.")
        if not below and fitting[0].may_be_tails(reported):
            return cannot_tell(
                f"The loss is higher than margins of a normal spread would have it. It fits "
                f"{fitting[0].told}, but some pairs far on the wrong side would raise it as much. Look at "
                "the label_smoothing that was run, and at the lowest margins.",
                f"{told}.",
            )
        if not below:
            return found(f"The loss is not {_named(curves)}. {_which(fitting, curves)}", f"{told}.")
        fitting = fitting or _nearest(curves, reported, others)
        least = loss_at(curves.settings, reported.chosen, reported.rejected)
        return found(
            f"The loss is lower than {curves.loss_name} can be at these rewards: its mean over pairs is "
            f"at least its value at the mean. {_which(fitting, curves)}",
            f"{told}, and at least {fixed(3)(float(least.mean()))}.",
        )
    return _open(curves, reported, others) or not_found(
        f"The loss is one that {curves.loss_name} has at these rewards, and others have not.",
        f"{told}.",
    )


def _open(curves: Curves, reported: Reported, others: list[Alternative]) -> Said | None:
    """What to say of a loss that fits, or does not fit, as others may; None if it alone fits."""
    ours = reported.expected(curves.settings)
    told = (
        f"Mean loss logged: {fixed(3)(float(reported.losses.mean()))}; {curves.loss_name} at these "
        f"rewards: about {fixed(3)(float(ours.mean()))}."
    )
    if curves.loss_type not in CONVEX:
        return cannot_tell(
            f"The mean of {curves.loss_name} cannot be told from mean rewards.", told
        )
    if reported.accuracies is None:
        return cannot_tell(
            "Without rewards/accuracies, the spread of the margins is unknown.", told
        )
    if len(reported.losses) < 3:
        return cannot_tell("A loss is told from others by three rows or more.", told)
    off = reported.misfit(ours)
    if off > NORMAL * loss_unit(curves) and float((reported.losses - ours).mean()) > 0:
        return cannot_tell(
            "The loss is higher than margins of a normal spread would have it: some pairs may be far "
            "on the wrong side. Check the pairs themselves.",
            told,
        )
    if off > NORMAL * loss_unit(curves):
        return cannot_tell(
            "The loss is lower than margins of a normal spread would have it, but not lower than it can "
            "be: accuracies may be of too few pairs to tell the spread.",
            told,
        )
    near = [
        (misfit, other.told)
        for other in others
        if (misfit := reported.misfit(other.losses)) < POWER * max(off, LEAST * loss_unit(curves))
    ]
    if near:
        return cannot_tell(
            f"The loss may be that of {curves.loss_name}, but margins are too small, or spread too far, to "
            f"tell it from others, such as {min(near)[1]}.",
            told,
        )
    return None


def _nearest(curves: Curves, reported: Reported, others: list[Alternative]) -> list[Alternative]:
    """Of a loss that cannot be ours, the other one that is nearest, if another spread explains the rest."""
    nearest = min(others, key=lambda other: reported.misfit(other.losses))
    off, ours = reported.misfit(nearest.losses), reported.misfit(reported.expected(curves.settings))
    near = off <= NORMAL * loss_unit(curves) and ours >= TIMES_BETTER * off
    return [nearest] if near else []


def _weight_of_nll(curves: Curves, reported: Reported, ours: Tensor) -> float | None:
    """The weight of a logged nll_loss that is in the loss, too, if that explains what is above ours."""
    if reported.nll is None or len(reported.losses) < 3:
        return None
    above, nll = reported.losses - ours, reported.nll
    weight = float((above * nll).sum() / nll.square().sum().clamp(min=1e-12))
    misfit, missed, most = (
        reported.misfit(ours + weight * nll),
        reported.misfit(ours),
        FITS * loss_unit(curves),
    )
    fits = weight > 0 and misfit <= most < missed and missed >= TIMES_BETTER * misfit
    return weight if fits else None


def _another_beta(curves: Curves) -> Said | None:
    scale = scale_of(curves)
    if scale is None or scale.beta <= 0 or alike(scale.beta, curves.beta):
        return None
    if "beta" in curves.settings.assumed or alike(scale.beta, curves.beta**2):
        return None
    said = f"β may be {three_digits(scale.beta)} instead of {curves.beta:g}."
    if alike(scale.beta, 1.0):
        said = "The log may have log-ratios in place of rewards, which lack β, or β is 1."
    return found(
        f"Rewards do not have the β of the settings. {said}",
        f"A nat of log-probability changes the reward by {three_digits(scale.beta)}, from {scale.how}.",
    )


def _assumed(curves: Curves, fitting: list[Alternative]) -> str | None:
    """What to say if it is only a setting that was assumed which does not fit."""
    if curves.loss_type == "simpo" and curves.assumes("simpo_gamma"):
        return f"A simpo_gamma of {curves.settings.simpo_gamma:g} was assumed, and does not fit. Give yours."
    losses = [o.told for o in fitting if o.told in (*CANDIDATES, "ipo_norm")]
    if losses and curves.assumes("loss_type"):
        return (
            f"{curves.loss_name} was assumed, and does not fit, while {' or '.join(losses)} does. Give "
            "the loss_type that was run."
        )
    return None


def _which(fitting: list[Alternative], curves: Curves) -> str:
    """What fits instead, and what the trainer's own convention has to do with it."""
    if not fitting:
        return (
            "None of the losses known here fits. Loss and rewards may be averaged over different "
            "batches, such as one device and all, or the loss may be divided once too often."
        )
    listed = "; or ".join(f"{o.told} ({o.why})" if o.why else o.told for o in fitting[:3])
    said = f"It fits {listed}. Check the loss_type, β and label_smoothing that were run."
    if curves.settings.label_smoothing and curves.convention is not None and curves.convention.note:
        said += f" Of this loss in that trainer: {curves.convention.note}."
    return said


def _named(curves: Curves) -> str:
    smoothing = curves.settings.label_smoothing
    return f"{curves.loss_name} at β = {curves.beta:g}" + (
        f" with a label smoothing of {smoothing:g}" if smoothing else ""
    )
