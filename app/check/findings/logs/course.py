"""What becomes of the two sides of a pair over a run: displaced, suppressed, memorized."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from app.check.findings import figures
from app.check.findings.logs.curves import ACCURACY, MARGIN, Curves, early, late, level, means
from app.check.findings.logs.expected import least_loss, loss_at_start
from app.check.findings.logs.start import apart_at_start
from app.check.findings.numbers import three_digits
from app.check.findings.optima import (
    DISPLACED,
    LEAST,
    OPTIMUM_CHOSEN,
    SUPPRESSED,
    TOGETHER,
    unit_of,
)
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found
from app.check.settings import RunSettings
from app.check.tables import LOGGED_LOGPS, LOGGED_REWARDS, TrainingLog
from app.formatting import fixed, percent, signed
from app.studies.healthy_runs import band

NEEDLESS = 5.0
"""the same, if every pair is ranked right and the loss is all but 0"""

COLLAPSED = 10.0
"""times its starting value that the log-probability of chosen responses has to fall: the lab's healthy runs
have it at five times that at most"""

STEADY = 3.0
"""standard errors that a change has to be"""

ROWS = 4
"""least number of rows from which a course is told"""


@dataclass(frozen=True)
class Change:
    """How far rewards have moved from their start to the end of the log."""

    chosen: float
    rejected: float
    noise: float
    """standard error of the chosen one's, as far as rows that follow each other differ"""

    @property
    def margin(self) -> float:
        return self.chosen - self.rejected

    @classmethod
    def of(cls, curves: Curves) -> Change:
        """Rewards against a reference start at 0, unless the log says that they do not; others as logged."""
        rewards = curves.together(*LOGGED_REWARDS)
        start, parts = means(map(early, rewards)), [early(rewards[0]), late(rewards[0])]
        if curves.has_reference and apart_at_start(curves) is None:
            start, parts = torch.zeros_like(start), parts[1:]
        change = means(map(late, rewards)) - start
        return cls(float(change[0]), float(change[1]), _noise(rewards[0], parts))

    def told(self, curves: Curves) -> str:
        nats = "nats per token" if curves.per_token else "nats"
        return (
            f"Rewards move by {signed(self.chosen)} (chosen) and {signed(self.rejected)} (rejected), "
            f"that is {three_digits(self.chosen / curves.beta)} and "
            f"{three_digits(self.rejected / curves.beta)} {nats}"
        )


def _noise(rewards: Tensor, parts: list[Tensor]) -> float:
    """The standard error of a difference of means over these parts; 0 where too few rows tell none.

    Half the mean square of the steps from row to row is the variance of a row, whatever the trend.
    """
    if len(rewards) < ROWS:
        return 0.0
    variance = float(rewards.diff().square().mean()) / 2
    return math.sqrt(variance * sum(1 / len(part) for part in parts))


def _few(curves: Curves) -> Said | None:
    """What to say of a course that too few rows have, if they show no mistake."""
    rows = len(curves.steps(*LOGGED_REWARDS))
    if rows >= ROWS:
        return None
    return cannot_tell(
        f"A course needs {ROWS} rows at least.",
        f"{rows} {'row' if rows == 1 else 'rows'} with rewards.",
    )


