"""Two rewards dragged apart: Bradley-Terry probability, loss and gradient."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, Field

from app.charts.figures import curve_figures, line_states, marker_states
from app.charts.scales import evenly
from app.formatting import signed
from app.lab.preferences import RewardGaps, reward_gaps
from app.widgets import fields
from app.widgets.base import Ranges, Step, Widget, WidgetParams, WidgetResult
from app.widgets.plan import COMPUTED


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
    found = reward_gaps(
        [params.reward_chosen for params in several],
        [params.reward_rejected for params in several],
    )
    columns = (
        found.margins,
        found.probabilities,
        found.losses,
        found.chosen_slopes,
        found.rejected_slopes,
    )
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
            *columns, _figures(found), strict=True
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


def _figures(found: RewardGaps) -> list[dict[str, object]]:
    """Probability and loss over the margin, and the position of each pair."""
    along = evenly(-20, 20, 161)
    curve, states = reward_gaps(along, [0.0] * len(along)), len(found.margins)
    xs = [along] * states
    return curve_figures(
        [
            line_states("probability", xs, [curve.probabilities] * states, role="optimised"),
            line_states("loss", xs, [curve.losses] * states, role="rejected", axis="y2"),
            marker_states("probability here", found.margins, found.probabilities, role="optimised"),
            marker_states("loss here", found.margins, found.losses, role="rejected", axis="y2"),
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
    export=COMPUTED,
)
