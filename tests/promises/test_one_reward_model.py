"""One reward model of each kind: sections III, IV, VII and VIII show the same, and so the same optimum."""

from __future__ import annotations

import pytest
import torch

from app.api.lab_numbers import lab_prompt
from app.lab.exact import expectation, kl_divergence
from app.lab.optimum import optimal_logps
from app.lab.pipelines import RLHFPipeline
from app.lab.ppo import PPOConfig
from app.lab.reward_model import RewardKind
from app.lab.trained import the_lab
from app.widgets import ppo_dynamics, training_race
from app.widgets.beta_effect import widget as beta_effect

STRENGTH = 0.3
FITTED_ANEW = 0.05
"""relative, for a model fitted again here: rounding differs between processors, and steps multiply it"""


@pytest.mark.parametrize("kind", RewardKind)
def test_sections_iii_iv_vii_and_viii_mean_one_model(kind: RewardKind) -> None:
    """Its exact optimum at one strength, by the numbers of each section, with their defaults."""
    prompt = the_lab().world.prompts[0].id
    shown = lab_prompt(ppo_dynamics.Params().prompt)  # what ships, which section III describes
    reference, quality, reward = (
        torch.tensor(values, dtype=torch.float64)
        for values in (
            shown.reference_logps,
            shown.true_quality,
            shown.learned_reward if kind == RewardKind.additive else shown.network_reward,
        )
    )

    def optimum(learned: torch.Tensor) -> tuple[float, float]:
        logps = optimal_logps(reference, learned, STRENGTH)
        return float(kl_divergence(logps, reference)), float(expectation(logps, quality))

    shipped = optimum(reward)
    beta = beta_effect.compute(
        beta_effect.Params(prompt=prompt, reward="learned", reward_model=kind, beta=STRENGTH)
    )
    assert (beta.kl, beta.true_quality) == pytest.approx(shipped, rel=1e-9)
    ppo = ppo_dynamics.compute(
        ppo_dynamics.Params(reward_model=kind, kl_coefficient=STRENGTH, iterations=10)
    )
    assert (ppo.target.kl, ppo.target.true_quality) == pytest.approx(shipped, rel=1e-9)
    defaults = training_race.Params()
    race = RLHFPipeline(the_lab(), 0, PPOConfig(kl_coefficient=STRENGTH, seed=defaults.seed), kind)
    assert optimum(race.learned_reward) == pytest.approx(shipped, rel=FITTED_ANEW)
