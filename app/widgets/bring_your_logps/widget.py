"""Log-probabilities of the reader's own run: losses, rewards, and common mistakes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from enum import StrEnum
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from torch import Tensor

from app.charts.figures import bars, curve_figure, points, rounded
from app.charts.scales import nice_step
from app.check.batch import ReportedBatch, at_the_start, batch_of
from app.check.findings.numbers import correlation
from app.check.loss_fields import MoreLossFields
from app.check.losses import rewards_of
from app.check.reading import logps_of
from app.check.reading.decode import pasted
from app.check.report import Finding
from app.check.run_of_pairs import report_of_pairs
from app.check.settings import RunSettings
from app.check.tables import LOGPS, LogpsTable, RunFileError
from app.formatting import count, fixed, percent, signed
from app.lab.losses import (
    LOSSES,
    NEEDS_LENGTHS,
    REFERENCE_FREE,
    USES_LABEL_SMOOTHING,
    implicit_rewards,
)
from app.widgets import fields
from app.widgets.base import Ask, Step, Widget, WidgetParams, WidgetResult
from app.widgets.bring_your_logps.examples import EXAMPLES, example_table
from app.widgets.common.bodies import limit_fields
from app.widgets.common.loss_types import (
    LOSS_LABELS,
    LossType,
    smoothing_suits_the_loss,
)
from app.widgets.plan import COMPUTED

ExampleName = StrEnum("ExampleName", {name: name for name in EXAMPLES})  # type: ignore[misc]

WORST = 5
BINS = 24
"""approximate number of bars of the histogram"""
ALL_BUT_0 = 1e-9
"""span of margins up to which the histogram has its usual scale"""
Outcome = Literal["found", "cannot tell", "not found"]
OUTCOME_OF: dict[str, Outcome] = {
    "found": "found",
    "cannot_tell": "cannot tell",
    "not_found": "not found",
}
"""of checks, by the verdict of their finding"""
OUTCOMES = list(OUTCOME_OF.values())
"""in the order in which they are told"""
SHOWN_POINTS = 240
"""most points of a figure, and most pairs that the stage draws"""


class ReportedLoss(WidgetParams):
    """The loss that the run was trained with. Ranges are those of dpo_loss."""

    loss_type: LossType = fields.choice(
        "sigmoid",
        title="Loss of your run",
        description="loss_type, named as in TRL",
        labels=LOSS_LABELS,
    )
    beta: float = fields.beta("implicit reward per nat of log-ratio", 0.3, title="β of your run")
    label_smoothing: float = fields.number(
        0.0,
        0,
        0.49,
        title="Label smoothing",
        description="assumed share of flipped labels: sigmoid (cDPO), robust and exo_pair",
        step=0.001,
    )

    _smoothing = field_validator("label_smoothing")(smoothing_suits_the_loss)

    def run_settings(self) -> RunSettings:
        """The same for a check of the run."""
        return RunSettings(
            loss_type=self.loss_type, beta=self.beta, label_smoothing=self.label_smoothing
        )


class Params(ReportedLoss):
    """A batch of the lab instead of one's own."""

    example: ExampleName = fields.choice(
        "right",
        title="Example from the lab",
        description="a batch made by the lab, without or with a mistake",
        labels=EXAMPLES,
    )


class Own(ReportedLoss):
    """Log-probabilities of one's own run. They are used to compute the response and not stored."""

    text: str = Field(
        description="JSON Lines, a JSON array, columns as in preference_loss, or CSV with a header, of at "
        "most 10,000 pairs, by the names of preference_loss or of a trainer; loss and step may be given too"
    )


