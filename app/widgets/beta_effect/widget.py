"""The exact optimum pi_r of a reward by beta: which responses gain and lose, and its KL."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from app.charts.figures import curve_figure, curve_figures, filled, line_states, marker_states
from app.formatting import signed
from app.lab.optima import (
    BetaPoint,
    MovedResponse,
    OptimumNumbers,
    beta_points,
    optima,
    reference_numbers,
    reward_histogram,
)
from app.lab.reward_model import RewardKind
from app.lab.world import the_world
from app.widgets import fields
from app.widgets.base import PromptId, Ranges, Step, Widget, WidgetParams, WidgetResult
from app.widgets.beta_effect.dots import Dot, DotAxis, axis, dots
from app.widgets.common.phrases import PhraseLogRatio
from app.widgets.plan import COMPUTED

BINS = 48


class RewardName(StrEnum):
    """Which reward the optimum is for."""

    true = "true"
    learned = "learned"


class Params(WidgetParams):
    """An optimum: of which reward, for which prompt, at which beta."""

    prompt: PromptId = fields.prompt()
    beta: float = fields.beta("what a nat of KL against the reference costs in reward")
    reward: RewardName = fields.choice(
        "true",
        title="Reward",
        description="true quality, or the reward model fitted to comparisons",
        labels={"true": "true quality", "learned": "learned by the reward model"},
    )
    reward_model: RewardKind = fields.reward_model(RewardKind.additive)


class OptimumResponse(BaseModel):
    """A response with its probability before and after."""

    text: str = Field(description="its five phrases")
    phrases: list[PhraseLogRatio] = Field(description="the same, one by one")
    reference_probability: float = Field(description="pi_ref(y|x)")
    optimal_probability: float = Field(description="pi_r(y|x)")
    reward: float = Field(description="of the reward that the optimum is for")
    true_quality: float = Field(description="r*(x, y)")


class BetaCurvePoint(BaseModel):
    """The optimum at another beta."""

    beta: float = Field(description="KL coefficient")
    kl: float = Field(description="KL(pi_r || pi_ref), nats")
    expected_reward: float = Field(description="under pi_r")
    true_quality: float = Field(description="expected true quality under pi_r")


class PhraseShare(BaseModel):
    """How often a phrase is said, before and after."""

    slot: str = Field(description="opening, substance, detail, caution or closing")
    text: str = Field(description="the phrase")
    flattering: bool = Field(description="whether it flatters")
    reference_probability: float = Field(description="its share under the reference")
    optimal_probability: float = Field(description="its share under the optimum")


class FavoriteResponse(BaseModel):
    """The response that an optimum makes most probable."""

    text: str = Field(description="its five phrases")
    probability: float = Field(description="pi_r(y|x)")


class Optimum(WidgetResult):
    """pi_r(y|x) = pi_ref(y|x) exp(r(x,y) / beta) / Z(x), DPO Eq. 4 (arXiv 2305.18290)."""

    kl: float = Field(description="KL(pi_r || pi_ref), nats")
    expected_reward: float = Field(description="E[r] under pi_r; 0 is the reference policy")
    true_quality: float = Field(description="expected true quality under pi_r")
    log_partition: float = Field(description="log Z(x)")
    effective_responses: float = Field(
        description="exp(entropy): how many equally likely responses would be as uncertain"
    )
    favorite: FavoriteResponse = Field(description="the most probable response")
    responses: list[OptimumResponse] = Field(description="the responses that gain most probability")
    losing: list[OptimumResponse] = Field(description="the responses that lose most probability")
    phrases: list[PhraseShare] = Field(description="all thirty phrases, slot after slot")
    dots: list[Dot] = Field(
        description="each stands for 1% of the probability, lowest reward first; from reference "
        "to optimum, dot k moves as optimal transport along the reward would move it"
    )
    dots_axis: DotAxis = Field(description="the axis along which the dots lie")
    beyond_reference: float = Field(
        description="probability under pi_r of a reward above the 99% quantile under pi_ref"
    )
    curve: list[BetaCurvePoint] = Field(description="the optimum over beta, from 0.01 to 10")
    tradeoff: dict[str, object] = Field(description="Plotly figure: KL and reward over beta")


class Result(Optimum):
    """pi_r(y|x) = pi_ref(y|x) exp(r(x,y) / beta) / Z(x), DPO Eq. 4 (arXiv 2305.18290)."""

    figure: dict[str, object] = Field(
        description="Plotly figure: distribution of the reward under reference and optimum"
    )


def compute(params: Params) -> Result:
    """The optimum over all 7,776 responses, in float64."""
    return Result(**vars(compute_many([params])[0]), figure=_figure(params))


def compute_many(several: Sequence[Params]) -> list[Optimum]:
    """The optimum at several betas at once; all else is as in the first."""
    prompt, learned = _prompt(several[0]), _learned(several[0])
    found = optima(prompt, learned, [params.beta for params in several])
    points = beta_points(prompt, learned)
    tradeoffs = _tradeoffs(several, points, found)
    curve = [
        BetaCurvePoint(
            beta=point.beta,
            kl=point.kl,
            expected_reward=point.expected_reward,
            true_quality=point.true_quality,
        )
        for point in points
    ]
    return [
        _optimum(params, numbers, curve, tradeoff)
        for params, numbers, tradeoff in zip(several, found, tradeoffs, strict=True)
    ]


def _optimum(
    params: Params, found: OptimumNumbers, curve: list[BetaCurvePoint], tradeoff: dict[str, Any]
) -> Optimum:
    prompt = _prompt(params)
    reference = reference_numbers(prompt, _learned(params))
    return Optimum(
        finding=_finding(params, found.kl, found.true_quality),
        kl=found.kl,
        expected_reward=found.expected_reward,
        true_quality=found.true_quality,
        log_partition=found.log_partition,
        effective_responses=found.effective_responses,
        favorite=FavoriteResponse(
            text=the_world().text(prompt, found.favorite), probability=found.favorite_probability
        ),
        responses=[_response(prompt, moved) for moved in found.gaining],
        losing=[_response(prompt, moved) for moved in found.losing],
        phrases=_phrases(prompt, reference.shares, found.shares),
        dots=dots(found.rewards, reference.rewards, reference.highest),
        dots_axis=axis(_axis_title(params), reference.rewards[0], reference.highest),
        beyond_reference=found.beyond_reference,
        curve=curve,
        tradeoff=tradeoff,
    )


def _prompt(params: Params) -> int:
    return the_world().prompt_number(params.prompt)


def _learned(params: Params) -> RewardKind | None:
    """The reward model that is chosen; None for true quality."""
    return params.reward_model if params.reward == RewardName.learned else None


def _response(prompt: int, moved: MovedResponse) -> OptimumResponse:
    said = the_world().said(prompt, moved.phrases)
    return OptimumResponse(
        text=the_world().text(prompt, moved.phrases),
        phrases=[
            PhraseLogRatio(text=phrase.text, log_ratio=log_ratio)
            for phrase, log_ratio in zip(said, moved.log_ratios, strict=True)
        ],
        optimal_probability=moved.probability,
        reference_probability=moved.reference_probability,
        reward=moved.reward,
        true_quality=moved.true_quality,
    )


def _phrases(
    prompt: int, before: Sequence[Sequence[float]], after: Sequence[Sequence[float]]
) -> list[PhraseShare]:
    """The share of each phrase, by slot."""
    world = the_world()
    return [
        PhraseShare(
            slot=world.slots[slot],
            text=phrase.text,
            flattering=bool(phrase.flattering),
            reference_probability=before[slot][n],
            optimal_probability=after[slot][n],
        )
        for slot, row in enumerate(world.prompts[prompt].phrases)
        for n, phrase in enumerate(row)
    ]


def _finding(params: Params, kl: float, quality: float) -> str:
    where = (
        f"At β = {params.beta:g} the optimum is {kl:.1f} nats from the reference, and its expected true quality "
        f"is {signed(quality)}"
    )
    if params.reward == RewardName.true:
        return f"{where}."
    if quality < 0:
        return f"{where}, below the reference. That is what the {params.reward_model} reward model asks for."
    return f"{where}. The reward is that of the {params.reward_model} reward model."


def _axis_title(params: Params) -> str:
    which = "true quality" if params.reward == RewardName.true else "learned reward"
    return f"{which} of a response"


def _figure(params: Params) -> dict[str, Any]:
    """Histogram of probability over the reward of all 7,776 responses."""
    rewards, before, after = reward_histogram(_prompt(params), _learned(params), params.beta, BINS)
    return curve_figure(
        [
            filled("reference π_ref", rewards, before, role="reference"),
            filled("optimum π_r", rewards, after, role="optimised"),
        ],
        x=_axis_title(params),
        y="share of probability",
    )


def _tradeoffs(
    several: Sequence[Params], curve: Sequence[BetaPoint], found: Sequence[OptimumNumbers]
) -> list[dict[str, Any]]:
    """KL and true quality over beta, and the position of each optimum."""
    betas = [[point.beta for point in curve]] * len(several)
    all_qualities = [[point.true_quality for point in curve]] * len(several)
    all_kls = [[point.kl for point in curve]] * len(several)
    here = [params.beta for params in several]
    qualities = [one.true_quality for one in found]
    kls = [one.kl for one in found]
    return curve_figures(
        [
            line_states("true quality", betas, all_qualities, role="true"),
            line_states("KL", betas, all_kls, role="kl", axis="y2", dash="dot"),
            marker_states("true quality here", here, qualities, role="true"),
            marker_states("KL here", here, kls, role="kl", axis="y2", symbol="square"),
        ],
        x="β (logarithmic)",
        y="expected true quality",
        y2="KL (nats)",
        log_x=True,
        x_range=(-2.08, 1.08),
    )


WIDGET = Widget(
    name="beta_effect",
    title="β sets how far the optimum may go",
    caption="The exact optimum π_r over all 7,776 responses. Vary β and see which responses gain "
    "probability and which lose it.",
    params=Params,
    result=Result,
    compute=compute,
    ranges=Ranges(compute_many, ("beta",)),
    example="prompt=poem&beta=0.2&reward=learned",
    steps=(
        Step(
            "<b>Hold it close.</b> Every nat of KL costs ten points of reward, so the green dots stay over the blue.",
            "beta=10",
        ),
        Step(
            "<b>Drag β to the right.</b> Each green dot is 1% of what the optimum says; watch them move.",
            always=True,
        ),
        Step("<b>Let it go:</b> nearly all the probability runs to the best answer.", "beta=0.01"),
        Step(
            "<b>The same, for the learned reward.</b> Quality rises, peaks, and falls off a cliff.",
            "beta=0.1&reward=learned",
        ),
        Step(
            "<b>Let a network learn the reward.</b> At this β it knows better; on the far right it falls too.",
            "beta=0.1&reward=learned&reward_model=network",
        ),
    ),
    start=2,
    export=COMPUTED,
)
