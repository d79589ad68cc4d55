"""Rewards before training, which are 0 if the policy starts as its reference."""

from __future__ import annotations

from dataclasses import dataclass

from app.check.findings.logs.curves import ACCURACY, LOGPS, REWARDS, Curves

ROUNDING_NATS = 1.0
"""mean log-ratio of whole responses that two precisions of the same network may come to: reports of a policy
in float32 beside a reference in float16 or bfloat16 have rewards of a few hundredths at beta 0.1"""

ROUNDING_SHARE = 0.005
"""the same as a share of the log-probability, for long responses"""

FEW = 3
"""rows that are averaged where a row is a batch"""


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

    In the row of step 1 more than rounding is enough. A later first row is an average over steps that
    have trained already: rewards count only if the learning rate was still warming up, or if they stay
    for six rows where they were, by a fifth of their size, while the margin says that nothing is learned.
    """
    if not curves.has_reference or not curves.has(*REWARDS):
        return None
    rewards = curves.together(*REWARDS)
    if curves.starts_untouched:
        first = Apart(float(rewards[0, 0]), float(rewards[1, 0]), "In the first row")
        limit = ROUNDING_NATS
        if curves.has(*LOGPS) and not curves.per_token:
            limit = max(limit, ROUNDING_SHARE * float(curves.together(*LOGPS)[:, 0].abs().max()))
        return first if first.size > limit * curves.beta else None
    if curves.starts_early and float(rewards[:, 0].abs().max()) >= max(1.0, 5 * curves.beta):
        return Apart(float(rewards[0, 0]), float(rewards[1, 0]), "In the first row")
    beginning = rewards[:, :FEW].mean(1)
    few = Apart(
        float(beginning[0]),
        float(beginning[1]),
        f"In the first {min(FEW, rewards.shape[1])} rows",
    )
    if rewards.shape[1] < 2 * FEW or few.size < 3:
        return None
    drift = float((rewards[:, FEW : 2 * FEW].mean(1) - beginning).abs().max())
    accuracies = curves.column(ACCURACY)[:FEW]
    unlearned = abs(few.margin) <= 0.3 * few.size or float(accuracies.nanmean()) <= 0.6
    return few if unlearned and few.size >= 5 * drift else None
