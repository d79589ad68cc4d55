"""Short training runs by torch, which a reader's browser repeats and compares (static/lab/checks/runs.js)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor

from app.lab.dpo import DPOConfig, DPOTrainer
from app.lab.exact import exact_logps
from app.lab.measure import Measurement, measure
from app.lab.ppo import PPOConfig
from app.lab.reward_model import RewardKind, RewardModelConfig, train_reward_model
from app.lab.runs import finished_ppo
from app.lab.trained import centered_rewards, the_lab
from app.lab.world import RESPONSES, the_world
from app.paths import Strict

PAIRS = 1000
"""comparisons of a run"""

PLACES = range(0, RESPONSES, RESPONSES // 8)
"""the responses whose log-probability, or reward, is compared"""

Config = DPOConfig | PPOConfig | RewardModelConfig


@dataclass(frozen=True)
class ShortRun:
    """What determines a run. Its comparisons are drawn with its seed."""

    prompt: str
    seed: int
    config: Config
    reward_model: RewardKind = RewardKind.additive
    """that PPO climbs, or that is fitted"""


class ShortRunNumbers(Strict):
    """A run, and what it came to."""

    method: str
    """dpo, ppo or reward_model"""
    prompt: str
    seed: int
    pairs: int
    reward_model: RewardKind
    config: dict[str, Any]
    places: list[int]
    """numbers of the responses that ``at_places`` is of"""
    numbers: dict[str, float]
    """of DPO means over the last batch, of a reward model the loss of the last step in nats; of policies what
    ``Measurement`` has"""
    at_places: list[float]
    """log pi(y|x) in nats, or the rewards of a reward model, with mean 0 under the reference"""


def _dpo(prompt: str, seed: int, **config: Any) -> ShortRun:
    return ShortRun(prompt, seed, DPOConfig(steps=100, seed=seed, **config))


def _ppo(prompt: str, seed: int, kind: RewardKind, **config: Any) -> ShortRun:
    return ShortRun(prompt, seed, PPOConfig(iterations=30, seed=seed, **config), kind)


RUNS = (
    _dpo("lock", 1, beta=0.1),
    _dpo("poem", 2, beta=0.1, label_smoothing=0.1, loss_type="robust"),
    _dpo("headache", 3, beta=0.05, loss_type="ipo"),
    _dpo("lottery", 4, beta=0.1, loss_type="kto"),
    _dpo("gravity", 5, beta=2.0, loss_type="simpo"),
    _dpo("bleach", 6, beta=0.1, loss_type="sigmoid_nll"),
    _ppo("lock", 7, RewardKind.additive),
    _ppo("bleach", 8, RewardKind.network, kl_coefficient=0.05),
    ShortRun("poem", 9, RewardModelConfig(50, 0.1, None), RewardKind.additive),
    ShortRun("gravity", 10, RewardModelConfig(100, 2e-3, 128), RewardKind.network),
)


def trained(run: ShortRun) -> ShortRunNumbers:
    """Train a run."""
    method, numbers, values = _METHODS[type(run.config)](run)
    return ShortRunNumbers(
        method=method,
        prompt=run.prompt,
        seed=run.seed,
        pairs=PAIRS,
        reward_model=run.reward_model,
        config=asdict(run.config),
        places=list(PLACES),
        numbers=numbers,
        at_places=values[list(PLACES)].tolist(),
    )


Trained = tuple[str, dict[str, float], Tensor]


def _train_dpo(run: ShortRun) -> Trained:
    assert isinstance(run.config, DPOConfig)
    lab, prompt = the_lab(), the_world().prompt_number(run.prompt)
    facts = lab.facts(prompt)
    pairs = lab.comparisons(prompt, run.seed, PAIRS)
    trainer = DPOTrainer(lab.reference_policy, pairs, run.config)
    last = [trainer.step() for _ in range(run.config.steps)][-1]
    batch = {"chosen_logps": last.chosen_logps, "rejected_logps": last.rejected_logps}
    logps = exact_logps(trainer.policy, prompt)
    return "dpo", batch | _of(measure(logps, facts, facts.learned_reward)), logps


def _train_ppo(run: ShortRun) -> Trained:
    assert isinstance(run.config, PPOConfig)
    prompt = the_world().prompt_number(run.prompt)
    last = finished_ppo(prompt, run.config, run.reward_model)[-1]
    assert last.logps is not None
    return "ppo", _of(last.measured), last.logps


def _fit_reward_model(run: ShortRun) -> Trained:
    assert isinstance(run.config, RewardModelConfig)
    lab, prompt = the_lab(), the_world().prompt_number(run.prompt)
    pairs = lab.comparisons(prompt, run.seed, PAIRS)
    model, steps = train_reward_model(
        run.reward_model, lab.reference_policy, pairs, run.seed, run.config
    )
    rewards = centered_rewards(model, lab.facts(prompt).reference_logps)
    return "reward_model", {"loss": steps[-1].loss}, rewards


_METHODS = {DPOConfig: _train_dpo, PPOConfig: _train_ppo, RewardModelConfig: _fit_reward_model}


def _of(measured: Measurement) -> dict[str, float]:
    return {name: value for name, value in asdict(measured).items() if name != "favorite"}
