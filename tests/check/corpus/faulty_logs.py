"""Logs of simulated runs with one mistake each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch

from app.lab.losses import PairLogps
from tests.check.corpus import forms
from tests.check.corpus.mistakes import (
    mapped,
    mean_of_tokens,
    other_side,
    sides_swapped,
    with_prompt,
    zeros,
)
from tests.check.corpus.real_size import DISPLACED, EASY, REFUSALS, Made, log_file
from tests.check.corpus.simulation import Row, Source, Training


def faulty_logs() -> Iterator[Made]:
    yield log_file(
        "console_accumulated_loss.txt",
        forms.console,
        "step_zero",
        "simulated: the logged loss is a sum over 4 micro-batches; after transformers#35856",
        Training(Source(seed=20), learning_rate=0.03, logged_loss=lambda loss: 4 * loss),
        "other_loss",
    )
    yield log_file(
        "torchtune_reference_is_base_model.txt",
        forms.torchtune,
        "step_zero",
        "simulated: the policy was fine-tuned on chosen responses, the reference is the base model",
        Training(Source(seed=21, judge=1.0, gap=2.0), sft=2.5, learning_rate=0.02, steps=300),
    )
    yield log_file(
        "sealed/history_reference_older_checkpoint.jsonl",
        forms.history_lines,
        "step_zero",
        "simulated: the reference is an earlier checkpoint of the policy's fine-tuning",
        Training(Source(seed=22, tokens=300), sft=1.6, learning_rate=0.02, steps=300, noise=0.3),
    )
    yield log_file(
        "openrlhf_rate_too_small.txt",
        forms.openrlhf,
        "not_moved",
        "simulated: the learning rate is a millionth of a healthy one; after trl#1962, trl#2553",
        Training(Source(seed=23), learning_rate=3e-8, steps=500),
    )
    yield log_file(
        "state_reference_is_policy.json",
        forms.trainer_state,
        "not_moved",
        "simulated: reference and policy are one object; log-probabilities move; after trl#701",
        Training(Source(seed=24), learning_rate=0.05, steps=400, reference_follows=True),
        "displacement",
    )
    yield log_file(
        "sealed/llama_factory_rate_too_small.txt",
        forms.console_with_bars,
        "not_moved",
        "simulated: a rate far too small, rewards are bfloat16's noise; after LlamaFactory#6314",
        Training(Source(seed=25, tokens=320), learning_rate=1e-9, steps=300, noise=0.02),
    )
    yield log_file(
        "reference_code_reference_zero.txt",
        forms.reference_code,
        "reference_missing",
        "simulated: log-probabilities of the reference are zeros",
        Training(Source(seed=26, tokens=80), learning_rate=0.02, steps=300, reference=zeros),
        "step_zero",
        "displacement",
    )
    yield log_file(
        "wandb_labels_swapped.csv",
        forms.wandb_history,
        "swapped",
        "simulated: the loss has chosen and rejected exchanged, the log has not",
        Training(
            Source(seed=27, judge=1.0),
            learning_rate=0.04,
            steps=400,
            in_loss=lambda p: sides_swapped(p, "policy", "reference"),
        ),
        "other_loss",
        "displacement",
    )
    yield log_file(
        "console_models_swapped.txt",
        forms.console,
        "swapped",
        "simulated: policy and reference exchanged in loss and rewards; logps are the policy's",
        Training(
            Source(seed=28, judge=1.0),
            learning_rate=0.04,
            steps=400,
            in_loss=lambda p: sides_swapped(p, "policy", "reference"),
        ),
        "displacement",
        change=_rewards_of_swapped_models,
    )
    yield log_file(
        "wandb_charts_labels_swapped.csv",
        forms.wandb_charts,
        "swapped",
        "simulated: the data set has the rejected responses in the column of chosen ones for the log alone",
        Training(
            Source(seed=29, judge=1.5, tokens=250),
            learning_rate=0.04,
            steps=400,
            noise=0.3,
            in_loss=lambda p: sides_swapped(p, "policy", "reference"),
        ),
        "other_loss",
        "displacement",
    )
    yield log_file(
        "history_reference_sides_swapped.jsonl",
        forms.history_lines,
        "swapped_in_one",
        "simulated: cached log-probabilities of the reference have their columns exchanged",
        Training(Source(seed=30, tokens=100), learning_rate=0.02, steps=300, reference=other_side),
        "step_zero",
    )
    yield log_file(
        "state_mean_over_tokens.json",
        forms.trainer_state,
        "mean_not_sum",
        "simulated: log-probabilities are means over tokens in both models",
        Training(
            Source(seed=31, judge=1.5),
            learning_rate=0.03,
            steps=400,
            policy=mean_of_tokens,
            reference=mean_of_tokens,
        ),
    )
    yield log_file(
        "sealed/torchtune_mean_over_tokens.txt",
        forms.torchtune,
        "mean_not_sum",
        "simulated: the same at beta 0.5 and with another length",
        Training(
            Source(seed=32, judge=2.0, tokens=320),
            beta=0.5,
            learning_rate=0.05,
            steps=300,
            policy=mean_of_tokens,
            reference=mean_of_tokens,
        ),
        beta=0.5,
    )
    yield log_file(
        "history_beta_twice.jsonl",
        forms.history_lines,
        "beta_twice",
        "simulated: the loss multiplies rewards by beta once more",
        Training(
            Source(seed=33, judge=2.0, quality=4.0),
            beta=0.1,
            learning_rate=0.08,
            steps=600,
            in_loss=lambda p: mapped(p, lambda logps: 0.1 * logps, "policy", "reference"),
        ),
        "other_loss",
        "displacement",
        "suppression",
        beta=0.1,
    )
    yield log_file(
        "wandb_hinge_said_sigmoid.csv",
        forms.wandb_history,
        "other_loss",
        "simulated: hinge, while the settings say sigmoid",
        Training(Source(seed=34, judge=1.2), loss_type="hinge", learning_rate=0.03, steps=300),
        "step_zero",
        loss_type="sigmoid",
    )
    yield log_file(
        "sealed/state_smoothing_unsaid.json",
        forms.trainer_state,
        "other_loss",
        "simulated: label smoothing of 0.3 that the settings do not have",
        Training(
            Source(seed=35, judge=2.0, quality=4.0),
            label_smoothing=0.3,
            learning_rate=0.06,
            steps=500,
        ),
        loss_type="sigmoid",
        beta=0.1,
    )
    yield log_file(
        "wandb_chosen_collapses.csv",
        forms.wandb_history,
        "displacement",
        "simulated: pairs that differ little, a high rate and a small beta; the chosen lose 200 nats",
        Training(DISPLACED, beta=0.05, learning_rate=0.3, steps=500),
        "suppression",
        beta=0.05,
    )
    yield log_file(
        "reference_code_chosen_collapses.txt",
        forms.reference_code,
        "displacement",
        "simulated: the same on shorter responses",
        Training(
            replace(DISPLACED, tokens=110, seed=36),
            beta=0.1,
            learning_rate=0.25,
            steps=400,
            every=8,
        ),
        "suppression",
    )
    yield log_file(
        "state_rejected_pushed_down.json",
        forms.trainer_state,
        "suppression",
        "simulated: rejected responses are far from what the reference writes and go down alone",
        Training(REFUSALS, learning_rate=0.08, steps=400),
        "saturated",
    )
    yield log_file(
        "torchtune_saturated.txt",
        forms.torchtune,
        "saturated",
        "simulated: chosen responses are those of a far better model; after trl#1236",
        Training(EASY, learning_rate=0.3, steps=300, every=8),
    )
    yield log_file(
        "trackio_saturated.csv",
        forms.trackio,
        "saturated",
        "simulated: the same with longer responses and a larger beta",
        Training(
            replace(EASY, seed=37, tokens=320), beta=0.2, learning_rate=0.2, steps=200, every=5
        ),
        beta=0.2,
    )
    yield log_file(
        "reference_code_empty_response.txt",
        forms.reference_code,
        "not_finite",
        "simulated: a response is empty after truncation, its mean is 0/0; after eric-mitchell#89",
        Training(
            Source(seed=38),
            loss_type="ipo_norm",
            beta=0.1,
            learning_rate=0.05,
            steps=240,
            every=6,
            in_loss=_with_an_empty_response(),
        ),
        loss_type="ipo_norm",
    )
    yield log_file(
        "console_rate_explodes.txt",
        forms.console_strings,
        "diverging",
        "simulated: the rate is a hundred times too high and warms up over half of the run",
        Training(Source(seed=39), learning_rate=8.0, warm_up=0.7, steps=200, every=5),
        "displacement",
        "suppression",
    )
    yield log_file(
        "history_rate_explodes.jsonl",
        forms.history_lines,
        "diverging",
        "simulated: the same with IPO, where the square of the margin grows",
        Training(
            Source(seed=40, tokens=250),
            loss_type="ipo",
            beta=0.1,
            learning_rate=2.0,
            warm_up=0.8,
            steps=200,
            every=5,
        ),
        "displacement",
        "suppression",
        loss_type="ipo",
        beta=0.1,
    )
    yield log_file(
        "history_prompt_in_policy_only.jsonl",
        forms.history_lines,
        "prompt_counted",
        "simulated: the policy's sum has the prompt in it, the reference's has not",
        Training(Source(seed=41, judge=1.2), learning_rate=0.03, steps=400, policy=with_prompt),
        "step_zero",
        "displacement",
    )


def _rewards_of_swapped_models(rows: list[Row]) -> list[Row]:
    """What is logged where the arguments of loss and rewards are exchanged.

    The gradient of such a run is that of a run with labels exchanged, and so are all numbers but those
    of the rewards.
    """
    names = ("rewards/chosen", "rewards/rejected", "rewards/margins")
    return [
        replace(
            row,
            values={
                **row.values,
                **{name: -row.values[name] for name in names},
                "rewards/accuracies": 1 - row.values["rewards/accuracies"],
            },
        )
        for row in rows
    ]


def _with_an_empty_response() -> Callable[[PairLogps], PairLogps]:
    """A response without tokens in the 130th batch."""
    batches = 0

    def empty(pairs: PairLogps) -> PairLogps:
        nonlocal batches
        batches += 1
        if batches != 130:
            return pairs
        _, rejected = pairs.lengths()
        there = torch.ones_like(rejected)
        there[3] = 0
        return replace(
            pairs,
            policy_rejected=pairs.policy_rejected * there,
            reference_rejected=pairs.reference_rejected * there,
            rejected_lengths=rejected * there,
        )

    return empty
