"""Rewards before training, which are 0 if the policy starts as its reference."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from app.check.findings.logs.curves import ACCURACY, MARGIN, Curves, means, pairs_of_a_row
from app.check.findings.logs.expected import expected_loss
from app.check.tables import LOGGED_LOGPS, LOGGED_REWARDS

ROUNDING_NATS = 1.0
"""mean log-ratio of whole responses that two precisions of the same network are allowed: 0.1 of reward at a
beta of 0.1"""

ROUNDING_SHARE = 0.005
"""the same as a share of the log-probability, for long responses"""

STANDING = 0.7
"""share of its mean in the next rows that a reward has to have in the first one: coming from 0 in equal
steps it has a third of the second row, and even one that soon comes to rest has less"""

NEXT_ROWS, LEAST_ROWS = 4, 10
"""rows after the first that it is compared with, and rows that the log needs, so that one is a short time"""

FEW_UPDATES = 30
"""updates in which no usual learning rate brings a policy to where it stays"""

FEW = 3
"""rows that are averaged where a row is a batch"""


def explained_at_start(curves: Curves) -> float | None:
    """The mean loss that the margin in the row of the first loss explains; None if it tells none.

    Without an accuracy, margins are taken to spread as far as their mean.
    """
    row = curves.first_row("loss")
    if not curves.tells_loss or row is None:
        return None
    chosen, rejected, margin, accuracy = (
        curves.column(name)[row : row + 1] for name in (*LOGGED_REWARDS, MARGIN, ACCURACY)
    )
    if not margin.isfinite().all():
        return None
    if not (chosen + rejected).isfinite().all():
        chosen, rejected = margin / 2, -margin / 2
    accuracy = torch.where(accuracy.isfinite(), accuracy, 0.5)
    return float(expected_loss(curves.settings, chosen, rejected, accuracy)[0])


@dataclass(frozen=True)
class Apart:
    """Mean rewards with which a run began that should have begun at 0."""

    chosen: float
    rejected: float
    where: str

    @property
    def size(self) -> float:
        """The larger of both."""
        return max(abs(self.chosen), abs(self.rejected))

    @property
    def margin(self) -> float:
        return self.chosen - self.rejected


def apart_at_start(curves: Curves) -> Apart | None:
    """Rewards away from 0 that training cannot have brought there; None if none are seen.

    In the row of step 1 more than rounding is enough. A later first row is an average over steps that have
    trained already. Its rewards count if the learning rate was still warming up, or if the next rows are
    hardly further: a policy that had come from 0 within the first interval would have gone on.
    """
    if not curves.has_reference or not curves.has(*LOGGED_REWARDS):
        return None
    rewards = curves.together(*LOGGED_REWARDS)
    first = Apart(float(rewards[0][0]), float(rewards[1][0]), "In the first row")
    if curves.starts_untouched:
        limit = ROUNDING_NATS
        if curves.has(*LOGGED_LOGPS) and not curves.per_token:
            largest = max(abs(float(logps[0])) for logps in curves.together(*LOGGED_LOGPS))
            limit = max(limit, ROUNDING_SHARE * largest)
        return first if first.size > limit * curves.beta else None
    if curves.starts_early and first.size >= max(1.0, 5 * curves.beta):
        return first
    if len(rewards[0]) >= LEAST_ROWS and _starts_soon(curves) and _stands(rewards):
        return first
    return _unlearned(curves, rewards)


def _starts_soon(curves: Curves) -> bool:
    """Whether the first row is of the first few updates: by its step, or by the pairs that it averages."""
    if not curves.starts_with_an_interval:
        return False
    if not curves.log.numbered:
        return curves.log.steps[0] <= FEW_UPDATES
    return pairs_of_a_row(curves.together(ACCURACY)[0]) is not None


def _stands(rewards: list[Tensor]) -> bool:
    """Whether a reward or the margin is in the first row nearly where it is in the next ones."""
    curves = [*rewards, rewards[0] - rewards[1]]
    first = torch.stack([curve[0] for curve in curves])
    then = [curve[1 : 1 + NEXT_ROWS] for curve in curves]
    mean, noise = means(then), torch.stack([rows.std() for rows in then])
    there = (first / mean >= STANDING) & (first.abs() >= 0.5) & (mean.abs() >= 3 * noise)
    return bool(there.any())


def _unlearned(curves: Curves, rewards: list[Tensor]) -> Apart | None:
    """Large rewards that stay where they are while the margin says that nothing is learned."""
    beginning = means(column[:FEW] for column in rewards)
    few = Apart(
        float(beginning[0]),
        float(beginning[1]),
        f"In the first {min(FEW, len(rewards[0]))} rows",
    )
    if len(rewards[0]) < 2 * FEW or few.size < 3:
        return None
    drift = float((means(column[FEW : 2 * FEW] for column in rewards) - beginning).abs().max())
    accuracies = curves.column(ACCURACY)[:FEW]
    known = accuracies[accuracies.isfinite()]
    unlearned = abs(few.margin) <= 0.3 * few.size or float(known.mean()) <= 0.6
    return few if unlearned and few.size >= 5 * drift else None
