"""All methods by KL and true quality, under the frontier that none can pass."""

from __future__ import annotations

import math
from enum import StrEnum
from functools import lru_cache
from math import inf

from pydantic import BaseModel, Field, ValidationInfo, field_validator
from torch import Tensor

from app.charts.curves import interpolated
from app.charts.figures import Trace, band, curve_figure, line, marker
from app.formatting import fixed
from app.lab.measure import measure
from app.lab.methods import METHODS, MethodRun, train_run
from app.lab.reward_model import RewardKind
from app.lab.trained import PromptFacts, the_lab
from app.lab.world import the_world
from app.studies.answers import answer
from app.studies.data import StrengthSpread, frontier_study, spreads, studied_prompts
from app.widgets import fields
from app.widgets.base import Step, Widget, WidgetParams, WidgetResult
from app.widgets.plan import COMPUTED

_STUDIED = studied_prompts(frontier_study())
FrontierPrompt = StrEnum("FrontierPrompt", {name: name for name in _STUDIED})  # type: ignore[misc]

LABELS = {
    "ppo": "PPO",
    "ppo_true": "PPO on true reward",
    "dpo": "DPO",
    "ipo": "IPO",
    "preferred_ft": "Preferred-FT",
    "unlikelihood": "Unlikelihood",
    "best_of_n": "best of N",
}

STYLE = {
    # role and dash
    "ppo": ("rejected", "solid"),
    "ppo_true": ("true", "dash"),
    "dpo": ("optimised", "solid"),
    "ipo": ("optimised", "dot"),
    "preferred_ft": ("other", "dot"),
    "unlikelihood": ("other", "dash"),
    "best_of_n": ("reference", "dashdot"),
}

LIMITS = {
    "preferred_ft": (1, 1000),
    "unlikelihood": (0.01, 1),
    "best_of_n": (1, 4096),
}
"""ranges of strengths that are not temperatures"""

TEMPERATURES = (0.005, 20)

CLOSE = 5.0
"""KL in nats up to which the methods compete; beyond it PPO falls and would set the scale"""

CEILING_STEPS = 60

OwnMethod = StrEnum("OwnMethod", {name: name for name in ("none", *METHODS)})  # type: ignore[misc]


def strength_suits_the_method(value: float, info: ValidationInfo) -> float:
    """Validate a field ``strength`` that comes after ``method``."""
    method = info.data.get("method", "none")
    low, high = LIMITS.get(method, TEMPERATURES)
    if method != "none" and not low <= value <= high:
        raise ValueError(f"must be from {low:g} to {high:g} for {method}")
    if method in ("preferred_ft", "best_of_n") and value != int(value):
        raise ValueError(f"must be a whole number for {method}")
    return value


class Params(WidgetParams):
    """A prompt, and a point of the reader's own."""

    prompt: FrontierPrompt = fields.studied_prompt(_STUDIED)
    reward_model: RewardKind = fields.reward_model(RewardKind.additive)
    method: OwnMethod = fields.choice(
        "none",
        title="Add a point of your own",
        description="a method to train now, or none",
        labels={"none": "none", **LABELS},
    )
    strength: float = fields.number(
        0.3,
        0.005,
        4096,
        title="Its strength",
        description="β or KL coefficient (0.005 to 20), steps of Preferred-FT (1 to 1000), weight of the "
        "rejected response in Unlikelihood (0.01 to 1), N of best-of-N (1 to 4096)",
        step=0.005,
    )
    seed: int = fields.seed(1000)

    _strength = field_validator("strength")(strength_suits_the_method)


class StrengthSummary(BaseModel):
    """A method at one strength, over seeds."""

    strength: float = Field(description="beta or its equivalent")
    kl: float = Field(description="mean KL(pi || pi_ref) over seeds, nats")
    kl_sd: float = Field(description="its standard deviation over seeds, nats")
    true_quality: float = Field(description="mean expected true quality over seeds")
    true_quality_sd: float = Field(description="its standard deviation over seeds")
    seeds: int = Field(description="runs behind this place")
    bound: float = Field(description="the most true quality that the mean KL can buy")
    sample: str = Field(description="the most probable response of the policy with seed 0")


