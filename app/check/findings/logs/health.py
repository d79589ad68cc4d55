"""Numbers that are none, a loss that climbs, sides that are equal, and logs that are too short."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor

from app.check.findings import figures
from app.check.findings.logs.curves import (
    ACCURACY,
    MARGIN,
    PART,
    Curves,
    early,
    late,
    level,
    pairs_of_a_row,
    standard_error,
)
from app.check.findings.logs.expected import loss_at, loss_at_start
from app.check.findings.logs.start import apart_at_start, explained_at_start
from app.check.findings.numbers import three_digits
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found
from app.check.settings import RunSettings
from app.check.tables import LOGGED_LOGPS, LOGGED_REWARDS, TrainingLog
from app.formatting import fixed, percent, signed

SCALER_ROWS = 5
"""first rows whose gradient may be infinite: float16 training tries its loss scale, and skips such steps"""

CLIMBED = 1.5
"""how many times its starting value a loss has to be at the end"""

CLIMBS_ON = 1.2
"""times its first row the highest mean of a fifth has to be where the margin of that row is to explain it: a
loss that stays as high as it began may have a wrong reference"""

FAR_UP = 2.5
"""how many times its starting value the mean of a fifth of the run has to be"""

SPIKE = 15.0
"""how many times its starting value a single row has to be"""

EXPLODED = 100.0
"""how many times its early median a gradient norm has to be at the end"""


@finding("not_finite", see=figures.OVERFLOW, mended=figures.HEALTHY)
def not_finite(log: TrainingLog, settings: RunSettings) -> Said:
    """Found if a logged value is NaN or infinite, or if losses are exactly 0 beside such a gradient.

    Gradient norms alone may be infinite in the first few rows, and in single ones later, where float16
    training tries its loss scale. Losses of exactly 0 in most rows count, too: transformers logs a NaN
    loss as 0. So do logits that are not finite beside a loss that is.
    """
    names = [name for name in log.columns if name not in ("epoch", "learning_rate")]
    bad = {name: _bad_rows(log, name) for name in names}
    rest = {name: rows for name, rows in bad.items() if rows and name != "grad_norm"}
    norms = bad.get("grad_norm", [])
    at = Curves(log, settings).at_rows()
    if not rest and norms and _of_the_scaler(norms, len(log)):
        return not_found(
            "Only single gradient norms are not finite, as where float16 training tries its loss "
            "scale.",
            f"{len(norms)} such rows, the last at {at} {log.steps[max(norms)]:g}.",
        )
    found_in = rest | ({"grad_norm": norms} if norms else {})
    if found_in:
        first = min(min(rows) for rows in found_in.values())
        named = ", ".join(name for name, rows in found_in.items() if first in rows)
        share = len({row for rows in found_in.values() for row in rows}) / len(log)
        return found(
            "Numbers stop being numbers. Usual causes: float16 overflows (use bfloat16 or float32, in "
            "the reference, too), a learning rate that is too high, an empty response, whose mean is "
            "0/0, or a logarithm of 0. Look at the batch of the first such row; what is logged after it "
            "means nothing.",
            f"First at {at} {log.steps[first]:g}, in {named}; {percent(0)(share)} of the rows have one.",
        )
    zeros, of = _unexplained_zeros(Curves(log, settings))
    if len(zeros) >= 3 and len(zeros) > of / 2:
        return found(
            "The loss is exactly 0, which the margins in this log do not explain. A NaN is often logged as 0 "
            "(logging_nan_inf_filter in transformers): look at the gradient norm, and at float16.",
            f"{len(zeros)} of {of} losses are 0, the first at {at} {zeros[0]:g}.",
        )
    if not any(log.columns.values()):
        return cannot_tell("There is no value to look at.", "No column was read.")
    if log.strange:
        return found(
            "Only logits are not finite, while the loss is. They are logged alone, so the loss may be sound "
            "all the same. A mean over no token is NaN: see whether log-probabilities are 0, too. "
            "Otherwise logits may overflow at tokens that the loss leaves out: try bfloat16 or float32.",
            f"Not finite: {', '.join(log.strange)}. All values read are finite.",
        )
    return not_found("All values read are finite.", f"{len(log)} rows of {len(names)} columns.")


def _of_the_scaler(rows: list[int], of: int) -> bool:
    """Whether infinite gradients are of steps that a loss scaler skips: the first, and single ones later."""
    later = [row for row in rows if row >= SCALER_ROWS]
    apart = all(second - first > 1 for first, second in pairwise(later))
    return len(rows) < of and len(later) <= 0.05 * of and apart


def _unexplained_zeros(curves: Curves) -> tuple[list[float], int]:
    """Steps of the losses that are exactly 0 although their rewards allow none, and the number of losses."""
    names = ["loss", *LOGGED_REWARDS] if curves.has("loss", *LOGGED_REWARDS) else ["loss"]
    columns, steps = curves.together(*names), curves.steps(*names)
    zero = columns[0] == 0
    if len(names) > 1 and curves.tells_loss:
        zero = zero & (loss_at(curves.settings, columns[1], columns[2]) > 1e-3)
    return steps[zero].tolist(), len(steps)


def _bad_rows(log: TrainingLog, name: str) -> list[int]:
    """Numbers of the rows with a value that is not finite."""
    return [
        row
        for row, value in enumerate(log.columns[name])
        if value is not None and not math.isfinite(value)
    ]


@finding("diverging", see=figures.DIVERGED, mended=figures.HEALTHY)
def diverging(log: TrainingLog, settings: RunSettings) -> Said:
    """Found if the loss ends at half again its start or more, or is at two and a half times it for a fifth.

    The start is that of a policy which equals its reference, or the first row if it is higher. If the loss
    climbs on from there, what the margin of that row explains is no part of its start: the run may have
    diverged before it. Where rewards did not start at 0, the loss was high before it learned, and its first
    fifth is the start. Also found if a row is fifteen times that, or if the gradient norm ends at a hundred
    times its early median while the loss does not fall.
    """
    curves = Curves(log, settings)
    if (lacks := curves.needs("loss")) is not None:
        return lacks
    losses = curves.together("loss")[0]
    if len(losses) < 5:
        return cannot_tell("This needs five rows at least.", f"{len(losses)} rows with a loss.")
    first, end = float(losses[0]), level(late(losses))
    known = loss_at_start(curves.settings)
    worst = max(level(part) for part in losses.tensor_split(PART))
    start = max(known or level(losses[:3]), first, 1e-9)
    explained = explained_at_start(curves)
    if known is not None and explained is not None and worst > CLIMBS_ON * first:
        start = max(known, first - max(explained - known, 0.0), 1e-9)
    if apart_at_start(curves) is not None:
        start = max(start, level(early(losses)))
    told = (
        f"The loss goes from {fixed(3)(first)} to {fixed(3)(end)}; the highest row is "
        f"{fixed(3)(float(losses.max()))}, the highest mean of a fifth of the run {fixed(3)(worst)}"
    )
    climbed = end > CLIMBED * start and end - start > 2 * standard_error(late(losses))
    if climbed or (worst > FAR_UP * start and len(losses) >= 3 * PART):
        back = "before it comes back" if end <= start else "so the run has diverged"
        return found(
            f"The loss climbs far above its start, {back}. The learning rate may be too "
            "high (5e-7 to 1e-6 is typical for all weights of a large model), warm-up "
            "or gradient clipping may be missing, or the loss may have the wrong sign.",
            f"{told}.",
        )
    highest = int(losses.argmax())
    if float(losses[highest]) > SPIKE * start and highest > 0:
        step = curves.steps("loss")[highest].item()
        return found(
            "The loss has a spike that no usual batch makes. A learning rate that is too high, a batch "
            "of broken or very long pairs, or an overflow may be the cause. Look at the batch of that "
            "row, and clip gradients.",
            f"{told}, at {curves.at_rows()} {step:g}.",
        )
    norms = curves.together("grad_norm")[0]
    if len(norms) >= 5:
        before, after = (
            float(norms[: max(3, len(norms) // 3)].median()),
            float(late(norms).median()),
        )
        if before > 0 and after > EXPLODED * before and end > 0.9 * start:
            return found(
                "The gradient grows by orders of magnitude while the loss does not fall. Lower the "
                "learning rate, and clip gradients.",
                f"{told}; the gradient norm goes from {three_digits(before)} to {three_digits(after)}.",
            )
    return not_found("The loss does not climb above its start.", f"{told}.")


FAIR = 0.2
"""standard error of an accuracy from which a half and three quarters look alike"""

FEW_TIES = 0.2
"""share of pairs that may be ties where they are denied"""

SAME = 1e-4
"""share of a log-probability within which two are the same, as printed or in half precision"""


@finding("equal_sides", see=figures.TRUNCATED, mended=figures.RIGHT)
def equal_sides(log: TrainingLog, settings: RunSettings) -> Said:
    """Found if both sides have the same log-probability in at least nine of ten rows, or the same reward.

    Rewards tell only if they are not 0 themselves, as at the start. Found too if at the end accuracies
    are below one half while margins are above 0: ties count as wrong.
    """
    curves = Curves(log, settings)
    if curves.has(*LOGGED_LOGPS):
        chosen, rejected = curves.together(*LOGGED_LOGPS)
        sizes = torch.maximum(chosen.abs(), rejected.abs())
        if float(sizes.max()) == 0:
            return cannot_tell(
                "All log-probabilities are 0: no token is counted on either side.", curves.read
            )
        same = ((chosen - rejected).abs() <= SAME * sizes) & (sizes > 0)
        what, noun = same, "log-probability"
    elif curves.has(*LOGGED_REWARDS):
        chosen, rejected = curves.together(*LOGGED_REWARDS)
        sizes = torch.maximum(chosen.abs(), rejected.abs())
        same = (chosen - rejected).abs() <= 0.01 * sizes
        what, noun = same[sizes > 1e-4], "reward"
        if len(what) < 3:
            return cannot_tell(
                "Rewards are all but 0, and there are no log-probabilities.", curves.read
            )
    else:
        return cannot_tell(f"This needs {' and '.join(LOGGED_LOGPS)}, or rewards.", curves.read)
    share = float(what.double().mean()) if len(what) else 0.0
    told = f"Both sides have the same {noun} in {percent(0)(share)} of {len(what)} rows"
    accuracies = curves.together(ACCURACY)[0]
    if len(accuracies):
        told += f"; mean accuracy {percent(1)(level(accuracies))}"
    # A NaN counts as wrong: only rows that have a margin tell of ties.
    margins, tied = map(late, curves.together(MARGIN, ACCURACY))
    if len(tied) >= 3 and len(margins) >= 3 and _ties(margins, tied):
        return found(
            "Accuracy stays below one half although the mean margin is above 0, so many pairs may be "
            "ties, which count as wrong: chosen and rejected are the same after truncation, or "
            "duplicates. Otherwise a few pairs have nearly all of the margin. Count pairs with equal "
            "tokens.",
            f"{told}; at the end the margin is {signed(level(margins))}, accuracy {percent(1)(level(tied))}.",
        )
    if share >= 0.9:
        return found(
            "Chosen and rejected are the same. Both may be cut to the same beginning (a max_length that "
            "the prompt fills), be read from the same column, or be duplicates. Print a few pairs as "
            "the model gets them.",
            f"{told}.",
        )
    if len(tied) >= 3 and level(tied) >= 1 - FEW_TIES:
        return not_found(
            f"Chosen and rejected differ: ties count as wrong, so at most {percent(0)(1 - level(tied))} of "
            "the pairs can be.",
            f"{told}; accuracy at the end {percent(1)(level(tied))}.",
        )
    return cannot_tell(
        "Chosen and rejected are not all the same. How many pairs are cannot be told from means: ties "
        "count as wrong in accuracies.",
        f"{told}.",
    )


def _ties(margins: Tensor, accuracies: Tensor) -> bool:
    """Whether margins are above 0 and accuracies below one half, both by three standard errors."""
    return level(margins) > max(0.1, 3 * standard_error(margins)) and (
        level(accuracies) < min(0.45, 0.5 - 3 * standard_error(accuracies))
    )


@finding("few_pairs", see=figures.FEW_PAIRS, mended=figures.RIGHT)
def few_pairs(log: TrainingLog, settings: RunSettings) -> Said:
    """Found if accuracies are of so few pairs that they tell nothing; fewer than four rows tell too little.

    A short excerpt is no mistake of its run. Accuracies are multiples of one over the pairs of a row: the
    smallest such number is taken as theirs.
    """
    curves = Curves(log, settings)
    rows = len(log)
    told = f"{rows} {'row' if rows == 1 else 'rows'}, the last at {curves.at_rows()} {curves.last_step:g}"
    accuracies = curves.together(ACCURACY)[0]
    pairs = pairs_of_a_row(accuracies)
    error = None
    if pairs is not None:
        half = (len(accuracies) + 1) // 2
        error = 0.5 / math.sqrt(pairs * half)
        told += (
            f"; accuracies are multiples of 1/{pairs}, and their mean over the last {half} rows has a "
            f"standard error of {percent(0)(error)}"
        )
    if rows < 4:
        return cannot_tell(
            "A few rows show no curve: most mistakes show only as a course over many steps. Log more often "
            "(logging_steps), from the first step on.",
            f"{told}.",
        )
    if error is not None and error > FAIR:
        return found(
            "Accuracies are of so few pairs that half and three quarters of them look alike. Average "
            "over more rows, or evaluate on a few hundred pairs.",
            f"{told}.",
        )
    return not_found("There are enough rows to see a course.", f"{told}.")
