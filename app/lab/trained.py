"""The trained lab: reference policy, reward models and DPO policies, and what is exact about them.

Everything follows from one seed: SFT gives the reference policy, the reference fixes the scale of
true quality, comparisons are drawn from both, and for each prompt two reward models and a DPO policy are
trained on the same comparisons, in the very way in which a run of the site trains them.
``dpo-explained train`` does it; the result ships as safetensors.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from app.lab.dpo import DPOConfig, DPOStep, train_dpo
from app.lab.draws import Draws, Stream
from app.lab.exact import exact_logps, expectation
from app.lab.network.policy import Policy
from app.lab.optimum import Frontier
from app.lab.preferences import Comparisons, sample_comparisons
from app.lab.quality import true_quality
from app.lab.reward_model import (
    REWARD_CONFIGS,
    RewardKind,
    RewardModel,
    RewardModelStep,
    new_reward_model,
    reward_margins,
    train_reward_model,
)
from app.lab.sft import SFTConfig, train_sft
from app.lab.weights import read_file, write_files
from app.lab.world import PROMPTS, World, the_world

WEIGHTS = Path(__file__).parent / "data"
REPORT = "training.json"

COMPARISONS = 2000
"""Comparisons for training, for each prompt."""

HELD_OUT = 2000
"""Comparisons for each prompt that no training sees: what accuracies are measured on."""


@dataclass(frozen=True)
class PromptFacts:
    """What is exact about one prompt; tensors over all responses, shape (7776,), float64."""

    prompt: int
    reference_logps: Tensor
    true_quality: Tensor
    learned_rewards: dict[RewardKind, Tensor]
    """reward of each shipped reward model, shifted to mean 0 under the reference policy"""
    frontier: Frontier
    """the frontier of true quality over KL"""

    @property
    def learned_reward(self) -> Tensor:
        """Of the additive reward model, the one that the text means by "the reward model"."""
        return self.learned_rewards[RewardKind.additive]


@dataclass
class Lab:
    """The world with its trained networks. Treat as read-only: runs train copies."""

    world: World
    seed: int
    reference_policy: Policy
    reward_models: dict[RewardKind, list[RewardModel]]
    """of each kind one for each prompt"""
    dpo_policies: list[Policy]
    """one for each prompt"""
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
                {
                    kind: centered_rewards(models[prompt], logps)
                    for kind, models in self.reward_models.items()
                },
                Frontier(logps, quality),
            )
        return self._facts[prompt]

    def reward_model(self, prompt: int, kind: RewardKind = RewardKind.additive) -> RewardModel:
        """The shipped reward model of a prompt."""
        return self.reward_models[kind][prompt]

    def dpo_logps(self, prompt: int) -> Tensor:
        """log pi(y|x) of the shipped DPO policy for all responses. Shape: (7776,), float64."""
        if prompt not in self._dpo_logps:
            self._dpo_logps[prompt] = exact_logps(self.dpo_policies[prompt], prompt)
        return self._dpo_logps[prompt]

    def comparisons(self, prompt: int, seed: int, count: int = COMPARISONS) -> Comparisons:
        """Labeled pairs for one prompt, the same for the same seed."""
        quality = self.facts(prompt).true_quality
        draws = Draws(seed, Stream.COMPARISONS, prompt)
        return sample_comparisons(self.reference_policy, prompt, quality, count, draws)

    def training_comparisons(self, prompt: int) -> Comparisons:
        """The pairs that the shipped reward models and DPO policy were trained on."""
        return self.comparisons(prompt, self.seed)

    def training_pairs(self, prompt: int, count: int) -> tuple[list[list[int]], list[list[int]]]:
        """The first of these as phrases: chosen and rejected responses."""
        first = self.training_comparisons(prompt)[:count]
        return first.chosen.tolist(), first.rejected.tolist()

    @property
    def held_out_seed(self) -> int:
        """What the held-out comparisons are drawn with."""
        return self.seed + 1_000_000

    def held_out_comparisons(self, prompt: int) -> Comparisons:
        """Pairs that the shipped networks have never seen."""
        return self.comparisons(prompt, self.held_out_seed, HELD_OUT)

    def reward_model_accuracy(self, kind: RewardKind = RewardKind.additive) -> float:
        """Share of held-out pairs, over all prompts, that the reward models order as labeled."""
        ordered = [
            reward_margins(model, self.held_out_comparisons(prompt)) > 0
            for prompt, model in enumerate(self.reward_models[kind])
        ]
        return float(torch.cat(ordered).double().mean())


def centered_rewards(reward_model: RewardModel, reference_logps: Tensor) -> Tensor:
    """Learned reward of all responses with mean 0 under the reference.

    A shift by f(x) changes no preference and no optimum (DPO Lemmas 1 and 2, arXiv 2305.18290), and
    makes 0 mean "as good as the reference", as it does for true quality. Shape: (7776,), float64.
    """
    rewards = reward_model.all_rewards()
    return rewards - expectation(reference_logps, rewards)


def train_lab(seed: int, progress: Callable[[str], None] = lambda _: None) -> Lab:
    """Train everything from one seed. Takes some seconds on one core."""
    world, sft_config, dpo_config = the_world(), SFTConfig(seed=seed), DPOConfig(seed=seed)

    start = time.perf_counter()
    reference, sft_history = train_sft(world, sft_config)
    seconds = {"sft": _since(start)}
    progress(f"reference policy: loss {sft_history[-1].loss:.3f} nats, {seconds['sft']} s")

    lab = Lab(world, seed, reference, {}, [], {})
    data = [lab.training_comparisons(prompt) for prompt in range(PROMPTS)]
    lab.report = {
        "command": f"dpo-explained train --seed {seed}",
        "seed": seed,
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "seconds": seconds,
        "comparisons": COMPARISONS,
        "sft": {"config": asdict(sft_config), "history": [asdict(s) for s in sft_history]},
    }
    for kind, config in REWARD_CONFIGS.items():
        name = f"{kind}_reward"
        start = time.perf_counter()
        fitted = [train_reward_model(kind, reference, pairs, seed) for pairs in data]
        seconds[name] = _since(start)
        lab.reward_models[kind] = [model for model, _ in fitted]
        lab.report[name] = {"config": asdict(config), **_progress([rows for _, rows in fitted])}
        progress(f"{kind} reward models: loss {_last_loss(lab, name):.3f}, {seconds[name]} s")

    start = time.perf_counter()
    aligned = [train_dpo(reference, pairs, dpo_config) for pairs in data]
    seconds["dpo"] = _since(start)
    lab.dpo_policies = [policy for policy, _ in aligned]
    lab.report["dpo"] = {"config": asdict(dpo_config), **_progress([rows for _, rows in aligned])}
    progress(f"DPO policies: loss {_last_loss(lab, 'dpo'):.3f}, {seconds['dpo']} s")

    # The facts known so far were those of a lab without reward models.
    lab._facts.clear()
    return lab


def _progress(runs: Sequence[Sequence[RewardModelStep | DPOStep]]) -> dict[str, Any]:
    """Every tenth part of some runs of the same length and the last step, means over the runs."""
    steps = [_mean(rows) for rows in zip(*runs, strict=True)]
    return {"history": steps[:: len(steps) // 10], "last": steps[-1]}


def _mean(rows: Iterable[RewardModelStep | DPOStep]) -> dict[str, float]:
    columns = [asdict(row) for row in rows]
    means = {name: sum(row[name] for row in columns) / len(columns) for name in columns[0]}
    return {**means, "step": columns[0]["step"]}


def _last_loss(lab: Lab, part: str) -> float:
    return float(lab.report[part]["last"]["loss"])


def save_lab(lab: Lab, folder: Path) -> None:
    """Write all networks as safetensors, the training report as JSON, and their hashes."""
    text = json.dumps(lab.report, indent=1, ensure_ascii=False)
    networks = {name: save(network.state_dict()) for name, network in _networks(lab).items()}
    write_files(folder, {**networks, REPORT: f"{text}\n".encode()})


def load_lab(folder: Path = WEIGHTS) -> Lab:
    """Read a trained lab. Raises BadWeights for files that are missing or not the ones written."""
    report = json.loads(read_file(folder, REPORT))
    seed = report["seed"]

    def untrained() -> Policy:
        """The values that it draws are overwritten at once."""
        return Policy(Draws(seed, Stream.WEIGHTS))

    reference, prompts = untrained(), range(PROMPTS)
    rewards = {kind: [new_reward_model(kind, reference, n) for n in prompts] for kind in RewardKind}
    lab = Lab(the_world(), seed, reference, rewards, [untrained() for _ in prompts], report)
    for name, network in _networks(lab).items():
        network.load_state_dict(load(read_file(folder, name)))
    return lab


def _networks(lab: Lab) -> dict[str, nn.Module]:
    """Everything that is trained, by the name of its file."""
    return {
        "reference_policy.safetensors": lab.reference_policy,
        **{
            f"{kind}_reward.safetensors": nn.ModuleList(models)
            for kind, models in lab.reward_models.items()
        },
        "dpo_policy.safetensors": nn.ModuleList(lab.dpo_policies),
    }


@lru_cache(maxsize=1)
def the_lab() -> Lab:
    """The lab that ships with the package, read once. Raises BadWeights; the next call tries again."""
    return load_lab()


def _since(start: float) -> float:
    return round(time.perf_counter() - start, 2)
