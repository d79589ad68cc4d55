"""The derivation of the DPO loss in six steps, each equation checked on all 7,776 responses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from pydantic import BaseModel, Field
from torch import Tensor

from app.formats import scientific
from app.lab.exact import expectation, kl_divergence
from app.lab.losses import PairLogps, preference_loss
from app.lab.optimum import log_partition, optimal_logps
from app.lab.policy import Policy
from app.lab.trained import Lab, the_lab
from app.lab.world import all_responses, response_number, the_world
from app.widgets.base import (
    PromptId,
    Try,
    Widget,
    WidgetParams,
    WidgetResult,
    number,
    prompt_field,
    seed_field,
)

STEPS = 6


class Params(WidgetParams):
    """Where in the derivation, and on which numbers it is checked."""

    step: int = Field(
        1,
        ge=1,
        le=STEPS,
        title="Step",
        description="which of the six steps",
        json_schema_extra={"step": 1},
    )
    prompt: PromptId = prompt_field()
    beta: float = number(
        0.5,
        0.01,
        10,
        title="β",
        description="temperature of the objective",
        unit="reward per nat",
        log_scale=True,
    )
    seed: int = seed_field()


class Check(BaseModel):
    """Both sides of the equation, computed separately in float64."""

    left: float = Field(description="left side, for the response shown")
    right: float = Field(description="right side, for the response shown")
    max_abs_difference: float = Field(description="largest |left - right| over what was checked")
    responses_checked: int = Field(description="responses that the equation was checked on")


class Term(BaseModel):
    """A quantity of the equation with its value for the response shown."""

    symbol: str = Field(description="how it is written")
    meaning: str = Field(description="in words")
    value: float = Field(description="in this example")


class Equation(BaseModel):
    """A step as it stands in the list of all."""

    step: int = Field(description="1 to 6")
    title: str = Field(description="what the step does")
    latex: str = Field(description="its equation")


class Result(WidgetResult):
    """One step (DPO section 4 and appendices A.1 and A.2, arXiv 2305.18290)."""

    step: int = Field(description="1 to 6")
    steps: int = Field(description="how many there are")
    title: str = Field(description="what this step does")
    latex: str = Field(description="the equation")
    explanation: str = Field(description="the step in words")
    source: str = Field(description="equation in the paper")
    equations: list[Equation] = Field(description="all six steps with their equations")
    check: Check = Field(description="the equation, checked")
    checked_on: str = Field(description="what the check ran over and what the sides are")
    terms: list[Term] = Field(description="the quantities in it, for the response shown")
    response: str = Field(description="the response shown, y or y_w")
    opponent: str = Field(description="the response it is compared with, y_l, from step 4 on")


@dataclass(frozen=True)
class Numbers:
    """All that the steps compute with; tensors over all responses, shape (7776,), float64."""

    beta: float
    reward: Tensor
    reference: Tensor
    """log pi_ref"""
    policy: Tensor
    """log pi_theta of the lab's DPO policy: any policy would do"""
    optimal: Tensor
    """log pi*"""
    log_z: Tensor
    shown: int
    opponent: int


Sides = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Step:
    """One step: its words, its equation, and both sides as functions of the numbers."""

    title: str
    latex: str
    explanation: str
    source: str
    sides: Callable[[Numbers], Sides]
    """left and right side over all responses, or a single value that sums over them"""
    terms: Callable[[Numbers], list[Term]]


def compute(params: Params) -> Result:
    """Check one step on the lab."""
    numbers = _numbers(params)
    step = DERIVATION[params.step - 1]
    left, right = step.sides(numbers)
    difference = (left - right).abs().max().item()
    place = numbers.shown if left.ndim else ...
    world, prompt = the_world(), the_world().prompt_number(params.prompt)
    responses = all_responses()
    checked_on = "each of the 7,776 responses" if left.ndim else "two sums over all 7,776 responses"
    shown = "those of the response below" if left.ndim else "those two sums"
    return Result(
        finding=(
            f"Step {params.step} of {STEPS}. Left and right side were computed separately, for "
            f"{checked_on}. They differ by {scientific(difference)} at most."
        ),
        step=params.step,
        steps=STEPS,
        title=step.title,
        latex=step.latex,
        explanation=step.explanation,
        source=step.source,
        equations=[
            Equation(step=n, title=step.title, latex=step.latex)
            for n, step in enumerate(DERIVATION, 1)
        ],
        check=Check(
            left=left[place].item(),
            right=right[place].item(),
            max_abs_difference=difference,
            responses_checked=len(responses),
        ),
        checked_on=f"The largest difference is over {checked_on}. The sides shown are {shown}.",
        terms=step.terms(numbers),
        response=world.text(prompt, responses[numbers.shown].tolist()),
        opponent=world.text(prompt, responses[numbers.opponent].tolist()),
    )


