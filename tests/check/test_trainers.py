"""The table of what trainers log."""

from __future__ import annotations

import re

import pytest

from app.check.tables import LOGGED, STEP
from app.check.trainer_table import trainer_table
from app.check.trainers import TRAINERS, convention, recognize, trainers, trainers_of

SPELLINGS = [
    ("rewards/chosen", "rewards/chosen", "train"),
    ("train/rewards/margins", "rewards/margins", "train"),
    ("eval_rewards/accuracies", "rewards/accuracies", "eval"),
    ("eval/logps/rejected", "logps/rejected", "eval"),
    ("eval_loss", "loss", "eval"),
    ("rewards_train/chosen", "rewards/chosen", "train"),
    ("loss/eval", "loss", "eval"),
    ("rewards_train/KL_estimate", "kl", "train"),
    ("log_probs/chosen", "logps/chosen", "train"),
    ("reject_reward", "rewards/rejected", "train"),
    ("train/acc_mean", "rewards/accuracies", "train"),
    ("eval/eval_loss", "loss", "eval"),
    ("rewards/accuracy", "rewards/accuracies", "train"),
    ("rewards/margin", "rewards/margins", "train"),
    ("lr", "learning_rate", "train"),
    ("current_steps", STEP, "train"),
    ("counters/updates", STEP, "train"),
    ("sft_loss", "nll_loss", "train"),
]


@pytest.mark.parametrize(("written", "quantity", "split"), SPELLINGS)
def test_a_logged_name_is_recognized(written: str, quantity: str, split: str) -> None:
    found = recognize(written)
    assert found is not None
    assert (found.quantity, found.split) == (quantity, split)


def test_a_name_that_nobody_logs_is_not_recognized() -> None:
    assert recognize("my_metric") is None


def test_a_name_means_what_it_means_to_its_trainer() -> None:
    last_line, running = recognize("train_loss", "trl"), recognize("train_loss", "open_instruct")
    assert last_line is not None
    assert last_line.quantity is None
    assert running is not None
    assert running.quantity == "loss"


def test_the_better_of_two_columns_of_a_quantity_has_the_lower_rank() -> None:
    mean, last = recognize("loss_mean", "openrlhf"), recognize("loss", "openrlhf")
    assert mean is not None
    assert last is not None
    assert mean.rank < last.rank


@pytest.mark.parametrize(
    ("names", "trainer"),
    [
        (["loss", "rewards/chosen", "entropy", "mean_token_accuracy"], "trl"),
        (["current_steps", "loss", "accuracy", "lr"], "llama_factory"),
        (["chosen_reward", "reject_reward", "acc", "loss"], "openrlhf"),
        (["loss", "rewards/chosen", "log_probs/chosen", "tokens_per_second_per_gpu"], "torchtune"),
        (["train_loss", "rewards/margin", "training_step"], "open_instruct"),
        (["loss/train", "rewards_train/chosen_unclamped"], "halos"),
    ],
)
def test_a_trainer_is_recognized_by_its_names(names: list[str], trainer: str) -> None:
    assert trainers_of([*names, "my_metric"]) == (trainer,)


def test_names_that_several_trainers_write_leave_the_trainer_open() -> None:
    assert len(trainers_of(["loss", "rewards/chosen", "logps/chosen"])) > 1
    assert trainers_of(["my_metric"]) == ()


def test_every_column_of_a_log_is_logged_by_somebody() -> None:
    logged = {name.quantity for trainer in trainer_table().trainers for name in trainer.names}
    assert {*LOGGED} - logged == {"logps/ref_chosen", "logps/ref_rejected"}


@pytest.mark.parametrize("key", TRAINERS)
def test_a_trainer_names_its_version_and_its_files(key: str) -> None:
    trainer = trainers()[key]
    assert re.search(r"\d", trainer.version)
    assert trainer.sources
    assert trainer.url.startswith("https://github.com/")


def test_ipo_is_what_each_trainer_computes() -> None:
    found = {key: convention(key, "ipo") for key in TRAINERS}
    here = {key: convention.here for key, convention in found.items() if convention}
    assert here == {
        "trl": "ipo_norm",
        "trl_0_24": "ipo_norm",
        "halos": "ipo_norm",
        "llama_factory": "ipo_norm",
        "openrlhf": "ipo",
        "dpo_authors": "ipo",
    }


def test_kto_averages_single_responses_in_every_trainer() -> None:
    found = [convention(key, "kto") for key in TRAINERS]
    assert {convention.per_pair for convention in found if convention} == {0.5}
