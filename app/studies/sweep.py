"""Studies: many runs of the lab on all cores, resumable, written as one data file.

``dpo-explained frontier``, ``comparison`` and ``overoptimization`` make the files that ship.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

import torch
from tqdm import tqdm

from app.lab.measure import Measurement
from app.lab.methods import CLIMBS, METHODS, MethodRun, measure_run
from app.lab.overoptimization import SIZES, Climb, climb
from app.lab.reward_model import RewardKind
from app.lab.trained import the_lab
from app.paths import DATA

FRONTIER = DATA / "frontier.json"
COMPARISON = DATA / "comparison.json"
OVEROPTIMIZATION = DATA / "overoptimization.json"

PolicyCoordinates = tuple[float, float, float]
"""KL in nats, expected true quality, expected learned reward"""


def point(measured: Measurement) -> PolicyCoordinates:
    """A policy as a point, rounded for the data file."""
    return round(measured.kl, 4), round(measured.true_quality, 4), round(measured.reward, 4)


def frontier_runs(prompts: Sequence[str], seeds: int) -> list[MethodRun]:
    """All runs of the frontier study, in a fixed order."""
    numbers = [the_lab().world.prompt_number(prompt) for prompt in prompts]
    return [
        MethodRun(prompt, method.name, strength, seed, kind)
        for prompt in numbers
        for method in METHODS.values()
        for kind in (RewardKind if method.name in CLIMBS else (RewardKind.additive,))
        for strength in method.strengths
        for seed in range(seeds)
    ]


COMPARED = (("ppo", RewardKind.additive), ("ppo", RewardKind.network), ("dpo", RewardKind.additive))
"""Methods, and the reward model that each climbs, if it climbs one."""

COMPARED_STRENGTHS = (0.1, 0.2, 0.3, 0.6, 1.0)
"""Of DPO's beta and of PPO's KL coefficient."""


def comparison_runs(prompts: Sequence[str], seeds: int) -> list[MethodRun]:
    """All runs of the comparison of RLHF, with each reward model, and DPO, in a fixed order."""
    numbers = [the_lab().world.prompt_number(prompt) for prompt in prompts]
    return [
        MethodRun(prompt, method, strength, seed, kind)
        for prompt in numbers
        for method, kind in COMPARED
        for strength in COMPARED_STRENGTHS
        for seed in range(seeds)
    ]


def overoptimization_climbs(prompts: Sequence[str], seeds: int) -> list[Climb]:
    """All climbs of the over-optimization study, in a fixed order."""
    numbers = [the_lab().world.prompt_number(prompt) for prompt in prompts]
    return [
        Climb(prompt, method, size, seed, kind)
        for prompt in numbers
        for kind in RewardKind
        for method in ("best_of_n", "ppo")
        for size in SIZES
        for seed in range(seeds)
    ]


Task = MethodRun | Climb

TASKS: dict[str, Callable[[Sequence[str], int], Sequence[Task]]] = {
    "frontier": frontier_runs,
    "comparison": comparison_runs,
    "overoptimization": overoptimization_climbs,
}
"""The tasks of each study on some prompts, with a number of seeds."""

FILES = {"frontier": FRONTIER, "comparison": COMPARISON, "overoptimization": OVEROPTIMIZATION}


def points(task: Task) -> list[PolicyCoordinates]:
    """One task in a worker process."""
    if isinstance(task, Climb):
        return [point(measured) for measured in climb(the_lab(), task)]
    return [point(measure_run(the_lab(), task))]


def run_study(
    name: str,
    command: str,
    tasks: Sequence[Task],
    file: Path,
    jobs: int | None = None,
) -> None:
    """Run all tasks, with a progress bar, and write their points with the command and versions used.

    Finished tasks are appended to NAME.partial in the working folder: started again there, the study
    resumes where it was stopped.
    """
    partial = Path(f"{name}.partial")
    done = dict(_read(partial)) if partial.exists() else {}
    open_tasks = [task for task in tasks if _key(task) not in done]
    with (
        partial.open("a", encoding="utf-8") as log,
        tqdm(total=len(tasks), initial=len(tasks) - len(open_tasks), desc=name, unit="run") as bar,
    ):
        for task, found in _on_all_cores(open_tasks, jobs or os.cpu_count() or 1):
            done[_key(task)] = found
            log.write(json.dumps([_key(task), found]) + "\n")
            log.flush()
            bar.update()
    rows = [{**asdict(task), "points": done[_key(task)]} for task in tasks]
    head = {
        "command": command,
        "commit": _commit(),
        "versions": _versions(),
        "lab_seed": the_lab().seed,
    }
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    text = json.dumps(head, indent=1)[:-2] + ',\n "rows": [\n' + lines + "\n]}\n"
    file.write_text(text, encoding="utf-8")
    partial.unlink(missing_ok=True)


def _on_all_cores(
    tasks: Sequence[Task], jobs: int
) -> Iterable[tuple[Task, list[PolicyCoordinates]]]:
    """Results as they complete. Each process has one torch thread."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(points, task): task for task in tasks}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BaseException:
            # Interrupted: finish the running tasks, start no others.
            pool.shutdown(cancel_futures=True)
            raise


def _key(task: Task) -> str:
    return json.dumps(asdict(task), sort_keys=True)


def _read(partial: Path) -> Iterable[tuple[str, list[PolicyCoordinates]]]:
    for line in partial.read_text(encoding="utf-8").splitlines():
        try:
            key, found = json.loads(line)
        except ValueError:
            continue  # an incomplete line, from an interrupted write
        yield key, found


def _commit() -> str:
    """The commit of the checkout, or "unknown" where there is none."""
    result = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=DATA, check=False
    )
    return result.stdout.strip() or "unknown"


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), "torch": torch.__version__}
