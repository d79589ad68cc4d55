"""The three stages of RLHF as the lab ran them: what each takes, trains, makes and costs."""

from __future__ import annotations

import copy
import time
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal

import torch
from pydantic import BaseModel, Field

from app.figures import curve_figure, line, marker
from app.formats import count, fixed, percent, signed
from app.lab.demonstrations import demonstration_logps
from app.lab.exact import entropy, expectation
from app.lab.measure import Measurement, measure_policy
from app.lab.policy import ValueModel, parameter_count
from app.lab.ppo import PPOConfig, PPOIteration, PPOTrainer
from app.lab.preferences import Comparisons
from app.lab.trained import the_lab
from app.lab.world import PROMPTS, response_number, the_world
from app.widgets.base import PROMPT_TEXTS, Try, Widget, WidgetParams, WidgetResult, choice

PPO_PROMPT = 0
"""PPO trains a policy for one prompt; this one stands for all."""

PPO_CONFIG = PPOConfig(iterations=60)
"""Fewer iterations than by default, as reward and KL have settled by then: the reader waits less."""

MEASURED_EVERY = 5
"""Iterations of PPO between two exact measurements."""

Stage = Literal["sft", "reward_model", "ppo"]
State = Literal["trained", "frozen", "not in memory"]


class Params(WidgetParams):
    """One stage."""

    stage: Stage = choice(
        "sft",
        title="Stage",
        description="which of the three stages of RLHF to open",
        labels={
            "sft": "1. Supervised fine-tuning",
            "reward_model": "2. Reward model",
            "ppo": "3. PPO",
        },
    )


class Network(BaseModel):
    """One of the pipeline's networks, as this stage sees it."""

    name: str
    parameters: int = Field(description="numbers in it, counted")
    state: State
    task: str = Field(description="what it does in this stage")


class Quantity(BaseModel):
    """Something counted or measured."""

    name: str
    value: float
    shown: str = Field(description="the value as the page writes it, with its unit")


class Hyperparameter(BaseModel):
    """A field of the stage's configuration."""

    name: str
    value: float
    shown: str = Field(description="the value as the page writes it")


class Result(WidgetResult):
    """One stage, described by what ran."""

    stage: str = Field(description="sft, reward_model or ppo")
    title: str = Field(description="the stage in words, with its number")
    goes_in: str = Field(description="data and networks that the stage starts from")
    objective: str = Field(description="what is trained, and for what")
    comes_out: str = Field(description="what the next stage takes from it")
    networks: list[Network] = Field(description="the four networks of the pipeline")
    parameters_trained: int = Field(description="in networks that this stage trains")
    parameters_in_memory: int = Field(description="in all networks that this stage holds")
    gradient_steps: int = Field(description="updates by the optimiser")
    seconds: float = Field(description="training time on one CPU thread")
    seconds_measured: str = Field(description="where and when the seconds were measured")
    quantities: list[Quantity] = Field(description="data, losses and accuracies of the stage")
    hyperparameters: list[Hyperparameter] = Field(description="all that had to be set; no seeds")
    figure: dict[str, object] = Field(description="Plotly figure: the training of this stage")


@dataclass(frozen=True)
class _Cast:
    """What the four networks do in a stage, in the order of ``NETWORKS``."""

    sft_model: tuple[State, str]
    reward_model: tuple[State, str]
    policy: tuple[State, str]
    value_model: tuple[State, str]


NETWORKS = {
    "sft_model": "SFT model, later the reference",
    "reward_model": "reward model",
    "policy": "policy",
    "value_model": "value model",
}


def compute(params: Params) -> Result:
    """Describe a stage. The first request for PPO runs it, which takes a few seconds."""
    describe = {"sft": _sft, "reward_model": _reward_model, "ppo": _ppo}
    return describe[params.stage]()


# ---- stage 1 -----------------------------------------------------------------------------------


