"""The trained lab: reference policy, reward model and DPO policy, and what is exact about them.

Everything follows from one seed: SFT gives the reference policy, the reference fixes the scale of
true quality, comparisons are drawn from both, and the reward model and the DPO policy are trained
on those same comparisons. ``dpo-explained train`` does it; the result ships as safetensors.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from app.lab.dpo import DPOConfig, train_dpo
from app.lab.exact import exact_logps, expectation
from app.lab.network.policy import Policy
from app.lab.optimum import Frontier
from app.lab.preferences import Comparisons, sample_comparisons
from app.lab.quality import true_quality
from app.lab.reward_model import RewardModel, RewardModelConfig, reward_margins, train_reward_model
from app.lab.sft import SFTConfig, train_sft
from app.lab.weights import read_file, write_files
from app.lab.world import PROMPTS, World, the_world

WEIGHTS = Path(__file__).parent / "data"
NETWORKS = ("reference_policy", "reward_model", "dpo_policy")
REPORT = "training.json"

COMPARISONS = 2000
"""Comparisons for training, for each prompt."""

HELD_OUT = 2000
"""Comparisons for each prompt that no training sees: what accuracies are measured on."""

DPO_STEPS_FOR_ALL_PROMPTS = 400 * PROMPTS


@dataclass(frozen=True)
class PromptFacts:
    """What is exact about one prompt; tensors over all responses, shape (7776,), float64."""

    prompt: int
    reference_logps: Tensor
    true_quality: Tensor
    learned_reward: Tensor
    """reward of the shipped reward model, shifted to mean 0 under the reference policy"""
    frontier: Frontier
    """the frontier of true quality over KL"""


@dataclass
class Lab:
    """The world with its trained networks. Treat as read-only: runs train copies."""

    world: World
    seed: int
    reference_policy: Policy
    reward_model: RewardModel
    dpo_policy: Policy
    report: dict[str, Any]
    """how training went: configurations, histories, seconds, versions"""
    _facts: dict[int, PromptFacts] = field(default_factory=dict)
    _dpo_logps: dict[int, Tensor] = field(default_factory=dict)

    def facts(self, prompt: int) -> PromptFacts:
        """Exact quantities of one prompt, worked out once."""
        if prompt not in self._facts:
            logps = exact_logps(self.reference_policy, prompt)
            quality = true_quality(self.world, prompt, logps)
            self._facts[prompt] = PromptFacts(
                prompt,
                logps,
                quality,
                centred_rewards(self.reward_model, prompt, logps),
                Frontier(logps, quality),
            )
        return self._facts[prompt]

    def dpo_logps(self, prompt: int) -> Tensor:
        """log pi(y|x) of the shipped DPO policy for all responses. Shape: (7776,), float64."""
        if prompt not in self._dpo_logps:
            self._dpo_logps[prompt] = exact_logps(self.dpo_policy, prompt)
        return self._dpo_logps[prompt]

    def comparisons(self, prompt: int, seed: int, count: int = COMPARISONS) -> Comparisons:
        """Labelled pairs for one prompt, the same for the same seed."""
        generator = torch.Generator().manual_seed(seed * PROMPTS + prompt)
        quality = self.facts(prompt).true_quality
        return sample_comparisons(self.reference_policy, prompt, quality, count, generator)

    def training_comparisons(self, prompt: int) -> Comparisons:
        """The pairs that the shipped reward model and DPO policy were trained on."""
        return self.comparisons(prompt, self.seed)

    @property
    def held_out_seed(self) -> int:
        """What the held-out comparisons are drawn with."""
        return self.seed + 1_000_000

    def held_out_comparisons(self, prompt: int) -> Comparisons:
        """Pairs that the shipped networks have never seen."""
        return self.comparisons(prompt, self.held_out_seed, HELD_OUT)

    def reward_model_accuracy(self) -> float:
        """Share of held-out pairs, over all prompts, that the reward model orders as labelled."""
        held_out = [self.held_out_comparisons(prompt) for prompt in range(PROMPTS)]
        with torch.no_grad():
            margins = reward_margins(self.reward_model, held_out)
        return float((margins > 0).double().mean())


def centred_rewards(reward_model: RewardModel, prompt: int, reference_logps: Tensor) -> Tensor:
    """Learned reward of all responses with mean 0 under the reference.

    A shift by f(x) changes no preference and no optimum (DPO Lemmas 1 and 2, arXiv 2305.18290), and
    makes 0 mean "as good as the reference", as it does for true quality. Shape: (7776,), float64.
    """
    rewards = reward_model.all_rewards(prompt)
    return rewards - expectation(reference_logps, rewards)


def train_lab(seed: int, progress: Callable[[str], None] = lambda _: None) -> Lab:
    """Train everything from one seed. Takes some seconds on one core."""
    seconds: dict[str, float] = {}
    sft_config = SFTConfig(seed=seed)
    reward_config = RewardModelConfig()
    dpo_config = DPOConfig(steps=DPO_STEPS_FOR_ALL_PROMPTS, seed=seed)
    world = the_world()

    start = time.perf_counter()
    reference, sft_history = train_sft(world, sft_config)
    seconds["sft"] = _since(start)
    progress(f"reference policy: loss {sft_history[-1].loss:.3f} nats, {seconds['sft']} s")

    lab = Lab(world, seed, reference, RewardModel(), reference, {})
    data = [lab.training_comparisons(prompt) for prompt in range(PROMPTS)]

    start = time.perf_counter()
    lab.reward_model, reward_history = train_reward_model(data, reward_config)
    seconds["reward_model"] = _since(start)
    progress(f"reward model: loss {reward_history[-1].loss:.3f}, {seconds['reward_model']} s")

    start = time.perf_counter()
    lab.dpo_policy, dpo_history = train_dpo(reference, data, dpo_config)
    seconds["dpo"] = _since(start)
    progress(f"DPO policy: loss {dpo_history[-1].loss:.3f}, {seconds['dpo']} s")

    # The facts known so far were those of an untrained reward model.
    lab._facts.clear()
    lab.report = {
        "command": f"dpo-explained train --seed {seed}",
        "seed": seed,
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "seconds": seconds,
        "sft": {"config": asdict(sft_config), "history": [asdict(s) for s in sft_history]},
        "reward_model": {
            "config": asdict(reward_config),
            "comparisons": COMPARISONS,
            "history": [asdict(s) for s in reward_history[:: len(reward_history) // 10]],
            "last": asdict(reward_history[-1]),
        },
        "dpo": {
            "config": asdict(dpo_config),
            "comparisons": COMPARISONS,
            "history": [asdict(s) for s in dpo_history[:: len(dpo_history) // 10]],
            "last": asdict(dpo_history[-1]),
        },
    }
    return lab


def save_lab(lab: Lab, folder: Path) -> None:
    """Write the three networks as safetensors, the training report as JSON, and their hashes."""
    text = json.dumps(lab.report, indent=1, ensure_ascii=False)
    networks = {weights_file(name): save(getattr(lab, name).state_dict()) for name in NETWORKS}
    write_files(folder, {**networks, REPORT: f"{text}\n".encode()})


def load_lab(folder: Path = WEIGHTS) -> Lab:
    """Read a trained lab. Raises BadWeights for files that are missing or not the ones written."""
    unseeded = torch.Generator()  # the values it would draw are overwritten at once
    networks: dict[str, nn.Module] = {
        "reference_policy": Policy(unseeded),
        "reward_model": RewardModel(),
        "dpo_policy": Policy(unseeded),
    }
    for name, network in networks.items():
        network.load_state_dict(load(read_file(folder, weights_file(name))))
    report = json.loads(read_file(folder, REPORT))
    return Lab(the_world(), report["seed"], report=report, **networks)  # type: ignore[arg-type]


def weights_file(network: str) -> str:
    """What the file of a network is called."""
    return f"{network}.safetensors"


@lru_cache(maxsize=1)
def the_lab() -> Lab:
    """The lab that ships with the package, read once. Raises BadWeights; the next call tries again."""
    return load_lab()


def _since(start: float) -> float:
    return round(time.perf_counter() - start, 2)