def _numbers(params: Params) -> Numbers:
    lab = the_lab()
    prompt = lab.world.prompt_number(params.prompt)
    facts = lab.facts(prompt)
    shown, opponent = _pair(lab, prompt, params.seed)
    return Numbers(
        beta=params.beta,
        reward=facts.true_quality,
        reference=facts.reference_logps,
        policy=lab.dpo_logps(prompt),
        optimal=optimal_logps(facts.reference_logps, facts.true_quality, params.beta),
        log_z=log_partition(facts.reference_logps, facts.true_quality, params.beta),
        shown=shown,
        opponent=opponent,
    )


def _pair(lab: Lab, prompt: int, seed: int) -> tuple[int, int]:
    """Two different responses that the reference wrote, drawn with the seed."""
    policy: Policy = lab.reference_policy
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.unique(response_number(policy.sample(prompt, 8, generator)))
    first, second = torch.randperm(len(drawn), generator=generator)[:2].tolist()
    return int(drawn[first]), int(drawn[second])


def _log_ratio(logps: Tensor, n: Numbers) -> Tensor:
    return logps - n.reference


def _objective(n: Numbers) -> Sides:
    left = expectation(n.policy, n.reward) - n.beta * kl_divergence(n.policy, n.reference)
    return left, expectation(n.policy, n.reward - n.beta * _log_ratio(n.policy, n))


def _gather(n: Numbers) -> Sides:
    left = n.reward - n.beta * _log_ratio(n.policy, n)
    # pi* from a softmax, Z from a sum: neither is read off the other.
    optimal = torch.log_softmax(n.reference + n.reward / n.beta, 0)
    return left, n.beta * n.log_z - n.beta * (n.policy - optimal)


def _solve(n: Numbers) -> Sides:
    return n.reward, n.beta * _log_ratio(n.optimal, n) + n.beta * n.log_z


def _written_with_policies(n: Numbers) -> Tensor:
    """The reward of each response by step 3."""
    return n.beta * _log_ratio(n.optimal, n) + n.beta * n.log_z


def _choose(n: Numbers) -> Sides:
    # exp(r1) / (exp(r1) + exp(r2)), with rewards as they are, against policies put in for them
    opponent = n.reward[n.opponent].expand_as(n.reward)
    left = torch.softmax(torch.stack([n.reward, opponent]), 0)[0]
    written = _written_with_policies(n)
    return left, torch.sigmoid(written - written[n.opponent])


def _cancel(n: Numbers) -> Sides:
    written = _written_with_policies(n)
    implicit = n.beta * _log_ratio(n.optimal, n)
    return (
        torch.sigmoid(written - written[n.opponent]),
        torch.sigmoid(implicit - implicit[n.opponent]),
    )


def _loss(n: Numbers) -> Sides:
    """The DPO loss at pi* is the loss of a reward model that knows the true reward."""

    def of_opponent(values: Tensor) -> Tensor:
        return values[n.opponent].expand_as(values)

    left = preference_loss(
        "sigmoid",
        PairLogps(n.optimal, of_opponent(n.optimal), n.reference, of_opponent(n.reference)),
        n.beta,
    )
    return left, F.softplus(n.reward[n.opponent] - n.reward)


def _term(symbol: str, meaning: str, value: Tensor | float) -> Term:
    return Term(symbol=symbol, meaning=meaning, value=float(value))


def _terms_of_objective(n: Numbers) -> list[Term]:
    return [
        _term("E[r(x, y)]", "expected reward", expectation(n.policy, n.reward)),
        _term(
            "KL(π_θ ‖ π_ref)",
            "divergence from the reference, nats",
            kl_divergence(n.policy, n.reference),
        ),
        _term("β", "price of a nat", n.beta),
    ]


def _terms_of_response(n: Numbers) -> list[Term]:
    return [
        _term("r(x, y)", "reward of the response", n.reward[n.shown]),
        _term(
            "log(π_θ / π_ref)",
            "log-ratio of the DPO policy, nats",
            _log_ratio(n.policy, n)[n.shown],
        ),
        _term("log Z(x)", "log of the sum over 7,776 responses", n.log_z),
    ]


def _terms_of_optimum(n: Numbers) -> list[Term]:
    return [
        _term(
            "log(π* / π_ref)",
            "log-ratio of the optimum, nats",
            _log_ratio(n.optimal, n)[n.shown],
        ),
        _term("β log Z(x)", "the part without y", n.beta * n.log_z),
        _term("r(x, y)", "reward of the response", n.reward[n.shown]),
    ]


def _terms_of_pair(n: Numbers) -> list[Term]:
    implicit = n.beta * _log_ratio(n.optimal, n)
    return [
        _term("r(x, y_w) − r(x, y_l)", "reward gap", n.reward[n.shown] - n.reward[n.opponent]),
        _term(
            "βΔ_w − βΔ_l",
            "gap of implicit rewards",
            implicit[n.shown] - implicit[n.opponent],
        ),
        _term("β log Z(x)", "in both, so it cancels", n.beta * n.log_z),
    ]


RATIO = r"\frac{{\pi^*(y{0} \mid x)}}{{\pi_{{\mathrm{{ref}}}}(y{0} \mid x)}}"
TRAINED = r"\frac{{\pi_\theta(y{0} \mid x)}}{{\pi_{{\mathrm{{ref}}}}(y{0} \mid x)}}"
W, L = "_w", "_l"

