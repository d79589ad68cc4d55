"""The exact optimum pi* as beta turns: which responses gain and lose, and what it costs in KL."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from typing import Any

import torch
from pydantic import BaseModel, Field
from torch import Tensor

from app.dot_plot import DOTS, Dot, DotAxis, axis, dots
from app.figures import curve_figure, filled, line, marker
from app.formats import signed
from app.lab.exact import entropy, expectation, kl_divergence, phrase_marginals
from app.lab.optimum import log_partition, optimal_logps
from app.lab.quantiles import even_quantiles, mass_above, quantiles
from app.lab.trained import PromptFacts, the_lab
from app.lab.world import all_responses, the_world
from app.phrases import Phrase, scored_phrases
from app.widgets.base import (
    PromptId,
    Try,
    Widget,
    WidgetParams,
    WidgetResult,
    beta_field,
    choice,
    prompt_field,
)

SHOWN = 3
"""Responses listed on each side: those that gain most and those that lose most."""

CURVE_BETAS: tuple[float, ...] = tuple(torch.logspace(-2, 1, 61, dtype=torch.float64).tolist())

BINS = 48

TOP = torch.tensor([0.99], dtype=torch.float64)
"""Level of the reference's quantile that ``beyond_reference`` is measured from."""


class RewardName(StrEnum):
    """Which reward the optimum is for."""

    true = "true"
    learned = "learned"


class Params(WidgetParams):
    """An optimum: of which reward, for which prompt, at which beta."""

    prompt: PromptId = prompt_field()
    beta: float = beta_field("what a nat of KL against the reference costs in reward")
    reward: RewardName = choice(
        "true",
        title="Reward",
        description="true quality, or the reward model fitted to comparisons",
        labels={"true": "true quality", "learned": "learned by the reward model"},
    )


class Response(BaseModel):
    """A response and what the optimum makes of it."""

    text: str = Field(description="its five phrases")
    phrases: list[Phrase] = Field(description="the same, one by one")
    reference_probability: float = Field(description="pi_ref(y|x)")
    optimal_probability: float = Field(description="pi*(y|x)")
    reward: float = Field(description="of the reward that the optimum is for")
    true_quality: float = Field(description="r*(x, y)")


class CurvePoint(BaseModel):
    """The optimum at another beta."""

    beta: float = Field(description="temperature")
    kl: float = Field(description="KL(pi* || pi_ref), nats")
    expected_reward: float = Field(description="under pi*")
    true_quality: float = Field(description="expected true quality under pi*")


class PhraseShare(BaseModel):
    """How often a phrase is said, before and after."""

    slot: str = Field(description="opening, substance, detail, caution or closing")
    text: str = Field(description="the phrase")
    flattering: bool = Field(description="whether it flatters")
    reference_probability: float = Field(description="its share under the reference")
    optimal_probability: float = Field(description="its share under the optimum")


class Result(WidgetResult):
    """pi*(y|x) = pi_ref(y|x) exp(r(x,y) / beta) / Z(x), DPO Eq. 4 (arXiv 2305.18290)."""

    kl: float = Field(description="KL(pi* || pi_ref), nats")
    expected_reward: float = Field(description="E[r] under pi*; 0 is the reference policy")
    true_quality: float = Field(description="expected true quality under pi*")
    log_partition: float = Field(description="log Z(x)")
    effective_responses: float = Field(
        description="exp(entropy): how many equally likely responses would be as uncertain"
    )
    responses: list[Response] = Field(description="the responses that gain most probability")
    losing: list[Response] = Field(description="the responses that lose most probability")
    phrases: list[PhraseShare] = Field(description="all thirty phrases, slot after slot")
    dots: list[Dot] = Field(
        description="each stands for 1% of the probability, lowest reward first; from reference "
        "to optimum, dot k moves as optimal transport along the reward would move it"
    )
    dots_axis: DotAxis = Field(description="the axis along which the dots lie")
    beyond_reference: float = Field(
        description="probability under pi* of a reward above the 99% quantile under pi_ref"
    )
    curve: list[CurvePoint] = Field(description="the optimum over beta, from 0.01 to 10")
    figure: dict[str, object] = Field(
        description="Plotly figure: distribution of the reward under reference and optimum"
    )
    tradeoff: dict[str, object] = Field(description="Plotly figure: KL and reward over beta")


def compute(params: Params) -> Result:
    """The optimum over all 7,776 responses, in float64."""
    prompt = the_world().prompt_number(params.prompt)
    facts = the_lab().facts(prompt)
    reward = reward_of(facts, params.reward)
    reference = facts.reference_logps
    optimal = optimal_logps(reference, reward, params.beta)
    gain = optimal.exp() - reference.exp()
    order = torch.argsort(gain, descending=True, stable=True)
    kl = float(kl_divergence(optimal, reference))
    expected = float(expectation(optimal, reward))
    quality = float(expectation(optimal, facts.true_quality))
    curve = curve_points(prompt, params.reward)
    responses = _responses(facts, reward, optimal, order[:SHOWN])
    before = even_quantiles(reference, reward, DOTS)
    highest = float(reward.max())
    top = float(quantiles(reference, reward, TOP))
    return Result(
        finding=_finding(params, kl, quality, responses[0]),
        kl=kl,
        expected_reward=expected,
        true_quality=quality,
        log_partition=float(log_partition(reference, reward, params.beta)),
        effective_responses=float(entropy(optimal).exp()),
        responses=responses,
        losing=_responses(facts, reward, optimal, order.flip(0)[:SHOWN]),
        phrases=_phrases(prompt, reference, optimal),
        dots=dots(even_quantiles(optimal, reward, DOTS), before, highest),
        dots_axis=axis(_axis_title(params), float(before[0]), highest),
        beyond_reference=float(mass_above(optimal, reward, top)),
        curve=list(curve),
        figure=_figure(params, reference, optimal, reward),
        tradeoff=_tradeoff(params, curve, kl, quality),
    )


