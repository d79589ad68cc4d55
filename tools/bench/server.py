"""Rows of the server: throughput, latency beside training runs, start, memory."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from app.content.sections import SECTIONS
from tools.bench import light
from tools.bench.load import BROWSER, fetch_all, followed, requests_per_second, steady
from tools.bench.memory import Memory, memory_of
from tools.bench.samples import in_turn, percentile, seconds
from tools.bench.serving import WITH_CONSTANT, Served, fetch, served, wait_for_rest
from tools.bench.table import Row

RUNS = 5
FEW = 3
"""repetitions of what takes long, or can be requested only once"""

NEW = {"preference_pairs": 800}
"""number of requests never made before, enough for a second: here a third of all pairs"""

SEEDS = itertools.count(600_000)
"""new seeds for each run, since finished runs are not repeated"""

CONSTANT = "a route of the same application on the same worker that always returns the same JSON"


def rows() -> Iterator[Row]:
    """Measure all rows."""
    with served(WITH_CONSTANT, DPO_EXPLAINED_WARM="0") as server:
        for widget in light.WIDGETS:
            yield from throughput(server, widget)
        yield wait(server, "light requests made before", 100, 6, new=False)
        yield wait(server, "light requests never made before", 10, 12, new=True)
    yield Row(
        "start: from the command to the first section page",
        "s",
        *in_turn(start, import_torch, RUNS),
        "python -c 'import torch'",
        most=3,
    )
    yield from memory()


def throughput(server: Served, widget: str) -> Iterator[Row]:
    """Requests per second, beside those of the constant route."""
    same = list(itertools.islice(light.addresses(widget, random.Random(0)), 8))
    new = light.addresses(widget, random.Random(1))

    def fresh() -> float:
        paths = list(itertools.islice(new, NEW.get(widget, 5000)))
        rate = requests_per_second(server.address, paths)
        if rate > 0.95 * len(paths):
            raise RuntimeError(f"{len(paths)} requests were too few for a second")
        return rate

    def repeated(paths: list[str], encoding: str) -> Callable[[], float]:
        return lambda: requests_per_second(server.address, paths, encoding)

    constant = ["/constant"]
    for kind, encoding in (
        ("the same 8 requests", "identity"),
        ("the same 8, compressed", BROWSER),
    ):
        requests_per_second(server.address, same, encoding)
        ask, ask_constant = repeated(same, encoding), repeated(constant, encoding)
        yield _throughput(f"{widget}, {kind}", in_turn(ask, ask_constant, RUNS))
    figures = in_turn(fresh, repeated(constant, "identity"), FEW)
    yield _throughput(f"{widget}, requests never made before", figures)


def _throughput(what: str, figures: tuple[list[float], list[float]]) -> Row:
    return Row(what, "requests/s", *figures, CONSTANT, least_ratio=0.7)


def wait(server: Served, what: str, rate: int, long: int, new: bool) -> Row:
    """Latency of light requests, at a rate that the server keeps up with."""
    kinds = [light.addresses(widget, random.Random(2)) for widget in light.WIDGETS[:3]]
    known = [next(addresses) for addresses in kinds]

    def p99() -> float:
        paths = [next(addresses) for _ in range(rate * long) for addresses in kinds]
        return percentile(steady(server.address, paths if new else known, rate, long), 99)

    def beside() -> float:
        with followed([server.address + run(next(SEEDS), 250) for _ in range(8)]):
            found = p99()
        wait_for_rest(server.pid)
        return found

    wait_for_rest(server.pid)
    return Row(
        f"p99 latency of {what}, {rate} a second, beside eight PPO runs",
        "ms",
        *in_turn(beside, p99, FEW),
        "the same without the runs",
        most_ratio=3,
    )


def start() -> float:
    """Seconds from starting the server to the first section page."""
    begin = time.perf_counter()
    with served() as server:
        fetch(f"{server.address}/sections/reward-modeling")
        return time.perf_counter() - begin


def import_torch() -> float:
    """Seconds of a process that imports torch and exits."""
    return seconds(lambda: subprocess.run([sys.executable, "-c", "import torch"], check=True))


def memory() -> Iterator[Row]:
    """Memory of a server after requests of every kind."""
    with served() as server:
        for section in SECTIONS:
            fetch(f"{server.address}/sections/{section.slug}")
        for widget in light.WIDGETS:
            paths = itertools.islice(light.addresses(widget, random.Random(3)), 200)
            fetch_all([server.address + path for path in paths])
        fetch_all([server.address + run(seed) for seed in range(700_000, 700_004)])
        wait_for_rest(server.pid)
        found, floor = memory_of(server.pid), memory_of_torch()
    yield Row(
        "resident memory of the server process after pages, light requests and PPO runs; "
        f"{found.files:.0f} of it pages of files, {floor.files:.0f} of the floor",
        "MB",
        [found.rss],
        [floor.rss],
        "a process that has imported torch (Rss)",
        most=400,
    )
    yield Row(
        f"the same with its {found.children} child processes, memory they share counted once",
        "MB",
        [found.all_pss],
        [floor.pss],
        "a process that has imported torch (Pss)",
        most=400,
    )


def memory_of_torch() -> Memory:
    """Memory of a process that has only imported torch."""
    wait = "import torch; print(); input()"
    with subprocess.Popen(
        [sys.executable, "-c", wait], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = memory_of(process.pid)
        process.communicate("\n")
    return found


def run(seed: int, iterations: int = 150) -> str:
    """Path of the stream of a run."""
    return f"/api/v1/ppo_dynamics/stream?seed={seed}&iterations={iterations}"