DERIVATION = (
    Step(
        title="Write the objective as one average",
        latex=r"\mathbb{E}_{y \sim \pi_\theta}\left[ r(x, y) \right] - \beta D_{\mathrm{KL}}"
        r"\left[ \pi_\theta \,\middle\|\, \pi_{\mathrm{ref}} \right] = \mathbb{E}_{y \sim \pi_\theta}"
        r"\left[ r(x, y) - \beta \log " + TRAINED.format("") + r" \right]",
        explanation="RLHF maximises reward less β times the divergence from the reference. The "
        "divergence is itself an average over the policy’s responses, so both parts go under one "
        "expectation. The check uses the lab’s DPO policy, but any policy would do.",
        source="Eq. 3",
        sides=_objective,
        terms=_terms_of_objective,
    ),
    Step(
        title="Gather everything that depends on the policy",
        latex=r"r(x, y) - \beta \log "
        + TRAINED.format("")
        + r" = \changed{\beta \log Z(x) - \beta \log \frac{\pi_\theta(y \mid x)}{\pi^*(y \mid x)}}, \qquad "
        r"\pi^*(y \mid x) = \frac{\pi_{\mathrm{ref}}(y \mid x) \, e^{r(x, y)/\beta}}{Z(x)}",
        explanation="Z(x) sums the reference, reweighted by the exponential of the reward, over every "
        "response. With it the reward becomes part of a distribution, π*. On average the last term is "
        "β times the divergence of π_θ from π*, which is never negative and is 0 only at π*. So π* is "
        "the optimal policy.",
        source="Eq. 4 and appendix A.1",
        sides=_gather,
        terms=_terms_of_response,
    ),
    Step(
        title="Solve for the reward",
        latex=r"r(x, y) = \changed{\beta \log " + RATIO.format("") + r" + \beta \log Z(x)}",
        explanation="Take logarithms in the definition of π* and move the reward to one side. Any reward "
        "can be read off its own optimal policy, up to a term that depends on the prompt alone. This "
        "change of variables is the paper’s new step.",
        source="Eq. 5",
        sides=_solve,
        terms=_terms_of_optimum,
    ),
    Step(
        title="Put it into Bradley-Terry",
        latex=r"p^*(y_w \succ y_l \mid x) = \sigma\left( \changed{\left( \beta \log "
        + RATIO.format(W)
        + r" + \beta \log Z(x) \right)} - \changed{\left( \beta \log "
        + RATIO.format(L)
        + r" + \beta \log Z(x) \right)} \right)",
        explanation="A preference depends on the difference of two rewards. Replace each reward by what "
        "step 3 says it is. The left side is computed from the rewards alone, the right side from the "
        "policies and Z(x), for each response as y_w against one y_l.",
        source="Eq. 1 with Eq. 5, appendix A.2",
        sides=_choose,
        terms=_terms_of_pair,
    ),
    Step(
        title="Z(x) cancels",
        latex=r"p^*(y_w \succ y_l \mid x) = \sigma\left( \beta \log "
        + RATIO.format(W)
        + r" + \cancel{\beta \log Z(x)} - \beta \log "
        + RATIO.format(L)
        + r" - \cancel{\beta \log Z(x)} \right)",
        explanation="Both responses answer the same prompt, so both carry the same β log Z(x), once with a "
        "plus and once with a minus. It cancels not because Z is 1, but because it is the same. The "
        "sum that no real model can compute is no longer needed.",
        source="Eq. 6",
        sides=_cancel,
        terms=_terms_of_pair,
    ),
    Step(
        title="Fit it by maximum likelihood",
        latex=r"-\log \sigma\left( \beta \log "
        + TRAINED.format(W).replace(r"\pi_\theta", r"\changed{\pi_\theta}")
        + r" - \beta \log "
        + TRAINED.format(L).replace(r"\pi_\theta", r"\changed{\pi_\theta}")
        + r" \right) = -\log \sigma\left( r(x, y_w) - r(x, y_l) \right) \quad \text{at } \pi_\theta = \pi^*",
        explanation="Put the policy in training where π* stood, and make the recorded choices likely: that is "
        "the DPO loss. The check takes π_θ = π*. There the loss of every pair is what a reward model "
        "that knows the true reward would have.",
        source="Eq. 7",
        sides=_loss,
        terms=_terms_of_pair,
    ),
)

WIDGET = Widget(
    name="dpo_derivation",
    title="From the RLHF objective to the DPO loss, in six checked steps",
    caption="Step through the algebra. At every step both sides are computed in float64 on the lab, and "
    "the largest difference over all 7,776 responses is shown.",
    params=Params,
    result=Result,
    compute=compute,
    example="step=5&prompt=poem&beta=0.2",
    tries=(
        Try("See where Z(x) comes in, a sum over 7,776 responses.", "step=2"),
        Try("See it cancel.", "step=5"),
        Try("Make β small: log Z(x) grows, and the two sides still agree.", "step=4&beta=0.05"),
    ),
)
