"""The band of the lab's healthy DPO runs, over which a reader's log is drawn: how it is made and read.

``dpo-explained healthy-runs`` trains ``RUNS`` and keeps what a trainer would have logged of each: means over
the steps since the last row, on the batches of training, of which ``POINTS`` rows are spread evenly over
the run. Of each row the file has quantiles over the runs, plain and scaled.

A log of another model is longer, its sums of log-probabilities are larger, and its margin depends on
its data. Scaled, they can be compared:

- across, the share of the run: 0 before the first step, 1 after the last;
- accuracy stands as it is;
- the loss is told from its start: loss - ln 2 (a run of another loss: less the loss of a policy that
  equals its reference);
- rewards and margin are divided by the run's own margin at its end, the mean of its last ``AT_END`` rows,
  so that every margin ends near 1;
- log-probabilities are told from the run's first row, and divided by that margin in nats
  (rewards/margins divided by beta): how far a sum moved for each nat by which the pair came apart.
"""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from app.lab.dpo import DPOConfig, DPOTrainer
from app.lab.trained import the_lab
from app.lab.world import PROMPTS
from app.paths import DATA, Strict

FILE = DATA / "healthy_runs.json"

POINTS = 25
AT_END = 3
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
BETAS = (0.05, 0.1, 0.2, 0.3, 0.5)
SEEDS = 40
EPOCHS = (1, 2, 3)

LOGGED = (
    "loss",
    "rewards/accuracies",
    "rewards/margins",
    "rewards/chosen",
    "rewards/rejected",
    "logps/chosen",
    "logps/rejected",
)
"""names of the curves, as TRL has them"""


@dataclass(frozen=True)
class HealthyRun:
    """What determines a run; all else is as in ``DPOConfig``."""

    prompt: int
    beta: float
    seed: int
    epochs: int
    """how often each comparison is seen; the number of steps is the same, so that of comparisons is not"""


RUNS = tuple(
    HealthyRun(seed % PROMPTS, beta, seed, EPOCHS[seed // PROMPTS % len(EPOCHS)])
    for beta in BETAS
    for seed in range(SEEDS)
)


class Band(Strict):
    """Quantiles over the runs, and what made them."""

    command: str
    date: str
    """of the recording, as YYYY-MM-DD"""
    versions: dict[str, str]
    lab_seed: int
    runs: int
    betas: list[float]
    seeds: int
    """of each beta; seed s has prompt s mod 6"""
    steps: int
    progress: list[float]
    """share of the run at which each row was logged"""
    levels: list[float]
    """of the quantiles"""
    scaled: dict[str, list[list[float]]]
    """of each of ``LOGGED``: the curve of each level, scaled as in the module's docstring"""
    plain: dict[str, list[list[float]]]
    """the same as it was logged: rewards as they are, log-probabilities in nats"""

    def curve(self, name: str, level: float, *, scaled: bool = True) -> list[float]:
        """One curve over ``progress``. Raises KeyError or ValueError if there is no such curve."""
        return (self.scaled if scaled else self.plain)[name][self.levels.index(level)]


@lru_cache(maxsize=1)
def band() -> Band:
    """The band that ships with the site. Raises pydantic.ValidationError if the file is wrong."""
    return Band.model_validate_json(FILE.read_text(encoding="utf-8"))


def log_of(run: HealthyRun) -> Tensor:
    """Train one run on the shipped lab. Returns its log, shape: (len(LOGGED), POINTS), float64."""
    lab = the_lab()
    config = DPOConfig(beta=run.beta, seed=run.seed)
    count = config.steps * config.batch_size // run.epochs
    pairs = lab.comparisons(run.prompt, run.seed, count)
    trainer = DPOTrainer(lab.reference_policy, pairs, config)
    rows = torch.empty(config.steps, len(LOGGED), dtype=torch.float64)
    for row in rows:
        done = trainer.step()
        assert trainer.batch is not None
        rewards = run.beta * float(trainer.batch.chosen.mean().detach())
        row[:] = torch.tensor(
            [
                done.loss,
                done.accuracy,
                done.margin,
                rewards,
                rewards - done.margin,
                done.chosen_logps,
                done.rejected_logps,
            ]
        )
    return rows.view(POINTS, -1, len(LOGGED)).mean(1).T


def scale(log: Tensor, beta: float) -> Tensor:
    """A log as it is compared with others. Shapes: (len(LOGGED), POINTS) -> the same.

    Raises:
        ValueError: the margin at the end is not above 0
    """
    end = float(log[LOGGED.index("rewards/margins"), -AT_END:].mean())
    if not end > 0:
        raise ValueError("a run whose margin does not grow cannot be scaled by it")
    scaled = log.clone()
    for name, curve in zip(LOGGED, scaled, strict=True):
        if name == "loss":
            curve -= math.log(2)
        elif name.startswith("logps"):
            curve -= curve[0].clone()
            curve /= end / beta
        elif name != "rewards/accuracies":
            curve /= end
    return scaled


def record(date: str) -> Band:
    """Train all runs. Takes some minutes on one core."""
    logs = [log_of(run) for run in tqdm(RUNS, desc="healthy-runs", unit="run")]
    return Band(
        command="dpo-explained healthy-runs",
        date=date,
        versions={"python": platform.python_version(), "torch": torch.__version__},
        lab_seed=the_lab().seed,
        runs=len(RUNS),
        betas=list(BETAS),
        seeds=SEEDS,
        steps=DPOConfig().steps,
        progress=[round((point + 1) / POINTS, 4) for point in range(POINTS)],
        levels=list(LEVELS),
        scaled=_quantiles(scale(log, run.beta) for run, log in zip(RUNS, logs, strict=True)),
        plain=_quantiles(logs),
    )


def _quantiles(logs: Iterable[Tensor]) -> dict[str, list[list[float]]]:
    levels = torch.tensor(LEVELS, dtype=torch.float64)
    found = torch.stack(list(logs)).quantile(levels, 0)
    return {
        name: [[round(value, 4) for value in curve] for curve in found[:, number].tolist()]
        for number, name in enumerate(LOGGED)
    }


def save(recorded: Band, file: Path = FILE) -> None:
    """Write the band as JSON."""
    file.write_text(json.dumps(recorded.model_dump()) + "\n", encoding="utf-8")
