"""Stage 2, the reward model: scores are learned from comparisons."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from app.charts.figures import curve_figure, line
from app.formatting import count, percent
from app.lab.preferences import Comparisons
from app.lab.reward_model import DECAY
from app.lab.trained import the_lab
from app.lab.world import PROMPTS, response_number
from app.widgets.rlhf_pipeline import description as stage


def describe() -> stage.StageDescription:
    """The training of the shipped reward model, from the report that ships with it."""
    report = the_lab().report["additive_reward"]
    per_prompt = the_lab().report["comparisons"]
    history, last = report["history"], report["last"]
    held_out, ceiling = _held_out_accuracies()
    return stage.StageDescription(
        title="Stage 2 of 3: reward model",
        finding=f"The reward model ranks {percent(1)(held_out)} of held-out pairs as labeled. "
        f"True quality, from which the labels were drawn, ranks only {percent(1)(ceiling)} of them so, because "
        "the coin often picks the worse response, and no score can predict that.",
        goes_in=f"{count(comparisons())} comparisons, {count(per_prompt)} for each prompt. "
        "The SFT model wrote both responses of each pair. A coin weighted by true quality chose one.",
        objective="A new network learns to score the chosen response above the rejected one. The "
        f"loss is −log σ(r(x, y_w) − r(x, y_l)), in nats, plus a weak decay for each pair, {DECAY:g} times the "
        "sum of the squares of its two rewards.",
        comes_out="A reward model for each prompt. Its training ends here. It holds one score for each "
        "phrase and adds up the five of a response.",
        networks=stage.networks(
            sft_model=("frozen", "wrote the responses of all pairs"),
            reward_model=("trained", "learns from the labels"),
            policy=("not in memory", "made in stage 3"),
            value_model=("not in memory", "made in stage 3"),
        ),
        gradient_steps=last["step"] * PROMPTS,
        timing=stage.shipped_timing("additive_reward"),
        quantities=[
            stage.counted("Comparisons", comparisons()),
            stage.counted("Responses written by the SFT model", 2 * comparisons()),
            stage.in_nats("Loss before the first step", history[0]["loss"]),
            stage.in_nats("Loss in the last step", last["loss"]),
            stage.as_share("Accuracy on the training pairs", last["accuracy"]),
            stage.as_share("Accuracy on held-out pairs", held_out),
            stage.as_share("Accuracy of true quality on held-out pairs", ceiling),
        ],
        # Each step takes all pairs of a prompt.
        hyperparameters=stage.hyperparameters(report["config"] | {"batch_size": per_prompt}),
        figure=_figure([*history, last]),
    )


def comparisons() -> int:
    """How many comparisons there are, of all prompts."""
    each: int = the_lab().report["comparisons"]
    return each * PROMPTS


@lru_cache(maxsize=1)
def _held_out_accuracies() -> tuple[float, float]:
    """Share of held-out pairs ordered as labeled: by the reward model, and by true quality."""
    lab = the_lab()
    ordered = [_quality_margins(lab.held_out_comparisons(prompt)) > 0 for prompt in range(PROMPTS)]
    return lab.reward_model_accuracy(), float(torch.cat(ordered).double().mean())


def _quality_margins(pairs: Comparisons) -> Tensor:
    """r*(x, y_w) - r*(x, y_l). Shape: (pairs,), float64."""
    quality = the_lab().facts(pairs.prompt).true_quality
    return quality[response_number(pairs.chosen)] - quality[response_number(pairs.rejected)]


def _figure(history: list[dict[str, Any]]) -> dict[str, object]:
    # Before the first step all scores are zero, so accuracy is not defined.
    ordered = history[1:]
    return curve_figure(
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
        # From chance to perfect: zoomed in, noise would look like a trend.
        y2_range=(0.5, 1),
    )
