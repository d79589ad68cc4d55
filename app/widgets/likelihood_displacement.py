"""DPO watched from inside: log-probabilities of chosen and rejected responses, and where the mass goes."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Any

import torch
from pydantic import BaseModel, Field
from torch import Tensor

from app.charts.figures import curve_figure, line
from app.formatting import percent, signed
from app.lab.displacement import Displacement, displacement
from app.lab.dpo import DPOConfig
from app.lab.trained import the_lab
from app.lab.world import all_responses, the_world
from app.widgets import fields
from app.widgets.base import PromptId, Widget, WidgetParams, WidgetResult, always
from app.widgets.common.phrases import PhraseLogRatio, scored_phrases
from app.widgets.plan import ALL, Plan

STEPS = 300
SHOWN = 3

LOSS_SETTINGS: dict[str, dict[str, Any]] = {
    "dpo": {"loss_type": "sigmoid"},
    "cdpo": {"loss_type": "sigmoid", "label_smoothing": 0.1},
    "ipo": {"loss_type": "ipo"},
    "dpo_nll": {"loss_type": "sigmoid_nll"},
}
"""arguments of DPOConfig for each choice"""

LossName = StrEnum("LossName", {name: name for name in LOSS_SETTINGS})  # type: ignore[misc]


class Params(WidgetParams):
    """One training run."""

    prompt: PromptId = fields.prompt()
    loss: LossName = fields.choice(
        "dpo",
        title="Loss",
        description="what is minimised on the pairs",
        labels={
            "dpo": "DPO",
            "cdpo": "cDPO, label smoothing 0.1",
            "ipo": "IPO",
            "dpo_nll": "DPO plus NLL of the chosen response",
        },
    )
    beta: float = fields.beta("temperature of the loss", 0.1)
    seed: int = fields.seed()


class DisplacementRow(BaseModel):
    """The policy after some steps. Log-probabilities are exact means over all training pairs."""

    step: int = Field(description="gradient steps; 0 is the reference policy")
    chosen_logps: float = Field(description="mean log pi(y_w|x), nats")
    rejected_logps: float = Field(description="mean log pi(y_l|x), nats")
    seen: float = Field(description="probability of responses that some training pair holds")
    unseen: float = Field(description="probability of responses that no training pair holds")
    kl: float = Field(description="KL(pi || pi_ref), nats")
    true_quality: float = Field(description="expected true quality; 0 is the reference policy")


class GainedResponse(BaseModel):
    """A response that the run made much more likely."""

    text: str = Field(description="its five phrases")
    phrases: list[PhraseLogRatio] = Field(description="the same, one by one")
    reference_probability: float = Field(description="pi_ref(y|x)")
    policy_probability: float = Field(description="pi(y|x) after training")
    true_quality: float = Field(description="r*(x, y)")
    seen: str = Field(description="whether a training pair holds it, in words")


class Result(WidgetResult):
    """The run."""

    history: list[DisplacementRow] = Field(description="every ten steps, from 0")
    first: DisplacementRow = Field(description="the reference policy")
    last: DisplacementRow = Field(description="after the last step")
    chosen_change: float = Field(description="change of mean log pi(y_w|x), nats")
    rejected_change: float = Field(description="change of mean log pi(y_l|x), nats")
    gained: list[GainedResponse] = Field(description="the responses that gained most probability")
    figure: dict[str, object] = Field(description="Plotly figure: log-probabilities over steps")
    mass: dict[str, object] = Field(description="Plotly figure: probability of seen and unseen")


def compute(params: Params) -> Result:
    """Train a copy of the reference, measured every ten steps."""
    prompt = the_world().prompt_number(params.prompt)
    looks = _looks(prompt, config_of(params))
    history = [_row(look) for look in looks]
    first, last = history[0], history[-1]
    chosen = last.chosen_logps - first.chosen_logps
    rejected = last.rejected_logps - first.rejected_logps
    return Result(
        finding=_finding(chosen, rejected, first, last),
        history=history,
        first=first,
        last=last,
        chosen_change=chosen,
        rejected_change=rejected,
        gained=_gained(prompt, looks[-1]),
        figure=_logps_figure(history),
        mass=_mass_figure(history),
    )


def config_of(params: Params) -> DPOConfig:
    """Configuration of the run."""
    return DPOConfig(**LOSS_SETTINGS[params.loss], beta=params.beta, steps=STEPS, seed=params.seed)


@lru_cache(maxsize=8)
def _looks(prompt: int, config: DPOConfig) -> list[Displacement]:
    return list(displacement(the_lab(), prompt, config))


def policies(params: Params) -> dict[str, Tensor]:
    """The policy after the last step."""
    looks = _looks(the_world().prompt_number(params.prompt), config_of(params))
    return {"policy": looks[-1].logps}


def _row(look: Displacement) -> DisplacementRow:
    return DisplacementRow(**{name: getattr(look, name) for name in DisplacementRow.model_fields})


def _gained(prompt: int, end: Displacement) -> list[GainedResponse]:
    facts = the_lab().facts(prompt)
    gain = end.logps.exp() - facts.reference_logps.exp()
    top = torch.argsort(gain, descending=True, stable=True)[:SHOWN]
    responses = all_responses()[top]
    phrases = scored_phrases(prompt, responses, end.logps, facts.reference_logps)
    return [
        GainedResponse(
            text=the_world().text(prompt, row.tolist()),
            phrases=[PhraseLogRatio(text=p.text, log_ratio=p.log_ratio) for p in said],
            reference_probability=facts.reference_logps[n].exp().item(),
            policy_probability=end.logps[n].exp().item(),
            true_quality=facts.true_quality[n].item(),
            seen="in a training pair" if bool(end.in_pairs[n]) else "in no training pair",
        )
        for n, row, said in zip(top.tolist(), responses, phrases, strict=True)
    ]


def _finding(chosen: float, rejected: float, first: DisplacementRow, last: DisplacementRow) -> str:
    if chosen < -0.05:
        text = (
            f"Chosen responses became less likely too, by {-chosen:.1f} nats on average. Rejected "
            f"ones fell by {-rejected:.1f}, so the margin grew all the same. "
        )
    else:
        text = (
            f"Chosen responses did not become less likely: their mean log-probability changed by "
            f"{signed(chosen, 1)} nats, that of rejected ones by {signed(rejected, 1)}. "
        )
    before, after = percent(0)(first.unseen), percent(0)(last.unseen)
    return (
        f"{text}Responses that no training pair holds had {before} of all probability at the start "
        f"and have {after} now."
    )


def _logps_figure(history: list[DisplacementRow]) -> dict[str, object]:
    steps = [row.step for row in history]
    return curve_figure(
        [
            line("chosen", steps, [row.chosen_logps for row in history], role="optimised"),
            line("rejected", steps, [row.rejected_logps for row in history], role="rejected"),
        ],
        x="gradient step",
        y="mean log-probability (nats)",
    )


def _mass_figure(history: list[DisplacementRow]) -> dict[str, object]:
    steps = [row.step for row in history]
    return curve_figure(
        [
            line("in a training pair", steps, [row.seen for row in history], role="reference"),
            line("in no pair", steps, [row.unseen for row in history], role="true", dash="dash"),
        ],
        x="gradient step",
        y="share of probability",
    )


WIDGET = Widget(
    name="likelihood_displacement",
    title="The margin grows while both responses become less likely",
    caption="A real run of DPO, or of a relative, on 2,000 pairs. Every ten steps the lab adds up the "
    "probability of all 7,776 responses and shows where it went.",
    params=Params,
    result=Result,
    compute=compute,
    trains=always,
    policies=policies,
    warm=("",),
    example="loss=ipo&beta=0.1",
    tries={
        "beta=0.03": "Make β small: both fall further.",
        "loss=ipo": "Let IPO stop at its target gap: less is displaced.",
        "loss=dpo_nll": "Add the NLL of the chosen response: it no longer falls.",
    },
    export=Plan(
        "recorded",
        "Every loss on every prompt with β of 0.1 and seed 0; DPO with β of 0.03 as well, and with seed 1. "
        "Other runs need a server.",
        ({"prompt": ALL, "loss": ALL}, {"prompt": ALL, "beta": (0.03, 0.1), "seed": (0, 1)}),
        split="prompt",
    ),
)