class OwnLogps(MoreLossFields, Own):
    """Log-probabilities of one's own run, with everything that the losses of trainers depend on.

    They are used to compute the response and not stored.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "text": "policy_chosen_logps,policy_rejected_logps,reference_chosen_logps,reference_rejected_logps\n"
                "-41.2,-57.9,-44.0,-52.3\n-18.6,-21.4,-18.1,-17.7\n",
                "loss_type": "sigmoid",
                "beta": 0.1,
            }
        }
    )

    _few = model_validator(mode="before")(limit_fields)

    def run_settings(self) -> RunSettings:
        """The same for a check of the run."""
        more = {name: getattr(self, name) for name in MoreLossFields.model_fields}
        return replace(super().run_settings(), **more)


class LossComparison(BaseModel):
    """The batch under one loss."""

    loss_type: str = Field(description="the loss")
    loss: float | None = Field(description="mean; null if it needs lengths, or overflows")
    at_start: float | None = Field(description="mean if the policy equalled the reference")
    change: float | None = Field(description="loss - at_start")


class CheckResult(BaseModel):
    """The outcome of a check for a common mistake."""

    kind: str = Field(description="name of the check")
    title: str = Field(description="the mistake")
    outcome: Outcome = Field(description="what came out")
    message: str = Field(description="what that means")
    evidence: str = Field(description="the numbers it rests on")


class MistakeWarning(BaseModel):
    """A mistake that may have been made."""

    kind: str = Field(description="name of the check")
    message: str = Field(description="what may be wrong")
    evidence: str = Field(description="the numbers it rests on")


class ExaminedPair(BaseModel):
    """A pair of the batch, by its line."""

    line: int = Field(description="line of the file, from 1")
    margin: float = Field(description="chosen_reward - rejected_reward")
    chosen_reward: float = Field(description="what the loss rewards, as in preference_loss; chosen")
    rejected_reward: float = Field(description="the same, rejected")
    loss: float | None = Field(description="its loss; null if it overflows")


class Result(WidgetResult):
    """What a trainer would log for the batch, and likely mistakes."""

    read: str = Field(description="what was read")
    pairs: int = Field(description="number of pairs")
    accuracy: float = Field(description="share of pairs with a margin above 0")
    margin: float = Field(description="mean margin")
    chosen_reward: float = Field(description="mean reward of chosen responses under the loss")
    rejected_reward: float = Field(description="mean reward of rejected responses under the loss")
    loss: float | None = Field(
        description="mean of the requested loss, of kto over single responses, as trainers log it; null if it "
        "needs lengths, or overflows"
    )
    reported_loss: float | None = Field(description="mean of the column loss, if there is one")
    warnings: list[MistakeWarning] = Field(description="mistakes that may have been made")
    checks: list[CheckResult] = Field(
        description="all mistakes that were looked for, those found first"
    )
    losses: list[LossComparison] = Field(description="the batch under every loss")
    worst: list[ExaminedPair] = Field(description="the five lowest margins, the lowest first")
    drawn: list[ExaminedPair] = Field(
        description="the pairs that the page draws, the lowest margin first: all of them, or 240 evenly spaced "
        "in this order"
    )
    length_correlation: float | None = Field(
        description="of length difference and margin over all pairs; null without lengths, or if one of "
        "them does not vary"
    )
    points_shown: int = Field(description="pairs that the figure by_length shows; 0 if it is empty")
    figure: dict[str, object] = Field(description="Plotly figure: histogram of margins")
    by_length: dict[str, object] = Field(
        description="Plotly figure: margin over the difference of lengths; without traces if no length differs"
    )


def compute(params: Params) -> Result:
    """Examine a batch of the lab."""
    return examine(example_of(params), params)


def compute_own(own: Own) -> Result:
    """Examine the reader's own batch. Raises RunFileError if the text cannot be read."""
    table = logps_of(pasted(own.text, None))
    if LOGPS[2] not in table.columns and own.loss_type not in REFERENCE_FREE:
        message = f"there is no value; {own.loss_type} needs the reference"
        raise RunFileError(table.lines[0], LOGPS[2], message)
    return examine(table, own)


def example_of(params: Params) -> LogpsTable:
    """The batch of the lab as a table."""
    return example_table(
        params.example,
        loss_type=params.loss_type,
        beta=params.beta,
        label_smoothing=params.label_smoothing,
    )


