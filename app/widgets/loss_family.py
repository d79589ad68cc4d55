"""The whole family of losses: each as a curve with its slope, and what it makes of one certain pair."""

from __future__ import annotations

from functools import cache
from typing import Literal

from pydantic import BaseModel, Field

from app.charts.figures import curve_figure, line
from app.charts.scales import evenly
from app.formatting import fixed
from app.lab.certain_pair import (
    STEPS,
    TOKENS,
    CertainPair,
    train_certain_pair,
)
from app.lab.log_ratios import LossOfRatios
from app.widgets import fields
from app.widgets.base import Step, Widget, WidgetParams, WidgetResult, always
from app.widgets.common.loss_types import LOSS_NAMES, LossType
from app.widgets.plan import COMPUTED

BETAS = {"0.05": 0.05, "0.1": 0.1, "0.5": 0.5, "1": 1.0, "2": 2.0}

FARTHEST = 6.0
"""margin at which the curves of the figure end"""
EVERY = 10
"""steps between two gaps of a course"""
LAST_PART = STEPS // 4
AT_REST = 0.02
"""a gap that changed by less than this many nats in the last quarter of the steps has stopped"""


LABELS = {
    loss: loss if loss == name else f"{loss}: {name}" for loss, name in LOSS_NAMES.items()
} | {
    "ipo_norm": "ipo_norm: IPO per token",
    "sigmoid_norm": "sigmoid_norm: DPO per token",
}
"""short enough for the select within the drawing"""


class Params(WidgetParams):
    """One loss to look at, at one β."""

    loss_type: LossType = fields.choice(
        "ipo", title="Loss", description="loss_type, named as in TRL", labels=LABELS
    )
    beta: Literal["0.05", "0.1", "0.5", "1", "2"] = fields.choice(
        "0.5",
        title="β",
        description="KL coefficient; one of 0.05, 0.1, 0.5, 1, 2",
        labels={name: name for name in BETAS},
    )


class LossOutcome(BaseModel):
    """Where a loss takes a pair that is always labeled the same."""

    loss_type: str = Field(description="the loss")
    gap: float = Field(description="log-ratio of chosen minus rejected at the end, nats")
    moved: float = Field(description="change of the gap in the last quarter of the steps, nats")
    verdict: str = Field(description="stops, runs on, or turns away")
    chosen: float = Field(description="probability of the chosen response at the end")
    rejected: float = Field(description="probability of the rejected response at the end")
    others: float = Field(description="probability of all other responses at the end")
    course: list[float] = Field(description="the gap every ten steps, from 0, nats")


class Result(WidgetResult):
    """The chosen loss along the margin, and the outcomes of all losses."""

    fate: LossOutcome = Field(description="that of the chosen loss")
    target: float | None = Field(description="1 / (2 beta), where ipo stops, nats; else null")
    fates: list[LossOutcome] = Field(description="those of all losses, in the order of the family")
    figure: dict[str, object] = Field(description="Plotly figure: loss and slope over the gap")
    run: dict[str, object] = Field(description="Plotly figure: the gap over gradient steps")


def compute(params: Params) -> Result:
    """Curve and slope by autograd; outcomes by gradient descent on a policy for each loss."""
    beta = BETAS[params.beta]
    pair = _certain_pair(beta)
    fates = [_fate(pair, name) for name in pair.gaps]
    fate = next(f for f in fates if f.loss_type == params.loss_type)
    return Result(
        finding=_finding(params, fate, fates[0]),
        fate=fate,
        target=1 / (2 * beta) if params.loss_type == "ipo" else None,
        fates=fates,
        figure=_curve(params.loss_type, beta),
        run=_run(pair, params.loss_type),
    )


@cache
def _certain_pair(beta: float) -> CertainPair:
    return train_certain_pair(beta)


def _fate(pair: CertainPair, loss_type: str) -> LossOutcome:
    gaps = pair.gaps[loss_type]
    gap, moved = gaps[-1], gaps[-1] - gaps[-1 - LAST_PART]
    chosen, rejected, others = pair.probabilities[loss_type]
    at_rest = "stops" if gap > 0 else "turns away"
    return LossOutcome(
        loss_type=loss_type,
        gap=gap,
        moved=moved,
        verdict=at_rest if abs(moved) < AT_REST else "runs on",
        chosen=chosen,
        rejected=rejected,
        others=others,
        course=[round(gap, 4) for gap in gaps[::EVERY]],
    )


