"""Losses as a log reports them, beside those that settings would give."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from app.check.findings.logs.curves import ACCURACY, MARGIN, Curves, means, standard_error
from app.check.findings.logs.expected import CONVEX, expected_loss, loss_at, loss_at_start
from app.check.settings import RunSettings
from app.check.tables import LOGGED_REWARDS

STANDARD_ERRORS = 3

BELOW = 0.02
"""share of the starting loss by which rounding and half precision may lower a loss"""

BLOCKS = 8
"""parts of a run over which losses are compared, so that single batches do not decide"""


@dataclass(frozen=True)
class Reported:
    """Losses with rewards: of the first row, and means over parts of what follows. Shapes: (parts,)."""

    losses: Tensor
    chosen: Tensor
    rejected: Tensor
    accuracies: Tensor | None
    nll: Tensor | None = None
    """of chosen responses, nats per token"""

    @classmethod
    def of(cls, curves: Curves) -> Reported | None:
        """None if there are no such rows."""
        names = [*LOGGED_REWARDS] if curves.has("loss", *LOGGED_REWARDS) else [MARGIN]
        if not curves.has("loss", *names):
            return None
        extra = [ACCURACY] if curves.has("loss", *names, ACCURACY) else []
        nll = ["nll_loss"] if curves.has("loss", *names, *extra, "nll_loss") else []
        found = curves.together("loss", *names, *extra, *nll)
        if len(names) == 1:
            found = [found[0], found[1] / 2, -found[1] / 2, *found[2:]]
        found = [means(_parts(column)) for column in found]
        losses, chosen, rejected = found[:3]
        return cls(
            losses, chosen, rejected, found[3] if extra else None, found[-1] if nll else None
        )

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

    def misfit(self, losses: Tensor, parts: Tensor | None = None) -> float:
        """How far losses typically are from the reported ones, in all parts or in those."""
        apart = (self.losses - losses).abs()
        return float((apart if parts is None else apart[parts]).mean())

    def below(self, settings: RunSettings, scale: float = 1.0) -> float:
        """How far the reported losses are, on average, below the least that these rewards allow.

        The distance is that beyond three standard errors; 0 if the loss has no such bound.
        """
        if settings.loss_type not in CONVEX:
            return 0.0
        short = loss_at(settings, scale * self.chosen, scale * self.rejected) - self.losses
        noise = 0.1 * float(short.abs().mean()) if len(short) < 3 else standard_error(short)
        return max(0.0, float(short.mean()) - STANDARD_ERRORS * noise)


def _parts(column: Tensor) -> list[Tensor]:
    """The first row, and as many parts of those that follow."""
    rest = column[1:]
    parts = rest.tensor_split(min(BLOCKS - 1, len(rest))) if len(rest) else ()
    return [column[:1], *parts]


def loss_unit(curves: Curves) -> float:
    """The size of a loss of these settings: that at the start."""
    return loss_at_start(curves.settings) or math.log(2)
