"""Rows of the lab: training and exact measurement on one torch thread, timed by pytest-benchmark."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from app.lab.dpo import DPOConfig, train_dpo
from app.lab.exact import exact_logps
from app.lab.ppo import PPOConfig
from app.lab.reward_model import REWARD_CONFIGS, RewardKind, train_reward_model
from app.lab.runs import ppo_rows
from app.lab.trained import the_lab
from tools.bench import bare
from tools.bench.table import Row

ROUNDS = 5
PROMPT = 0
SEEDS = itertools.count(500_000)
"""new seeds for each run, since finished runs are not repeated"""


@dataclass(frozen=True)
class Case:
    """A function to time, its floor, and its row."""

    what: str
    measured: Callable[[], object]
    floor: Callable[[], object]
    floor_is: str
    most: float
    unit: str = "s"
    most_ratio: float | None = None


def cases() -> list[Case]:
    """All cases."""
    lab = the_lab()
    reference, pairs = lab.reference_policy, lab.training_comparisons(PROMPT)
    dpo = DPOConfig()
    starts = (step * dpo.batch_size % (len(pairs) - dpo.batch_size) for step in range(dpo.steps))
    batches = [pairs[start : start + dpo.batch_size].both() for start in starts]
    additive = REWARD_CONFIGS[RewardKind.additive]
    return [
        Case(
            "PPO, 150 iterations of 128 rollouts, measured exactly after each",
            lambda: list(ppo_rows(PROMPT, PPOConfig(seed=next(SEEDS)))),
            bare.ppo_iterations(reference, PROMPT, PPOConfig()),
            "forward, backward and optimizer steps of the same networks on the same shapes",
            2.5,
        ),
        Case(
            "DPO, 400 steps of 128 pairs",
            lambda: train_dpo(reference, pairs, dpo),
            bare.dpo_steps(reference, PROMPT, batches),
            "forward, backward and optimizer step of the same network on as many pairs, 400 times",
            1.0,
            most_ratio=1.25,
        ),
        Case(
            "exact log pi of all 7,776 responses to a prompt",
            lambda: exact_logps(reference, PROMPT),
            bare.prefix_layers(reference, PROMPT),
            "one float64 pass of the network's layers, without attention, over the 1,555 prefixes",
            3.0,
            "ms",
        ),
        Case(
            "additive reward model, 150 full-batch steps on 2,000 comparisons",
            lambda: train_reward_model(RewardKind.additive, reference, pairs, 0),
            bare.reward_model_steps(pairs, additive),
            "forward, backward and optimizer step of the same model on the same pairs, 150 times",
            0.1,
        ),
        Case(
            "network reward model, 400 steps of 128 comparisons",
            lambda: train_reward_model(RewardKind.network, reference, pairs, 0),
            bare.dpo_steps(reference, PROMPT, batches),
            "forward, backward and optimizer step of a policy on as many pairs, 400 times",
            1.0,
        ),
    ]


@pytest.mark.parametrize("which", ["measured", "floor"])
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.what)
def test_lab(benchmark: BenchmarkFixture, case: Case, which: str) -> None:
    """Time a case; what takes milliseconds is called twenty times per round."""
    benchmark.group, benchmark.name = case.what, which
    benchmark.pedantic(  # type: ignore[no-untyped-call]
        getattr(case, which),
        rounds=ROUNDS,
        warmup_rounds=1,
        iterations=20 if case.unit == "ms" else 1,
    )


def rows() -> Iterator[Row]:
    """Run this file with pytest and yield its rows."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        # Plain pytest, without the project's options.
        command = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", "."]
        command += [__file__, f"--benchmark-json={file.name}"]
        subprocess.run(command, check=True, stdout=sys.stderr)
        timed = json.loads(Path(file.name).read_text(encoding="utf-8"))["benchmarks"]
    times = {(one["group"], one["name"]): one["stats"]["data"] for one in timed}
    for case in cases():
        factor = 1000 if case.unit == "ms" else 1
        measured, floor = (
            [factor * time for time in times[case.what, which]] for which in ("measured", "floor")
        )
        targets = {"most": case.most, "most_ratio": case.most_ratio}
        yield Row(case.what, case.unit, measured, floor, case.floor_is, **targets)
