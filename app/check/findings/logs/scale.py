"""How many units of reward a nat of log-probability is, which is beta, as far as a log shows it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from app.check.findings.logs.curves import REFERENCE_LOGPS, Curves, means
from app.check.tables import LOGGED_LOGPS, LOGGED_REWARDS
from app.formatting import signed

LINEAR = 0.98
"""least share of the variance of rewards that a line through log-probabilities explains"""

EVIDENCE = 8.0
"""logarithm of how much likelier the opposite has to be"""

SAME_BETA = 1.25
"""factor within which two values of beta agree"""

SINGLE = 1e-6
"""share of a value that single precision rounds away, however many digits are printed"""


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
    rewards = torch.cat(columns[:2])
    ratios = torch.cat([columns[2] - columns[4], columns[3] - columns[5]])
    digit = max(_last_digit(column.tolist()) for column in columns[2:])
    if float(ratios.square().mean().sqrt()) <= digit:
        return None
    beta = float((rewards * ratios).sum() / ratios.square().sum())
    rest = float((rewards - beta * ratios).square().sum())
    if rest > (1 - LINEAR) * float(rewards.square().sum()):
        return None
    return Scale(beta, "rewards and both log-probabilities")


def _slope(curves: Curves, least: int) -> float | None:
    """Slope of rewards over log-probabilities, each side around its own mean."""
    if not curves.has(*LOGGED_REWARDS, *LOGGED_LOGPS):
        return None
    columns = curves.together(*LOGGED_REWARDS, *LOGGED_LOGPS)
    if len(columns[0]) < least:
        return None
    rewards, logps = torch.cat(centered(columns[:2])), torch.cat(centered(columns[2:]))
    if not _spread(columns):
        return None
    together = float((rewards * logps).sum())
    explained = together**2 / float(rewards.square().sum() * logps.square().sum())
    return together / float(logps.square().sum()) if explained >= LINEAR else None


def _spread(columns: list[Tensor]) -> bool:
    """Whether each column has a larger deviation than one in its last digit, thrice what rounding adds."""
    return all(
        float(apart.square().mean().sqrt()) > _last_digit(column.tolist())
        for apart, column in zip(centered(columns), columns, strict=True)
    )


def _last_digit(values: list[float]) -> float:
    """The place of the last digit that any of the values has, in single precision: 0.01 for 3.25 and 1.5."""
    printed = float(f"1e{min((_power(value) for value in values), default=0)}")
    return max(printed, SINGLE * max((abs(value) for value in values), default=0.0))


def _power(value: float) -> int:
    """The power of ten of a number's last digit, in the fewest digits that tell it: -2 of 3.25, 2 of 300."""
    if value == 0:
        return 0
    mantissa, _, power = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = whole + fraction
    zeros = len(digits) - len(digits.rstrip("0"))
    return int(power or "0") + zeros - len(fraction)


@dataclass(frozen=True)
class Direction:
    """Whether log-probabilities of the policy move as rewards say, or against them."""

    against: bool
    told: str


def direction_of(curves: Curves) -> Direction | None:
    """Whether log-probabilities move by what rewards do, or by the opposite; None if batches hide it.

    A reward that grew by r has raised the log-probability by r / beta. Batches have other references, so the
    changes from the first to the last third are compared by their standard errors: one of both has to be
    e^8 times as likely as the other, over both sides, and to fit by itself.
    """
    if curves.per_token or not curves.has(*LOGGED_REWARDS, *LOGGED_LOGPS):
        return None
    columns = curves.together(*LOGGED_REWARDS, *LOGGED_LOGPS)
    part = len(columns[0]) // 3
    if part < 3:
        return None
    meant, logps = [rewards / curves.beta for rewards in columns[:2]], columns[2:]
    change, noise = _change(logps, part)[0], _least_noise(logps, meant, part)
    moved = _change(meant, part)[0]
    evidence = float((2 * change * moved / noise.square()).sum())
    against = evidence < 0
    apart = (change + moved if against else change - moved).abs()
    if abs(evidence) < EVIDENCE or not bool((apart <= 3 * noise + 0.2 * moved.abs()).all()):
        return None
    return Direction(
        against,
        f"By the end rewards have changed by what is {signed(float(moved[0]), 1)} (chosen) and "
        f"{signed(float(moved[1]), 1)} nats (rejected) at β = {curves.beta:g}, and log-probabilities by "
        f"{signed(float(change[0]), 1)} and {signed(float(change[1]), 1)}.",
    )


def _change(columns: list[Tensor], part: int) -> tuple[Tensor, Tensor]:
    """From the first to the last rows, with its standard error. Shapes: (rows,) each -> (columns,)."""
    first, last = [column[:part] for column in columns], [column[-part:] for column in columns]
    error = torch.stack(
        [((one.var() + other.var()) / part).sqrt() for one, other in zip(first, last, strict=True)]
    )
    return means(last) - means(first), error


def _least_noise(logps: list[Tensor], meant: list[Tensor], part: int) -> Tensor:
    """Standard error of a change that batches make: of what is left without the policy's own."""
    both = [*zip(logps, meant, strict=True)]
    _, added = _change([one + other for one, other in both], part)
    _, taken = _change([one - other for one, other in both], part)
    return torch.minimum(added, taken).clamp(min=1e-3)


def centered(columns: Iterable[Tensor]) -> list[Tensor]:
    """Each column around its mean. Shapes: (rows,)."""
    return [column - column.mean() for column in columns]


def proportional(rewards: Tensor, logps: Tensor) -> tuple[float, float]:
    """The factor that makes rewards of log-probabilities, and the share of rewards that it leaves.

    The share is NaN of rewards that are 0. Shapes: (rows,), (rows,).
    """
    factor = float((rewards * logps).sum() / logps.square().sum())
    size = float(rewards.square().sum().sqrt())
    rest = float((rewards - factor * logps).square().sum().sqrt())
    return factor, rest / size if size > 0 else math.nan


def alike(one: float, other: float) -> bool:
    """Whether two values of beta agree."""
    return one > 0 and other > 0 and max(one / other, other / one) <= SAME_BETA