def _sft() -> Result:
    report = the_lab().report["sft"]
    config, history = report["config"], report["history"]
    floor, exact = _demonstrator_entropy(), _exact_sft_loss()
    demonstrations = config["demonstrations"] * PROMPTS
    first, last = history[0]["loss"], history[-1]["loss"]
    return _result(
        stage="sft",
        title="Stage 1 of 3: supervised fine-tuning",
        finding=_sft_finding(config["epochs"], first, last, floor, exact),
        goes_in=f"{count(demonstrations)} demonstrations, {count(config['demonstrations'])} for each "
        "prompt, and a network of random numbers. A real pipeline starts from a pretrained model; "
        "the lab has none.",
        objective="The network learns to make each demonstrated response as likely as possible. "
        "The loss is −log π(y|x), in nats.",
        comes_out="The SFT model. It is trained no more. Later it is called the reference.",
        cast=_Cast(
            sft_model=("trained", "imitates the demonstrations"),
            reward_model=("not in memory", "made in stage 2"),
            policy=("not in memory", "made in stage 3"),
            value_model=("not in memory", "made in stage 3"),
        ),
        gradient_steps=config["epochs"]
        * (config["demonstrations"] // config["batch_size"])
        * PROMPTS,
        quantities=[
            _counted("Demonstrations", demonstrations),
            _nats("Loss in the first epoch", first),
            _nats("Loss in the last epoch", last),
            _nats("Entropy of the demonstrators: the floor", floor),
            _nats("Exact loss of the finished model on fresh demonstrations", exact),
        ],
        config=config,
        figure=_sft_figure(history, floor, exact),
    )


@lru_cache(maxsize=1)
def _demonstrator_entropy() -> float:
    """-sum_y p log p of the writers, in nats, averaged over prompts: no loss can average less."""
    world = the_world()
    logps = [demonstration_logps(world, prompt) for prompt in range(PROMPTS)]
    return float(torch.stack([entropy(p) for p in logps]).mean())


@lru_cache(maxsize=1)
def _exact_sft_loss() -> float:
    """-sum_y p log pi_ref, in nats, averaged over prompts: the loss on endless demonstrations."""
    lab = the_lab()
    losses = [
        -expectation(demonstration_logps(lab.world, prompt), lab.facts(prompt).reference_logps)
        for prompt in range(PROMPTS)
    ]
    return float(torch.stack(losses).mean())


def _sft_finding(epochs: int, first: float, last: float, floor: float, exact: float) -> str:
    text = (
        f"In {epochs} epochs the loss on the demonstrations fell from {fixed(3)(first)} to "
        f"{fixed(3)(last)} nats. On fresh demonstrations no model can average less than "
        f"{fixed(3)(floor)}, the entropy of the writers. The finished model needs "
        f"{fixed(3)(exact)}, which is {fixed(3)(exact - floor)} more."
    )
    if last < floor:
        text += (
            " The training loss ended below the floor: the model has begun to learn its own "
            "demonstrations by heart."
        )
    return text


def _sft_figure(history: list[dict[str, Any]], floor: float, exact: float) -> dict[str, object]:
    epochs = [row["epoch"] for row in history]
    return curve_figure(
        [
            line(
                "loss on the demonstrations", epochs, [r["loss"] for r in history], role="optimised"
            ),
            line(
                "entropy of the demonstrators",
                [epochs[0], epochs[-1]],
                [floor, floor],
                role="other",
                dash="dash",
            ),
            marker(
                "finished model, fresh demonstrations",
                epochs[-1],
                exact,
                role="reference",
                named=True,
            ),
        ],
        x="epoch",
        y="loss (nats)",
    )


# ---- stage 2 -----------------------------------------------------------------------------------


def _reward_model() -> Result:
    lab = the_lab()
    report = lab.report["reward_model"]
    comparisons = report["comparisons"] * PROMPTS
    history, last = report["history"], report["last"]
    held_out, ceiling = _held_out_accuracies()
    return _result(
        stage="reward_model",
        title="Stage 2 of 3: reward model",
        finding=f"The reward model ranks {percent(1)(held_out)} of held-out pairs as labelled. "
        f"True quality, which made the labels, ranks {percent(1)(ceiling)} of them so: the "
        "coin often chooses the worse response, and no score can foresee that.",
        goes_in=f"{count(comparisons)} comparisons, {count(report['comparisons'])} for each prompt. "
        "The SFT model wrote both responses of each pair. A coin weighted by true quality chose one.",
        objective="A new network learns to score the chosen response above the rejected one. The "
        "loss is −log σ(r(x, y_w) − r(x, y_l)), in nats.",
        comes_out="The reward model. It is trained no more. It holds one score for each phrase and "
        "adds up the five of a response.",
        cast=_Cast(
            sft_model=("frozen", "wrote the responses of all pairs"),
            reward_model=("trained", "learns from the labels"),
            policy=("not in memory", "made in stage 3"),
            value_model=("not in memory", "made in stage 3"),
        ),
        gradient_steps=last["step"],
        quantities=[
            _counted("Comparisons", comparisons),
            _counted("Responses written by the SFT model", 2 * comparisons),
            _nats("Loss before the first step", history[0]["loss"]),
            _nats("Loss in the last step", last["loss"]),
            _share("Accuracy on the training pairs", last["accuracy"]),
            _share("Accuracy on held-out pairs", held_out),
            _share("Accuracy of true quality on held-out pairs", ceiling),
        ],
        config=report["config"],
        figure=_reward_model_figure([*history, last]),
    )


@lru_cache(maxsize=1)
def _held_out_accuracies() -> tuple[float, float]:
    """Share of held-out pairs ordered as labelled: by the reward model, and by true quality."""
    lab = the_lab()
    ordered = [_quality_margins(lab.held_out_comparisons(prompt)) > 0 for prompt in range(PROMPTS)]
    return lab.reward_model_accuracy(), float(torch.cat(ordered).double().mean())


def _quality_margins(pairs: Comparisons) -> torch.Tensor:
    quality = the_lab().facts(pairs.prompt).true_quality
    return quality[response_number(pairs.chosen)] - quality[response_number(pairs.rejected)]


def _reward_model_figure(history: list[dict[str, Any]]) -> dict[str, object]:
    # Before the first step all scores are zero, so that no pair is ordered: no accuracy to draw.
    ordered = history[1:]
    figure: dict[str, Any] = curve_figure(
        [
            line(
                "loss", [r["step"] for r in history], [r["loss"] for r in history], role="rejected"
            ),
            line(
                "accuracy on the training pairs",
                [r["step"] for r in ordered],
                [r["accuracy"] for r in ordered],
                role="optimised",
                axis="y2",
                dash="dot",
            ),
        ],
        x="gradient step",
        y="loss (nats)",
        y2="accuracy",
    )
    # From a coin toss to always right: closer in, the wiggle of the curve would look like a trend.
    figure["layout"]["yaxis2"]["range"] = [0.5, 1]
    return figure


# ---- stage 3 -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _PPORun:
    """A run with what it took; ``rows`` are (iteration, exact measurement)."""

    responses_sampled: int
    gradient_steps: int
    seconds: float
    last: PPOIteration
    rows: list[tuple[int, Measurement]]


@lru_cache(maxsize=1)
def _ppo_run() -> _PPORun:
    """Run PPO and time its steps alone, without the measurements between them.

    The time is that of the thread, so that other work of a busy server does not count.
    """
    lab = the_lab()
    facts = lab.facts(PPO_PROMPT)
    trainer = PPOTrainer(lab.reference_policy, lab.reward_model, PPO_PROMPT, PPO_CONFIG)
    rows = [(0, measure_policy(trainer.policy, facts, facts.learned_reward))]
    seconds = 0.0
    for iteration in range(1, PPO_CONFIG.iterations + 1):
        start = time.thread_time()
        last = trainer.step()
        seconds += time.thread_time() - start
        if iteration % MEASURED_EVERY == 0:
            rows.append((iteration, measure_policy(trainer.policy, facts, facts.learned_reward)))
    return _PPORun(trainer.responses_sampled, trainer.gradient_steps, round(seconds, 2), last, rows)


def _ppo() -> Result:
    config, run = PPO_CONFIG, _ppo_run()
    reached = run.rows[-1][1]
    prompt = PROMPT_TEXTS[the_world().prompts[PPO_PROMPT].id]
    return _result(
        stage="ppo",
        title="Stage 3 of 3: PPO",
        finding=f"In {config.iterations} iterations PPO raised the learned reward by "
        f"{fixed(2)(reached.reward)} at a KL of {fixed(1)(reached.kl)} nats. It sampled "
        f"{count(run.responses_sampled)} responses and held four networks. It used no new label: "
        "all it knows of preferences is the reward model.",
        goes_in=f"One prompt, “{prompt}”, the reward model, and the SFT model twice: as the start "
        "of the policy and as the frozen reference. No demonstration, no comparison.",
        objective="The policy learns to write responses with a high learned reward, less "
        f"{config.kl_coefficient:g} for each nat of KL from the reference. The value model learns to "
        "predict the reward still to come.",
        comes_out="The policy. Value model, reward model and reference have done their work.",
        cast=_Cast(
            sft_model=("frozen", "is the reference for the KL penalty"),
            reward_model=("frozen", "scores each sampled response"),
            policy=("trained", "starts as a copy of the SFT model and writes the responses"),
            value_model=("trained", "starts from the SFT model's trunk and predicts rewards"),
        ),
        gradient_steps=run.gradient_steps,
        seconds=run.seconds,
        quantities=[
            _counted("Iterations", config.iterations),
            _counted("Responses sampled from the policy", run.responses_sampled),
            _rewarded("Learned reward reached", reached.reward),
            _nats("KL from the reference", reached.kl),
            _rewarded("True quality reached, which PPO never sees", reached.true_quality),
            _share("Ratios outside the clip range, last iteration", run.last.clip_fraction),
        ],
        config=asdict(config),
        figure=_ppo_figure(run),
    )


def _ppo_figure(run: _PPORun) -> dict[str, object]:
    iterations = [iteration for iteration, _ in run.rows]
    return curve_figure(
        [
            line("learned reward", iterations, [m.reward for _, m in run.rows], role="reward"),
            line("KL", iterations, [m.kl for _, m in run.rows], role="kl", axis="y2", dash="dot"),
        ],
        x="iteration",
        y="reward, relative to the reference",
        y2="KL (nats)",
    )


# ---- all stages --------------------------------------------------------------------------------


def _result(
    *, cast: _Cast, config: dict[str, Any], seconds: float | None = None, **described: Any
) -> Result:
    networks = _networks(cast)
    trained = [n for n in networks if n.state == "trained"]
    resident = [n for n in networks if n.state != "not in memory"]
    report = the_lab().report
    shipped = seconds is None
    return Result(
        networks=networks,
        parameters_trained=sum(n.parameters for n in trained),
        parameters_in_memory=sum(n.parameters for n in resident),
        seconds=report["seconds"][described["stage"]] if shipped else seconds,
        seconds_measured="when the networks that ship with this site were trained "
        f"(torch {report['versions']['torch']}, one CPU thread)"
        if shipped
        else "here, when this server first ran the stage (time of one CPU thread)",
        hyperparameters=_hyperparameters(config),
        **described,
    )


def _networks(cast: _Cast) -> list[Network]:
    sizes = network_sizes()
    networks = []
    for key, name in NETWORKS.items():
        state, task = getattr(cast, key)
        networks.append(Network(name=name, parameters=sizes[key], state=state, task=task))
    return networks


@lru_cache(maxsize=1)
def network_sizes() -> dict[str, int]:
    """Parameters of the four networks, counted from the networks themselves."""
    lab = the_lab()
    value_model = ValueModel(copy.deepcopy(lab.reference_policy.trunk))
    policy = copy.deepcopy(lab.reference_policy)
    return {
        "sft_model": parameter_count(lab.reference_policy),
        "reward_model": parameter_count(lab.reward_model),
        "policy": parameter_count(policy),
        "value_model": parameter_count(value_model),
    }


def _hyperparameters(config: dict[str, Any]) -> list[Hyperparameter]:
    return [
        Hyperparameter(name=name, value=value, shown=f"{value:g}")
        for name, value in config.items()
        if name != "seed"
    ]


def _counted(name: str, value: int) -> Quantity:
    return Quantity(name=name, value=value, shown=count(value))


def _nats(name: str, value: float) -> Quantity:
    return Quantity(name=name, value=value, shown=f"{fixed(3)(value)} nats")


def _share(name: str, value: float) -> Quantity:
    return Quantity(name=name, value=value, shown=percent(1)(value))


def _rewarded(name: str, value: float) -> Quantity:
    return Quantity(name=name, value=value, shown=signed(value))


WIDGET = Widget(
    name="rlhf_pipeline",
    title="Three stages, opened one by one",
    caption="Open a stage to see what goes in, which networks are trained, which are frozen, what "
    "comes out and what it cost in the lab.",
    params=Params,
    result=Result,
    compute=compute,
    warm=("stage=ppo",),
    example="stage=ppo",
    tries=(
        Try("See how little the SFT model has left to learn: compare loss and floor.", "stage=sft"),
        Try(
            "See how close the reward model is to the best possible accuracy.", "stage=reward_model"
        ),
        Try("Find the SFT model twice among the four networks of PPO.", "stage=ppo"),
    ),
)
