"""Labeled pairs, one at a time: which response the coin chose, and the scores of each model."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import torch
from pydantic import BaseModel, Field
from torch import Tensor

from app.charts.figures import bars, curve_figure
from app.formatting import signed
from app.lab.preferences import Comparisons, bradley_terry
from app.lab.trained import the_lab
from app.lab.world import response_number, the_world
from app.widgets import fields
from app.widgets.base import PROMPT_TEXTS, Ask, PromptId, Widget, WidgetParams, WidgetResult
from app.widgets.common.phrases import ScoredPhrase, scored_phrases
from app.widgets.plan import Plan

PAIRS = 200
"""number of pairs to step through, the first of the lab's comparisons for a prompt"""

ROUNDING = 1e-9
"""largest margin of equally good responses, which differ by rounding"""


class Params(WidgetParams):
    """One labeled pair."""

    prompt: PromptId = fields.prompt()
    pair: int = fields.number(
        1,
        1,
        PAIRS,
        title="Pair",
        description=f"which of the prompt's first {PAIRS} pairs",
        step=1,
    )
    split: Literal["train", "test"] = fields.choice(
        "train",
        title="Which pairs",
        description="pairs that the reward model and the DPO policy were trained on (train), "
        "or pairs that neither has seen (test)",
        labels={"train": "used in training", "test": "held out"},
    )


class ScoredResponse(BaseModel):
    """One response with its scores."""

    text: str
    number: int = Field(description="its place among the 7,776, as in /api/v1/lab")
    true_quality: float = Field(description="r*(x, y); mean 0 under the reference policy")
    learned_reward: float = Field(description="reward model; mean 0 under the reference policy")
    reference_logp: float = Field(description="log pi_ref(y|x), nats, a sum over phrases")
    policy_logp: float = Field(description="log pi_theta(y|x) of the DPO policy, nats")
    log_ratio: float = Field(description="policy_logp - reference_logp, nats")
    implicit_reward: float = Field(description="beta * log_ratio")
    flattering: int = Field(description="how many of its phrases flatter")
    phrases: list[ScoredPhrase] = Field(description="the five phrases, in order")


class PairJudgment(BaseModel):
    """Margin, probability and verdict of one score."""

    margin: float = Field(description="score of the chosen response minus score of the rejected")
    probability: float = Field(description="sigma(margin): the chance of this label")
    agrees: bool = Field(description="the chosen response has the higher score")
    verdict: str = Field(description="what this score makes of the label")


class RewardJudgments(BaseModel):
    """Judgments by the three scores that are rewards, so that Bradley-Terry applies."""

    true_quality: PairJudgment
    learned_reward: PairJudgment
    implicit_reward: PairJudgment


class Result(WidgetResult):
    """One pair: its label, its scores and who agrees with the label."""

    prompt: str = Field(description="text of the prompt, x")
    prompt_id: str = Field(description="its id, as in the parameters")
    pair: int = Field(description="number of this pair, from 1")
    pairs: int = Field(description="how many there are")
    chosen: ScoredResponse = Field(description="the response that the coin chose, y_w")
    rejected: ScoredResponse = Field(description="the other one, y_l")
    first: Literal["chosen", "rejected"] = Field(
        description="which of them pages call A, the one with the smaller number"
    )
    beta: float = Field(description="of the DPO run that made the policy")
    probability: float = Field(
        description="p(chosen > rejected) by true quality: the coin that made the label"
    )
    label_follows_quality: bool = Field(description="false if the coin chose the worse response")
    judges: RewardJudgments = Field(description="margin and probability by each of three rewards")
    surprises: int = Field(description="pairs, of all here, in which the coin chose the worse one")
    surprises_reward_model: int = Field(description="those that the reward model ranks as labeled")
    surprises_policy: int = Field(description="those that the DPO policy ranks as labeled")
    next_surprise: int = Field(
        description="number of the next pair in which the coin chose the worse response; "
        "after the last comes the first"
    )
    figure: dict[str, object] = Field(description="Plotly figure: the margin by each judge")


def compute(params: Params) -> Result:
    """Score both responses of a pair, and all pairs for the counts."""
    prompt = the_world().prompt_number(params.prompt)
    pairs = _pairs(prompt, params.split)
    margins = _margins(prompt, pairs)
    here = params.pair - 1
    judges = RewardJudgments(**{name: _judge(margin[here]) for name, margin in margins.items()})
    worse = margins["true_quality"] < -ROUNDING
    surprises = [pair for pair, is_worse in enumerate(worse.tolist(), 1) if is_worse]
    chosen, rejected = _scored(prompt, pairs[here : here + 1].both())
    return Result(
        finding=_finding(judges.true_quality, identical=chosen.text == rejected.text),
        prompt=PROMPT_TEXTS[params.prompt],
        prompt_id=params.prompt,
        pair=params.pair,
        pairs=len(pairs),
        chosen=chosen,
        rejected=rejected,
        first="chosen" if chosen.number <= rejected.number else "rejected",
        beta=_beta(),
        probability=judges.true_quality.probability,
        label_follows_quality=params.pair not in surprises,
        judges=judges,
        surprises=len(surprises),
        surprises_reward_model=int((margins["learned_reward"][worse] > ROUNDING).sum()),
        surprises_policy=int((margins["implicit_reward"][worse] > ROUNDING).sum()),
        next_surprise=_next(surprises, params.pair),
        figure=_figure(judges),
    )


