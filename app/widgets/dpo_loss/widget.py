"""One preference pair under one of sixteen losses: implicit rewards, margin, loss and gradient."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from app.charts.figures import curve_figure, line, marker
from app.charts.scales import evenly
from app.lab.log_ratios import LossOfRatios, sigma
from app.lab.losses import NEEDS_LENGTHS, REFERENCE_FREE, USES_LABEL_SMOOTHING
from app.widgets import fields
from app.widgets.base import Ranges, Step, Widget, WidgetParams, WidgetResult
from app.widgets.common.loss_types import (
    LOSS_LABELS,
    LOSS_NAMES,
    LossType,
    smoothing_suits_the_loss,
)
from app.widgets.plan import COMPUTED

FARTHEST = (6.0, 10.0, 16.0, 25.0, 40.0, 60.0, 100.0, 160.0, 250.0, 500.0)
"""Margins at which a curve may end: it stays as it is while a pair moves, unless that leaves it."""


def length(whose: str) -> int:
    """A count of completion tokens."""
    field: int = fields.number(
        5,
        1,
        1000,
        title=f"Length of the {whose} response",
        description="completion tokens; a response of the lab has five",
        unit="tokens",
        step=1,
    )
    return field


def reference_logp(whose: str) -> float:
    """log pi_ref of a response."""
    field: float = fields.number(
        -8,
        -1000,
        0,
        title=f"Reference log-probability of the {whose} response",
        description="a sum over tokens; a usual response of the lab has about -8",
        unit="nats",
    )
    return field


def a_probability_is_at_most_one(value: float, info: ValidationInfo) -> float:
    """Losses without a reference read log pi_theta itself, which has to be below 0."""
    loss_type = info.data.get("loss_type")
    reference = info.data.get(str(info.field_name).replace("logratio", "reference") + "_logp")
    if loss_type in REFERENCE_FREE and reference is not None and value + reference >= 0:
        raise ValueError(
            f"must be below {-reference:g} for {loss_type}: the log-probability of the policy, "
            f"{reference:g} plus the log-ratio, has to be below 0"
        )
    return value


class Params(WidgetParams):
    """One pair, described by how far the policy has moved on each response."""

    loss_type: LossType = fields.choice(
        "sigmoid", title="Loss", description="loss_type, named as in TRL", labels=LOSS_LABELS
    )
    beta: float = fields.beta("implicit reward per nat of log-ratio")
    label_smoothing: float = fields.number(
        0.0,
        0,
        0.49,
        title="Label smoothing",
        description="assumed share of flipped labels: sigmoid (cDPO), robust and exo_pair",
        step=0.001,
    )
    chosen_length: int = length("chosen")
    rejected_length: int = length("rejected")
    reference_chosen_logp: float = reference_logp("chosen")
    reference_rejected_logp: float = reference_logp("rejected")
    logratio_chosen: float = fields.number(
        1.0,
        -20,
        20,
        title="Log-ratio of the chosen response",
        description="log pi_theta(y_w|x) - log pi_ref(y_w|x), a sum over tokens",
        unit="nats",
    )
    logratio_rejected: float = fields.number(
        -3.0,
        -20,
        20,
        title="Log-ratio of the rejected response",
        description="log pi_theta(y_l|x) - log pi_ref(y_l|x), a sum over tokens",
        unit="nats",
    )

    _smoothing = field_validator("label_smoothing")(smoothing_suits_the_loss)

    _probability = field_validator("logratio_chosen", "logratio_rejected")(
        a_probability_is_at_most_one
    )


class LogRatioGradient(BaseModel):
    """Derivatives of the loss, by autograd."""

    logratio_chosen: float = Field(description="d loss / d logratio_chosen")
    logratio_rejected: float = Field(description="d loss / d logratio_rejected")


class LossInputs(BaseModel):
    """The inputs that a loss depends on."""

    only_difference: bool = Field(
        description="shifting both log-ratios by the same amount changes nothing"
    )
    reference: bool = Field(description="it measures against the reference policy")
    lengths: bool = Field(description="it averages over completion tokens")
    label_smoothing: bool = Field(description="it has a label-smoothing term")


class Result(WidgetResult):
    """The pair under this loss (DPO: Eq. 7 and the gradient in section 4, arXiv 2305.18290)."""

    implicit_reward_chosen: float = Field(description="beta * logratio_chosen")
    implicit_reward_rejected: float = Field(description="beta * logratio_rejected")
    margin: float = Field(description="implicit_reward_chosen - implicit_reward_rejected")
    probability: float = Field(description="sigma(margin): Bradley-Terry on the implicit rewards")
    loss: float = Field(description="of this pair under loss_type")
    gradient_weight: float = Field(
        description="sigma(-margin): the weight of this pair in the gradient of DPO"
    )
    gradient: LogRatioGradient = Field(description="of the loss, by autograd")
    reads: LossInputs = Field(description="what this loss looks at")
    figure: dict[str, object] = Field(description="Plotly figure: loss over the margin")


def compute(params: Params) -> Result:
    """Loss and gradient of the pair, and the loss along the margin."""
    (result,) = compute_many([params])
    return result.model_copy(update={"figure": _figure(params, result)})


def compute_many(several: Sequence[Params]) -> list[Result]:
    """The same for several pairs that share a loss, at once and without their figures."""
    first = several[0]
    loss = LossOfRatios(
        first.loss_type,
        first.label_smoothing,
        beta=[params.beta for params in several],
        reference_chosen=[params.reference_chosen_logp for params in several],
        reference_rejected=[params.reference_rejected_logp for params in several],
        chosen_lengths=[params.chosen_length for params in several],
        rejected_lengths=[params.rejected_length for params in several],
    )
    columns = loss.losses_and_slopes(
        [params.logratio_chosen for params in several],
        [params.logratio_rejected for params in several],
    )
    reads = LossInputs(
        only_difference=_only_the_difference(first),
        reference=first.loss_type not in REFERENCE_FREE,
        lengths=first.loss_type in NEEDS_LENGTHS,
        label_smoothing=first.loss_type in USES_LABEL_SMOOTHING,
    )
    return [
        _result(params, loss, LogRatioGradient(logratio_chosen=one, logratio_rejected=other), reads)
        for params, loss, one, other in zip(several, *columns, strict=True)
    ]


def _result(params: Params, loss: float, gradient: LogRatioGradient, reads: LossInputs) -> Result:
    chosen, rejected = params.beta * params.logratio_chosen, params.beta * params.logratio_rejected
    margin = chosen - rejected
    result = Result(
        finding="",
        implicit_reward_chosen=chosen,
        implicit_reward_rejected=rejected,
        margin=margin,
        probability=sigma(margin),
        loss=loss,
        gradient_weight=sigma(-margin),
        gradient=gradient,
        reads=reads,
        figure={},
    )
    return result.model_copy(update={"finding": _finding(params, result)})


def loss_of(params: Params, beta: float | None = None) -> LossOfRatios:
    """The loss that the parameters say, at their beta or another one."""
    return LossOfRatios(
        params.loss_type,
        params.label_smoothing,
        beta=params.beta if beta is None else beta,
        reference_chosen=params.reference_chosen_logp,
        reference_rejected=params.reference_rejected_logp,
        chosen_lengths=params.chosen_length,
        rejected_lengths=params.rejected_length,
    )


def _only_the_difference(params: Params) -> bool:
    """Whether a loss is invariant to shifting both log-ratios, tested at a few points."""
    chosen, rejected = [-3.0, -1.0, -2.5], [-2.0, -4.0, -1.5]
    # Losses without a reference read log-probabilities: keep those below 0.
    tried = loss_of(
        params.model_copy(update={"reference_chosen_logp": -8.0, "reference_rejected_logp": -8.0})
    )
    here = tried.losses(chosen, rejected)
    there = tried.losses([ratio + 1 for ratio in chosen], [ratio + 1 for ratio in rejected])
    pairs = zip(here, there, strict=True)
    return all(math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12) for one, other in pairs)


def _finding(params: Params, result: Result) -> str:
    sure = (
        f"The margin is {result.margin:.2f}, so the implicit rewards give the chosen response a "
        f"probability of {result.probability:.1%}."
    )
    fallen = params.logratio_chosen < 0 and params.logratio_rejected < 0
    if params.loss_type == "sigmoid" and params.label_smoothing == 0:
        if fallen and result.margin > 0:
            return (
                f"{sure} Both responses have become less likely than under the reference, and the "
                f"loss, {result.loss:.3f}, is still below ln 2, because only the difference counts."
            )
        return (
            f"{sure} This pair pulls with weight {result.gradient_weight:.3f}, which is the "
            "probability of the wrong order."
        )
    return f"{sure} {_what_it_wants(params, result)}"


def _what_it_wants(params: Params, result: Result) -> str:
    """Which way the loss pushes each response, read off the gradient."""
    rounding, name = 1e-9, LOSS_NAMES[params.loss_type]
    pushes = [
        f"the {whose} response {'up' if slope < 0 else 'down'}"
        for whose, slope in (
            ("chosen", result.gradient.logratio_chosen),
            ("rejected", result.gradient.logratio_rejected),
        )
        if abs(slope) > rounding
    ]
    if not pushes:
        wants = f"{name} is at rest here: it pushes neither response"
    else:
        wants = f"{name} pushes {' and '.join(pushes)}"
    looks = (
        "only their difference counts" if result.reads.only_difference else "each counts separately"
    )
    return f"{wants}; {looks}."


def _figure(params: Params, result: Result) -> dict[str, object]:
    """The loss along the margin: the chosen log-ratio moves, the rejected one stays."""
    name, rejected = params.loss_type, params.logratio_rejected
    end = next(end for end in FARTHEST if 1.15 * abs(result.margin) <= end)
    along = evenly(-end, end, 121)
    if name in REFERENCE_FREE:
        # The policy's own probability is below 1.
        most = -params.reference_chosen_logp - 1e-6
        along = [margin for margin in along if rejected + margin / params.beta < most]
    losses = loss_of(params).losses([rejected + margin / params.beta for margin in along], rejected)
    traces = [
        line(name, along, losses, role="rejected"),
        marker("this pair", result.margin, result.loss, role="rejected"),
    ]
    if name != "sigmoid" or params.label_smoothing > 0:
        dpo = LossOfRatios("sigmoid", beta=1.0).losses(along, 0.0)
        traces.insert(0, line("DPO", along, dpo, role="other", dash="dot"))
    return curve_figure(
        traces,
        x="margin: β times the gap of the log-ratios, as the chosen one moves",
        y="loss",
        x_range=None if name in REFERENCE_FREE else (-end, end),
    )


WIDGET = Widget(
    name="dpo_loss",
    title="The loss sees only how far the two responses have moved apart",
    caption="Set the log-ratio of each response and β. The calculator shows implicit rewards, margin, "
    "loss and gradient, for DPO and fifteen of its relatives.",
    params=Params,
    result=Result,
    compute=compute,
    ranges=Ranges(compute_many, ("logratio_chosen", "logratio_rejected", "beta")),
    example="loss_type=ipo&beta=0.1&logratio_chosen=2&logratio_rejected=-1",
    steps=(
        Step(
            "<b>Drag the black point along the curve.</b> The steeper it is there, the harder the pair pulls.",
            always=True,
        ),
        Step(
            "<b>Before training</b> the policy is the reference: both log-ratios are 0, and the loss is ln 2.",
            "logratio_chosen=0&logratio_rejected=0",
        ),
        Step(
            "<b>Sink both.</b> Gap and loss stay the same, yet the chosen response has lost probability.",
            "logratio_chosen=-4&logratio_rejected=-8",
        ),
        Step(
            "<b>Pull the purple end</b> to bend the curve: a larger β asks for a smaller gap.",
            "beta=2",
        ),
        Step(
            "<b>Take IPO instead.</b> Its curve has a lowest point, at 1/(2β), and pulls back from beyond it.",
            "loss_type=ipo&beta=0.25",
        ),
    ),
    export=COMPUTED,
)
