"""Logged losses that are not those of the settings."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from app.check.findings import figures
from app.check.findings.logs.curves import ACCURACY, MARGIN, Curves, standard_error
from app.check.findings.logs.expected import (
    CANDIDATES,
    CONVEX,
    OF_THE_MARGIN,
    expected_loss,
    loss_at,
    loss_at_start,
)
from app.check.findings.logs.scale import scale_of
from app.check.findings.numbers import three_digits
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found
from app.check.settings import RunSettings
from app.check.tables import LOGGED_REWARDS, TrainingLog
from app.formatting import fixed

STANDARD_ERRORS = 3

BELOW = 0.02
"""share of the starting loss by which rounding and half precision may lower a loss"""

BLOCKS = 8
"""parts of a run over which losses are compared, so that single batches do not decide"""

FITS = 0.06
"""share of the starting loss within which another fits: what the normal spread of margins may miss"""

MISSES = 0.15
"""share of the starting loss by which that of the settings has to miss"""

CLOSELY = 0.02
"""the same for a loss of small margins, which hardly depends on how they spread"""

TIGHT = 0.01
"""share of the starting loss within which another fits in all parts, as nothing does by chance"""

TIMES_BETTER = 3.0
"""how much better another loss has to fit"""

SMOOTHINGS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4)
FACTORS = (0.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128)

SMALL_MARGIN = 0.3
"""margin of a first row from which the start of another loss is told"""

TELLS_APART = 0.05
"""least difference of two losses that are told apart"""

SAME_BETA = 1.25
"""factor within which an inferred beta agrees"""


@dataclass(frozen=True)
class Reported:
    """Losses with rewards: of the first row, and means over parts of what follows. Shapes: (parts,)."""

    losses: Tensor
    chosen: Tensor
    rejected: Tensor
    accuracies: Tensor | None

    @classmethod
    def of(cls, curves: Curves) -> Reported | None:
        """None if there are no such rows."""
        names = [*LOGGED_REWARDS] if curves.has("loss", *LOGGED_REWARDS) else [MARGIN]
        if not curves.has("loss", *names):
            return None
        extra = [ACCURACY] if curves.has("loss", *names, ACCURACY) else []
        found = curves.together("loss", *names, *extra)
        if len(names) == 1:
            found = torch.stack([found[0], found[1] / 2, -found[1] / 2, *found[2:]])
        rest = found[:, 1:]
        parts = [found[:, :1], *rest.tensor_split(max(1, min(BLOCKS - 1, rest.shape[1])), 1)]
        parts = [part for part in parts if part.shape[1]]
        found = torch.stack([part.mean(1) for part in parts], 1)
        return cls(found[0], found[1], found[2], found[3] if extra else None)

    @property
    def margins(self) -> Tensor:
        return self.chosen - self.rejected

    def expected(self, settings: RunSettings, scale: float = 1.0) -> Tensor:
        """Losses that these rewards would have under settings, with rewards scaled."""
        return expected_loss(
            settings, scale * self.chosen, scale * self.rejected, self._accuracies(scale)
        )

    def _accuracies(self, scale: float) -> Tensor | None:
        if self.accuracies is None:
            return None
        return self.accuracies if scale > 0 else 1 - self.accuracies

    def misfit(self, losses: Tensor) -> float:
        """How far losses typically are from the reported ones."""
        return float((self.losses - losses).abs().mean())

    def below(self, settings: RunSettings, scale: float = 1.0) -> float:
        """How far the reported losses are, on average, below the least that these rewards allow.

        The distance is that beyond three standard errors; 0 if the loss has no such bound.
        """
        if settings.loss_type not in CONVEX:
            return 0.0
        short = loss_at(settings, scale * self.chosen, scale * self.rejected) - self.losses
        noise = 0.1 * float(short.abs().mean()) if len(short) < 3 else standard_error(short)
        return max(0.0, float(short.mean()) - STANDARD_ERRORS * noise)


# ---- beta twice --------------------------------------------------------------------------------


@finding("beta_twice", see=figures.BETA_TWICE, mended=figures.RIGHT)
def beta_twice(log: TrainingLog, settings: RunSettings) -> Said:
    """Found if the loss is that at beta times the logged margins, and not that at the margins.

    An implicit reward holds beta already. Or, where the log shows how much reward a nat is, if that is the
    square of the beta given. Not found if losses are below what such a loss allows.
    """
    curves = Curves(log, settings)
    beta = curves.beta
    if not curves.tells_loss or curves.loss_type not in OF_THE_MARGIN:
        return cannot_tell(
            f"The loss of {curves.loss_name} is no function of the logged margin alone.",
            curves.read,
        )
    scale = scale_of(curves)
    squared = scale is not None and _alike(scale.beta, beta**2) and not _alike(beta, beta**2)
    if scale is not None and squared and "beta" not in curves.settings.assumed:
        return found(
            "A nat of log-probability changes the reward by β², so β may have been applied twice: to the "
            "log-ratio, and to the reward.",
            f"{three_digits(scale.beta)} of reward per nat, from {scale.how}; β = {beta:g}, β² = "
            f"{beta**2:g}.",
        )
    reported = Reported.of(curves)
    if reported is None:
        lacks = curves.needs("loss", MARGIN)
        assert lacks is not None
        return lacks
    once, twice = reported.expected(curves.settings), reported.expected(curves.settings, beta)
    told = (
        f"Mean loss logged: {fixed(3)(float(reported.losses.mean()))}; at the margins, about "
        f"{fixed(3)(float(once.mean()))}; at β times the margins, {fixed(3)(float(twice.mean()))}"
    )
    if float((once - twice).abs().mean()) < TELLS_APART * _unit(curves):
        return cannot_tell("Once and twice give nearly the same loss at these margins.", f"{told}.")
    if _explains(curves, reported, twice, within=CLOSELY):
        return found(
            "The loss is that of margins multiplied by β once more. β may be applied twice in the loss; "
            "or the log has log-ratios that lack β, and then the loss is right and the logged rewards "
            "are too large by 1/β.",
            f"{told}.",
        )
    if reported.below(curves.settings, beta) > BELOW * _unit(curves) or reported.misfit(
        once
    ) < reported.misfit(twice):
        return not_found("The loss is not that at β times the margins.", f"{told}.")
    return cannot_tell("The loss lies between both.", f"{told}.")


# ---- another loss ------------------------------------------------------------------------------


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
    below = reported.below(curves.settings)
    alternatives = _alternatives(curves, reported)
    fitting = _best(
        [
            other
            for other in alternatives
            if _explains(curves, reported, other.losses) or _starts_alike(curves, reported, other)
        ],
        reported,
    )
    if below > BELOW * _unit(curves) or fitting:
        if (assumed := _assumed(curves, fitting)) is not None:
            return cannot_tell(assumed, f"{told}.")
        if below <= BELOW * _unit(curves):
            return found(f"The loss is not {_named(curves)}. {_which(fitting, curves)}", f"{told}.")
        least = loss_at(curves.settings, reported.chosen, reported.rejected)
        return found(
            f"The loss is lower than {curves.loss_name} can be at these rewards: its mean over pairs is "
            f"at least its value at the mean. {_which(fitting, curves)}",
            f"{told}, and at least {fixed(3)(float(least.mean()))}.",
        )
    if curves.loss_type not in CONVEX or reported.accuracies is None:
        return cannot_tell(
            f"The mean of {curves.loss_name} cannot be told from mean rewards."
            if curves.loss_type not in CONVEX
            else "Without rewards/accuracies, the spread of the margins is unknown.",
            f"{told}.",
        )
    if reported.misfit(ours) <= 0.3 * _unit(curves) and len(reported.losses) >= 3:
        near = [o.told for o in alternatives if reported.misfit(o.losses) <= reported.misfit(ours)]
        if near:
            return cannot_tell(
                f"The loss is one that {curves.loss_name} has at these rewards, but margins are too "
                f"small, or spread too far, to tell it from others, such as {near[0]}.",
                f"{told}.",
            )
        return not_found(
            f"The loss is one that {curves.loss_name} has at these rewards.", f"{told}."
        )
    return cannot_tell(
        "The loss is higher than margins of a normal spread would have it: some pairs may be far on the "
        "wrong side. Check the pairs themselves.",
        f"{told}.",
    )


def _another_beta(curves: Curves) -> Said | None:
    scale = scale_of(curves)
    if scale is None or scale.beta <= 0 or _alike(scale.beta, curves.beta):
        return None
    if "beta" in curves.settings.assumed or _alike(scale.beta, curves.beta**2):
        return None
    said = f"β may be {three_digits(scale.beta)} instead of {curves.beta:g}."
    if _alike(scale.beta, 1.0):
        said = "The log may have log-ratios in place of rewards, which lack β, or β is 1."
    return found(
        f"Rewards do not have the β of the settings. {said}",
        f"A nat of log-probability changes the reward by {three_digits(scale.beta)}, from {scale.how}.",
    )


@dataclass(frozen=True)
class Alternative:
    """Another loss, and what it would have been in every row."""

    told: str
    losses: Tensor
    least: Tensor
    """the same if margins had no spread"""
    why: str = ""


def _alternatives(curves: Curves, reported: Reported) -> list[Alternative]:
    """What may have run instead."""
    settings, name = curves.settings, curves.loss_type
    found = [_made(f"{name} times {factor:g}", reported, settings, factor) for factor in FACTORS]
    if name in OF_THE_MARGIN:
        found += [
            _made(
                f"{name} of rewards divided by β",
                reported,
                settings,
                scale=1 / curves.beta,
                why="the log may have scaled them by β once more",
            ),
            _made(
                f"{name} of the opposite margins",
                reported,
                settings,
                scale=-1.0,
                why="two sides may be swapped",
            ),
        ]
    if name == "sigmoid":
        found += [
            _made(
                f"sigmoid with a label smoothing of {e:g}",
                reported,
                replace(settings, label_smoothing=e),
            )
            for e in (0.0, *SMOOTHINGS)
            if e != settings.label_smoothing
        ]
    for other in CANDIDATES:
        if other != name:
            smoothing = settings.label_smoothing if other == "exo_pair" else 0.0
            another = replace(settings, loss_type=other, label_smoothing=smoothing)
            found.append(_made(other, reported, another))
    if name not in ("ipo", "ipo_norm"):
        # Of means over tokens, however long responses are: between no change and that of sums.
        sums = _made("ipo_norm", reported, replace(settings, loss_type="ipo", label_smoothing=0.0))
        still = torch.full_like(sums.losses, 1 / (2 * settings.beta) ** 2)
        found.append(replace(sums, losses=still))
    return found


def _made(
    told: str,
    reported: Reported,
    settings: RunSettings,
    factor: float = 1.0,
    scale: float = 1.0,
    why: str = "",
) -> Alternative:
    least = loss_at(settings, scale * reported.chosen, scale * reported.rejected)
    return Alternative(told, factor * reported.expected(settings, scale), factor * least, why)


def _explains(curves: Curves, reported: Reported, losses: Tensor, within: float = FITS) -> bool:
    """Whether other losses fit in all parts, and much better than those of the settings.

    Three parts at least, over which margins have grown: a single pair of numbers fits many losses.
    """
    if len(reported.losses) < 3:
        return False
    ours = reported.expected(curves.settings)
    misfit, missed = reported.misfit(losses), reported.misfit(ours)
    if misfit > within * max(_unit(curves), float(losses.mean())) or missed < TIMES_BETTER * misfit:
        return False
    spread = float(reported.margins.max() - reported.margins.min())
    tight = misfit <= TIGHT * _unit(curves) and len(reported.losses) >= 4
    least, moved = (TELLS_APART, 0.2) if tight else (MISSES, 0.4)
    return spread > moved and missed >= least * _unit(curves)


def _starts_alike(curves: Curves, reported: Reported, other: Alternative) -> bool:
    """Whether another loss fits the first row, in which margins are still small, and goes on as it may.

    There a loss hardly depends on the spread of margins. All lie between those without a spread and
    those with the spread that accuracies tell, or near.
    """
    if len(reported.losses) < 3 or float(reported.margins[0].abs()) > SMALL_MARGIN:
        return False
    ours = _outside(
        reported.losses,
        loss_at(curves.settings, reported.chosen, reported.rejected),
        reported.expected(curves.settings),
    )
    theirs = _outside(reported.losses, other.least, other.losses)
    start, unit = float(reported.losses[0]), _unit(curves)
    off, missed = float(theirs[0]), float(ours[0])
    if off > FITS * start or missed < max(MISSES * unit, TIMES_BETTER * off):
        return False
    return float(theirs.mean()) <= FITS * max(start, unit)


def _outside(losses: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """How far losses lie outside of what is between two others. Shapes: (parts,)."""
    low, high = torch.minimum(one, other), torch.maximum(one, other)
    return (low - losses).clamp(min=0) + (losses - high).clamp(min=0)


def _best(fitting: list[Alternative], reported: Reported) -> list[Alternative]:
    """The alternatives that fit about as well as the best of them, the best first."""
    misfits = [reported.misfit(other.losses) for other in fitting]
    limit = 2 * min(misfits, default=0.0) + 0.02 * float(reported.losses.mean())
    near = [pair for pair in zip(misfits, fitting, strict=True) if pair[0] <= limit]
    return [other for _, other in sorted(near, key=lambda pair: pair[0])]


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


def _unit(curves: Curves) -> float:
    """The size of a loss of these settings: that at the start."""
    return loss_at_start(curves.settings) or math.log(2)


def _alike(one: float, other: float) -> bool:
    return one > 0 and other > 0 and max(one / other, other / one) <= SAME_BETA
