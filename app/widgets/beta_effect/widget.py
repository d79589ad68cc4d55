"""The exact optimum pi_r of a reward by beta: which responses gain and lose, and its KL."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from typing import Any

import torch
from pydantic import BaseModel, Field
from torch import Tensor
from torch.func import vmap

from app.charts.figures import curve_figure, curve_figures, filled, line_states, marker_states
from app.formatting import signed
from app.lab.exact import (
    conditional_logps,
    entropy,
    expectation,
    kl_divergence,
    phrase_marginals,
)
from app.lab.optimum import log_partition, optimal_logps
from app.lab.quantiles import even_quantiles, mass_above, quantiles
from app.lab.reward_model import RewardKind
from app.lab.trained import PromptFacts, the_lab
from app.lab.world import all_responses, the_world
from app.widgets import fields
from app.widgets.base import PromptId, Ranges, Step, Widget, WidgetParams, WidgetResult
from app.widgets.beta_effect.dots import DOTS, Dot, DotAxis, axis, dots
from app.widgets.common.phrases import PhraseLogRatio
from app.widgets.plan import ALL, Plan

SHOWN = 3
"""number of responses listed among those that gain most, and those that lose most"""

CURVE_BETAS: tuple[float, ...] = tuple(torch.logspace(-2, 1, 61, dtype=torch.float64).tolist())

BINS = 48

TOP = torch.tensor([0.99], dtype=torch.float64)
"""level of the reference's quantile that ``beyond_reference`` is measured from"""


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
    facts = the_lab().facts(the_world().prompt_number(params.prompt))
    reward = reward_of(facts, params)
    optimal = optimal_logps(facts.reference_logps, reward, params.beta)
    figure = _figure(params, facts.reference_logps, optimal, reward)
    return Result(**dict(optima([params])[0]), figure=figure)


def optima(several: Sequence[Params]) -> list[Optimum]:
    """The optimum at several betas at once; all else is as in the first."""
    first = several[0]
    prompt = the_world().prompt_number(first.prompt)
    facts = the_lab().facts(prompt)
    learned = _learned(first)
    reward, reference = _reward(facts, learned), facts.reference_logps
    betas = torch.tensor([params.beta for params in several], dtype=torch.float64)
    optimal = vmap(optimal_logps, (None, None, 0))(reference, reward, betas)
    before, top = _reference_quantiles(prompt, learned)
    highest = float(reward.max())
    numbers = {
        "kl": vmap(kl_divergence, (0, None))(optimal, reference),
        "expected_reward": vmap(expectation, (0, None))(optimal, reward),
        "true_quality": vmap(expectation, (0, None))(optimal, facts.true_quality),
        "log_partition": vmap(log_partition, (None, None, 0))(reference, reward, betas),
        "effective_responses": vmap(entropy)(optimal).exp(),
        "beyond_reference": mass_above(optimal, reward, top),
    }
    gain = optimal.exp() - reference.exp()
    ends = [gain.topk(SHOWN, largest=largest).indices for largest in (True, False)]
    listed = _responses(facts, reward, optimal, torch.cat(ends, 1))
    winners, losers = ([row[part] for row in listed] for part in (slice(SHOWN), slice(SHOWN, None)))
    curve = list(curve_points(prompt, learned))
    columns = {name: column.tolist() for name, column in numbers.items()}
    found = zip(
        several,
        _rows(columns),
        _favorites(prompt, optimal),
        winners,
        losers,
        _phrases(prompt, reference, optimal),
        even_quantiles(optimal, reward, DOTS),
        _tradeoffs(several, curve, columns["kl"], columns["true_quality"]),
        strict=True,
    )
    return [
        Optimum(
            finding=_finding(params, row["kl"], row["true_quality"]),
            **row,
            favorite=favorite,
            responses=gaining,
            losing=losing,
            phrases=shares,
            dots=dots(after, before, highest),
            dots_axis=axis(_axis_title(params), float(before[0]), highest),
            curve=curve,
            tradeoff=tradeoff,
        )
        for params, row, favorite, gaining, losing, shares, after, tradeoff in found
    ]


