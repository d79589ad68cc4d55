"""One preference pair under one of sixteen losses: implicit rewards, margin, loss and gradient."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import torch
from pydantic import BaseModel, Field, ValidationInfo, field_validator
from torch import Tensor

from app.lab.losses import NEEDS_LENGTHS, REFERENCE_FREE, USES_LABEL_SMOOTHING
from app.widgets import fields
from app.widgets.base import Ranges, Step, Widget, WidgetParams, WidgetResult
from app.widgets.common.loss_types import (
    LOSS_LABELS,
    LOSS_NAMES,
    UNSMOOTHED,
    LossType,
    smoothing_suits_the_loss,
)
from app.widgets.dpo_loss.curves import LossSettings, loss_curves
from app.widgets.plan import Grid, Plan, even


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

    @field_validator("logratio_chosen", "logratio_rejected")
    @classmethod
    def _a_probability_is_at_most_one(cls, value: float, info: ValidationInfo) -> float:
        """Losses without a reference read log pi_theta itself, which has to be below 0."""
        loss_type = info.data.get("loss_type")
        reference = info.data.get(str(info.field_name).replace("logratio", "reference") + "_logp")
        if loss_type in REFERENCE_FREE and reference is not None and value + reference >= 0:
            raise ValueError(
                f"must be below {-reference:g} for {loss_type}: the log-probability of the policy, "
                f"{reference:g} plus the log-ratio, has to be below 0"
            )
        return value


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
    pair = (params.logratio_rejected, result.margin, result.loss)
    rejected, margin, loss = (torch.tensor([value], dtype=torch.float64) for value in pair)
    (figure,) = loss_curves(settings_of([params]), rejected, margin, loss)
    return result.model_copy(update={"figure": figure})


def compute_many(several: Sequence[Params]) -> list[Result]:
    """The same for several pairs without their figures, at once for those that share a loss."""
    groups: dict[tuple[str, float], list[int]] = defaultdict(list)
    for place, params in enumerate(several):
        groups[params.loss_type, params.label_smoothing].append(place)
    results: dict[int, Result] = {}
    for places in groups.values():
        found = _compute_group([several[place] for place in places])
        results |= dict(zip(places, found, strict=True))
    return [results[place] for place in range(len(several))]


def _compute_group(several: Sequence[Params]) -> list[Result]:
    """Pairs that differ in numbers only."""
    settings = settings_of(several)
    chosen = _column(several, "logratio_chosen").requires_grad_()
    rejected = _column(several, "logratio_rejected").requires_grad_()
    loss = settings.loss(chosen, rejected)
    # No pair's loss depends on another's log-ratios, so the gradient of the sum is that of each.
    to_chosen, to_rejected = torch.autograd.grad(loss.sum(), [chosen, rejected])
    reward_chosen, reward_rejected = (
        settings.beta * chosen.detach(),
        settings.beta * rejected.detach(),
    )
    margin = reward_chosen - reward_rejected
    columns = {
        "implicit_reward_chosen": reward_chosen,
        "implicit_reward_rejected": reward_rejected,
        "margin": margin,
        "probability": torch.sigmoid(margin),
        "loss": loss.detach(),
        "gradient_weight": torch.sigmoid(-margin),
    }
    listed = {name: column.tolist() for name, column in columns.items()}
    first = several[0]
    reads = LossInputs(
        only_difference=_only_the_difference(first),
        reference=first.loss_type not in REFERENCE_FREE,
        lengths=first.loss_type in NEEDS_LENGTHS,
        label_smoothing=first.loss_type in USES_LABEL_SMOOTHING,
    )
    gradients = zip(to_chosen.tolist(), to_rejected.tolist(), strict=True)
    results = [
        Result(
            finding="",
            **{name: listed[name][number] for name in listed},
            gradient=LogRatioGradient(
                logratio_chosen=slope_chosen, logratio_rejected=slope_rejected
            ),
            reads=reads,
            figure={},
        )
        for number, (slope_chosen, slope_rejected) in enumerate(gradients)
    ]
    return [
        result.model_copy(update={"finding": _finding(params, result)})
        for params, result in zip(several, results, strict=True)
    ]


def _column(several: Sequence[Params], name: str) -> Tensor:
    """One parameter of all pairs. Shape: (several,), float64."""
    return torch.tensor([getattr(params, name) for params in several], dtype=torch.float64)


def settings_of(several: Sequence[Params]) -> LossSettings:
    """Settings of several pairs that share loss and label smoothing."""
    return LossSettings(
        several[0].loss_type,
        several[0].label_smoothing,
        beta=_column(several, "beta"),
        reference_chosen=_column(several, "reference_chosen_logp"),
        reference_rejected=_column(several, "reference_rejected_logp"),
        chosen_lengths=_column(several, "chosen_length"),
        rejected_lengths=_column(several, "rejected_length"),
    )


def loss_of(params: Params, chosen: Tensor, rejected: Tensor) -> Tensor:
    """Loss of pairs with these log-ratios. Shapes: (pairs,), (pairs,) -> (pairs,), float64."""
    return settings_of([params]).loss(chosen, rejected)


def _only_the_difference(params: Params) -> bool:
    """Whether a loss is invariant to shifting both log-ratios, tested at a few points."""
    chosen = torch.tensor([-3.0, -1.0, -2.5], dtype=torch.float64)
    rejected = torch.tensor([-2.0, -4.0, -1.5], dtype=torch.float64)
    # Losses without a reference read log-probabilities: keep those below 0.
    tried = params.model_copy(
        update={"reference_chosen_logp": -8.0, "reference_rejected_logp": -8.0}
    )
    here, there = (loss_of(tried, chosen + s, rejected + s) for s in (0.0, 1.0))
    return bool(torch.allclose(here, there, rtol=1e-9, atol=1e-12))


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


OTHER_LOSSES: Grid = {
    "beta": (0.1, 0.5),
    "logratio_chosen": even(-9, 9, 2),
    "logratio_rejected": even(-9, 9, 2),
}

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
    export=Plan(
        "gridded",
        "Log-ratios are whole numbers from −10 to 10 (odd ones from −9 to 9 for losses other than sigmoid), "
        "at seven values of β (0.1 and 0.5 for the others). What else can be set needs a server.",
        (
            {
                "loss_type": ("sigmoid",),
                "beta": (0.01, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0),
                "logratio_chosen": even(-10, 10, 1),
                "logratio_rejected": even(-10, 10, 1),
            },
            {"loss_type": UNSMOOTHED, **OTHER_LOSSES},
            {"loss_type": ("exo_pair",), "label_smoothing": (0.001,), **OTHER_LOSSES},
        ),
        split="loss_type",
    ),
)
