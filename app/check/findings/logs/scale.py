"""How many units of reward a nat of log-probability is, which is beta, as far as a log shows it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from app.check.findings.logs.curves import REFERENCE_LOGPS, Curves
from app.check.tables import LOGGED_LOGPS, LOGGED_REWARDS
from app.formatting import signed

LINEAR = 0.98
"""least share of the variance of rewards that a line through log-probabilities explains"""

APART = 5.0
"""standard errors by which log-probabilities have to differ from where rewards would have them"""

MOVED = 0.5
"""least standard deviation of log-probabilities, nats, from which a slope is taken"""


@dataclass(frozen=True)
class Scale:
    """An estimate of beta."""

    beta: float
    how: str
    """what it was computed from"""


def scale_of(curves: Curves) -> Scale | None:
    """Beta as rewards and log-probabilities have it; None if the log does not show it.

    A reward is beta (log pi - log pi_ref). With the reference's log-probabilities it is a quotient. On
    rows that are all of the same pairs, as in evaluation, the reference is constant, and beta is the slope
    of rewards over log-probabilities. Rows of different batches have different references: they lie on
    no line, and then nothing is said.
    """
    if curves.per_token or not curves.has_reference:
        return None
    if (scale := _with_reference(curves)) is not None:
        return scale
    if curves.log.evaluation is not None:
        evaluated = Curves(curves.log.evaluation, curves.settings)
        slope = _slope(evaluated, least=2)
        if slope is not None:
            return Scale(slope, "the rows of the evaluation split")
    slope = _slope(curves, least=6)
    return None if slope is None else Scale(slope, "rewards over log-probabilities")


def _with_reference(curves: Curves) -> Scale | None:
    if not curves.has(*LOGGED_REWARDS, *LOGGED_LOGPS, *REFERENCE_LOGPS):
        return None
    columns = curves.together(*LOGGED_REWARDS, *LOGGED_LOGPS, *REFERENCE_LOGPS)
    rewards, ratios = columns[:2].flatten(), (columns[2:4] - columns[4:]).flatten()
    if float(ratios.abs().max()) < MOVED:
        return None
    beta = float((rewards * ratios).sum() / ratios.square().sum())
    rest = (rewards - beta * ratios).square().sum() / rewards.square().sum()
    if float(rest) > 1 - LINEAR:
        return None
    return Scale(beta, "rewards and both log-probabilities")


def _slope(curves: Curves, least: int) -> float | None:
    """Slope of rewards over log-probabilities, each side around its own mean."""
    if not curves.has(*LOGGED_REWARDS, *LOGGED_LOGPS):
        return None
    columns = curves.together(*LOGGED_REWARDS, *LOGGED_LOGPS)
    if columns.shape[1] < least:
        return None
    rewards, logps = centered(columns[:2]).flatten(), centered(columns[2:]).flatten()
    if float(logps.square().mean().sqrt()) < MOVED or float(rewards.abs().max()) == 0:
        return None
    together = float((rewards * logps).sum())
    explained = together**2 / float(rewards.square().sum() * logps.square().sum())
    return together / float(logps.square().sum()) if explained >= LINEAR else None


def moves_against(curves: Curves) -> str | None:
    """How a side's log-probability moves by what its reward does, in the other direction; None if none does.

    A reward that grew by r has raised the log-probability by r / beta. Batches have other references, so
    first and last third are compared by their standard errors: found if the change is far from that, and
    near its opposite.
    """
    if curves.per_token or not curves.has(*LOGGED_REWARDS, *LOGGED_LOGPS):
        return None
    columns = curves.together(*LOGGED_REWARDS, *LOGGED_LOGPS)
    part = columns.shape[1] // 3
    if part < 3:
        return None
    first, last = columns[:, :part], columns[:, -part:]
    change = last.mean(1) - first.mean(1)
    error = ((first.var(1) + last.var(1)) / part).sqrt()
    for side, name in enumerate(LOGGED_REWARDS):
        moved, logps, noise = float(change[side]), float(change[2 + side]), float(error[2 + side])
        meant = moved / curves.beta
        apart, near = abs(logps - meant), abs(logps + meant)
        if apart > APART * noise and near <= 3 * noise + 0.2 * abs(meant):
            return (
                f"{name} changes by {signed(moved)}, which is {signed(meant, 1)} nats at β = "
                f"{curves.beta:g}, and {LOGGED_LOGPS[side]} by {signed(logps, 1)}."
            )
    return None


def centered(columns: Tensor) -> Tensor:
    """Each column around its mean. Shape: (columns, rows)."""
    return columns - columns.mean(1, keepdim=True)


def proportional(rewards: Tensor, logps: Tensor) -> tuple[float, float]:
    """The factor that makes rewards of log-probabilities, and the share of rewards that it leaves.

    Shapes: (...), (...).
    """
    factor = float((rewards * logps).sum() / logps.square().sum())
    rest = torch.linalg.vector_norm(rewards - factor * logps) / torch.linalg.vector_norm(rewards)
    return factor, float(rest)
