"""The parts of the benchmark; no duration is asserted."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys

import pytest
from starlette.testclient import TestClient

from app.lab.ppo import PPOConfig
from app.lab.trained import the_lab
from tools.bench import bare, light
from tools.bench.machine import header
from tools.bench.memory import memory_of
from tools.bench.samples import in_turn
from tools.bench.serving import DidNotStart, served
from tools.bench.table import COLUMNS, Row, written


def test_measured_and_floor_are_taken_in_turn() -> None:
    clock = itertools.count()
    assert in_turn(lambda: next(clock), lambda: next(clock), 3) == ([0, 2, 4], [1, 3, 5])


def test_a_row_shows_its_ratio_and_which_targets_are_met() -> None:
    row = Row("reading", "s", [1.5, 2.0, 1.0], [0.5], "a blank page", most=2, most_ratio=1.5)
    assert dict(zip(COLUMNS, row.cells(), strict=True)) == {
        "what": "reading",
        "measured (range)": "1.5 s (1 to 2)",
        "floor (range)": "0.5 s",
        "what the floor is": "a blank page",
        "ratio": "3.00",
        "target": "at most 2 s, ratio at most 1.5",
        "met": "yes, **no**",
    }


@pytest.mark.parametrize(
    ("measured", "targets", "met"),
    [
        (7, {"least_ratio": 0.7}, "yes"),
        (6.9, {"least_ratio": 0.7}, "**no**"),
        (11, {"most_more": 1}, "yes"),
        (11.1, {"most_more": 1}, "**no**"),
    ],
)
def test_a_target_is_met_up_to_its_limit(
    measured: float, targets: dict[str, float], met: str
) -> None:
    assert Row("", "s", [measured], [10], "", **targets).cells()[-1] == met


def test_numbers_have_three_digits_or_their_whole_part() -> None:
    assert [written(value) for value in (0, 0.01234, 1.5, 99.94, 123.4, 12345.6)] == [
        *("0", "0.0123", "1.5", "99.9", "123", "12,346"),
    ]


def test_the_machine_is_told_with_its_memory_and_what_decides_the_numbers() -> None:
    said = header()
    assert "torch 2" in said
    assert float(said.split(" GB;")[0].split(", ")[-1]) > 0


def test_the_bare_work_is_done_on_networks_of_the_lab_and_leaves_them_as_they_were() -> None:
    reference = the_lab().reference_policy
    before = [parameter.clone() for parameter in reference.parameters()]
    assert bare.PREFIXES == 1555
    assert bare.prefix_layers(reference, 0)().shape == (1555, 6)
    batch = the_lab().training_comparisons(0)[:8].both()
    bare.dpo_steps(reference, 0, [batch])()
    bare.ppo_iterations(reference, 0, PPOConfig(iterations=1))()
    assert all((a == b).all() for a, b in zip(before, reference.parameters(), strict=True))


@pytest.mark.parametrize("widget", light.WIDGETS)
def test_addresses_of_light_requests_are_good_and_do_not_repeat(
    client: TestClient, widget: str
) -> None:
    made = list(itertools.islice(light.addresses(widget, random.Random(1)), 500))
    assert len(set(made)) == 500
    for path in made[:3]:
        assert client.get(path).status_code == 200


def test_a_server_that_does_not_start_says_why() -> None:
    with pytest.raises(DidNotStart, match="no such luck"), served(["-c", "exit('no such luck')"]):
        pass


def test_memory_counts_the_child_processes_of_a_server() -> None:
    child = "import sys; print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = memory_of(os.getpid())
        process.communicate(b"")
    assert found.children >= 1
    assert 0 < found.children_pss < found.all_pss
    assert found.pss <= found.rss
    # Python itself is read from a file.
    assert 0 < found.files < found.rss