@finding(
    "displacement",
    see=figures.DISPLACED,
    mended=figures.WITH_NLL,
)
def displacement(log: TrainingLog, settings: RunSettings) -> Said:
    """Chosen responses usually fall a little, and that is no mistake: even the exact optimum lowers most.

    Found if their reward falls by 5 or more; or by 2 or more and three times as far as the margin grows; or
    if their log-probability falls to eleven times what it was. In the lab no exact optimum of true quality
    has their reward below -3.1 on average, at any beta.
    """
    curves = Curves(log, settings)
    if (lacks := curves.needs(*LOGGED_REWARDS)) is not None:
        return lacks
    change, unit = Change.of(curves), unit_of(curves.beta, per_token=curves.per_token)
    told = change.told(curves)
    fell = -change.chosen
    if curves.loss_type == "apo_down":
        return cannot_tell("apo_down lowers both responses on purpose.", f"{told}.")
    together = (
        fell >= LEAST * unit and fell >= TOGETHER * max(change.margin, 0.0) and curves.has_reference
    )
    logps = curves.together(*LOGGED_LOGPS)[0]
    collapsed = len(logps) >= ROWS and fell / curves.beta >= COLLAPSED * abs(float(logps[0]))
    far = fell >= DISPLACED * unit or together or (collapsed and not curves.per_token)
    if far and (fell < STEADY * change.noise or _logps_deny(curves)):
        return cannot_tell(
            "The reward of chosen responses falls, but rows differ by about as much, or their "
            "log-probability rises: it may be the reference, or the lengths of batches, that lower it.",
            f"{told}; one standard error of that is {three_digits(change.noise)}.",
        )
    if far:
        return found(
            "Chosen responses have become much less likely (likelihood displacement): what they lost "
            "went to responses outside the pairs. Some fall is no mistake: in the lab's healthy runs it "
            f"ends between {_healthy()}, and its exact optimum falls by no more than "
            f"{fixed(1)(-OPTIMUM_CHOSEN)}. Raise β, lower the learning rate, stop earlier, add the NLL "
            "of the chosen response (rpo_alpha, pref_ftx), or drop pairs that are nearly the same.",
            f"{told}.",
        )
    if (few := _few(curves)) is not None:
        return few
    apart = apart_at_start(curves)
    if apart is not None and apart.chosen <= -LEAST * unit:
        return cannot_tell(
            "Chosen responses are less likely than under the reference from the first rows on. The run may "
            "have begun elsewhere, or they may have fallen before it was logged.",
            f"{apart.where} their reward is {signed(apart.chosen)}. {told}.",
        )
    if fell < 0:
        return not_found("Chosen responses rise.", f"{told}.")
    return not_found(
        f"The reward of chosen responses falls by less than {DISPLACED * unit:g}, the limit here, which is "
        "beyond every exact optimum of the lab.",
        f"{told}.",
    )


def _logps_deny(curves: Curves) -> bool:
    """Whether chosen responses become more likely, where rewards do not compare with a sound reference."""
    logps = curves.together(*LOGGED_LOGPS)[0]
    return (
        apart_at_start(curves) is not None
        and len(logps) >= ROWS
        and level(late(logps)) > level(early(logps))
    )


def _healthy() -> str:
    """The reward of chosen responses at the end of nine in ten of the lab's healthy runs."""
    levels = band().plain[LOGGED_REWARDS[0]]
    return f"{signed(levels[0][-1], 1)} and {signed(levels[-1][-1], 1)}"


@finding(
    "suppression",
    see=figures.SUPPRESSED,
    mended=figures.BOUNDED,
)
def suppression(log: TrainingLog, settings: RunSettings) -> Said:
    """That rejected responses fall further than chosen ones is usual. Found if they fall by 10 or more while
    chosen ones do not rise, or by 5 or more where all pairs are ranked right without it.

    In the lab no exact optimum of true quality has them below -4.5 on average, at any beta.
    """
    curves = Curves(log, settings)
    if (lacks := curves.needs(*LOGGED_REWARDS)) is not None:
        return lacks
    change, unit = Change.of(curves), unit_of(curves.beta, per_token=curves.per_token)
    told = change.told(curves)
    enough = NEEDLESS if _all_ranked(curves) else SUPPRESSED
    if (
        change.rejected <= -enough * unit
        and change.chosen <= 0.1 * change.margin
        and change.margin > 0
    ):
        return found(
            "The margin grows because rejected responses are pushed down, not because chosen ones gain. "
            "The policy learns what not to say, and its probability may go anywhere. Rejected responses "
            "that no model would write are pushed down without end: take pairs from the policy itself, "
            "a loss that stops (ipo, label smoothing), a higher β, or a lower learning rate.",
            f"{told}.",
        )
    if (few := _few(curves)) is not None:
        return few
    return not_found("Rejected responses are not pushed down without bounds.", f"{told}.")


def _all_ranked(curves: Curves) -> bool:
    """Whether in the second half of the log all pairs are ranked right, and the loss is all but 0."""
    start = loss_at_start(curves.settings)
    if start is None or not curves.has("loss", ACCURACY):
        return False
    losses, accuracies = curves.together("loss", ACCURACY)
    half = len(losses) // 2
    nothing_left = level(losses[half:]) <= _all_but_least(curves, start)
    return nothing_left and level(accuracies[half:]) >= ALL_RIGHT


def _all_but_least(curves: Curves, start: float) -> float:
    """The loss at which nothing is left to learn: all but the least that it can be."""
    least = least_loss(curves.settings)
    return least + ALL_BUT_0 * (start - least)


ALL_RIGHT = 0.985
"""mean accuracy that counts as all pairs"""