def examine(table: LogpsTable, settings: ReportedLoss) -> Result:
    """Losses, rewards and checks of a batch."""
    run = settings.run_settings()
    report = report_of_pairs(table, run)
    batch = batch_of(table, run)
    pairs = batch.pairs
    chosen_lengths, rejected_lengths = pairs.chosen_lengths, pairs.rejected_lengths
    reported = torch.tensor(table.columns.get("loss", []), dtype=torch.float64)
    chosen, rejected = _rewards(batch)
    margins = chosen - rejected
    difference = (
        None
        if chosen_lengths is None or rejected_lengths is None
        else chosen_lengths - rejected_lengths
    )
    losses = _losses(batch)
    checks = [_check(finding) for finding in report.findings]
    found = sorted(checks, key=lambda row: OUTCOMES.index(row.outcome))
    points_shown, by_length = _by_length(difference, margins)
    examined = _in_order(table, chosen, rejected, losses)
    result = Result(
        finding="",
        read=report.read,
        pairs=len(table),
        accuracy=(margins > 0).double().mean().item(),
        margin=margins.mean().item(),
        chosen_reward=chosen.mean().item(),
        rejected_reward=rejected.mean().item(),
        loss=None if losses is None else _finite(losses.mean()),
        reported_loss=_finite(reported.mean()),
        warnings=[
            MistakeWarning(kind=row.kind, message=row.message, evidence=row.evidence)
            for row in found
            if row.outcome == "found"
        ],
        checks=found,
        losses=[_loss_row(name, batch) for name in LOSSES],
        worst=examined(range(min(len(table), WORST))),
        drawn=examined(evenly_spaced(len(table))),
        length_correlation=None if difference is None else correlation(difference, margins),
        points_shown=points_shown,
        figure=_histogram(margins),
        by_length=by_length,
    )
    return result.model_copy(update={"finding": _finding(result, settings.loss_type)})


def _rewards(batch: ReportedBatch) -> tuple[Tensor, Tensor]:
    """What the loss rewards; sums if it takes means over tokens and there are no lengths."""
    if not batch.computable:
        return implicit_rewards(batch.pairs, batch.settings.beta)
    return rewards_of(batch.pairs, batch.settings)


def _losses(batch: ReportedBatch) -> Tensor | None:
    """Loss of each pair, or None if it needs columns that are missing. Shape: (pairs,)."""
    return batch.computed() if batch.computable else None


def _finite(value: Tensor) -> float | None:
    return value.item() if bool(torch.isfinite(value)) else None


def _loss_row(name: str, batch: ReportedBatch) -> LossComparison:
    smoothing = batch.settings.label_smoothing if name in USES_LABEL_SMOOTHING else 0.0
    under = batch.under(loss_type=name, label_smoothing=smoothing)
    losses, start = _losses(under), None
    if batch.has_reference:
        start = _losses(replace(under, pairs=at_the_start(batch.pairs)))
    loss = None if losses is None else _finite(losses.mean())
    at_start = None if start is None else _finite(start.mean())
    change = None if loss is None or at_start is None else loss - at_start
    return LossComparison(loss_type=name, loss=loss, at_start=at_start, change=change)


def _check(finding: Finding) -> CheckResult:
    """A finding under the names of this widget, which are older."""
    return CheckResult(
        kind=finding.name,
        title=finding.title,
        outcome=OUTCOME_OF[finding.verdict],
        message=finding.message,
        evidence=finding.evidence,
    )


def evenly_spaced(pairs: int) -> list[int]:
    """The ranks of the pairs to draw, from 0: all, or so many evenly spaced, the first and the last among them."""
    if pairs <= SHOWN_POINTS:
        return list(range(pairs))
    last = SHOWN_POINTS - 1
    return [round(place * (pairs - 1) / last) for place in range(SHOWN_POINTS)]


def _in_order(
    table: LogpsTable, chosen: Tensor, rejected: Tensor, losses: Tensor | None
) -> Callable[[Iterable[int]], list[ExaminedPair]]:
    """The pairs by their ranks in the order of margins, the lowest first."""
    margins = chosen - rejected
    order = torch.argsort(margins, stable=True).tolist()

    def examined(ranks: Iterable[int]) -> list[ExaminedPair]:
        return [
            ExaminedPair(
                line=table.lines[n],
                margin=margins[n].item(),
                chosen_reward=chosen[n].item(),
                rejected_reward=rejected[n].item(),
                loss=None if losses is None else _finite(losses[n]),
            )
            for n in (order[rank] for rank in ranks)
        ]

    return examined


# ---- words -------------------------------------------------------------------------------------