def _finding(params: Params, fate: LossOutcome, dpo: LossOutcome) -> str:
    name = LOSS_NAMES[params.loss_type]
    if params.loss_type == "sigmoid":
        return (
            f"{name} {fate.verdict}: after {STEPS} steps the gap is {fate.gap:.1f} nats and still growing. A pair "
            "labeled with certainty has no finite answer under DPO, for any β."
        )
    beside = f"while DPO has reached {dpo.gap:.1f} by then and keeps going."
    if fate.verdict == "runs on":
        return f"{name} runs on: after {STEPS} steps the gap is {fate.gap:.1f} nats, {beside}"
    if fate.verdict == "stops":
        target = ", its target 1/(2β)," if params.loss_type == "ipo" else ""
        return f"{name} stops at a gap of {fate.gap:.2f} nats{target} {beside}"
    return f"{name} turns away and settles at a gap of {fixed(2)(fate.gap)}, with the pair in the wrong order, {beside}"


def _curve(loss_type: str, beta: float) -> dict[str, object]:
    farthest = FARTHEST / beta
    gaps = evenly(-farthest, farthest, 61)
    losses, slopes = losses_along(loss_type, beta, gaps)
    return curve_figure(
        [
            line("loss", gaps, losses, role="rejected"),
            line("slope", gaps, slopes, role="reference", axis="y2", dash="dot"),
        ],
        x="gap of the log-ratios, chosen minus rejected (nats)",
        y="loss",
        y2="slope (loss per nat)",
    )


def losses_along(loss_type: str, beta: float, gaps: list[float]) -> tuple[list[float], list[float]]:
    """Loss and slope at each gap: the chosen log-ratio is half of it, the rejected one minus half."""
    # So low that the policy's probabilities stay below 1, which some losses read.
    reference = -2 * FARTHEST / beta - 1
    loss = LossOfRatios(
        loss_type,
        beta=beta,
        reference_chosen=reference,
        reference_rejected=reference,
        chosen_lengths=TOKENS,
        rejected_lengths=TOKENS,
    )
    losses, *slopes = loss.losses_and_slopes([gap / 2 for gap in gaps], [-gap / 2 for gap in gaps])
    return losses, [(one - other) / 2 for one, other in zip(*slopes, strict=True)]


def _run(pair: CertainPair, loss_type: str) -> dict[str, object]:
    steps = list(range(0, STEPS + 1, EVERY))
    shown = dict.fromkeys([loss_type, "sigmoid", "ipo"])
    roles = {"sigmoid": "optimised", "ipo": "reference"}
    dashes = {"sigmoid": "solid", "ipo": "dash"}
    names = {"sigmoid": "DPO", "ipo": "IPO"}
    return curve_figure(
        [
            line(
                names.get(name, name),
                steps,
                pair.gaps[name][::EVERY],
                role=roles.get(name, "rejected"),
                dash=dashes.get(name, "dot"),
            )
            for name in shown
        ],
        x="gradient step",
        y="gap (nats)",
    )


WIDGET = Widget(
    name="loss_family",
    title="One certain pair: some losses stop, others run on",
    caption="A pair that is always labeled the same, and an unconstrained policy. "
    "Each of the sixteen losses is minimized by gradient descent from the same start.",
    params=Params,
    result=Result,
    compute=compute,
    trains=always,
    warm=("",),
    example="loss_type=hinge&beta=0.1",
    steps=(
        Step(
            "<b>Let them roll.</b> Each ball is one loss, trained on the same pair, and DPO’s rolls on.",
            "loss_type=sigmoid",
        ),
        Step("<b>IPO stops</b> where its parabola is lowest, and holds the policy there."),
        Step(
            "<b>Hinge</b> pulls at full strength up to its corner, then not at all. "
            "Adam’s momentum carries the ball on.",
            "loss_type=hinge",
        ),
        Step("<b>DiscoPOP</b> starts on a slope that leads the wrong way.", "loss_type=discopop"),
        Step("<b>Make β larger:</b> DPO slows down but does not stop.", "loss_type=sigmoid&beta=2"),
    ),
    start=2,
    places=STEPS // EVERY,
    export=COMPUTED,
)
