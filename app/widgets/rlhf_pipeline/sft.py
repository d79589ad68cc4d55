"""Stage 1, supervised fine-tuning: the reference policy learns from demonstrations."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch

from app.charts.figures import curve_figure, line, marker
from app.formatting import count, fixed
from app.lab.demonstrations import demonstration_logps
from app.lab.exact import entropy, expectation
from app.lab.trained import the_lab
from app.lab.world import PROMPTS, the_world
from app.widgets.rlhf_pipeline import description as stage


def describe() -> stage.StageDescription:
    """The training of the shipped reference policy, from the report that ships with it."""
    report = the_lab().report["sft"]
    config, history = report["config"], report["history"]
    floor, exact = _demonstrator_entropy(), _exact_loss()
    first, last = history[0]["loss"], history[-1]["loss"]
    return stage.StageDescription(
        title="Stage 1 of 3: supervised fine-tuning",
        finding=_finding(last, floor, exact),
        goes_in=f"{count(demonstrations())} demonstrations, {count(config['demonstrations'])} for each "
        "prompt, and a network of random numbers. A real pipeline starts from a pretrained model; "
        "the lab has none.",
        objective="The network learns to make each demonstrated response as likely as possible. "
        "The loss is −log π(y|x), in nats.",
        comes_out="The SFT model. Its training ends here. From now on it serves as the reference.",
        networks=stage.networks(
            sft_model=("trained", "imitates the demonstrations"),
            reward_model=("not in memory", "made in stage 2"),
            policy=("not in memory", "made in stage 3"),
            value_model=("not in memory", "made in stage 3"),
        ),
        gradient_steps=config["epochs"]
        * (config["demonstrations"] // config["batch_size"])
        * PROMPTS,
        timing=stage.shipped_timing("sft"),
        quantities=[
            stage.counted("Demonstrations", demonstrations()),
            stage.in_nats("Loss in the first epoch", first),
            stage.in_nats("Loss in the last epoch", last),
            stage.in_nats("Entropy of the demonstrators: the floor", floor),
            stage.in_nats("Exact loss of the finished model on fresh demonstrations", exact),
        ],
        hyperparameters=stage.hyperparameters(config),
        figure=_figure(history, floor, exact),
    )


def demonstrations() -> int:
    """How many demonstrations there are, of all prompts."""
    each: int = the_lab().report["sft"]["config"]["demonstrations"]
    return each * PROMPTS


@lru_cache(maxsize=1)
def _demonstrator_entropy() -> float:
    """-sum_y p log p of the writers, in nats, averaged over prompts: no loss can average less."""
    world = the_world()
    logps = [demonstration_logps(world, prompt) for prompt in range(PROMPTS)]
    return float(torch.stack([entropy(p) for p in logps]).mean())


@lru_cache(maxsize=1)
def _exact_loss() -> float:
    """-sum_y p log pi_ref, in nats, averaged over prompts: the loss on endless demonstrations."""
    lab = the_lab()
    losses = [
        -expectation(demonstration_logps(lab.world, prompt), lab.facts(prompt).reference_logps)
        for prompt in range(PROMPTS)
    ]
    return float(torch.stack(losses).mean())


def _finding(last: float, floor: float, exact: float) -> str:
    text = (
        f"A fresh demonstration surprises the trained model by {fixed(3)(exact)} nats on average, and no model "
        f"can average less than {fixed(3)(floor)}."
    )
    if last < floor:
        text += f" Its own demonstrations surprise it by only {fixed(3)(last)}, so it has begun to memorize them."
    return text


def _figure(history: list[dict[str, Any]], floor: float, exact: float) -> dict[str, object]:
    epochs = [row["epoch"] for row in history]
    return curve_figure(
        [
            line(
                "loss on the demonstrations", epochs, [r["loss"] for r in history], role="optimised"
            ),
            line(
                "entropy",
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