@lru_cache(maxsize=12)
def _pairs(prompt: int, split: str) -> Comparisons:
    lab = the_lab()
    drawn = lab.training_comparisons if split == "train" else lab.held_out_comparisons
    return drawn(prompt)[:PAIRS]


def _beta() -> float:
    return float(the_lab().report["dpo"]["config"]["beta"])


def _implicit_rewards(prompt: int) -> Tensor:
    """beta log(pi_theta / pi_ref) of all responses, DPO policy. Shape: (7776,), float64."""
    lab = the_lab()
    return _beta() * (lab.dpo_logps(prompt) - lab.facts(prompt).reference_logps)


def _margins(prompt: int, pairs: Comparisons) -> dict[str, Tensor]:
    """Score of the chosen minus score of the rejected response, by judge. Shapes: (pairs,)."""
    chosen, rejected = response_number(pairs.chosen), response_number(pairs.rejected)
    facts = the_lab().facts(prompt)
    rewards = {
        "true_quality": facts.true_quality,
        "learned_reward": facts.learned_reward,
        "implicit_reward": _implicit_rewards(prompt),
    }
    return {name: reward[chosen] - reward[rejected] for name, reward in rewards.items()}


def _judge(margin: Tensor) -> PairJudgment:
    gap = float(margin)
    if abs(gap) <= ROUNDING:
        verdict = "sees no difference"
    else:
        verdict = "as labeled" if gap > 0 else "the other way round"
    return PairJudgment(
        margin=gap,
        probability=float(bradley_terry(margin, torch.zeros_like(margin))),
        agrees=gap > ROUNDING,
        verdict=verdict,
    )


def _scored(prompt: int, responses: Tensor) -> list[ScoredResponse]:
    """Responses with their scores. Shape: (responses, 5)."""
    lab = the_lab()
    facts, policy_logps = lab.facts(prompt), lab.dpo_logps(prompt)
    return [
        ScoredResponse(
            text=lab.world.text(prompt, response.tolist()),
            number=n,
            true_quality=facts.true_quality[n].item(),
            learned_reward=facts.learned_reward[n].item(),
            reference_logp=facts.reference_logps[n].item(),
            policy_logp=policy_logps[n].item(),
            log_ratio=(policy_logps[n] - facts.reference_logps[n]).item(),
            implicit_reward=_implicit_rewards(prompt)[n].item(),
            flattering=sum(phrase.flattering for phrase in phrases),
            phrases=phrases,
        )
        for n, response, phrases in zip(
            response_number(responses).tolist(),
            responses,
            scored_phrases(prompt, responses.tolist(), policy_logps, facts.reference_logps),
            strict=True,
        )
    ]


def _next(surprises: list[int], pair: int) -> int:
    first = surprises[0] if surprises else pair
    return next((later for later in surprises if later > pair), first)


def _finding(quality: PairJudgment, *, identical: bool) -> str:
    if identical:
        return "The same response was drawn twice, so there is nothing to prefer."
    if abs(quality.margin) <= ROUNDING:
        return "The two are equally good, so the coin was fair and its label says nothing."
    if quality.agrees:
        return (
            "The coin chose the better response, as it does in "
            f"{quality.probability:.0%} of tosses for these two."
        )
    return (
        "The coin chose the worse response, which would win only "
        f"{quality.probability:.0%} of such tosses."
    )


def _figure(judges: RewardJudgments) -> dict[str, object]:
    shown = [
        ("true quality", judges.true_quality.margin, "true"),
        ("reward model", judges.learned_reward.margin, "reward"),
        ("DPO policy", judges.implicit_reward.margin, "optimised"),
    ]
    # Room for the numbers at the ends of the bars.
    reach = 1.4 * max(1.0, *(abs(margin) for _, margin, _ in shown))
    traces = []
    for name, margin, role in shown:
        bar = bars(name, [name], [margin], role=role, horizontal=True)
        traces.append(
            bar | {"text": [signed(margin)], "textposition": "outside", "cliponaxis": False}
        )
    layout: dict[str, Any] = {
        "yaxis": {"title": {"text": "judge"}, "autorange": "reversed"},
        "showlegend": False,
        "bargap": 0.35,
    }
    return curve_figure(
        traces,
        x="margin: chosen minus rejected",
        y="judge",
        x_range=(-reach, reach),
        **layout,
    )


WIDGET = Widget(
    name="preference_pairs",
    title="Two responses, and the label that a coin gave them",
    caption="Say which of two answers is better, then see the label that a coin gave them. True quality "
    "weights the coin, and the label is all that a model learns from.",
    params=Params,
    result=Result,
    compute=compute,
    example="prompt=gravity&pair=4",
    ask=Ask("Which answer is better?", {"a": "A", "b": "B"}),
    export=Plan(
        "Every pair of both halves is here.",
        every=("prompt", "pair", "split"),
        split="prompt",
    ),
)
