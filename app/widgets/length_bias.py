"""Length bias: what a judge's taste for long answers makes of the optimum, and R-DPO's correction."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, Field

from app.charts.figures import curve_figure, filled, line
from app.formatting import fixed, percent
from app.lab.dpo import DPOConfig
from app.lab.length import TastedOptimum, optimum, reference_words, tasted_labels
from app.lab.world import the_world
from app.widgets import fields
from app.widgets.base import Ask, PromptId, Ranges, Step, Widget, WidgetParams, WidgetResult
from app.widgets.plan import COMPUTED

MOST = 0.5
"""reward per word: the strongest taste, and the highest price"""

TASTES = tuple(round(0.025 * i, 6) for i in range(21))
"""where the curve is computed"""

GUESSES = {"a": 1, "b": 6, "c": 20}
"""how many words longer, by the answers to the question of a step"""

TRAINED = {
    # taste: words, true quality and KL of the policy
    0.0: (46.06, 2.22, 2.83),
    0.1: (48.03, 2.37, 3.11),
    0.3: (52.34, 1.90, 2.92),
    0.5: (54.65, 1.51, 3.51),
}
"""recorded: what ``trained_on_taste`` made with ``TRAINED_WITH`` for the first prompt"""

TRAINED_WITH = DPOConfig(beta=0.5, seed=0)


class Params(WidgetParams):
    """A judge by its taste for length, and the length term of the loss."""

    prompt: PromptId = fields.prompt()
    beta: float = fields.beta("what a nat of KL against the reference costs in reward")
    length_taste: float = fields.number(
        0.1,
        0,
        MOST,
        title="Taste for length",
        description="what the judge adds to the true quality for each word",
        unit="reward per word",
        step=0.01,
    )
    length_price: float = fields.number(
        0.0,
        0,
        MOST,
        title="Length price α",
        description="alpha of R-DPO, which its loss takes off for each word",
        unit="reward per word",
        step=0.01,
    )


class WordShare(BaseModel):
    """How probable responses of a number of words are."""

    words: int = Field(description="number of words")
    reference_probability: float = Field(description="under the reference")
    probability: float = Field(description="under the optimum of this judge")
    best_probability: float = Field(description="under the best policy at the same KL")


class TastePoint(BaseModel):
    """The optimum of a judge with another taste, at the same beta and length price."""

    length_taste: float = Field(description="reward per word")
    mean_words: float = Field(description="expected number of words")
    true_quality: float = Field(description="expected true quality")
    best_words: float = Field(description="expected number of words of the best at the same KL")
    best_true_quality: float = Field(description="the most true quality that the same KL can buy")
    kl: float = Field(description="KL(pi_r || pi_ref), nats")
    labels_flipped: float = Field(description="share of labels that the taste flips")


class TrainedLength(BaseModel):
    """A policy that DPO trained on the labels of a judge, recorded, and the optimum that it aims at."""

    length_taste: float = Field(description="the judge's reward per word")
    mean_words: float = Field(description="expected number of words of the policy")
    true_quality: float = Field(description="expected true quality of the policy")
    kl: float = Field(description="KL(pi || pi_ref) of the policy, nats")
    optimum_words: float = Field(description="expected number of words of the optimum")
    optimum_true_quality: float = Field(description="expected true quality of the optimum")


class Result(WidgetResult):
    """The optimum of r* + (length_taste - length_price) words (Eq. 4 of arXiv 2305.18290)."""

    mean_words: float = Field(description="expected number of words of the optimum")
    reference_words: float = Field(description="the same of the reference")
    best_words: float = Field(
        description="the same of the best at this KL: the optimum of a judge without a taste for length"
    )
    extra_words: float = Field(description="mean_words - best_words")
    true_quality: float = Field(description="expected true quality of the optimum")
    best_true_quality: float = Field(description="the most true quality that this KL can buy")
    lost_quality: float = Field(description="best_true_quality - true_quality, at least 0")
    kl: float = Field(description="KL(pi_r || pi_ref), nats")
    unbiased_words: float = Field(
        description="expected number of words of the optimum without a taste at the same beta"
    )
    unbiased_true_quality: float = Field(description="its expected true quality")
    unbiased_kl: float = Field(description="its KL(pi_r || pi_ref), nats")
    labels_flipped: float = Field(
        description="share of the labels of 2,000 pairs from the reference that the taste is expected to flip"
    )
    longer_chosen: float = Field(
        description="how often this judge chooses the longer response of a pair"
    )
    longer_chosen_unbiased: float = Field(description="the same of a judge without the taste")
    words: list[WordShare] = Field(description="probability by number of words, fewest first")
    curve: list[TastePoint] = Field(description="the optimum over tastes from 0 to 0.5")
    trained: list[TrainedLength] = Field(
        description="DPO itself on 2,000 labels of such judges, for the prompt lock at beta 0.5 with seed 0"
    )
    figure: dict[str, object] = Field(description="Plotly figure: probability by number of words")
    tradeoff: dict[str, object] = Field(
        description="Plotly figure: words and quality over the taste"
    )


def compute(params: Params) -> Result:
    """The optimum over all 7,776 responses, in float64."""
    return compute_many([params])[0]


def compute_many(several: Sequence[Params]) -> list[Result]:
    """The same for several judges at once."""
    return [_result(params) for params in several]


def _result(params: Params) -> Result:
    prompt = the_world().prompt_number(params.prompt)
    reference, labels = reference_words(prompt), tasted_labels(prompt, params.length_taste)
    found = optimum(prompt, params.beta, net_taste(params))
    unbiased = optimum(prompt, params.beta, 0)
    curve = [_point(prompt, params, taste) for taste in TASTES]
    words = [
        WordShare(
            words=number, reference_probability=before, probability=after, best_probability=best
        )
        for number, before, after, best in zip(
            reference.numbers,
            reference.shares,
            found.by_words,
            found.best_by_words,
            strict=True,
        )
    ]
    return Result(
        finding=_finding(params, found, labels.flipped),
        mean_words=found.words,
        reference_words=reference.mean,
        best_words=found.best_words,
        extra_words=found.words - found.best_words,
        true_quality=found.quality,
        best_true_quality=found.best_quality,
        lost_quality=found.lost,
        kl=found.kl,
        unbiased_words=unbiased.words,
        unbiased_true_quality=unbiased.quality,
        unbiased_kl=unbiased.kl,
        labels_flipped=labels.flipped,
        longer_chosen=labels.longer,
        longer_chosen_unbiased=tasted_labels(prompt, 0).longer,
        words=words,
        curve=curve,
        trained=recorded(),
        figure=_figure(words),
        tradeoff=_tradeoff(curve),
    )


@cache
def recorded() -> list[TrainedLength]:
    """The recorded policies, each with its optimum."""
    rows = []
    for taste, (words, quality, kl) in TRAINED.items():
        aim = optimum(0, TRAINED_WITH.beta, taste)
        rows.append(
            TrainedLength(
                length_taste=taste,
                mean_words=words,
                true_quality=quality,
                kl=kl,
                optimum_words=aim.words,
                optimum_true_quality=aim.quality,
            )
        )
    return rows


def net_taste(params: Params) -> float:
    """The taste for length that the price leaves in the fitted reward; negative if it takes off more."""
    return round(params.length_taste - params.length_price, 9)


def quality_range(params: Params) -> tuple[float, float]:
    """The least and the most true quality on the curve, wherever both knobs stand."""
    prompt = the_world().prompt_number(params.prompt)
    nets = [round(0.1 * i - MOST, 6) for i in range(11)]
    found = [optimum(prompt, params.beta, net) for net in nets]
    qualities = [value for one in found for value in (one.quality, one.best_quality)]
    return min(qualities), max(qualities)


def _point(prompt: int, params: Params, taste: float) -> TastePoint:
    found = optimum(prompt, params.beta, round(taste - params.length_price, 9))
    return TastePoint(
        length_taste=taste,
        mean_words=found.words,
        true_quality=found.quality,
        best_words=found.best_words,
        best_true_quality=found.best_quality,
        kl=found.kl,
        labels_flipped=tasted_labels(prompt, taste).flipped,
    )


def _finding(params: Params, found: TastedOptimum, flipped: float) -> str:
    net, extra = net_taste(params), abs(found.words - found.best_words)
    if net == 0:
        words = fixed(1)(found.words)
        if params.length_taste:
            return (
                f"A length price of {params.length_price:g} cancels the taste: the optimum is that of an "
                f"unbiased judge, at {words} words."
            )
        return f"Without a taste for length the optimum has {words} words on average."
    way = "longer" if net > 0 else "shorter"
    return (
        f"A taste of {params.length_taste:g} reward per word flips {percent(1)(flipped)} of the labels. "
        f"With a length price of {params.length_price:g} the optimum is {fixed(1)(extra)} words {way} than "
        f"the best policy at the same KL, and {fixed(2)(found.lost)} worse in true quality."
    )


def _figure(words: list[WordShare]) -> dict[str, Any]:
    numbers = [row.words for row in words]
    reference, optimal, best = (
        [round(share, 3) for share in shares]
        for shares in zip(
            *((row.reference_probability, row.probability, row.best_probability) for row in words),
            strict=True,
        )
    )
    return curve_figure(
        [
            filled("reference", numbers, reference, role="reference"),
            filled("optimum", numbers, optimal, role="optimised"),
            line("unbiased, same KL", numbers, best, role="optimised", dash="dash"),
        ],
        x="words of a response",
        y="share of probability",
    )


def _tradeoff(curve: list[TastePoint]) -> dict[str, Any]:
    tastes = [point.length_taste for point in curve]
    return curve_figure(
        [
            line("true quality", tastes, [p.true_quality for p in curve], role="true"),
            line(
                "unbiased, same KL",
                tastes,
                [p.best_true_quality for p in curve],
                role="true",
                dash="dash",
            ),
            line("words", tastes, [p.mean_words for p in curve], role="optimised", axis="y2"),
            line(
                "words, unbiased",
                tastes,
                [p.best_words for p in curve],
                role="optimised",
                axis="y2",
                dash="dash",
            ),
        ],
        x="taste for length (reward per word)",
        y="expected true quality",
        y2="expected words",
    )


WIDGET = Widget(
    name="length_bias",
    title="A taste for length trades quality for words",
    caption="A judge adds a little reward for each word. Set how much, and what the loss takes off again, and "
    "see how long the optimum’s answers get.",
    params=Params,
    result=Result,
    compute=compute,
    ranges=Ranges(compute_many, ("length_taste", "length_price")),
    example="length_taste=0.4&length_price=0.1",
    steps=(
        Step(
            "<b>Begin without a taste.</b> Each green dot is 2% of what the optimum says.",
            "length_taste=0",
        ),
        Step(
            "<b>Drag the taste:</b> what the judge adds to the reward for each word of an answer.",
            always=True,
        ),
        Step(
            "<b>Predict first.</b> A strong taste: five words weigh as much as a standard deviation of quality.",
            "length_taste=0.3",
            ask=Ask(
                "Against the dashed curve, answers get longer by",
                {
                    guess: "1 word" if more == 1 else f"{more} words"
                    for guess, more in GUESSES.items()
                },
            ),
        ),
        Step(
            "<b>Take it off again:</b> R-DPO’s length term at α = 0.3 cancels the taste.",
            "length_taste=0.3&length_price=0.3",
        ),
        Step(
            "<b>Take off too much,</b> and answers get too short.",
            "length_taste=0.3&length_price=0.5",
        ),
    ),
    start=2,
    export=COMPUTED,
)