class CeilingPoint(BaseModel):
    """A point of the frontier of true quality over KL."""

    kl: float = Field(description="KL(pi* || pi_ref), nats")
    true_quality: float = Field(description="the most true quality that this KL can buy")


class MethodCurve(BaseModel):
    """A method over its strengths."""

    method: str = Field(description="its name in the study")
    label: str = Field(description="its name on the page")
    strength_name: str = Field(description="what its strength is called")
    best: StrengthSummary = Field(description="where its mean true quality is highest")
    best_strength: str = Field(description="the strength there, with its name")
    places: list[StrengthSummary] = Field(description="all strengths, rising")


class OwnPolicy(BaseModel):
    """The policy of the reader's own run."""

    kl: float = Field(description="KL(pi || pi_ref), nats")
    true_quality: float = Field(description="expected true quality; 0 is the reference policy")
    learned_reward: float = Field(description="expected reward of the reward model of this run")
    bound: float = Field(description="the most true quality that this KL can buy")
    sample: str = Field(description="the most probable response of the policy")


class Result(WidgetResult):
    """The study on one prompt (after Figure 2, left, of arXiv 2305.18290)."""

    curves: list[MethodCurve] = Field(description="one for each method")
    ceiling: list[CeilingPoint] = Field(description="the frontier, as far as the runs went")
    own: OwnPolicy | None = Field(description="the reader's own run, if one was requested")
    command: str = Field(description="command that produced the study")
    commit: str = Field(description="commit it was produced with")
    runs: int = Field(description="runs of the study on this prompt")
    figure: dict[str, object] = Field(
        description="Plotly figure: all methods under the frontier, up to 5 nats of KL"
    )
    whole: dict[str, object] = Field(
        description="Plotly figure: the same at all KL that the runs reached, falls included"
    )


def compute(params: Params) -> Result:
    """The shipped study, and a run now if the reader adds a point."""
    prompt = the_world().prompt_number(params.prompt)
    facts = the_lab().facts(prompt)
    curves = [
        _curve(name, places, facts, params.reward_model)
        for name, places in spreads(prompt, params.reward_model).items()
    ]
    own = None
    if params.method != "none":
        own = _own(facts, _made(_run_of(params)))
    return Result(
        finding=_finding({curve.method: curve for curve in curves}, own, params),
        curves=curves,
        ceiling=_ceiling(facts, curves, own),
        own=own,
        command=frontier_study().command,
        commit=frontier_study().commit,
        runs=sum(place.seeds for curve in curves for place in curve.places),
        figure=_figure(facts, curves, own, farthest=CLOSE),
        whole=_figure(facts, curves, own),
    )


def policies(params: Params) -> dict[str, Tensor]:
    """The policy of the reader's own run, if requested."""
    return {} if params.method == "none" else {"yours": _made(_run_of(params))[0]}


def _run_of(params: Params) -> MethodRun:
    prompt = the_world().prompt_number(params.prompt)
    return MethodRun(prompt, params.method, params.strength, params.seed, params.reward_model)


@lru_cache(maxsize=64)
def _made(run: MethodRun) -> tuple[Tensor, Tensor]:
    """log pi(y|x) of the policy, and the learned reward of its comparisons. Shapes: (7776,)."""
    return train_run(the_lab(), run)


def _curve(
    name: str, places: list[StrengthSpread], facts: PromptFacts, kind: RewardKind
) -> MethodCurve:
    listed = [
        StrengthSummary(
            **vars(place),
            bound=facts.frontier.bound(place.kl),
            sample=answer(facts.prompt, name, place.strength, kind),
        )
        for place in places
    ]
    best = max(listed, key=lambda place: place.true_quality)
    return MethodCurve(
        method=name,
        label=LABELS[name],
        strength_name=METHODS[name].strength,
        best=best,
        best_strength=f"{METHODS[name].strength} {best.strength:g}",
        places=listed,
    )


def _ceiling(
    facts: PromptFacts, curves: list[MethodCurve], own: OwnPolicy | None
) -> list[CeilingPoint]:
    """The frontier, closer together near the reference."""
    farthest = max(
        [place.kl for curve in curves for place in curve.places] + [own.kl if own else 0]
    )
    kls = [math.ceil(farthest) * (step / CEILING_STEPS) ** 2.5 for step in range(CEILING_STEPS + 1)]
    return [CeilingPoint(kl=kl, true_quality=facts.frontier.bound(kl)) for kl in kls]