def reward_of(facts: PromptFacts, name: str) -> Tensor:
    """The chosen reward of all responses, mean 0 under the reference. Shape: (7776,)."""
    return facts.true_quality if name == RewardName.true else facts.learned_reward


@cache
def curve_points(prompt: int, name: str) -> tuple[CurvePoint, ...]:
    """The optimum at each of ``CURVE_BETAS``; there are twelve such curves in all."""
    facts = the_lab().facts(prompt)
    reward = reward_of(facts, name)
    points = []
    for beta in CURVE_BETAS:
        optimal = optimal_logps(facts.reference_logps, reward, beta)
        points.append(
            CurvePoint(
                beta=beta,
                kl=float(kl_divergence(optimal, facts.reference_logps)),
                expected_reward=float(expectation(optimal, reward)),
                true_quality=float(expectation(optimal, facts.true_quality)),
            )
        )
    return tuple(points)


def _responses(
    facts: PromptFacts, reward: Tensor, optimal: Tensor, numbers: Tensor
) -> list[Response]:
    rows = all_responses()[numbers]
    scored = scored_phrases(facts.prompt, rows, optimal, facts.reference_logps)
    return [
        Response(
            text=the_world().text(facts.prompt, row.tolist()),
            phrases=[Phrase(text=phrase.text, log_ratio=phrase.log_ratio) for phrase in phrases],
            reference_probability=facts.reference_logps[n].exp().item(),
            optimal_probability=optimal[n].exp().item(),
            reward=reward[n].item(),
            true_quality=facts.true_quality[n].item(),
        )
        for n, row, phrases in zip(numbers.tolist(), rows, scored, strict=True)
    ]


def _phrases(prompt: int, reference: Tensor, optimal: Tensor) -> list[PhraseShare]:
    world = the_world()
    before, after = phrase_marginals(reference), phrase_marginals(optimal)
    return [
        PhraseShare(
            slot=world.slots[slot],
            text=phrase.text,
            flattering=bool(phrase.flattering),
            reference_probability=before[slot, n].item(),
            optimal_probability=after[slot, n].item(),
        )
        for slot, row in enumerate(world.prompts[prompt].phrases)
        for n, phrase in enumerate(row)
    ]


def _finding(params: Params, kl: float, quality: float, winner: Response) -> str:
    where = f"At β = {params.beta:g} the optimum is {kl:.1f} nats from the reference. "
    said = f"It gives its favourite response {winner.optimal_probability:.1%} of all probability"
    if params.reward == RewardName.true:
        return f"{where}{said}, and its expected true quality is {signed(quality)}."
    if quality < 0:
        return (
            f"{where}{said}. That is what the reward model wants; the true quality is "
            f"{signed(quality)}, below the reference."
        )
    return f"{where}{said}. Its expected true quality is {signed(quality)}."


def _axis_title(params: Params) -> str:
    which = "true quality" if params.reward == RewardName.true else "learned reward"
    return f"{which} of a response"


def _figure(params: Params, reference: Tensor, optimal: Tensor, reward: Tensor) -> dict[str, Any]:
    """How probability is spread over the reward: all 7,776 responses in bins."""
    low, high = float(reward.min()), float(reward.max())
    edges = torch.linspace(low, high, BINS + 1, dtype=torch.float64)
    place = ((reward - low) / (high - low) * BINS).long().clamp(0, BINS - 1)
    centres = (edges[1:] + edges[:-1]) / 2

    def mass(logps: Tensor) -> Tensor:
        return torch.zeros(BINS, dtype=torch.float64).index_add(0, place, logps.exp())

    return curve_figure(
        [
            filled("reference π_ref", centres, mass(reference), role="reference"),
            filled("optimum π*", centres, mass(optimal), role="optimised"),
        ],
        x=_axis_title(params),
        y="share of probability",
    )


def _tradeoff(
    params: Params, curve: Sequence[CurvePoint], kl: float, quality: float
) -> dict[str, Any]:
    betas = [point.beta for point in curve]
    return curve_figure(
        [
            line("true quality", betas, [point.true_quality for point in curve], role="true"),
            marker("true quality here", params.beta, quality, role="true"),
            line("KL", betas, [p.kl for p in curve], role="kl", axis="y2", dash="dot"),
            marker("KL here", params.beta, kl, role="kl", axis="y2", symbol="square"),
        ],
        x="β (logarithmic)",
        y="expected true quality",
        y2="KL (nats)",
        log_x=True,
    )


WIDGET = Widget(
    name="beta_effect",
    title="β sets how far the optimum may go, and what it may say",
    caption="The exact optimum π* over all 7,776 responses. Turn β and see which responses gain "
    "probability and which lose it.",
    params=Params,
    result=Result,
    compute=compute,
    example="prompt=poem&beta=0.2&reward=learned",
    tries=(
        Try("Hold it close: at β = 5 hardly anything moves.", "beta=5"),
        Try("Let it go for true quality: one flattering phrase or two, not five.", "beta=0.1"),
        Try(
            "Let it go for the learned reward: the flattery trap.",
            "beta=0.1&reward=learned",
        ),
    ),
)