def _finding(result: Result, loss_type: str) -> str:
    text = (
        f"{percent(1)(result.accuracy)} of {count(result.pairs)} pairs have a margin above 0; the mean margin is "
        f"{signed(result.margin)}"
    )
    if result.loss is not None:
        text += f", the mean loss {fixed(3)(result.loss)}"
        text += ", averaged over single responses as trainers do." if loss_type == "kto" else "."
    elif loss_type in NEEDS_LENGTHS and "chosen_lengths" not in result.read:
        text += f". There is no mean loss: {loss_type} needs lengths."
    else:
        text += f". There is no mean loss: {loss_type} overflows."
    if result.warnings:
        return f"{text} {' '.join(warning.message for warning in result.warnings)}"
    looked = sum(row.outcome == "not found" for row in result.checks)
    return f"{text} None of the {looked} checks that could be made found a mistake."


# ---- figures -----------------------------------------------------------------------------------


def _histogram(margins: Tensor) -> dict[str, object]:
    """Histogram of margins. A bin includes its upper edge, not its lower one, so 0 counts as wrong."""
    low, high = min(margins.min().item(), 0.0), max(margins.max().item(), 0.0)
    # Margins that differ only by rounding are all drawn as 0.
    span = high - low if high - low > ALL_BUT_0 else 1.0
    step = nice_step(span, BINS)
    bins = torch.ceil(margins / step).long() - 1
    first, last = min(int(bins.min()), -1), max(int(bins.max()), 0)
    counts = torch.bincount(bins - first, minlength=last - first + 1).tolist()
    split = -first
    middles = [step * (first + n + 0.5) for n in range(len(counts))]
    traces = [
        bars("rejected preferred", rounded(middles[:split]), counts[:split], role="rejected"),
        bars("chosen preferred", rounded(middles[split:]), counts[split:], role="optimised"),
    ]
    return curve_figure(
        traces, x="margin, at the middle of a bin", y="pairs", barmode="overlay", bargap=0
    )


def _by_length(difference: Tensor | None, margins: Tensor) -> tuple[int, dict[str, object]]:
    """The figure, and the number of pairs in it."""
    shown, traces = 0, []
    if difference is not None and bool((difference != difference[0]).any()):
        # Evenly spaced, so that the same file always shows the same pairs.
        every = math.ceil(len(margins) / SHOWN_POINTS)
        x, y = difference[::every], margins[::every]
        shown, right = len(x), y > 0
        for name, rows, role, symbol in (
            ("chosen preferred", right, "optimised", "circle"),
            ("rejected preferred", ~right, "rejected", "x"),
        ):
            if bool(rows.any()):
                at = torch.round(y[rows], decimals=3)
                traces.append(points(name, x[rows], at, role=role, symbol=symbol, size=6))
    return shown, curve_figure(traces, x="chosen longer by (tokens)", y="margin")


WIDGET = Widget(
    name="bring_your_logps",
    title="Check the log-probabilities of your own run",
    caption="Paste or choose a file with up to 10,000 pairs: losses and rewards under every loss, and eighteen "
    "mistakes that are easy to make. Or begin with a batch of the lab.",
    params=Params,
    result=Result,
    compute=compute,
    example="example=swapped",
    steps=(
        Step("<b>Drag across the pairs</b>, or drop a file of your own.", at=20, always=True),
        Step(
            "<b>Take the mean over tokens</b> where DPO needs the sum: the margins shrink.",
            "example=mean",
            at=40,
        ),
        Step(
            "<b>Swap policy and reference,</b> as a call with its arguments in the wrong order would.",
            "example=swapped",
            at=60,
            ask=Ask(
                "How many pairs are ranked as labeled now?",
                {"a": "71.7%, as before", "b": "50%", "c": "27.1%"},
            ),
        ),
        Step(
            "<b>Apply β twice</b> in the reported loss: it is no longer the mean of these losses.",
            "example=beta_twice",
            at=120,
        ),
        Step(
            "<b>Start from another checkpoint</b> than the reference: at step 0 all margins should be 0.",
            "example=step_zero",
            at=200,
        ),
    ),
    places=SHOWN_POINTS - 1,
    export=COMPUTED,
)