def _own(facts: PromptFacts, made: tuple[Tensor, Tensor]) -> OwnPolicy:
    measured = measure(made[0], facts, made[1])
    return OwnPolicy(
        kl=measured.kl,
        true_quality=measured.true_quality,
        learned_reward=measured.reward,
        bound=facts.frontier.bound(measured.kl),
        sample=the_world().text(facts.prompt, measured.favorite),
    )


def _finding(curves: dict[str, MethodCurve], own: OwnPolicy | None, params: Params) -> str:
    if own is not None:
        gap = own.bound - own.true_quality
        return (
            f"Your {LABELS[params.method]} reached true quality {fixed(2)(own.true_quality)} at "
            f"{own.kl:.1f} nats, {gap:.2f} below the frontier."
        )
    best = {name: fixed(2)(curve.best.true_quality) for name, curve in curves.items()}
    return (
        f"At their best strengths DPO reaches true quality {best['dpo']} and PPO {best['ppo']} on the "
        f"{params.reward_model} reward model. On the true reward PPO reaches {best['ppo_true']}, so the reward model "
        "costs it the difference, not the optimizer."
    )


def _figure(
    facts: PromptFacts, curves: list[MethodCurve], own: OwnPolicy | None, farthest: float = inf
) -> dict[str, object]:
    """All methods under the frontier, up to a KL in nats."""
    reached = [place.kl for curve in curves for place in curve.places] + ([own.kl] if own else [])
    farthest = min(farthest, max(reached))
    below = [p for p in facts.frontier.points if p.kl <= farthest][::2]
    # Beyond the KL of the single best response, quality does not rise.
    kls = [farthest, *(p.kl for p in below)]
    qualities = [facts.frontier.bound(farthest), *(p.expected_reward for p in below)]
    traces: list[Trace] = [
        line("frontier of π*", kls, qualities, role="true"),
        *(trace for curve in curves for trace in _band_and_curve(curve, farthest)),
    ]
    if own is not None and own.kl <= farthest:
        traces.append(
            marker("yours", own.kl, own.true_quality, role="rejected", symbol="diamond", named=True)
        )
    return curve_figure(traces, x="KL from the reference (nats)", y="true quality")


def _band_and_curve(curve: MethodCurve, farthest: float) -> list[Trace]:
    """The mean over seeds, within one standard deviation of true quality either way."""
    role, dash = STYLE[curve.method]
    places = sorted(curve.places, key=lambda place: place.kl)
    kls = [place.kl for place in places]
    # A curve that leaves the chart is cut at its edge, between two of its points.
    x = [kl for kl in kls if kl < farthest] + ([farthest] if kls[-1] >= farthest else [])
    means = [place.true_quality for place in places]
    sds = [place.true_quality_sd for place in places]
    middle = [interpolated(kl, kls, means) for kl in x]
    spread = [interpolated(kl, kls, sds) for kl in x]
    return [
        *band(curve.label, x, middle, spread, role=role),
        line(curve.label, x, middle, role=role, dash=dash),
    ]


WIDGET = Widget(
    name="frontier",
    title="Seven methods under one frontier",
    caption="Figure 2 of the paper, recomputed in the lab: seven ways of using the same comparisons, over their "
    "strengths and ten seeds. Add a run of your own.",
    params=Params,
    result=Result,
    compute=compute,
    trains=lambda params: params.method != "none",
    policies=policies,
    example="method=dpo&strength=0.3&seed=1001",
    steps=(
        Step(
            "<b>Tap any point, or drag across,</b> and read what that policy says.",
            at=20,
            always=True,
        ),
        Step(
            "<b>Let PPO go.</b> On its learned reward, with a nat at a price of 0.2, it climbs into flattery.",
            at=5,
        ),
        Step(
            "<b>Give PPO the true reward.</b> It hugs the frontier: the optimizer was not at fault.",
            at=14,
        ),
        Step(
            "<b>Train nothing:</b> draw 64 answers and keep the one that the reward model likes best.",
            at=47,
        ),
    ),
    places=50,
    receipt=lambda params, _: {"prompt_number": the_world().prompt_number(params.prompt)},
    export=COMPUTED,
)
