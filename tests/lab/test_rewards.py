"""Rewards are those of the loss that was chosen."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from app.lab.losses import LOSSES, LossParams, PairLogps, implicit_rewards
from app.lab.more_losses import ALL_LOSSES, ALL_REFERENCE_FREE, ALL_THAT_NEED_LENGTHS, any_loss
from app.lab.rewards import accuracy, rewards

BETA = 0.7


def column(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


PAIRS = PairLogps(
    column(-50, -31),
    column(-60, -18),
    column(-44, -33),
    column(-57, -20),
    column(10, 12),
    column(20, 5),
    LossParams(alphapo_alpha=0.25),
)


@pytest.mark.parametrize("name", ["simpo", "orpo", "cpo_ipo"])
def test_losses_of_mean_log_probabilities_reward_those(name: str) -> None:
    chosen, rejected = rewards(name, PAIRS, BETA)
    torch.testing.assert_close(chosen, BETA * column(-50 / 10, -31 / 12))
    torch.testing.assert_close(rejected, BETA * column(-60 / 20, -18 / 5))


@pytest.mark.parametrize("name", ["ipo_norm", "sigmoid_norm"])
def test_losses_of_mean_log_ratios_reward_those(name: str) -> None:
    chosen, rejected = rewards(name, PAIRS, BETA)
    torch.testing.assert_close(chosen, BETA * column(-6 / 10, 2 / 12))
    torch.testing.assert_close(rejected, BETA * column(-3 / 20, 2 / 5))


@pytest.mark.parametrize("name", ["cpo_sigmoid", "cpo_hinge"])
def test_losses_of_log_probabilities_reward_those(name: str) -> None:
    chosen, _ = rewards(name, PAIRS, BETA)
    torch.testing.assert_close(chosen, BETA * column(-50, -31))


@pytest.mark.parametrize(
    "name",
    [*sorted({*ALL_LOSSES} - (ALL_REFERENCE_FREE | ALL_THAT_NEED_LENGTHS)), "sft"],
)
def test_all_other_losses_reward_summed_log_ratios(name: str) -> None:
    torch.testing.assert_close(rewards(name, PAIRS, BETA), implicit_rewards(PAIRS, BETA))


def test_rewards_of_alphapo_without_alpha_are_those_of_simpo() -> None:
    pairs = PairLogps(*(vars(PAIRS)[name] for name in list(vars(PAIRS))[:6]))
    torch.testing.assert_close(rewards("alphapo", pairs, BETA), rewards("simpo", pairs, BETA))


@pytest.mark.parametrize("name", ["simpo", "sigmoid_norm", "alphapo", "cpo_sigmoid", "sigmoid"])
def test_a_logistic_loss_is_a_function_of_its_margin(name: str) -> None:
    chosen, rejected = rewards(name, PAIRS, BETA)
    target = PAIRS.params.simpo_gamma if name in ("simpo", "alphapo") else 0.0
    expected = torch.log1p(torch.exp(-(chosen - rejected - target)))
    torch.testing.assert_close(any_loss(name, PAIRS, BETA), expected)


def test_a_tie_counts_as_wrong() -> None:
    assert accuracy(column(-1, 0, 1, 2)) == 0.5


def test_a_missing_length_is_named() -> None:
    pairs = PairLogps(*(vars(PAIRS)[name] for name in list(vars(PAIRS))[:4]))
    for name in {*LOSSES} & ALL_THAT_NEED_LENGTHS:
        with pytest.raises(ValueError, match="chosen_lengths"):
            rewards(name, pairs, BETA)
