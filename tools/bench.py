"""Measure the lab and the start of the server; print one table. ``make bench``."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import httpx
import torch

from app.lab.dpo import DPOConfig, train_dpo
from app.lab.exact import exact_logps
from app.lab.ppo import PPOConfig, PPOTrainer
from app.lab.reward_model import RewardModelConfig, train_reward_model
from app.lab.runs import ppo_rows
from app.lab.trained import the_lab

RUNS = 5


def main() -> None:
    """Time everything several times; the median counts."""
    lab = the_lab()
    pairs = lab.training_comparisons(0)
    print(f"Python {platform.python_version()}, torch {torch.__version__}, {platform.machine()},")
    print(f"{os.cpu_count()} cores, one torch thread; median (and range) of {RUNS} runs\n")

    def ppo() -> None:
        trainer = PPOTrainer(lab.reference_policy, lab.reward_model, 0, PPOConfig())
        for _ in range(PPOConfig().iterations):
            trainer.step()

    seeds = iter(range(1_000, 2_000))
    measured: list[tuple[str, Callable[[], object]]] = [
        ("PPO, 150 iterations", ppo),
        (
            "PPO, 150 iterations, measured exactly after each",
            lambda: list(ppo_rows(0, PPOConfig(seed=next(seeds)))),
        ),
        ("DPO, 400 steps", lambda: train_dpo(lab.reference_policy, [pairs], DPOConfig())),
        ("reward model, 150 steps", lambda: train_reward_model([pairs], RewardModelConfig())),
        ("exact log pi of 7,776 responses", lambda: exact_logps(lab.reference_policy, 0)),
        ("start-up to the first page", start_up),
    ]
    for name, run in measured:
        run()
        times = sorted(seconds(run) for _ in range(RUNS))
        print(f"{name:50} {statistics.median(times):8.3f} s ({times[0]:.3f} to {times[-1]:.3f})")


def seconds(run: Callable[[], object]) -> float:
    """Wall-clock time of a call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def start_up() -> None:
    """Start the server as a reader would and wait for a section page."""
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--port", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "DPO_EXPLAINED_WARM": "false"},
    )
    try:
        assert process.stderr is not None
        line = next(line for line in process.stderr if "running on" in line)
        address = line.split("running on ")[1].split()[0]
        httpx.get(f"{address}/sections/reward-modeling").raise_for_status()
    finally:
        process.terminate()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


if __name__ == "__main__":
    main()
