"""Studies: resumable, complete, and shipped as this checkout computes them."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest

from app.lab.methods import METHODS, MethodRun, measure_run
from app.lab.overoptimization import Climb, climb
from app.lab.reward_model import RewardKind
from app.lab.trained import the_lab
from app.studies import sweep as studies
from app.studies.data import (
    Study,
    StudyRow,
    comparison_study,
    frontier_study,
    overoptimization_study,
    spreads,
)

TASKS = [MethodRun(0, "best_of_n", n, seed) for n in (1, 4) for seed in (0, 1)]


@pytest.mark.slow
def test_a_study_writes_all_its_runs_in_order_with_what_made_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    studies.run_study("small", "the command", TASKS, tmp_path / "small.json", jobs=1)
    found = Study[StudyRow].model_validate_json((tmp_path / "small.json").read_text())
    assert found.command == "the command"
    assert [(row.method, row.strength, row.seed) for row in found.rows] == [
        (task.method, task.strength, task.seed) for task in TASKS
    ]
    assert list(tmp_path.iterdir()) == [tmp_path / "small.json"]


@pytest.mark.slow
def test_a_stopped_study_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finished run is not repeated: a marked result of an earlier start is in the file."""
    monkeypatch.chdir(tmp_path)
    key = json.dumps(vars(TASKS[2]), sort_keys=True)
    marked = [[9.0, 9.0, 9.0]]
    (tmp_path / "small.partial").write_text(json.dumps([key, marked]) + '\n["cut off in the mid')
    studies.run_study("small", "", TASKS, tmp_path / "small.json", jobs=1)
    rows = json.loads((tmp_path / "small.json").read_text())["rows"]
    assert rows[2]["points"] == marked
    assert rows[3]["points"] != marked


def test_what_ships_is_whole() -> None:
    study = frontier_study()
    seeds = {row.seed for row in study.rows}
    assert len(seeds) >= 10
    assert len(study.commit) == 40
    for prompt, kind in product({row.prompt for row in study.rows}, RewardKind):
        for name, places in spreads(prompt, kind).items():
            assert [place.strength for place in places] == sorted(METHODS[name].strengths)
            assert {place.seeds for place in places} == {len(seeds)}


@pytest.mark.slow
def test_a_sample_of_the_runs_that_ship_is_made_again() -> None:
    """Every method, up to what another processor may round differently over a whole run."""
    made = [[row for row in frontier_study().rows if row.method == method] for method in METHODS]
    made += [
        [r for r in comparison_study().rows if (r.method, r.reward_model) == compared]
        for compared in studies.COMPARED
    ]
    for rows in made:
        row = rows[len(rows) // 2]
        run = MethodRun(row.prompt, row.method, row.strength, row.seed, row.reward_model)
        kl, quality, reward = studies.point(measure_run(the_lab(), run))
        assert (kl, quality, reward) == pytest.approx(row.points[0], abs=0.15), run


@pytest.mark.slow
def test_a_sample_of_the_climbs_that_ship_is_made_again() -> None:
    for method in ("best_of_n", "ppo"):
        rows = [row for row in overoptimization_study().rows if row.method == method]
        row = rows[len(rows) // 2]
        task = Climb(row.prompt, row.method, row.comparisons, row.seed, row.reward_model)
        found = [studies.point(measured) for measured in climb(the_lab(), task)]
        assert len(found) == len(row.points)
        assert found[-1] == pytest.approx(row.points[-1], abs=0.2), method


def test_no_point_that_ships_lies_above_the_frontier() -> None:
    rows = [(row.prompt, row.points) for row in frontier_study().rows]
    rows += [(row.prompt, row.points) for row in overoptimization_study().rows]
    for prompt, points in rows:
        frontier = the_lab().facts(prompt).frontier
        for kl, quality, _ in points:
            assert quality <= frontier.bound(kl) + 1e-3
