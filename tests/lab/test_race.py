from __future__ import annotations

from dataclasses import replace

import pytest

from app.lab.dpo import DPOConfig, train_dpo
from app.lab.measure import measure_policy
from app.lab.network.policy import parameter_count
from app.lab.ppo import PPOConfig
from app.lab.race import Leg, race
from app.lab.reward_model import RewardKind
from app.lab.trained import the_lab

DPO = DPOConfig(beta=0.5, steps=40, seed=7)
PPO = PPOConfig(kl_coefficient=0.5, iterations=10, seed=7)


@pytest.fixture(scope="module")
def legs() -> list[Leg]:
    return list(race(the_lab(), 0, DPO, PPO, RewardKind.additive, legs=5))


def of(legs: list[Leg], method: str) -> list[Leg]:
    return [leg for leg in legs if leg.method == method]


def test_everything_is_counted(legs: list[Leg]) -> None:
    dpo, ppo = of(legs, "dpo")[-1], of(legs, "rlhf")[-1]
    assert (dpo.gradient_steps, dpo.samples_generated) == (40, 0)
    assert ppo.samples_generated == PPO.iterations * PPO.rollouts
    # 150 of the reward model, then four an iteration
    assert ppo.gradient_steps == 150 + PPO.iterations * PPO.epochs * PPO.minibatches
    # policy and reference; RLHF has two more
    policy = parameter_count(the_lab().reference_policy)
    assert dpo.parameters_in_memory == 2 * policy
    assert ppo.parameters_in_memory == sum(n.parameters for n in ppo.networks) > 2 * policy
    assert [network.trained for network in ppo.networks] == [True, True, False, False]
    for method in ("dpo", "rlhf"):
        seconds = [leg.seconds for leg in of(legs, method)]
        assert seconds == sorted(seconds)
        assert seconds[0] > 0


def test_the_dpo_of_the_race_is_dpo(legs: list[Leg]) -> None:
    lab = the_lab()
    policy, _ = train_dpo(lab.reference_policy, lab.comparisons(0, 7), DPO)
    facts = lab.facts(0)
    alone = measure_policy(policy, facts, facts.learned_reward)
    measured = of(legs, "dpo")[-1].measured
    # The reward is that of the model fitted to the comparisons of this seed.
    assert replace(measured, reward=alone.reward) == alone
