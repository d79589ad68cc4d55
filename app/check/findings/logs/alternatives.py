"""Other losses that a reported one may be, and how well each fits."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from app.check.findings.logs.curves import Curves
from app.check.findings.logs.expected import CANDIDATES, OF_THE_MARGIN, loss_at
from app.check.findings.logs.reported import Reported, loss_unit
from app.check.settings import RunSettings

FITS = 0.06
"""share of the starting loss within which another fits: what the normal spread of margins may miss"""

MISSES = 0.15
"""share of the starting loss by which that of the settings has to miss"""

TIGHT = 0.01
"""share of the starting loss within which another fits in all parts, as nothing does by chance"""

TIMES_BETTER = 3.0
"""how much better another loss has to fit"""

GROWN = 0.25
"""share of the largest margin by which margins have to differ"""

SMOOTHINGS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4)
FACTORS = (0.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128)

TAILS_SMOOTHE = 0.2
"""label smoothing up to which heavy tails of the margins raise the loss as much"""

AT_REST = 0.1
"""share by which margins at rest may be off"""

SMALL_MARGIN = 0.3
"""margin of a first row from which the start of another loss is told"""

TELLS_APART = 0.05
"""least difference of two losses that are told apart"""


@dataclass(frozen=True)
class Alternative:
    """Another loss, and what it would have been in every row."""

    told: str
    losses: Tensor
    least: Tensor
    """the same if margins had no spread"""
    why: str = ""
    smoothing: float | None = None
    """label smoothing, if it is that which is other"""

    def may_be_tails(self, reported: Reported) -> bool:
        """Whether some pairs far on the wrong side would give the same losses.

        Little smoothing raises the loss as such pairs do, and both start alike. It is told from them
        where margins come to rest at ln((1 - e) / e), beyond which smoothing e pulls them back.
        """
        if self.smoothing is None or not 0 < self.smoothing <= TAILS_SMOOTHE:
            return False
        rest = math.log(1 / self.smoothing - 1)
        last = reported.margins[-3:]
        return len(last) < 3 or bool(((last - rest).abs() > AT_REST * rest).any())


def alternatives(curves: Curves, reported: Reported) -> list[Alternative]:
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
            replace(
                _made(
                    f"sigmoid with a label smoothing of {e:g}",
                    reported,
                    replace(settings, label_smoothing=e),
                ),
                smoothing=e,
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
        still = torch.zeros_like(sums.losses) + 1 / (2 * settings.beta) ** 2
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


def explains(curves: Curves, reported: Reported, losses: Tensor, within: float = FITS) -> bool:
    """Whether other losses fit in all parts, and much better than those of the settings where the two differ.

    They have to differ in three parts at least, and margins have to grow: a single pair of numbers fits
    many losses. Without accuracies margins may spread as they like, and all parts count.
    """
    if len(reported.losses) < 3:
        return False
    ours = reported.expected(curves.settings)
    differ = (ours - losses).abs() >= TELLS_APART * loss_unit(curves)
    if reported.accuracies is None:
        differ = torch.ones_like(differ)
    if int(differ.sum()) < 3:
        return False
    misfit, missed = reported.misfit(losses, differ), reported.misfit(ours, differ)
    most = within * max(loss_unit(curves), float(losses.mean()))
    if max(misfit, reported.misfit(losses)) > most or missed < TIMES_BETTER * misfit:
        return False
    spread = float(reported.margins.max() - reported.margins.min())
    if spread < GROWN * float(reported.margins.abs().max()):
        return False
    tight = misfit <= TIGHT * loss_unit(curves) and len(reported.losses) >= 4
    least, moved = (TELLS_APART, 0.2) if tight else (MISSES, 0.4)
    return spread > moved and missed >= least * loss_unit(curves)


def starts_alike(curves: Curves, reported: Reported, other: Alternative) -> bool:
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
    start, unit = float(reported.losses[0]), loss_unit(curves)
    off, missed = float(theirs[0]), float(ours[0])
    if off > FITS * start or missed < max(MISSES * unit, TIMES_BETTER * off):
        return False
    return float(theirs.mean()) <= FITS * max(start, unit)


def _outside(losses: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """How far losses lie outside of what is between two others. Shapes: (parts,)."""
    low, high = torch.minimum(one, other), torch.maximum(one, other)
    return (low - losses).clamp(min=0) + (losses - high).clamp(min=0)


def best(fitting: list[Alternative], reported: Reported) -> list[Alternative]:
    """The alternatives that fit about as well as the best of them, the best first."""
    misfits = [reported.misfit(other.losses) for other in fitting]
    limit = 2 * min(misfits, default=0.0) + 0.02 * float(reported.losses.mean())
    near = [pair for pair in zip(misfits, fitting, strict=True) if pair[0] <= limit]
    return [other for _, other in sorted(near, key=lambda pair: pair[0])]
