"""The first rows of a log, in which a policy is its reference."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch

from app.check.findings import figures
from app.check.findings.logs.curves import MARGIN, Curves
from app.check.findings.logs.expected import CANDIDATES, CONVEX, loss_at, loss_at_start
from app.check.findings.logs.start import apart_at_start, explained_at_start
from app.check.findings.numbers import three_digits
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found
from app.check.settings import RunSettings
from app.check.tables import LOGGED_REWARDS, TrainingLog
from app.formatting import fixed, signed

EXACT = 0.05
"""share of its value by which the loss of the very first step may differ: dropout and half precision"""

AVERAGED = 0.3
"""share by which a first row may lie above, if it is an average over steps that have trained"""

LEARNED_BY = 0.05
"""share of a run after whose first row nothing can be said of its start"""

ROUNDING = 0.001
"""of a logged loss, and of those in half precision near 0"""

STILL = 0.1
"""margin up to which a policy has hardly moved"""

NOISE_NATS = 0.1
"""mean log-ratio that digits of a log do not explain"""

LARGE = 20.0
"""times its start that a loss with a term of fine-tuning can hardly be"""

ACCUMULATED = (2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 48, 64, 128, 256, 512)
"""usual counts of micro-batches of a step"""

NEAR_MULTIPLE = 0.1

PRINTED = 0.005
"""share by which a loss beside rewards of exactly 0 may differ: nothing but bfloat16 and digits do that"""

CLEAN, MULTIPLES = 0.02, 2
"""share by which a loss that is logged alone may differ from a multiple, and rows that have to be one"""


@finding(
    "step_zero",
    see=figures.APART,
    mended=figures.START,
)
def step_zero(log: TrainingLog, settings: RunSettings) -> Said:
    """The first loss is that of a policy that equals its reference, and its rewards are 0.

    In the row of step 1 the loss may differ by a twentieth and rewards by a nat of log-ratio. A later
    first row is an average over steps that have trained: its loss may be any value that its margin explains,
    and a third higher.
    """
    curves = Curves(log, settings)
    start = loss_at_start(curves.settings)
    if start is None:
        return cannot_tell(
            f"{curves.loss_name} has no reference, so its loss and rewards have no fixed start.",
            curves.read,
        )
    apart = apart_at_start(curves)
    if apart is not None:
        return found(
            "Rewards should start at 0, and they do not. The reference may be another checkpoint or in "
            "another precision, its log-probabilities may have been computed with another prompt "
            "template or other masks, or dropout may be on. Compare both models on one batch before "
            "training: every log-ratio has to be 0.",
            f"{apart.where}: rewards {signed(apart.chosen, 3)} (chosen) and {signed(apart.rejected, 3)} "
            f"(rejected), that is up to {three_digits(apart.size / curves.beta)} nats of log-ratio at β = "
            f"{curves.beta:g}.",
        )
    if (lacks := curves.needs("loss")) is not None:
        return lacks
    first = _First.of(curves)
    told = (
        f"First loss: {fixed(4)(first.loss)} at {curves.at_rows()} {first.step:g}; "
        f"{curves.loss_name} starts at {fixed(4)(start)}{_ln2(start)}"
    )
    if first.margin is not None:
        told += f"; first margin {signed(first.margin, 3)}"
    verdict = _starts(curves, first, start)
    if verdict == "right" and (noise := _noise(curves)) is not None:
        return cannot_tell(
            "The first loss is about right, but the first rewards are not 0, as they are where a policy "
            "equals its reference. Another precision does as much over a long response, and so does "
            "dropout. Compare both models on one batch, in the mode for evaluation.",
            f"{told}; {noise}.",
        )
    if verdict == "right":
        return not_found(
            "The first loss is that of a policy that equals its reference.", f"{told}."
        )
    if verdict == "open" and first.loss > (1 + AVERAGED) * start:
        return cannot_tell(
            "The first loss is as high as its margin makes it: the policy has moved too far by then, as at a "
            "learning rate that is too high, or it did not start as its reference. Log the first step "
            "(logging_first_step in TRL) to see its start.",
            f"{told}.",
        )
    if verdict == "open":
        return cannot_tell(
            "By its first row the run may have been trained for some time. Log the first step "
            "(logging_first_step in TRL) to see its start.",
            f"{told}.",
        )
    if first.margin is None and not _is_multiple(curves, start):
        return cannot_tell(
            "The first loss is not that of a policy that equals its reference, and the log has no rewards "
            "beside it. The run may have been trained for some time by then, or be no preference run: "
            "supervised fine-tuning logs a loss alone.",
            f"{told}.",
        )
    return _cause(curves, first, start, f"{told}.")


def _noise(curves: Curves) -> str | None:
    """The rewards of an untouched policy, if they are not 0; None if they are, or none is logged."""
    if not (curves.starts_untouched and curves.has_reference and curves.has(*LOGGED_REWARDS)):
        return None
    chosen, rejected = (float(column[0]) for column in curves.together(*LOGGED_REWARDS))
    nats = max(abs(chosen), abs(rejected)) / curves.beta
    if nats < NOISE_NATS:
        return None
    return (
        f"first rewards {signed(chosen, 3)} (chosen) and {signed(rejected, 3)} (rejected), up to "
        f"{three_digits(nats)} nats of log-ratio"
    )


@dataclass(frozen=True)
class _First:
    """The first row that has a loss."""

    loss: float
    step: float
    margin: float | None

    @classmethod
    def of(cls, curves: Curves) -> _First:
        row = curves.first_row("loss")
        assert row is not None
        margin = float(curves.column(MARGIN)[row])
        step = curves.log.steps[row]
        return cls(float(curves.column("loss")[row]), step, None if math.isnan(margin) else margin)


def _starts(curves: Curves, first: _First, start: float) -> str:
    """Whether the first row is right, wrong, or open because training has begun."""
    ratio = first.loss / start
    if curves.starts_untouched and first.step <= 1:
        return "right" if abs(ratio - 1) <= EXACT else "wrong"
    if ratio > 1 + AVERAGED:
        # Where the policy has moved, a loss may have climbed: a little, or as far as its margin explains.
        moved = first.margin is not None and abs(first.margin) > STILL
        return "open" if moved and (ratio < 2 or _explained(curves, first)) else "wrong"
    if ratio < 1 - EXACT and _below_the_bound(curves, first):
        return "wrong"
    early_enough = curves.starts_early or (
        not curves.log.numbered and first.step <= max(10, LEARNED_BY * curves.last_step)
    )
    still = first.margin is None or abs(first.margin) <= STILL
    return "right" if abs(ratio - 1) <= 0.1 and (early_enough or still) else "open"


def _explained(curves: Curves, first: _First) -> bool:
    """Whether the first loss is as high as its own margin makes it."""
    explained = explained_at_start(curves)
    return explained is not None and first.loss <= (1 + AVERAGED) * explained


def _below_the_bound(curves: Curves, first: _First) -> bool:
    """Whether the loss is below what its margin allows."""
    if first.margin is None or not curves.tells_loss or curves.loss_type not in CONVEX:
        return False
    names = ("loss", MARGIN, *LOGGED_REWARDS)
    if curves.has(*names):
        chosen, rejected = (column[:1] for column in curves.together(*names)[2:])
    else:
        chosen = torch.tensor([first.margin / 2], dtype=torch.float64)
        rejected = -chosen
    bound = loss_at(curves.settings, chosen, rejected)
    return first.loss < (1 - EXACT) * float(bound[0]) - ROUNDING


def _cause(curves: Curves, first: _First, start: float, told: str) -> Said:
    """Every cause that fits the first loss; another loss is none if nobody said which one ran."""
    ratio = first.loss / start
    within = EXACT if curves.starts_untouched else NEAR_MULTIPLE
    if curves.has(*LOGGED_REWARDS) and all(
        float(column[0]) == 0 for column in curves.together(*LOGGED_REWARDS)
    ):
        within = PRINTED
    causes = []
    if curves.loss_type == "kto" and curves.assumes("desirable_weight"):
        causes.append("desirable_weight and undesirable_weight scale it: 1 was assumed for both.")
    multiple = _factor(curves, ratio, within)
    if multiple is not None:
        unit = "ln 2" if _ln2(start) else fixed(3)(start)
        causes.append(
            f"It is {multiple} × {unit}: the loss is summed over {multiple} micro-batches of gradient "
            "accumulation (or devices) instead of averaged. If only the log sums, gradients are right; "
            f"if the loss itself does, they are {multiple} times too large. Compare with one run without "
            "accumulation."
        )
    divisor = _factor(curves, 1 / ratio, within) if ratio > 0 else None
    if divisor is not None:
        causes.append(
            f"It is 1/{divisor} of that: the loss may be divided once more, by accumulation or by both "
            "responses of a pair."
        )
    others = _starting_at(curves, first.loss, within)
    if others and not causes and curves.assumes("loss_type"):
        return cannot_tell(
            f"{curves.loss_name} was assumed, and the run starts as {' or '.join(others)} would. Give the "
            "loss_type that was run.",
            told,
        )
    if others:
        causes.append(
            f"It is what {' and '.join(others)} start{'s' if len(others) == 1 else ''} at: check the "
            "loss_type that was run."
        )
    if 1 < ratio < LARGE:
        causes.append(_with_nll(curves, first, start))
    if not causes:
        causes.append(
            "The loss may be scaled, another loss may have run, or the rows of loss and rewards may be of "
            "different batches."
        )
    causes = [
        f"The run does not start at the loss of {curves.loss_name}.",
        *[cause for cause in causes if cause],
    ]
    return found(" ".join(causes), told)


def _is_multiple(curves: Curves, start: float) -> bool:
    """Whether the first losses are a usual multiple of the start: one of step 1, or several that agree."""
    losses = curves.together("loss")[0]
    ratios = (losses[: 1 if curves.starts_untouched else MULTIPLES] / start).tolist()
    factors = {_factor(curves, ratio, CLEAN) for ratio in ratios}
    return (
        len(factors) == 1
        and None not in factors
        and (curves.starts_untouched or len(ratios) == MULTIPLES)
    )


def _factor(curves: Curves, ratio: float, within: float) -> int | None:
    """The count of micro-batches that a ratio of losses may be."""
    said = curves.log.settings.get("gradient_accumulation_steps")
    counts = (
        [*ACCUMULATED, round(said)] if isinstance(said, int | float) and said > 1 else ACCUMULATED
    )
    nearest = min(counts, key=lambda count: abs(ratio / count - 1))
    return nearest if abs(ratio / nearest - 1) <= within else None


def _with_nll(curves: Curves, first: _First, start: float) -> str:
    """What a term of supervised fine-tuning would explain."""
    if not curves.has("loss", "nll_loss"):
        return (
            "A term of supervised fine-tuning on the chosen responses (rpo_alpha, pref_ftx) would raise "
            "it, too."
        )
    nll = float(curves.together("loss", "nll_loss")[1][0])
    if nll <= 0:
        return ""
    return (
        f"With the logged nll_loss of {fixed(3)(nll)} as a second term, its weight would be "
        f"{three_digits((first.loss - start) / nll)}."
    )


def _starting_at(curves: Curves, loss: float, within: float) -> list[str]:
    """Other losses that start at this value."""
    names = []
    for name in CANDIDATES:
        smoothing = 0.0 if name != "exo_pair" else curves.settings.label_smoothing
        other = replace(curves.settings, loss_type=name, label_smoothing=smoothing)
        starts = loss_at_start(other)
        if name != curves.loss_type and starts and abs(loss / starts - 1) <= within:
            names.append(f"{name} ({fixed(3)(starts)})")
    return names


def _ln2(start: float) -> str:
    return " = ln 2" if abs(start - math.log(2)) < 1e-9 else ""