ALL_BUT_0 = 0.06
"""share of the way from its least value to its start at which a loss is all but the least"""

RESTS, FLAT = 5, 0.1
"""rows of the second half that show a plateau, and share of its level by which they may vary there"""

BEYOND = 15.0
"""margin at which the sigmoid loss of a pair is 3e-7: nothing is left to learn"""

EARLY = 0.5
"""share of the run by which accuracy has to be there to be early"""


def _spent(curves: Curves) -> bool:
    """Whether every row has a margin at which nothing is left to learn, and a loss that agrees."""
    start, rows = loss_at_start(curves.settings), curves.together(MARGIN, "loss", ACCURACY)
    return (
        curves.has_reference
        and start is not None
        and len(rows[0]) > 0
        and bool((rows[0] >= BEYOND * unit_of(curves.beta, per_token=curves.per_token)).all())
        and bool((rows[1] <= _all_but_least(curves, start)).all())
        and bool((rows[2] >= ALL_RIGHT).all())
    )


def _rests(curves: Curves) -> bool:
    """Whether loss and margin are constant in the second half, the loss at less than half of its start.

    A smoothing of labels that nobody gave makes a loss rest there.
    """
    start = loss_at_start(curves.settings)
    if start is None or not curves.has("loss", MARGIN, ACCURACY):
        return False
    losses, margins, _ = curves.together("loss", MARGIN, ACCURACY)
    halves = [losses[len(losses) // 2 :], margins[len(margins) // 2 :]]
    if len(halves[0]) < RESTS or level(halves[0]) > start / 2:
        return False
    return all(float(half.std()) <= FLAT * abs(level(half)) for half in halves)


@finding("saturated", see=figures.RUNS_ON, mended=figures.STOPS)
def saturated(log: TrainingLog, settings: RunSettings) -> Said:
    """Found if accuracy is 1 from the middle of the run on, with a loss or margin that leaves nothing.

    The loss leaves nothing if it is close to the least that it can be, or if it rests.
    Single rows of few pairs may be 1 by chance: it is the mean of all rows from there on. Fewer than four
    rows suffice if the margin of each is 15, which is measured from the reference wherever a run began.
    """
    curves = Curves(log, settings)
    if (lacks := curves.needs(MARGIN)) is not None:
        return lacks
    margins, steps = curves.together(MARGIN)[0], curves.steps(MARGIN)
    if len(margins) < ROWS and not _spent(curves):
        return cannot_tell(
            f"This needs {ROWS} rows at least.", f"{len(margins)} rows with a margin."
        )
    half = steps >= steps[0] + EARLY * (steps[-1] - steps[0])
    margin = level(margins[half])
    told = f"In the second half of the log the mean margin is {signed(margin)}"
    loss, start = None, loss_at_start(curves.settings)
    if curves.has("loss", MARGIN):
        losses = curves.together("loss", MARGIN)[0]
        loss = level(losses[len(losses) // 2 :])
        told += f", the mean loss {fixed(3)(loss)}"
    accuracy = None
    if curves.has(ACCURACY, MARGIN):
        accuracies = curves.together(ACCURACY, MARGIN)[0]
        accuracy = level(accuracies[len(accuracies) // 2 :])
        told += f", the mean accuracy {percent(1)(accuracy)}"
    spent = start is not None and loss is not None and loss <= _all_but_least(curves, start)
    spent = spent or (accuracy is not None and _rests(curves))
    ranked = accuracy is None or accuracy >= ALL_RIGHT
    unit = unit_of(curves.beta, per_token=curves.per_token)
    far = margin >= BEYOND * unit and (accuracy is None or accuracy >= 0.9)
    if (ranked and spent) or far:
        when = "in these rows" if len(margins) < ROWS else "by the middle of the run"
        return found(
            f"The pairs are learned {when}, and nothing is left in them. They may be "
            "told apart by something trivial (length, format, a phrase, another model's style), be "
            "memorized over many epochs, or be contained in the evaluation. Look at held-out accuracy, "
            "stop earlier, raise β or lower the learning rate, and look for what gives the rejected "
            "ones away.",
            f"{told}.",
        )
    if accuracy is None and loss is None:
        return cannot_tell(f"This needs {ACCURACY} or loss.", f"{told}.")
    if not ranked:
        return not_found("Not all pairs are ranked right.", f"{told}.")
    return not_found("There are pairs left to learn from.", f"{told}.")
