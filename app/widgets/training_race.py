"""DPO and RLHF racing from the same reference and the same comparisons, each a path under the frontier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel, Field
from torch import Tensor

from app.charts.figures import Trace, curve_figure, line, marker
from app.lab.race import LEGS, Leg, race_legs
from app.lab.reward_model import RewardKind
from app.lab.trained import the_lab
from app.lab.world import the_world
from app.widgets import fields
from app.widgets.base import Ask, PromptId, Step, Widget, WidgetParams, WidgetResult, always
from app.widgets.plan import COMPUTED


class Params(WidgetParams):
    """One race: a prompt, a seed, and the strength of the KL term of each method."""

    prompt: PromptId = fields.prompt()
    dpo_beta: float = fields.beta("KL coefficient of DPO's loss", 0.3, high=5, title="DPO’s β")
    kl_coefficient: float = fields.beta(
        "what PPO pays for a nat of KL against the reference",
        0.3,
        high=5,
        title="PPO’s KL coefficient",
    )
    reward_model: RewardKind = fields.reward_model(RewardKind.network)
    seed: int = fields.seed()


PLACES = 100
"""The scrub goes through the time of the slower run in so many parts."""

FARTHEST = 25.0
"""KL in nats that no policy of a race reaches: the extent of the frontier in a live chart"""


class RacePoint(BaseModel):
    """A policy after another fiftieth of its training; all expectations are exact."""

    method: Literal["dpo", "rlhf"] = Field(description="whose policy")
    leg: int = Field(description=f"0 is the reference policy, {LEGS} the end")
    kl: float = Field(description="KL(pi || pi_ref), nats")
    true_quality: float = Field(description="expected true quality; 0 is the reference policy")
    bound: float = Field(description="the most true quality that this KL can buy")
    learned_reward: float = Field(
        description="expected reward of the reward model that RLHF fitted"
    )
    gradient_steps: int = Field(description="after SFT, of all networks; RLHF's reward model first")
    samples_generated: int = Field(description="responses sampled from the policy so far")
    seconds: float = Field(description="CPU time of training after SFT, as measured here")
    wall_seconds: float = Field(description="the same by the clock on the wall")
    models_in_memory: int = Field(description="networks resident while the policy is trained")
    parameters_in_memory: int = Field(description="their parameters together")
    sample: str = Field(description="the response that the policy now finds most probable")


class BoundPoint(BaseModel):
    """A point of the frontier of true quality over KL."""

    kl: float = Field(description="nats")
    true_quality: float = Field(description="the most true quality that this KL can buy")


class Result(WidgetResult):
    """Both paths, from the reference to the end."""

    dpo: list[RacePoint] = Field(description="DPO, leg after leg")
    rlhf: list[RacePoint] = Field(description="RLHF, leg after leg")
    dpo_last: RacePoint = Field(description="DPO at its end")
    rlhf_last: RacePoint = Field(description="RLHF at its end")
    frontier: list[BoundPoint] = Field(description="what no policy is above, from the reference on")
    figure: dict[str, object] = Field(description="Plotly figure: both under the frontier of pi*")


class RaceStart(BaseModel):
    """Sent at the start of a stream."""

    figure: dict[str, object] = Field(description="Plotly figure: the frontier, and no paths yet")


def start(params: Params) -> RaceStart:
    """The chart before the race."""
    prompt = the_world().prompt_number(params.prompt)
    return RaceStart(figure=_figure(prompt, [], [], FARTHEST))


def stream(params: Params) -> Iterator[tuple[str, BaseModel]]:
    """The chart before the race, then each point as it is computed."""
    yield "begun", start(params)
    for place in places(params):
        yield "step", place


def places(params: Params) -> Iterator[RacePoint]:
    """The points of a race as they are computed, DPO's first in each leg."""
    prompt = the_world().prompt_number(params.prompt)
    return (_place(prompt, leg) for leg in _legs(params))


def compute(params: Params) -> Result:
    """Run the race to its end."""
    everything = list(places(params))
    dpo = [place for place in everything if place.method == "dpo"]
    rlhf = [place for place in everything if place.method == "rlhf"]
    farthest = 1.1 * max(1.0, *(place.kl for place in everything))
    prompt = the_world().prompt_number(params.prompt)
    return Result(
        finding=_finding(dpo, rlhf, params.reward_model),
        dpo=dpo,
        rlhf=rlhf,
        dpo_last=dpo[-1],
        rlhf_last=rlhf[-1],
        frontier=[
            BoundPoint(kl=kl, true_quality=bound) for kl, bound in _frontier(prompt, farthest)
        ],
        figure=_figure(prompt, dpo, rlhf, farthest),
    )


def policies(params: Params) -> dict[str, Tensor]:
    """Both policies at the end."""
    return {leg.method: leg.logps for leg in _legs(params) if leg.logps is not None}


