from __future__ import annotations

from dataclasses import fields
from itertools import pairwise

import pytest

from app.lab.dpo import DPOConfig
from app.lab.network.policy import parameter_count
from app.lab.ppo import PPOConfig
from app.lab.reward_model import REWARD_CONFIGS, RewardKind, RewardModelConfig
from app.lab.sft import SFTConfig
from app.lab.trained import the_lab
from app.runs.job import job_of
from app.widgets.pipeline_comparison import WIDGET, Params, Result, compute

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def result() -> Result:
    return compute(Params())


def test_rlhf_holds_four_networks_and_dpo_two(result: Result) -> None:
    assert [n.role for n in result.rlhf.networks if n.trained] == ["policy", "value model"]
    assert result.rlhf.models_in_memory == 4
    assert result.dpo.models_in_memory == 2
    policy = parameter_count(the_lab().reference_policy)
    assert result.dpo.parameters_in_memory == 2 * policy
    assert result.rlhf.parameters_in_memory == sum(n.parameters for n in result.rlhf.networks)


def test_hyperparameters_are_the_field_schemas_the_configurations_without_seeds(
    result: Result,
) -> None:
    def names(stage: str, configuration: type) -> list[str]:
        return [f"{stage}.{f.name}" for f in fields(configuration) if f.name != "seed"]

    sft = names("SFT", SFTConfig)
    reward_model = names("reward_model", RewardModelConfig)
    assert result.rlhf.hyperparameters == sft + reward_model + names("PPO", PPOConfig)
    assert result.dpo.hyperparameters == sft + names("DPO", DPOConfig)


def test_only_rlhf_samples_and_every_sample_is_counted(result: Result) -> None:
    config = PPOConfig()
    assert result.rlhf.samples_generated == config.iterations * config.rollouts
    assert result.dpo.samples_generated == 0
    updates = config.iterations * config.epochs * config.minibatches
    assert result.rlhf.gradient_steps == REWARD_CONFIGS[RewardKind.network].steps + updates
    assert result.dpo.gradient_steps == DPOConfig().steps


def test_both_improve_on_the_reference_and_stay_under_the_frontier(result: Result) -> None:
    frontier = the_lab().facts(0).frontier
    for run in (result.rlhf, result.dpo):
        assert 0 < run.true_quality <= frontier.bound(run.kl) + 1e-9
        assert run.seconds > 0


def test_the_last_legs_are_the_ends_and_nothing_is_taken_back(result: Result) -> None:
    for method, end in (("rlhf", result.rlhf), ("dpo", result.dpo)):
        legs = [leg for leg in result.legs if leg.method == method]
        assert len(legs) == 51
        assert legs[-1].kl == end.kl
        assert legs[-1].true_quality == end.true_quality
        assert legs[-1].samples_generated == end.samples_generated
        assert legs[-1].seconds == pytest.approx(end.seconds, abs=0.006)
        for before, after in pairwise(legs):
            assert before.seconds <= after.seconds
            assert before.samples_generated <= after.samples_generated


def test_with_the_additive_reward_model_rlhf_ends_below_where_it_began() -> None:
    assert compute(Params(reward_model=RewardKind.additive)).rlhf.true_quality < 0


def test_the_view_trains_nothing_anew(result: Result) -> None:
    moved = compute(Params(view=0))
    assert moved.rlhf == result.rlhf
    assert moved.dpo.seconds == result.dpo.seconds


def test_another_seed_is_another_pair_of_runs(result: Result) -> None:
    other = compute(Params(seed=5))
    assert other.dpo.kl != result.dpo.kl
    assert other.rlhf.kl != result.rlhf.kl


def test_the_side_that_is_looked_at_takes_no_run_of_its_own() -> None:
    assert job_of(WIDGET, Params(view=0)) == job_of(WIDGET, Params(view=100))
    assert job_of(WIDGET, Params(seed=1)) != job_of(WIDGET, Params(seed=2))
