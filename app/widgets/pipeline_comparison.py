"""RLHF and DPO from the same comparisons: both pipelines run, and what they took is counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, Field
from torch import Tensor

from app.charts.figures import curve_figure, line, marker
from app.formatting import fixed
from app.lab.pipelines import DPOPipeline, RLHFPipeline
from app.lab.race import Leg, race_legs
from app.lab.reward_model import RewardKind
from app.lab.trained import PromptFacts, the_lab
from app.lab.world import the_world
from app.widgets import fields
from app.widgets.base import PromptId, Step, Widget, WidgetParams, WidgetResult, always
from app.widgets.plan import COMPUTED

BETA = 0.3
"""strength of the KL term in both pipelines"""

PLACES, DONE = 60, 24
"""the last place of the divider, and that at which the faster pipeline is done"""


class Params(WidgetParams):
    """One pair of runs."""

    prompt: PromptId = fields.prompt()
    seed: int = fields.seed()
    reward_model: RewardKind = fields.reward_model(RewardKind.network)
    view: int = fields.number(
        50,
        0,
        100,
        title="From RLHF to DPO",
        description="accepted as before and without effect: both pipelines are always shown",
        unit="% DPO",
        step=1,
    )


class ResidentNetwork(BaseModel):
    """A network in memory during the last stage."""

    role: str
    parameters: int
    trained: bool


class PipelineSummary(BaseModel):
    """What one pipeline cost, after the shared SFT, and the policy that it reached."""

    stages: list[str] = Field(description="training stages, SFT included")
    models_in_memory: int = Field(description="networks resident while the policy is trained")
    parameters_in_memory: int = Field(description="their parameters together")
    networks: list[ResidentNetwork]
    hyperparameters: list[str] = Field(description="fields of the configurations, as stage.name")
    samples_generated: int = Field(description="responses sampled from the policy in training")
    gradient_steps: int = Field(description="after SFT")
    seconds: float = Field(description="CPU time of training after SFT, as measured here")
    kl: float = Field(description="KL(pi || pi_ref), nats")
    true_quality: float = Field(description="expected true quality; 0 is the reference policy")
    sample: str = Field(description="the most probable response of the trained policy")


class PipelineLeg(BaseModel):
    """A policy after another fiftieth of its training."""

    method: Literal["dpo", "rlhf"] = Field(description="whose policy")
    seconds: float = Field(
        description="CPU time of training so far, of this run on one thread; RLHF's reward model first"
    )
    samples_generated: int = Field(description="responses sampled from the policy so far")
    kl: float = Field(description="KL(pi || pi_ref), nats")
    true_quality: float = Field(description="expected true quality; 0 is the reference policy")


class Result(WidgetResult):
    """Both pipelines."""

    rlhf: PipelineSummary
    dpo: PipelineSummary
    legs: list[PipelineLeg] = Field(
        description="both policies as training went on, from the reference to the end"
    )
    figure: dict[str, object] = Field(description="Plotly figure: both under the frontier of pi*")


def compute(params: Params) -> Result:
    """Run both on comparisons drawn with the seed; RLHF's KL coefficient is DPO's beta."""
    prompt = the_world().prompt_number(params.prompt)
    legs = list(_legs(params))
    ends = {leg.method: leg for leg in legs}
    rlhf, dpo = ends["rlhf"], ends["dpo"]
    return Result(
        finding=_finding(rlhf, dpo, params.reward_model),
        rlhf=_pipeline(prompt, RLHFPipeline, rlhf),
        dpo=_pipeline(prompt, DPOPipeline, dpo),
        legs=[
            PipelineLeg(
                method="dpo" if leg.method == "dpo" else "rlhf",
                seconds=round(leg.seconds, 4),
                samples_generated=leg.samples_generated,
                kl=leg.measured.kl,
                true_quality=leg.measured.true_quality,
            )
            for leg in legs
        ],
        figure=_figure(the_lab().facts(prompt), rlhf, dpo),
    )


def policies(params: Params) -> dict[str, Tensor]:
    """Both policies, trained."""
    return {leg.method: leg.logps for leg in _legs(params) if leg.logps is not None}


def _legs(params: Params) -> Iterator[Leg]:
    prompt = the_world().prompt_number(params.prompt)
    return race_legs(prompt, params.seed, BETA, BETA, params.reward_model)


def _pipeline(
    prompt: int, kind: type[RLHFPipeline] | type[DPOPipeline], end: Leg
) -> PipelineSummary:
    return PipelineSummary(
        stages=kind.stages,
        models_in_memory=len(end.networks),
        parameters_in_memory=end.parameters_in_memory,
        networks=[
            ResidentNetwork(role=n.role, parameters=n.parameters, trained=n.trained)
            for n in end.networks
        ],
        hyperparameters=kind.hyperparameters,
        samples_generated=end.samples_generated,
        gradient_steps=end.gradient_steps,
        seconds=round(end.seconds, 2),
        kl=end.measured.kl,
        true_quality=end.measured.true_quality,
        sample=the_world().text(prompt, end.measured.favorite),
    )


def _finding(rlhf: Leg, dpo: Leg, kind: RewardKind) -> str:
    return (
        f"RLHF with the {kind} reward model reached true quality {fixed(2)(rlhf.measured.true_quality)} after "
        f"sampling {rlhf.samples_generated:,} responses. DPO reached {fixed(2)(dpo.measured.true_quality)} from the "
        "same comparisons with half the networks and without sampling."
    )


def _figure(facts: PromptFacts, rlhf: Leg, dpo: Leg) -> dict[str, Any]:
    # A little beyond the end of the runs.
    farthest = 1.3 * max(rlhf.measured.kl, dpo.measured.kl, 1.0)
    frontier = [point for point in facts.frontier.points if point.kl <= farthest][::2]
    return curve_figure(
        [
            line(
                "frontier of π*",
                [point.kl for point in frontier],
                [point.expected_reward for point in frontier],
                role="true",
            ),
            marker("reference", 0, 0, role="reference", named=True),
            marker(
                "RLHF (PPO)",
                rlhf.measured.kl,
                rlhf.measured.true_quality,
                role="rejected",
                symbol="square",
                named=True,
            ),
            marker(
                "DPO",
                dpo.measured.kl,
                dpo.measured.true_quality,
                role="optimised",
                symbol="diamond",
                named=True,
            ),
        ],
        x="KL from the reference (nats)",
        y="true quality",
    )


WIDGET = Widget(
    name="pipeline_comparison",
    title="Two pipelines, one set of comparisons",
    caption="Both pipelines are trained here, from the same reference policy and the same comparisons. "
    "Drag the divider through their seconds to see what each holds, samples and reaches.",
    params=Params,
    result=Result,
    compute=compute,
    trains=always,
    policies=policies,
    example="prompt=poem&seed=1",
    steps=(
        Step(
            "<b>Drag the divider.</b> Solid networks train, hollow ones are frozen.",
            at=40,
            always=True,
        ),
        Step(
            "<b>Go back to where DPO is done.</b> RLHF has hardly begun to sample.",
            at=DONE,
        ),
        Step("<b>At the end</b> RLHF has seen no more labels than DPO."),
        Step("<b>Train both on other comparisons</b> and see how far each result moves.", "seed=4"),
        Step(
            "<b>Let the reward model only add up phrases:</b> RLHF ends below its start.",
            "reward_model=additive",
        ),
    ),
    places=PLACES,
    warm=("",),
    free=("view",),
    export=COMPUTED,
)
