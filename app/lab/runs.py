"""Whole PPO runs on one prompt of the shipped lab, measured exactly after every iteration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from app.lab.exact import exact_logps
from app.lab.measure import Measurement, measure
from app.lab.ppo import PPOConfig, PPOTrainer
from app.lab.reward_model import RewardKind
from app.lab.run_cache import RunCache
from app.lab.stopwatch import Stopwatch
from app.lab.trained import the_lab


@dataclass(frozen=True)
class PPORow:
    """The policy after one iteration, and what the run took up to there.

    Iteration 0 is the reference policy.
    """

    iteration: int
    clip_fraction: float
    measured: Measurement
    responses_sampled: int
    gradient_steps: int
    seconds: float
    """CPU seconds of training on one thread, without measurements"""
    logps: Tensor | None = None
    """log pi(y|x) of all responses, shape (7776,), float64; None but in the last iteration"""


_runs: RunCache[tuple[int, PPOConfig, RewardKind], PPORow] = RunCache(kept=32)


def ppo_rows(
    prompt: int, config: PPOConfig, reward_model: RewardKind = RewardKind.additive
) -> Iterator[PPORow]:
    """Run PPO on a shipped reward model; a row as soon as an iteration is done.

    A cached run is not repeated: its rows come at once.
    """
    key = (prompt, config, reward_model)
    return _runs.rows(key, lambda: _run(*key))


def finished_ppo(
    prompt: int, config: PPOConfig, reward_model: RewardKind = RewardKind.additive
) -> list[PPORow]:
    """All rows of a run."""
    return list(ppo_rows(prompt, config, reward_model))


def _run(prompt: int, config: PPOConfig, kind: RewardKind) -> Iterator[PPORow]:
    lab = the_lab()
    facts = lab.facts(prompt)
    reward_model = lab.reward_model(prompt, kind)
    trainer = PPOTrainer(lab.reference_policy, reward_model, prompt, config)
    watch = Stopwatch()

    def row(iteration: int, clip_fraction: float) -> PPORow:
        logps = exact_logps(trainer.policy, prompt)
        return PPORow(
            iteration,
            clip_fraction,
            measure(logps, facts, facts.learned_rewards[kind]),
            trainer.responses_sampled,
            trainer.gradient_steps,
            watch.seconds,
            logps if iteration == config.iterations else None,
        )

    yield row(0, 0.0)
    for _ in range(config.iterations):
        with watch:
            done = trainer.step()
        yield row(done.iteration, done.clip_fraction)
