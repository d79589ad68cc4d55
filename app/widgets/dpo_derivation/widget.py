"""The derivation of the DPO loss in six steps, each equation checked on all 7,776 responses."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, Field

from app.formatting import scientific
from app.lab.world import all_responses, the_world
from app.widgets import fields
from app.widgets.base import PromptId, Ranges, Widget, WidgetParams, WidgetResult
from app.widgets.dpo_derivation.arrows import EquationArrow
from app.widgets.dpo_derivation.mistakes import MISTAKES, mistaken_numbers, opponents_prompt
from app.widgets.dpo_derivation.steps import DERIVATION
from app.widgets.dpo_derivation.terms import EquationTerm
from app.widgets.plan import COMPUTED

STEPS = len(DERIVATION)

CHECKED_EACH = (
    "for each of the 7,776 responses",
    "The sides shown are those of the response below; the largest difference is over all 7,776.",
)
CHECKED_SUMS = (
    "each as a sum over all 7,776 responses",
    "Each side is a sum over all 7,776 responses.",
)
"""what both sides of a step were computed for: in its finding, and in the note below the numbers"""

MistakeName = StrEnum("MistakeName", {name: name for name in MISTAKES})  # type: ignore[misc]


class Params(WidgetParams):
    """Where in the derivation, and on which numbers it is checked."""

    step: int = fields.number(
        1, 1, STEPS, title="Step", description="which of the six steps", step=1
    )
    prompt: PromptId = fields.prompt()
    beta: float = fields.beta("KL coefficient of the objective")
    seed: int = fields.seed()
    mistake: MistakeName = fields.choice(
        "none",
        title="Break it",
        description="a mistake to put into the numbers, so that checks fail",
        labels={name: mistake.label for name, mistake in MISTAKES.items()},
    )


class EquationCheck(BaseModel):
    """Both sides of the equation, computed separately in float64."""

    left: float = Field(description="left side, for the response shown")
    right: float = Field(description="right side, for the response shown")
    max_abs_difference: float = Field(description="largest |left - right| over what was checked")
    responses_checked: int = Field(description="responses that the equation was checked on")


class EquationArrows(BaseModel):
    """Both sides as arrows laid end to end; each ends at the sum of its values."""

    left: list[EquationArrow] = Field(description="the left side, or the argument of its σ")
    right: list[EquationArrow] = Field(description="the right side, or the argument of its σ")


class StepEquation(BaseModel):
    """A step in the list of all steps."""

    step: int = Field(description="1 to 6")
    title: str = Field(description="what the step does")
    latex: str = Field(description="its equation")


class Result(WidgetResult):
    """One step (DPO section 4 and appendices A.1 and A.2, arXiv 2305.18290)."""

    step: int = Field(description="1 to 6")
    steps: int = Field(description="how many there are")
    title: str = Field(description="what this step does")
    latex: str = Field(description="the equation")
    explanation: str = Field(description="what the step does and why")
    source: str = Field(description="equation in the paper")
    equations: list[StepEquation] = Field(description="all six steps with their equations")
    check: EquationCheck = Field(description="the equation, checked")
    checked_on: str = Field(description="what the check ran over and what the sides are")
    arrows: EquationArrows = Field(description="both sides as sums, for the response shown")
    terms: list[EquationTerm] = Field(description="the quantities in it, for the response shown")
    response: str = Field(description="the response shown, y or y_w")
    response_number: int = Field(description="its place among the 7,776, as in /api/v1/lab")
    opponent: str = Field(description="the response it is compared with, y_l, from step 4 on")
    opponent_number: int = Field(description="its place among the 7,776")


def compute(params: Params) -> Result:
    """Check one step in the lab."""
    world, prompt = the_world(), the_world().prompt_number(params.prompt)
    numbers = mistaken_numbers(prompt, params.beta, params.seed, params.mistake)
    step = DERIVATION[params.step - 1]
    left, right = step.sides(numbers)
    arrows = step.arrows(numbers)
    difference = (left - right).abs().max().item()
    responses = all_responses()
    separately, checked_on = CHECKED_SUMS if step.sums else CHECKED_EACH
    return Result(
        finding=(
            f"The two sides of step {params.step} were computed separately, {separately}, and differ by at "
            f"most {scientific(difference)}." + _what_broke(params)
        ),
        step=params.step,
        steps=STEPS,
        title=step.title,
        latex=step.latex,
        explanation=step.explanation,
        source=step.source,
        equations=[
            StepEquation(step=n, title=step.title, latex=step.latex)
            for n, step in enumerate(DERIVATION, 1)
        ],
        check=EquationCheck(
            left=float(left if step.sums else left[numbers.shown]),
            right=float(right if step.sums else right[numbers.shown]),
            max_abs_difference=difference,
            responses_checked=len(responses),
        ),
        checked_on=checked_on,
        arrows=EquationArrows(left=arrows[0], right=arrows[1]),
        terms=step.terms(numbers),
        response=world.text(prompt, responses[numbers.shown].tolist()),
        response_number=numbers.shown,
        opponent_number=numbers.opponents.opponent,
        opponent=world.text(
            opponents_prompt(prompt, params.mistake), responses[numbers.opponents.opponent].tolist()
        ),
    )


def _what_broke(params: Params) -> str:
    """Why the sides differ, or why they do not despite the mistake."""
    mistake = MISTAKES[params.mistake]
    return f" {mistake.unseen.get(params.step, mistake.why)}".rstrip()


def _receipt(params: Params, _: Result) -> dict[str, str]:
    prompts = the_world().prompts
    number = the_world().prompt_number(params.prompt)
    return {"other_prompt": prompts[opponents_prompt(number, "other_prompt")].id}


WIDGET = Widget(
    name="dpo_derivation",
    title="From the RLHF objective to the DPO loss, in six checked steps",
    caption="Step through the algebra. At every step both sides are computed in float64 in the lab, and "
    "the largest difference over all 7,776 responses is shown.",
    params=Params,
    result=Result,
    compute=compute,
    example="step=5&prompt=poem&beta=0.2",
    ranges=Ranges(lambda several: [compute(params) for params in several], ("step",)),
    receipt=_receipt,
    export=COMPUTED,
)
