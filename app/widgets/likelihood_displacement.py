"""DPO watched from inside: log-probabilities of chosen and rejected responses, and where the mass goes."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, Field
from torch import Tensor

from app.charts.figures import Trace, curve_figure, line
from app.formatting import signed
from app.lab.displacement import MEASURED_EVERY, Displacement, displacement, most_gained
from app.lab.dpo import DPOConfig
from app.lab.trained import the_lab
from app.lab.world import the_world
from app.widgets import fields
from app.widgets.base import Ask, PromptId, Step, Widget, WidgetParams, WidgetResult, always
from app.widgets.common.phrases import PhraseLogRatio, scored_phrases
from app.widgets.plan import COMPUTED

STEPS = 300
SHOWN = 3

LEAST = 0.05
"""nats that the finding speaks of"""

TOO_FAR = "the run is further from the reference than any optimum"

OFTEN_CHOSEN = "responses of training pairs that are chosen at least as often as rejected"

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
        description="what is minimized on the pairs",
        labels={
            "dpo": "DPO",
            "cdpo": "cDPO, label smoothing 0.1",
            "ipo": "IPO",
            "dpo_nll": "DPO plus NLL of the chosen response",
        },
    )
    beta: float = fields.beta("KL coefficient of the loss", 0.1)
    seed: int = fields.seed()


class OptimumAtKL(BaseModel):
    """The exact optimum of true quality at the KL of the run, on the same pairs."""

    chosen_logp: float = Field(description="mean log pi*(y_w|x), nats")
    rejected_logp: float = Field(description="mean log pi*(y_l|x), nats")
    mass_chosen: float = Field(description=f"probability of {OFTEN_CHOSEN}")
    mass_rejected: float = Field(description="probability of the other responses of training pairs")
    mass_unseen: float = Field(description="probability of responses that no training pair holds")
    kl: float = Field(description="KL(pi* || pi_ref), nats: that of the run")
    true_quality: float = Field(description="the most true quality that this KL can buy")


class DisplacementRow(BaseModel):
    """The policy after some steps. Log-probabilities are exact means over all training pairs."""

    step: int = Field(description="gradient steps; 0 is the reference policy")
    chosen_logps: float = Field(description="mean log pi(y_w|x), nats")
    rejected_logps: float = Field(description="mean log pi(y_l|x), nats")
    mass_chosen: float = Field(description=f"probability of {OFTEN_CHOSEN}")
    mass_rejected: float = Field(description="probability of the other responses of training pairs")
    seen: float = Field(description="probability of responses that some training pair holds")
    unseen: float = Field(description="probability of responses that no training pair holds")
    kl: float = Field(description="KL(pi || pi_ref), nats")
    true_quality: float = Field(description="expected true quality; 0 is the reference policy")
    optimum: OptimumAtKL | None = Field(description=f"null if {TOO_FAR}")


class GainedResponse(BaseModel):
    """A response that the run made much more likely."""

    text: str = Field(description="its five phrases")
    phrases: list[PhraseLogRatio] = Field(description="the same, one by one")
    reference_probability: float = Field(description="pi_ref(y|x)")
    policy_probability: float = Field(description="pi(y|x) after training")
    true_quality: float = Field(description="r*(x, y)")
    seen: str = Field(description="whether a training pair holds it")


class Result(WidgetResult):
    """The run."""

    history: list[DisplacementRow] = Field(description="every ten steps, from 0")
    first: DisplacementRow = Field(description="the reference policy")
    last: DisplacementRow = Field(description="after the last step")
    chosen_change: float = Field(description="change of mean log pi(y_w|x), nats")
    rejected_change: float = Field(description="change of mean log pi(y_l|x), nats")
    optimum: OptimumAtKL | None = Field(description=f"after the last step; null if {TOO_FAR}")
    chosen_alignment: float | None = Field(
        description="part of chosen_change that the optimum has too, nats"
    )
    chosen_displacement: float | None = Field(
        description="the rest of it, nats; negative if the run falls further than the optimum"
    )
    gained: list[GainedResponse] = Field(description="the responses that gained most probability")
    figure: dict[str, object] = Field(description="Plotly figure: log-probabilities over steps")
    mass: dict[str, object] = Field(description="Plotly figure: probability of seen and unseen")


def compute(params: Params) -> Result:
    """Train a copy of the reference, measured every ten steps."""
    looks = _looks(params)
    history = [_row(look) for look in looks]
    first, last = history[0], history[-1]
    chosen = last.chosen_logps - first.chosen_logps
    aligned = None if last.optimum is None else last.optimum.chosen_logp - first.chosen_logps
    return Result(
        finding=_finding(chosen, aligned, last),
        history=history,
        first=first,
        last=last,
        chosen_change=chosen,
        rejected_change=last.rejected_logps - first.rejected_logps,
        optimum=last.optimum,
        chosen_alignment=aligned,
        chosen_displacement=None if aligned is None else chosen - aligned,
        gained=_gained(looks[-1], the_world().prompt_number(params.prompt)),
        figure=_logps_figure(history),
        mass=_mass_figure(history),
    )


def config_of(params: Params) -> DPOConfig:
    """Configuration of the run."""
    return DPOConfig(**LOSS_SETTINGS[params.loss], beta=params.beta, steps=STEPS, seed=params.seed)


@lru_cache(maxsize=8)
def _looks(params: Params) -> list[Displacement]:
    lab, prompt = the_lab(), the_world().prompt_number(params.prompt)
    pairs = lab.comparisons(prompt, params.seed)
    return list(displacement(lab, pairs, config_of(params)))


def policies(params: Params) -> dict[str, Tensor]:
    """The policy after the last step."""
    return {"policy": _looks(params)[-1].logps}


def _row(look: Displacement) -> DisplacementRow:
    run, optimum = look.run, look.optimum
    return DisplacementRow(
        step=look.step,
        chosen_logps=run.chosen_logp,
        rejected_logps=run.rejected_logp,
        mass_chosen=run.mass_chosen,
        mass_rejected=run.mass_rejected,
        seen=1 - run.mass_unseen,
        unseen=run.mass_unseen,
        kl=run.kl,
        true_quality=run.true_quality,
        optimum=None if optimum is None else OptimumAtKL(**vars(optimum)),
    )


def _gained(end: Displacement, prompt: int) -> list[GainedResponse]:
    facts = the_lab().facts(prompt)
    gained = most_gained(end, facts, SHOWN)
    responses = [gain.response for gain in gained]
    phrases = scored_phrases(prompt, responses, end.logps, facts.reference_logps)
    return [
        GainedResponse(
            text=the_world().text(prompt, gain.response),
            phrases=[PhraseLogRatio(text=p.text, log_ratio=p.log_ratio) for p in said],
            reference_probability=gain.reference_probability,
            policy_probability=gain.policy_probability,
            true_quality=gain.true_quality,
            seen="in a training pair" if gain.seen else "in no training pair",
        )
        for gain, said in zip(gained, phrases, strict=True)
    ]


def _finding(chosen: float, aligned: float | None, last: DisplacementRow) -> str:
    if fell := chosen < -LEAST:
        run = f"Chosen responses became less likely, by {-chosen:.1f} nats on average"
    else:
        run = f"Chosen responses did not become less likely: {signed(chosen, 1)} nats on average"
    if aligned is None or last.optimum is None:
        return f"{run}. There is no optimum to compare with: {TOO_FAR}."
    displaced = chosen - aligned
    if displaced >= -LEAST:
        verdict = "so nothing is displaced"
    elif fell:
        verdict = f"which is alignment; the other {-displaced:.1f} nats are displacement"
    else:
        verdict = f"{-displaced:.1f} nats more"
    return f"{run}. The best policy at the same KL changes them by {signed(aligned, 1)} nats, {verdict}."


def _logps_figure(history: list[DisplacementRow]) -> dict[str, object]:
    return curve_figure(
        [
            _curve("chosen", history, lambda row: row.chosen_logps, "optimised"),
            _curve("rejected", history, lambda row: row.rejected_logps, "rejected"),
            _optimum("chosen, optimum", history, lambda best: best.chosen_logp, "optimised"),
            _optimum("rejected, optimum", history, lambda best: best.rejected_logp, "rejected"),
        ],
        x="gradient step",
        y="mean log-probability (nats)",
    )


def _mass_figure(history: list[DisplacementRow]) -> dict[str, object]:
    return curve_figure(
        [
            _curve("in no pair", history, lambda row: row.unseen, "reference"),
            _optimum("in no pair, optimum", history, lambda best: best.mass_unseen, "reference"),
        ],
        x="gradient step",
        y="share of probability",
    )


def _curve(
    name: str, rows: list[DisplacementRow], value: Callable[[DisplacementRow], float], role: str
) -> Trace:
    return line(name, [row.step for row in rows], [value(row) for row in rows], role=role)


def _optimum(
    name: str, rows: list[DisplacementRow], value: Callable[[OptimumAtKL], float], role: str
) -> Trace:
    """The same of the optimum, dashed, as far as there is one."""
    found = [(row.step, value(row.optimum)) for row in rows if row.optimum]
    return line(name, *zip(*found, strict=True), role=role, dash="dash")


WIDGET = Widget(
    name="likelihood_displacement",
    title="Chosen responses become less likely, and at the optimum too",
    caption="A real run of DPO or of a variant. Dashed: the exact optimum of true quality at the KL that the "
    "run has reached. A fall as far as the dashed line is alignment, and only what lies below it is "
    "displacement.",
    params=Params,
    result=Result,
    compute=compute,
    trains=always,
    policies=policies,
    warm=("",),
    example="loss=ipo&beta=0.1",
    steps=(
        Step(
            "<b>Predict first.</b> DPO raises the chosen response of each pair over the rejected one.",
            at=0,
            ask=Ask(
                "In 300 steps the chosen responses will become",
                {"a": "likelier", "b": "less likely"},
            ),
        ),
        Step(
            "<b>Scrub through the run.</b> The columns show where the probability goes.",
            at=20,
            always=True,
        ),
        Step(
            "<b>Compare with the exact optimum.</b> A fall as far as the dashed line is alignment."
        ),
        Step(
            "<b>Make β small.</b> Chosen responses fall much further than at the optimum.",
            "beta=0.03",
        ),
        Step(
            "<b>Keep the chosen from falling</b> with an NLL term: true quality stays low, too.",
            "loss=dpo_nll",
        ),
    ),
    start=3,
    places=STEPS // MEASURED_EVERY,
    export=COMPUTED,
)
