"""A real PPO run: learned reward, KL and true quality after every iteration, all exact."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, Field
from torch import Tensor

from app.charts.figures import curve_figure, line
from app.charts.roles import ROLES, translucent
from app.formatting import signed
from app.lab.measure import measure
from app.lab.optimum import optimal_logps
from app.lab.ppo import PPOConfig
from app.lab.reward_model import RewardKind
from app.lab.runs import PPORow, finished_ppo, ppo_rows
from app.lab.trained import the_lab
from app.lab.world import the_world
from app.widgets import fields
from app.widgets.base import Ask, PromptId, Step, Widget, WidgetParams, WidgetResult, always
from app.widgets.plan import COMPUTED


class Params(WidgetParams):
    """One run of PPO on one prompt, against a reward model of the lab."""

    prompt: PromptId = fields.prompt()
    seed: int = fields.seed()
    reward_model: RewardKind = fields.reward_model(RewardKind.additive)
    kl_coefficient: float = fields.beta(
        "what a nat of KL against the reference costs in reward",
        0.02,
        high=2,
        title="KL coefficient",
    )
    learning_rate: float = fields.number(
        0.001,
        0.0001,
        0.02,
        title="Learning rate",
        description="of Adam, falling linearly to zero",
        log_scale=True,
    )
    clip_range: float = fields.number(
        0.2,
        0.02,
        1,
        title="Clip range",
        description="epsilon of the clipped surrogate",
        step=0.02,
    )
    iterations: int = fields.number(
        150,
        10,
        400,
        title="Iterations",
        description="each samples 128 responses and makes four updates",
        step=10,
    )


class IterationRow(BaseModel):
    """The policy after one iteration; all expectations are exact."""

    iteration: int = Field(description="0 is the reference policy")
    reward: float = Field(description="expected learned reward; 0 is the reference policy")
    kl: float = Field(description="KL(pi || pi_ref), nats")
    true_quality: float = Field(description="expected true quality; 0 is the reference policy")
    clip_fraction: float = Field(description="share of ratios outside of the clip range")
    entropy: float = Field(description="of the policy, nats")
    sample: str = Field(description="the response that the policy now finds most probable")


class KLQualityPoint(BaseModel):
    """A point of the frontier of true quality over KL."""

    kl: float = Field(description="KL(pi* || pi_ref), nats")
    true_quality: float = Field(description="the most true quality that this KL can buy")


class PPOTarget(BaseModel):
    """The exact optimum of what PPO maximizes: pi_r of the learned reward."""

    reward: float = Field(description="expected learned reward")
    kl: float = Field(description="nats")
    true_quality: float = Field(description="expected true quality")
    sample: str = Field(description="its most probable response")


class Result(WidgetResult):
    """The run, its exact target, and the frontier that nothing passes."""

    history: list[IterationRow] = Field(description="one row per iteration, from 0")
    last: IterationRow = Field(description="the last row")
    peak: IterationRow = Field(description="the row with the highest true quality")
    target: PPOTarget
    optimum: list[KLQualityPoint] = Field(description="frontier of pi* of true quality")
    figure: dict[str, object] = Field(description="Plotly figure: the run over its iterations")


def config_of(params: Params) -> PPOConfig:
    """Configuration of the run."""
    return PPOConfig(
        kl_coefficient=params.kl_coefficient,
        learning_rate=params.learning_rate,
        clip_range=params.clip_range,
        iterations=params.iterations,
        seed=params.seed,
    )


def stream(params: Params) -> Iterator[tuple[str, IterationRow]]:
    """The rows of a run, as it computes them."""
    prompt = the_world().prompt_number(params.prompt)
    rows = ppo_rows(prompt, config_of(params), params.reward_model)
    return (("step", _row(prompt, row)) for row in rows)


def compute(params: Params) -> Result:
    """Run PPO and compare it with the exact optimum."""
    prompt = the_world().prompt_number(params.prompt)
    history = [_row(prompt, row) for row in _rows(params)]
    facts = the_lab().facts(prompt)
    reward = facts.learned_rewards[params.reward_model]
    optimal = optimal_logps(facts.reference_logps, reward, params.kl_coefficient)
    target = measure(optimal, facts, reward)
    last, peak = history[-1], max(history, key=lambda row: row.true_quality)
    return Result(
        finding=_finding(last, peak),
        history=history,
        last=last,
        peak=peak,
        target=PPOTarget(
            reward=target.reward,
            kl=target.kl,
            true_quality=target.true_quality,
            sample=the_world().text(prompt, target.favorite),
        ),
        optimum=[
            KLQualityPoint(kl=point.kl, true_quality=point.expected_reward)
            for point in facts.frontier.points[::4]
        ],
        figure=_figure(history),
    )


def policies(params: Params) -> dict[str, Tensor]:
    """The policy after the last iteration."""
    last = _rows(params)[-1]
    assert last.logps is not None
    return {"policy": last.logps}


def _rows(params: Params) -> list[PPORow]:
    prompt = the_world().prompt_number(params.prompt)
    return finished_ppo(prompt, config_of(params), params.reward_model)


def _row(prompt: int, row: PPORow) -> IterationRow:
    measured = row.measured
    return IterationRow(
        iteration=row.iteration,
        reward=measured.reward,
        kl=measured.kl,
        true_quality=measured.true_quality,
        clip_fraction=row.clip_fraction,
        entropy=measured.entropy,
        sample=the_world().text(prompt, measured.favorite),
    )


def _finding(last: IterationRow, peak: IterationRow) -> str:
    reward, quality = signed(last.reward), signed(last.true_quality)
    peaked = f"True quality peaked at {signed(peak.true_quality)} and"
    if last.true_quality < 0:
        return (
            f"{peaked} fell to {quality}, below where it started, while the learned reward climbed to {reward}. "
            "This is over-optimization: more reward has come to mean worse answers."
        )
    if last.true_quality < peak.true_quality - 0.2:
        return (
            f"{peaked} has fallen to {quality}, while the learned reward climbed to {reward}, so the run went on "
            "too long or paid too little for KL."
        )
    return (
        f"The learned reward climbed to {reward} and true quality rose with it, to {quality}, so the reward "
        "model was a fair guide."
    )


def _figure(history: list[IterationRow]) -> dict[str, object]:
    iterations = [row.iteration for row in history]
    return curve_figure(
        [
            line("learned reward", iterations, [row.reward for row in history], role="reward"),
            # Shaded up to the learned reward: the reward model's error.
            line("true quality", iterations, [row.true_quality for row in history], role="true")
            | {"fill": "tonexty", "fillcolor": translucent(ROLES["rejected"], 0.1)},
            line("KL", iterations, [row.kl for row in history], role="kl", axis="y2", dash="dot"),
        ],
        x="iteration",
        y="reward, relative to the reference",
        y2="KL (nats)",
        x_range=(0, iterations[-1]),
    )


WIDGET = Widget(
    name="ppo_dynamics",
    title="PPO climbs its reward model, wherever that leads",
    caption="Run real PPO on a reward model of the lab and watch three exact curves arrive: the reward "
    "it maximizes, the KL it pays for, and the true quality that it never sees.",
    params=Params,
    result=Result,
    compute=compute,
    trains=always,
    stream=stream,
    streamed="`step` with a history row each",
    policies=policies,
    example="seed=7&kl_coefficient=0.2",
    steps=(
        Step(
            "<b>Predict first.</b> Here a nat of KL costs next to nothing, 0.02. The question comes at iteration 12.",
            "kl_coefficient=0.02",
            at=12,
            ask=Ask(
                "The reward goes on rising. True quality will",
                {"a": "rise too", "b": "level off", "c": "fall"},
            ),
        ),
        Step(
            "<b>Scrub through the run.</b> Red bars over the track show which of the five phrases flatter.",
            "kl_coefficient=0.02",
            at=40,
            always=True,
        ),
        Step(
            "<b>Charge 0.3 a nat.</b> That is still too cheap: PPO goes past its peak, only less far.",
            "kl_coefficient=0.3",
        ),
        Step(
            "<b>Charge 0.7.</b> Now it stops near its peak, at the best that this price allows.",
            "kl_coefficient=0.7",
        ),
    ),
    start=2,
    places=300,
    warm=("",),
    export=COMPUTED,
)