def _legs(params: Params) -> Iterator[Leg]:
    return race_legs(
        the_world().prompt_number(params.prompt),
        params.seed,
        params.dpo_beta,
        params.kl_coefficient,
        params.reward_model,
    )


def _place(prompt: int, leg: Leg) -> RacePoint:
    return RacePoint(
        method="dpo" if leg.method == "dpo" else "rlhf",
        leg=leg.leg,
        kl=leg.measured.kl,
        true_quality=leg.measured.true_quality,
        bound=the_lab().facts(prompt).frontier.bound(leg.measured.kl),
        learned_reward=leg.measured.reward,
        gradient_steps=leg.gradient_steps,
        samples_generated=leg.samples_generated,
        seconds=round(leg.seconds, 2),
        wall_seconds=round(leg.wall_seconds, 2),
        models_in_memory=len(leg.networks),
        parameters_in_memory=leg.parameters_in_memory,
        sample=the_world().text(prompt, leg.measured.favorite),
    )


def _finding(dpo: Sequence[RacePoint], rlhf: Sequence[RacePoint], kind: RewardKind) -> str:
    ends = {"DPO": dpo, f"RLHF with the {kind} reward model": rlhf}
    below = {name: path[-1].bound - path[-1].true_quality for name, path in ends.items()}
    past = [
        name
        for name, path in ends.items()
        if path[-1].true_quality < max(place.true_quality for place in path) - 0.1
    ]
    text = "; ".join(f"{name} ended {gap:.2f} below the frontier" for name, gap in below.items())
    return f"{text}." + (f" {' and '.join(past)} went past the peak." if past else "")


def _figure(
    prompt: int, dpo: Sequence[RacePoint], rlhf: Sequence[RacePoint], farthest: float
) -> dict[str, object]:
    """Both paths under the frontier, which is drawn up to a KL in nats."""
    frontier = _frontier(prompt, farthest)[::-1]
    traces: list[Trace] = [
        line("frontier of π*", [kl for kl, _ in frontier], [y for _, y in frontier], role="true"),
        *_path("DPO", dpo, role="optimised", symbol="diamond"),
        *_path("RLHF (PPO)", rlhf, role="reference", symbol="square"),
    ]
    return curve_figure(traces, x="KL from the reference (nats)", y="true quality")


def _frontier(prompt: int, farthest: float) -> list[tuple[float, float]]:
    """KL and the most true quality that it can buy, up to a KL in nats."""
    frontier = the_lab().facts(prompt).frontier
    below = [point for point in frontier.points if point.kl < farthest][::2]
    ends = (farthest, frontier.bound(farthest))
    return [*((point.kl, point.expected_reward) for point in reversed(below)), ends]


def _path(name: str, path: Sequence[RacePoint], *, role: str, symbol: str) -> list[Trace]:
    """A path and its last point; nothing before its start."""
    if not path:
        return []
    trail = line(
        f"path of {name}",
        [place.kl for place in path],
        # The reference is at 0, but for rounding.
        [round(place.true_quality, 12) + 0.0 for place in path],
        role=role,
    ) | {"showlegend": False}
    end = marker(name, path[-1].kl, path[-1].true_quality, role=role, symbol=symbol, named=True)
    return [trail, end]


WIDGET = Widget(
    name="training_race",
    title="A race under the frontier: DPO and PPO train side by side",
    caption="Both start from the same reference and the same comparisons. RLHF first fits a reward model to "
    "them, either one as rich as DPO’s policy or one that can only add up phrases. Watch where each goes.",
    params=Params,
    result=Result,
    compute=compute,
    trains=always,
    stream=stream,
    streamed="`begun` with the chart, `step` with a place each, DPO's and RLHF's in turn",
    policies=policies,
    example="prompt=poem&dpo_beta=0.1&kl_coefficient=0.1",
    steps=(
        Step(
            "<b>Predict first.</b> Both start at the reference, with the same 2,000 comparisons.",
            at=0,
            ask=Ask(
                "Which ends nearer to the frontier?", {"a": "DPO", "b": "RLHF", "c": "neither"}
            ),
        ),
        Step(
            "<b>Scrub through the seconds.</b> The tick marks where RLHF has fitted its reward model.",
            always=True,
        ),
        Step(
            "<b>Hold both close to the reference:</b> β is 1, and so is the price of a nat.",
            "dpo_beta=1&kl_coefficient=1",
        ),
        Step(
            "<b>Loosen both to 0.05:</b> both go farther, and RLHF gains more by it.",
            "dpo_beta=0.05&kl_coefficient=0.05",
        ),
        Step(
            "<b>Give RLHF a reward model that can only add up phrases.</b> It finds the flattery.",
            "reward_model=additive",
        ),
    ),
    start=2,
    places=PLACES,
    warm=("",),
    export=COMPUTED,
)
