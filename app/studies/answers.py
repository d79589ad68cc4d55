"""What policies of the frontier study say most: those of its first seed, trained once more.

``python -m app.studies.answers`` writes the file that ships, unless a policy is not where the study has it.
"""

from __future__ import annotations

import json
from functools import lru_cache

from app.lab.methods import CLIMBS, MethodRun, measure_run
from app.lab.reward_model import RewardKind
from app.lab.trained import the_lab
from app.lab.world import the_world
from app.paths import DATA
from app.studies.data import frontier_study, studied_prompts
from app.studies.sweep import frontier_runs, point

FILE = DATA / "frontier_answers.json"

NEAR = 0.01
"""how far a policy may be from its point in the study, in nats and in quality, for rounding"""


@lru_cache(maxsize=1)
def _answers() -> dict[str, list[int]]:
    answers: dict[str, list[int]] = json.loads(FILE.read_text(encoding="utf-8"))
    return answers


def answer(prompt: int, method: str, strength: float, kind: RewardKind) -> str:
    """The most probable response of the study's policy with the first seed.

    Raises:
        KeyError: the study has no such run
    """
    fitted = kind if method in CLIMBS else RewardKind.additive
    return the_world().text(
        prompt, _answers()[_key(MethodRun(prompt, method, strength, 0, fitted))]
    )


def _key(run: MethodRun) -> str:
    return f"{the_world().prompts[run.prompt].id} {run.method} {run.strength:g} {run.reward_model}"


def write() -> None:
    """Train the first seed's policies, and write what each says."""
    study = frontier_study()
    known = {
        (row.prompt, row.method, row.strength, row.seed, row.reward_model): row.points[0]
        for row in study.rows
    }
    found = {}
    for run in frontier_runs(studied_prompts(study), 1):
        measured = measure_run(the_lab(), run)
        there = known[run.prompt, run.method, run.strength, run.seed, run.reward_model]
        apart = max(abs(a - b) for a, b in zip(point(measured), there, strict=True))
        if apart > NEAR:
            raise RuntimeError(f"{run} is {apart} from where the study has it")
        found[_key(run)] = measured.favorite
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(said)}" for key, said in found.items())
    FILE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    write()
