"""True and learned reward as a policy climbs a reward model, with the forms of Gao et al. fitted."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Any

import torch
from pydantic import BaseModel, Field
from torch import Tensor

from app.charts.figures import band, curve_figure, line
from app.formatting import signed
from app.lab.overoptimization import SIZES, Fit, fit_form, form
from app.lab.reward_model import RewardKind
from app.lab.world import the_world
from app.studies.data import overoptimization_study, studied_prompts
from app.widgets import fields
from app.widgets.base import Ask, Step, Widget, WidgetParams, WidgetResult
from app.widgets.plan import Plan

_STUDIED = studied_prompts(overoptimization_study())
OveroptimizationPrompt = StrEnum("OveroptimizationPrompt", {name: name for name in _STUDIED})  # type: ignore[misc]
ComparisonCount = StrEnum("ComparisonCount", {f"n{size}": str(size) for size in SIZES})  # type: ignore[misc]


class ClimbMethod(StrEnum):
    """How the reward model is climbed."""

    best_of_n = "best_of_n"
    ppo = "ppo"


FORMS = {"best_of_n": "d(a − b d)", "ppo": "d(a − b log d)"}


class Params(WidgetParams):
    """A reward model by its comparisons, and how it is climbed."""

    # Not "prompt": another widget on its page uses that name, with prompts that were not studied.
    studied: OveroptimizationPrompt = fields.studied_prompt(_STUDIED)
    method: ClimbMethod = fields.choice(
        "best_of_n",
        title="Climbed by",
        description="best-of-N, exact, or PPO without a KL penalty",
        labels={"best_of_n": "best of N", "ppo": "PPO"},
    )
    reward_model: RewardKind = fields.reward_model(RewardKind.additive)
    comparisons: ComparisonCount = fields.choice(
        "200",
        title="Comparisons",
        description="pairs that the reward model was fitted to",
        labels={str(size): f"{size:,}" for size in SIZES},
    )


class ClimbPoint(BaseModel):
    """Means over seeds at one point of the climb."""

    distance: float = Field(description="d = sqrt(KL), root of nats")
    kl: float = Field(description="mean KL(pi || pi_ref), nats")
    true_quality: float = Field(description="mean expected true quality")
    true_quality_sd: float = Field(description="its standard deviation over seeds")
    learned_reward: float = Field(description="mean expected reward of the reward model")


class OtherClimb(BaseModel):
    """True quality on the way up a reward model of another number of comparisons."""

    comparisons: int = Field(description="pairs that the reward model was fitted to")
    distances: list[float] = Field(description="sqrt(KL) of each point")
    true_quality: list[float] = Field(description="mean expected true quality at each point")


class FittedForm(BaseModel):
    """A form of Gao et al. fitted to the true quality, for one number of comparisons."""

    comparisons: int = Field(description="pairs that the reward model was fitted to")
    a: float = Field(description="coefficient a of the fitted form, alpha in Gao et al.")
    b: float = Field(description="coefficient b, beta in Gao et al.")
    error: float = Field(description="root mean square of what the form misses")
    peak: float = Field(description="highest mean true quality on the way")
    peak_distance: float = Field(description="sqrt(KL) where it is reached")
    end: float = Field(description="mean true quality at the end of the way")


class Result(WidgetResult):
    """One climb, and the forms fitted to all (after arXiv 2210.10760)."""

    path: list[ClimbPoint] = Field(description="means over seeds, from the reference outwards")
    other_sizes: list[OtherClimb] = Field(description="the same climb of other reward models")
    fitted: FittedForm = Field(description="the form fitted for these comparisons")
    all_fits: list[FittedForm] = Field(description="the same for every number of comparisons")
    form: str = Field(description="the form, in d = sqrt(KL)")
    seeds: int = Field(description="reward models behind each mean")
    command: str = Field(description="command that produced the study")
    commit: str = Field(description="commit it was produced with")
    figure: dict[str, object] = Field(description="Plotly figure: rewards over the distance")
    sizes: dict[str, object] = Field(description="Plotly figure: peak and end over comparisons")


def compute(params: Params) -> Result:
    """Means and fits of the shipped study."""
    prompt = the_world().prompt_number(params.studied)
    size = int(params.comparisons)
    climbs = _climbs(prompt, params.method, params.reward_model, size)
    path = _path(climbs)
    fits = [_fitted(prompt, params.method, params.reward_model, n) for n in SIZES]
    fitted = fits[SIZES.index(size)]
    study = overoptimization_study()
    return Result(
        finding=_finding(params, fitted),
        path=path,
        other_sizes=[
            _other(prompt, params.method, params.reward_model, n) for n in SIZES if n != size
        ],
        fitted=fitted,
        all_fits=fits,
        form=f"R(d) = {FORMS[params.method]}",
        seeds=len(climbs),
        command=study.command,
        commit=study.commit,
        figure=_figure(params.method, path, climbs),
        sizes=_sizes(fits),
    )


@lru_cache(maxsize=64)
def _climbs(prompt: int, method: str, kind: RewardKind, size: int) -> Tensor:
    """All climbs: KL, true quality and learned reward. Shape: (seeds, points, 3), float64."""
    rows = [
        row.points
        for row in overoptimization_study().rows
        if (row.prompt, row.method, row.reward_model, row.comparisons)
        == (prompt, method, kind, size)
    ]
    return torch.tensor(rows, dtype=torch.float64)


def _path(climbs: Tensor) -> list[ClimbPoint]:
    distances = climbs[..., 0].clamp_min(0).sqrt().mean(0)
    means, sds = climbs.mean(0), climbs.std(0)
    return [
        ClimbPoint(
            distance=distances[n].item(),
            kl=means[n, 0].item(),
            true_quality=means[n, 1].item(),
            true_quality_sd=sds[n, 1].item(),
            learned_reward=means[n, 2].item(),
        )
        for n in range(len(distances))
    ]


@lru_cache(maxsize=64)
def _fitted(prompt: int, method: str, kind: RewardKind, size: int) -> FittedForm:
    climbs = _climbs(prompt, method, kind, size)
    path = _path(climbs)
    fit = _fit(method, climbs)
    peak = max(path, key=lambda place: place.true_quality)
    return FittedForm(
        comparisons=size,
        a=fit.a,
        b=fit.b,
        error=fit.error,
        peak=peak.true_quality,
        peak_distance=peak.distance,
        end=path[-1].true_quality,
    )


def _other(prompt: int, method: str, kind: RewardKind, size: int) -> OtherClimb:
    path = _path(_climbs(prompt, method, kind, size))
    return OtherClimb(
        comparisons=size,
        distances=[place.distance for place in path],
        true_quality=[place.true_quality for place in path],
    )


def _fit(method: str, climbs: Tensor) -> Fit:
    """Fit a form to every point of every seed, not to their means."""
    return fit_form(method, climbs[..., 0].clamp_min(0).sqrt().flatten(), climbs[..., 1].flatten())


def _finding(params: Params, fitted: FittedForm) -> str:
    how = "best of N" if params.method == "best_of_n" else "PPO"
    limit = (
        " More data sharpens what this reward model can express, but it cannot express that too much flattery "
        "is bad."
        if params.reward_model == RewardKind.additive
        else ""
    )
    return (
        f"With {fitted.comparisons:,} comparisons and {how}, true quality peaks at {signed(fitted.peak)} and ends "
        f"at {signed(fitted.end)}.{limit}"
    )


def _figure(method: str, path: list[ClimbPoint], climbs: Tensor) -> dict[str, Any]:
    distances = [place.distance for place in path]
    quality = [place.true_quality for place in path]
    spread = [place.true_quality_sd for place in path]
    along = torch.linspace(0, max(distances), 81, dtype=torch.float64)
    return curve_figure(
        [
            *band("true quality", distances, quality, spread, role="true"),
            line("learned reward", distances, [p.learned_reward for p in path], role="reward"),
            line("true quality", distances, quality, role="true"),
            line(
                "fitted form",
                along,
                form(method, _fit(method, climbs), along),
                role="other",
                dash="dash",
            ),
        ],
        x="distance from the reference, √KL (√nats)",
        y="reward, relative to the reference",
    )


def _sizes(fits: list[FittedForm]) -> dict[str, Any]:
    sizes = [fit.comparisons for fit in fits]
    return curve_figure(
        [
            line("peak", sizes, [fit.peak for fit in fits], role="true"),
            line("end", sizes, [fit.end for fit in fits], role="rejected", dash="dot"),
        ],
        x="comparisons (logarithmic)",
        y="true quality",
        log_x=True,
    )


WIDGET = Widget(
    name="overoptimization",
    title="More labels: a higher peak, a deeper fall",
    caption=f"Reward models fitted to {SIZES[0]} to {SIZES[-1]:,} comparisons. Best-of-N, computed exactly, and "
    "PPO without a KL penalty optimize against each of them.",
    params=Params,
    result=Result,
    compute=compute,
    example="method=ppo&comparisons=1000",
    steps=(
        Step(
            "<b>Predict first.</b> A reward model has learned from 200 comparisons; from N answers we keep its favorite.",
            at=3,
            ask=Ask(
                "Climb on, and true quality will",
                {"a": "rise too", "b": "level off", "c": "fall"},
            ),
        ),
        Step("<b>Drag along the distance.</b> The promise keeps rising, but the truth turns back."),
        Step(
            "<b>Take 8,000 comparisons.</b> It promises less and peaks higher, and it still falls.",
            "comparisons=8000",
        ),
        Step(
            "<b>Use PPO</b> instead of best of N: it drifts much farther, to the foot of the cliff.",
            "comparisons=8000&method=ppo",
        ),
        Step(
            "<b>Let a network learn the reward</b> from the same 8,000 labels: there is hardly a fall.",
            "comparisons=8000&reward_model=network",
        ),
    ),
    start=2,
    places=50,
    receipt=lambda params, _: {"prompt_number": the_world().prompt_number(params.studied)},
    export=Plan(
        "Every method, reward model and number of comparisons is here.",
        every=("studied", "method", "reward_model", "comparisons"),
    ),
)
