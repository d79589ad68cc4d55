"""Every way of turning comparisons into a policy that the lab compares, by name and strength.

The paper's Figure 2 (left) in the lab: PPO on the learned and on the true reward, DPO, IPO,
Preferred-FT, Unlikelihood, and exact best-of-N (arXiv 2305.18290). PPO and best-of-N climb either
kind of reward model; the other methods have none.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from app.lab.dpo import DPOConfig, train_dpo
from app.lab.exact import exact_logps
from app.lab.measure import Measurement, measure
from app.lab.optimum import best_of_n_logps
from app.lab.ppo import PPOConfig, PPOTrainer
from app.lab.reward_model import RewardKind, train_reward_model
from app.lab.trained import Lab, centered_rewards
from app.lab.world import response_number


@dataclass(frozen=True)
class Method:
    """A method, the name of its strength, and the values that a sweep uses."""

    name: str
    strength: str
    meaning: str
    strengths: tuple[float, ...]


BETAS = (0.05, 0.1, 0.2, 0.35, 0.6, 1.0, 2.0, 5.0)

CLIMBS = ("ppo", "best_of_n")
"""Methods that climb a learned reward."""

METHODS = {
    method.name: method
    for method in (
        Method("ppo", "kl_coefficient", "price of a nat of KL", BETAS),
        Method("ppo_true", "kl_coefficient", "price of a nat of KL", BETAS),
        Method("dpo", "beta", "temperature", BETAS),
        Method(
            "ipo",
            "beta",
            "1/(2 beta) is the target gap",
            (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.5),
        ),
        Method("preferred_ft", "steps", "gradient steps", (25, 50, 100, 200, 400)),
        Method(
            "unlikelihood", "alpha", "weight of the rejected response", (0.05, 0.1, 0.3, 0.6, 1.0)
        ),
        Method("best_of_n", "n", "draws to choose from", (1, 2, 4, 8, 16, 32, 64, 128, 256)),
    )
}


@dataclass(frozen=True)
class MethodRun:
    """Everything that determines one trained policy."""

    prompt: int
    method: str
    strength: float
    seed: int
    reward_model: RewardKind = RewardKind.additive
    """what is climbed, if the method climbs one"""


class TrueReward(nn.Module):
    """True quality in the place of a reward model: what PPO-GT of the paper optimizes."""

    def __init__(self, quality: Tensor) -> None:
        """``quality`` of all responses, shape: (7776,)"""
        super().__init__()
        self.register_buffer("quality", quality.float())

    def forward(self, responses: Tensor) -> Tensor:
        """Quality of responses. Shapes: (batch, 5) -> (batch,)."""
        quality = self.get_buffer("quality")
        return quality[response_number(responses)]


def measure_run(lab: Lab, run: MethodRun) -> Measurement:
    """Train a policy on comparisons drawn with the run's seed, and measure it exactly.

    The measurement's ``reward`` is that of the reward model fitted to those comparisons.

    Raises:
        KeyError: unknown method
        AboveFrontier: something is wrong, since no policy can be there
    """
    logps, learned = train_run(lab, run)
    return measure(logps, lab.facts(run.prompt), learned)


def train_run(lab: Lab, run: MethodRun) -> tuple[Tensor, Tensor]:
    """log pi(y|x) of the policy that a run trains, and the learned reward of its comparisons.

    Shapes: (7776,), (7776,), float64. Raises KeyError for an unknown method.
    """
    facts = lab.facts(run.prompt)
    pairs = lab.comparisons(run.prompt, run.seed)
    reference = lab.reference_policy
    reward_model, _ = train_reward_model(run.reward_model, reference, pairs, run.seed)
    learned = centered_rewards(reward_model, facts.reference_logps)
    if run.method == "best_of_n":
        return best_of_n_logps(facts.reference_logps, learned, int(run.strength)), learned
    if run.method in ("ppo", "ppo_true"):
        rewards = reward_model if run.method == "ppo" else TrueReward(facts.true_quality)
        config = PPOConfig(kl_coefficient=run.strength, seed=run.seed)
        trainer = PPOTrainer(reference, rewards, run.prompt, config)
        for _ in range(config.iterations):
            trainer.step()
        policy = trainer.policy
    else:
        policy, _ = train_dpo(reference, pairs, _dpo_config(run))
    return exact_logps(policy, run.prompt), learned


def _dpo_config(run: MethodRun) -> DPOConfig:
    if run.method == "preferred_ft":
        return DPOConfig(loss_type="preferred_ft", steps=int(run.strength), seed=run.seed)
    loss_type = {"dpo": "sigmoid", "ipo": "ipo", "unlikelihood": "unlikelihood"}[run.method]
    return DPOConfig(loss_type=loss_type, beta=run.strength, seed=run.seed)
