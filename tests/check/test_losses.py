"""The loss and the rewards of a run are those that its trainer logs."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from app.check.losses import computable, losses_of, rewards_of
from app.check.params import RunParams
from app.check.settings import RunSettings
from app.check.trainers import TRAINERS, trainers
from app.lab.losses import PairLogps
from app.lab.more_losses import ALL_LOSSES, any_loss


def column(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


PAIRS = PairLogps(
    column(-50, -31),
    column(-60, -18),
    column(-44, -33),
    column(-57, -20),
    column(10, 12),
    column(20, 5),
)
START = PairLogps(*(column(-44, -33), column(-57, -20)) * 2, column(10, 12), column(20, 5))


def loss(**settings: Any) -> float:
    return float(losses_of(PAIRS, RunSettings(**settings)).mean())


@pytest.mark.parametrize("name", ["kto", "apo_zero_unpaired"])
def test_losses_of_single_responses_start_at_one_half(name: str) -> None:
    torch.testing.assert_close(losses_of(START, RunSettings(name)), column(0.5, 0.5))


def test_all_other_losses_are_those_of_pairs() -> None:
    for name in {*ALL_LOSSES} - {"kto", "apo_zero_unpaired"}:
        assert loss(loss_type=name) == pytest.approx(float(any_loss(name, PAIRS, 0.1).mean()))


def test_weighted_losses_are_added_up() -> None:
    mpo = loss(loss_types=("sigmoid", "bco_pair", "sft"), loss_weights=(0.8, 0.2, 1.0))
    parts = [loss(loss_type=name) for name in ("sigmoid", "bco_pair", "sft")]
    assert mpo == pytest.approx(0.8 * parts[0] + 0.2 * parts[1] + parts[2])


def test_weights_are_1_unless_given() -> None:
    both = loss(loss_types=("cpo_sigmoid", "sft"))
    assert both == pytest.approx(loss(loss_type="cpo_sigmoid") + loss(loss_type="sft"))


def test_rewards_follow_the_trainer_where_it_does_not_follow_its_loss() -> None:
    sums, means = 0.1 * column(-6, 2), 0.1 * column(-6 / 10, 2 / 12)
    for trainer, expected in (("trl", sums), ("trl_0_24", means), (None, means)):
        chosen, _ = rewards_of(PAIRS, RunSettings("ipo_norm", trainer=trainer))
        torch.testing.assert_close(chosen, expected)
    chosen, _ = rewards_of(PAIRS, RunSettings("kto", trainer="halos"))
    torch.testing.assert_close(chosen, column(-6, 2))


def test_weighted_losses_have_the_rewards_of_the_first_that_compares() -> None:
    mixed = RunSettings(loss_types=("sft", "simpo"))
    torch.testing.assert_close(rewards_of(PAIRS, mixed), rewards_of(PAIRS, RunSettings("simpo")))


def test_what_a_file_lacks_decides_which_losses_can_be_computed() -> None:
    assert computable("simpo", lengths=True, reference=False)
    assert not computable("simpo", lengths=False, reference=True)
    assert not computable("sigmoid", lengths=True, reference=False)
    assert computable("cpo_sigmoid", lengths=False, reference=False)


@pytest.mark.parametrize("key", TRAINERS)
def test_every_loss_of_a_trainer_that_is_here_is_a_loss_here(key: str) -> None:
    assert {loss.here for loss in trainers()[key].losses} - {None} <= {*ALL_LOSSES}


def test_unless_told_a_trainer_uses_its_own_loss_and_beta() -> None:
    tulu = RunParams.model_validate({"trainer": "open_instruct"}).settings()
    assert (tulu.loss_type, tulu.beta) == ("sigmoid_norm", 5.0)
    told = RunParams.model_validate({"trainer": "open_instruct", "loss_type": "dpo", "beta": 0.1})
    assert (told.settings().loss_type, told.settings().beta) == ("sigmoid", 0.1)
