"""Two rewards pulled apart: Bradley-Terry probability, loss and gradient."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from pydantic import BaseModel, Field

from app.figures import curve_figure, line, marker
from app.lab.preferences import bradley_terry
from app.widgets.base import Try, Widget, WidgetParams, WidgetResult, number


class Params(WidgetParams):
    """Rewards of the two responses."""

    reward_chosen: float = number(
        3.0, -10, 10, title="Reward of the chosen response", description="r(x, y_w)"
    )
    reward_rejected: float = number(
        0.0, -10, 10, title="Reward of the rejected response", description="r(x, y_l)"
    )


class Gradient(BaseModel):
    """Derivatives of the loss, by autograd."""

    reward_chosen: float = Field(description="d loss / d reward_chosen")
    reward_rejected: float = Field(description="d loss / d reward_rejected")


class Result(WidgetResult):
    """Bradley-Terry on one pair (DPO Eq. 1 and 2, arXiv 2305.18290)."""

    margin: float = Field(description="reward_chosen - reward_rejected")
    probability: float = Field(description="p(chosen > rejected) = sigma(margin)")
    loss: float = Field(description="-log sigma(margin), nats")
    gradient: Gradient
    figure: dict[str, object] = Field(description="Plotly figure: loss over the margin")


def compute(params: Params) -> Result:
    """Everything follows from the difference of the two rewards."""
    chosen = torch.tensor(params.reward_chosen, dtype=torch.float64, requires_grad=True)
    rejected = torch.tensor(params.reward_rejected, dtype=torch.float64, requires_grad=True)
    margin = chosen - rejected
    loss = -F.logsigmoid(margin)
    to_chosen, to_rejected = torch.autograd.grad(loss, [chosen, rejected])
    gap = margin.item()
    probability = float(bradley_terry(chosen.detach(), rejected.detach()))
    return Result(
        finding=_finding(gap, probability),
        margin=gap,
        probability=probability,
        loss=loss.item(),
        gradient=Gradient(reward_chosen=float(to_chosen), reward_rejected=float(to_rejected)),
        figure=_figure(gap, probability, loss.item()),
    )


def _finding(margin: float, probability: float) -> str:
    if margin == 0:
        return "Equal rewards: the model gives either response one chance in two."
    side = "agrees with the label" if margin > 0 else "disagrees with the label"
    return (
        f"A gap of {margin:.1f} {side}: probability {probability:.1%} that the chosen one is "
        "preferred. Adding the same amount to both rewards changes nothing."
    )


def _figure(margin: float, probability: float, loss: float) -> dict[str, object]:
    margins = torch.linspace(-20, 20, 161, dtype=torch.float64)
    return curve_figure(
        [
            line("probability", margins, torch.sigmoid(margins), role="optimised"),
            line("loss", margins, -F.logsigmoid(margins), role="rejected", axis="y2"),
            marker("probability here", margin, probability, role="optimised"),
            marker("loss here", margin, loss, role="rejected", axis="y2"),
        ],
        x="margin (reward of chosen minus reward of rejected)",
        y="probability",
        y2="loss (nats)",
    )


WIDGET = Widget(
    name="reward_separation",
    title="Only the gap between two rewards matters",
    caption="Set the reward of each response. Probability and loss depend on their difference alone.",
    params=Params,
    result=Result,
    compute=compute,
    example="reward_chosen=1&reward_rejected=-1",
    tries=(
        Try(
            "Raise both rewards by the same amount: nothing changes.",
            "reward_chosen=8&reward_rejected=5",
        ),
        Try(
            "Make them equal: a fair coin, and a loss of ln 2.", "reward_chosen=2&reward_rejected=2"
        ),
        Try(
            "Get the order wrong by 4: the loss is nearly the gap.",
            "reward_chosen=-2&reward_rejected=2",
        ),
    ),
)