def _rows(columns: dict[str, list[float]]) -> list[dict[str, float]]:
    """Columns of equal length as one dict for each row."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def reward_of(facts: PromptFacts, params: Params) -> Tensor:
    """The chosen reward of all responses, mean 0 under the reference. Shape: (7776,)."""
    return _reward(facts, _learned(params))


def _learned(params: Params) -> RewardKind | None:
    """The reward model that is chosen; None for true quality."""
    return params.reward_model if params.reward == RewardName.learned else None


def _reward(facts: PromptFacts, learned: RewardKind | None) -> Tensor:
    return facts.learned_rewards[learned] if learned else facts.true_quality


@cache
def _reference_quantiles(prompt: int, learned: RewardKind | None) -> tuple[Tensor, float]:
    """Rewards that stand for equal shares of the reference, shape (dots,), and the one at ``TOP``."""
    facts = the_lab().facts(prompt)
    reward, reference = _reward(facts, learned), facts.reference_logps
    top = float(quantiles(reference, reward, TOP))
    return even_quantiles(reference, reward, DOTS), top


@cache
def curve_points(prompt: int, learned: RewardKind | None) -> tuple[BetaCurvePoint, ...]:
    """The optimum at each of ``CURVE_BETAS``; there are eighteen such curves in all."""
    facts = the_lab().facts(prompt)
    reward = _reward(facts, learned)
    points = []
    for beta in CURVE_BETAS:
        optimal = optimal_logps(facts.reference_logps, reward, beta)
        points.append(
            BetaCurvePoint(
                beta=beta,
                kl=float(kl_divergence(optimal, facts.reference_logps)),
                expected_reward=float(expectation(optimal, reward)),
                true_quality=float(expectation(optimal, facts.true_quality)),
            )
        )
    return tuple(points)


def _favorites(prompt: int, optimal: Tensor) -> list[FavoriteResponse]:
    """The most probable response of each optimum. Shape: (states, 7776)."""
    most, numbers = optimal.exp().max(1)
    rows = all_responses()[numbers].tolist()
    return [
        FavoriteResponse(text=the_world().text(prompt, row), probability=probability)
        for row, probability in zip(rows, most.tolist(), strict=True)
    ]


def _responses(
    facts: PromptFacts, reward: Tensor, optimal: Tensor, numbers: Tensor
) -> list[list[OptimumResponse]]:
    """The responses of these numbers under each optimum. Shapes: (states, 7776), (states, shown)."""
    world, rows, reference = the_world(), all_responses()[numbers], facts.reference_logps
    before = conditional_logps(reference, rows.flatten(0, 1)).view(rows.shape)
    log_ratios = vmap(conditional_logps)(optimal, rows) - before
    columns = [column[numbers].tolist() for column in (reference.exp(), reward, facts.true_quality)]
    after = optimal.exp().gather(1, numbers)
    listed = zip(rows.tolist(), log_ratios.tolist(), after.tolist(), *columns, strict=True)
    return [
        [
            OptimumResponse(
                text=world.text(facts.prompt, row),
                phrases=[
                    PhraseLogRatio(text=phrase.text, log_ratio=log_ratio)
                    for phrase, log_ratio in zip(world.said(facts.prompt, row), ratios, strict=True)
                ],
                optimal_probability=probability,
                reference_probability=reference_probability,
                reward=value,
                true_quality=quality,
            )
            for row, ratios, probability, reference_probability, value, quality in zip(
                *state, strict=True
            )
        ]
        for state in listed
    ]


def _phrases(prompt: int, reference: Tensor, optimal: Tensor) -> list[list[PhraseShare]]:
    """The share of each phrase under each optimum. Shapes: (7776,), (states, 7776)."""
    world = the_world()
    before = phrase_marginals(reference).tolist()
    return [
        [
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
        for after in vmap(phrase_marginals)(optimal).tolist()
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


def _figure(params: Params, reference: Tensor, optimal: Tensor, reward: Tensor) -> dict[str, Any]:
    """Histogram of probability over the reward of all 7,776 responses."""
    low, high = float(reward.min()), float(reward.max())
    edges = torch.linspace(low, high, BINS + 1, dtype=torch.float64)
    place = ((reward - low) / (high - low) * BINS).long().clamp(0, BINS - 1)
    centers = (edges[1:] + edges[:-1]) / 2

    def mass(logps: Tensor) -> Tensor:
        return torch.zeros(BINS, dtype=torch.float64).index_add(0, place, logps.exp())

    return curve_figure(
        [
            filled("reference π_ref", centers, mass(reference), role="reference"),
            filled("optimum π_r", centers, mass(optimal), role="optimised"),
        ],
        x=_axis_title(params),
        y="share of probability",
    )


def _tradeoffs(
    several: Sequence[Params],
    curve: Sequence[BetaCurvePoint],
    kls: list[float],
    qualities: list[float],
) -> list[dict[str, Any]]:
    """KL and true quality over beta, and the position of each optimum."""
    betas = [[point.beta for point in curve]] * len(several)
    all_qualities = [[point.true_quality for point in curve]] * len(several)
    all_kls = [[point.kl for point in curve]] * len(several)
    here = [params.beta for params in several]
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
    ranges=Ranges(optima, ("beta",)),
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
    export=Plan(
        "gridded",
        "Every position of the slider is here; a typed β moves to the nearest one.",
        (
            {"prompt": ALL, "beta": ALL, "reward": ALL},
            {"prompt": ALL, "beta": ALL, "reward": ("learned",), "reward_model": ("network",)},
        ),
        split="prompt",
    ),
)
