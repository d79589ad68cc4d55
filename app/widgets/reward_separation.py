"""Two rewards dragged apart: Bradley-Terry probability, loss and gradient."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from pydantic import BaseModel, Field

from app.charts.figures import curve_figures, line_states, marker_states
from app.formatting import signed
from app.lab.preferences import bradley_terry
from app.widgets import fields
from app.widgets.base import Ranges, Step, Widget, WidgetParams, WidgetResult
from app.widgets.plan import Plan, even


class Params(WidgetParams):
    """Rewards of the two responses."""

    reward_chosen: float = fields.number(
        3.0, -10, 10, title="Reward of the chosen response", description="r(x, y_w)"
    )
    reward_rejected: float = fields.number(
        0.0, -10, 10, title="Reward of the rejected response", description="r(x, y_l)"
    )


class RewardGradient(BaseModel):
    """Derivatives of the loss, by autograd."""

    reward_chosen: float = Field(description="d loss / d reward_chosen")
    reward_rejected: float = Field(description="d loss / d reward_rejected")


class Result(WidgetResult):
    """Bradley-Terry on one pair (DPO Eq. 1 and 2, arXiv 2305.18290)."""

    margin: float = Field(description="reward_chosen - reward_rejected")
    probability: float = Field(description="p(chosen > rejected) = sigma(margin)")
    loss: float = Field(description="-log sigma(margin), nats")
    gradient: RewardGradient
    figure: dict[str, object] = Field(description="Plotly figure: loss over the margin")


def compute(params: Params) -> Result:
    """Probability, loss and gradient of one pair of rewards."""
    return compute_many([params])[0]


def compute_many(several: Sequence[Params]) -> list[Result]:
    """The same for several pairs at once."""
    chosen, rejected = (
        torch.tensor(rewards, dtype=torch.float64, requires_grad=True)
        for rewards in (
            [params.reward_chosen for params in several],
            [params.reward_rejected for params in several],
        )
    )
    margin = chosen - rejected
    loss = -F.logsigmoid(margin)
    # No pair's loss depends on another's rewards, so the gradient of the sum is that of each.
    gradients = torch.autograd.grad(loss.sum(), [chosen, rejected])
    probability = bradley_terry(chosen.detach(), rejected.detach())
    columns = [column.tolist() for column in (margin, probability, loss, *gradients)]
    figures = _figures(*columns[:3])
    return [
        Result(
            finding=_finding(gap, probability),
            margin=gap,
            probability=probability,
            loss=loss,
            gradient=RewardGradient(reward_chosen=to_chosen, reward_rejected=to_rejected),
            figure=figure,
        )
        for gap, probability, loss, to_chosen, to_rejected, figure in zip(
            *columns, figures, strict=True
        )
    ]


def _finding(margin: float, probability: float) -> str:
    if margin == 0:
        return "The rewards are equal, so the model gives either response one chance in two."
    side = "agrees" if margin > 0 else "disagrees"
    return (
        f"A gap of {signed(margin, 1)} {side} with the label: the chosen response is preferred with "
        f"probability {probability:.1%}. Adding the same amount to both rewards changes nothing, so only "
        "the gap matters."
    )


def _figures(
    margins: list[float], probabilities: list[float], losses: list[float]
) -> list[dict[str, object]]:
    """Probability and loss over the margin, and the position of each pair."""
    along = torch.linspace(-20, 20, 161, dtype=torch.float64)
    states = len(margins)
    xs = [along] * states
    return curve_figures(
        [
            line_states("probability", xs, [torch.sigmoid(along)] * states, role="optimised"),
            line_states("loss", xs, [-F.logsigmoid(along)] * states, role="rejected", axis="y2"),
            marker_states("probability here", margins, probabilities, role="optimised"),
            marker_states("loss here", margins, losses, role="rejected", axis="y2"),
        ],
        x="margin (reward of chosen minus reward of rejected)",
        y="probability",
        y2="loss (nats)",
        x_range=(-21, 21),
    )


WIDGET = Widget(
    name="reward_separation",
    title="Only the gap between two rewards matters",
    caption="Set the reward of each response. Probability and loss depend on their difference alone.",
    params=Params,
    result=Result,
    compute=compute,
    ranges=Ranges(
        compute_many, ("reward_chosen", "reward_rejected", "reward_chosen+reward_rejected")
    ),
    example="reward_chosen=1&reward_rejected=-1",
    steps=(
        Step(
            "<b>Drag either reward</b> along the line. The curve above stays centered on the rejected one.",
            "reward_chosen=3&reward_rejected=0",
            always=True,
        ),
        Step(
            "<b>Drag the bar between them.</b> Both rewards move, and nothing else does.",
            "reward_chosen=7&reward_rejected=4",
            always=True,
        ),
        Step(
            "<b>Bring them together:</b> the model can only toss a fair coin.",
            "reward_chosen=1&reward_rejected=1",
        ),
        Step(
            "<b>Put them the wrong way round.</b> The loss grows as fast as the gap.",
            "reward_chosen=-2&reward_rejected=2.5",
        ),
    ),
    export=Plan(
        "gridded",
        "Both sliders move in steps of 0.5.",
        ({"reward_chosen": even(-10, 10, 0.5), "reward_rejected": even(-10, 10, 0.5)},),
    ),
)
