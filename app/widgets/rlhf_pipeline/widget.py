"""The three stages of RLHF as the lab ran them, opened one by one."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.lab.trained import the_lab
from app.lab.world import the_world
from app.widgets import fields
from app.widgets.base import Step, Widget, WidgetParams, WidgetResult
from app.widgets.plan import Plan
from app.widgets.rlhf_pipeline import ppo, reward_model, sft
from app.widgets.rlhf_pipeline.description import Hyperparameter, Quantity, StageNetwork

StageName = Literal["sft", "reward_model", "ppo"]

DESCRIBE = {"sft": sft.describe, "reward_model": reward_model.describe, "ppo": ppo.describe}


class Params(WidgetParams):
    """One stage."""

    stage: StageName = fields.choice(
        "sft",
        title="Stage",
        description="which of the three stages of RLHF to open",
        labels={
            "sft": "1. Supervised fine-tuning",
            "reward_model": "2. Reward model",
            "ppo": "3. PPO",
        },
    )


class Result(WidgetResult):
    """One stage, described from its run."""

    stage: str = Field(description="sft, reward_model or ppo")
    title: str = Field(description="name of the stage, with its number")
    goes_in: str = Field(description="data and networks that the stage starts from")
    objective: str = Field(description="what is trained, and for what")
    comes_out: str = Field(description="what the next stage takes from it")
    networks: list[StageNetwork] = Field(description="the four networks of the pipeline")
    parameters_trained: int = Field(description="in networks that this stage trains")
    parameters_in_memory: int = Field(description="in all networks that this stage holds")
    gradient_steps: int = Field(description="updates by the optimizer")
    seconds: float = Field(description="training time on one CPU thread")
    seconds_measured: str = Field(description="where and when the seconds were measured")
    quantities: list[Quantity] = Field(description="data, losses and accuracies of the stage")
    hyperparameters: list[Hyperparameter] = Field(
        description="all that had to be set, without seeds"
    )
    figure: dict[str, object] = Field(description="Plotly figure: the training of this stage")


def compute(params: Params) -> Result:
    """Describe a stage. The first request for PPO runs it, which takes a few seconds."""
    stage = DESCRIBE[params.stage]()
    return Result(
        finding=stage.finding,
        stage=params.stage,
        title=stage.title,
        goes_in=stage.goes_in,
        objective=stage.objective,
        comes_out=stage.comes_out,
        networks=stage.networks,
        parameters_trained=stage.parameters_trained,
        parameters_in_memory=stage.parameters_in_memory,
        gradient_steps=stage.gradient_steps,
        seconds=stage.timing.seconds,
        seconds_measured=stage.timing.measured,
        quantities=stage.quantities,
        hyperparameters=stage.hyperparameters,
        figure=stage.figure,
    )


def _receipt(_: Params, __: Result) -> dict[str, object]:
    """All prompts, the held-out pairs, and the run of PPO."""
    config, prompts = ppo.CONFIG, tuple(prompt.id for prompt in the_world().prompts)
    run = f"prompt={prompts[ppo.PROMPT]}&kl_coefficient={config.kl_coefficient}&seed={config.seed}"
    return {
        "prompts": prompts,
        "held_out_seed": the_lab().held_out_seed,
        "ppo_policies": f"ppo_dynamics/policies?{run}&iterations={config.iterations}",
    }


WIDGET = Widget(
    name="rlhf_pipeline",
    title="The three stages of RLHF, opened one by one",
    caption="Open a stage to see its input, which networks it trains, which it holds frozen, its "
    "output and what it cost in the lab.",
    params=Params,
    result=Result,
    compute=compute,
    trains=lambda params: params.stage == "ppo",
    warm=("stage=ppo",),
    example="stage=ppo",
    steps=(
        Step("<b>Supervised fine-tuning.</b> One network, trained on what people wrote."),
        Step(
            "<b>The reward model.</b> A second network learns from comparisons; the first is frozen.",
            "stage=reward_model",
        ),
        Step(
            "<b>PPO.</b> Two networks train, two are frozen, and every step samples new answers.",
            "stage=ppo",
        ),
    ),
    receipt=_receipt,
    export=Plan("Every stage is here.", every=("stage",)),
)
