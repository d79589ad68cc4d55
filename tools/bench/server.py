"""Rows of the server: throughput, waiting beside training runs, start, memory."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import fmean

from app.sections import SECTIONS
from tools.bench import light
from tools.bench.generator import Generator, generator, held_streams, wait_for_rest
from tools.bench.http_load import Job
from tools.bench.memory import Memory, memory_of
from tools.bench.samples import Samples, in_turn, percentile, seconds
from tools.bench.serving import WITH_CONSTANT, Served, fetch, served
from tools.bench.table import Row, Subject, Target

RUNS = 5
BLOCKS = 9
"""measurements of a throughput"""
BLOCK_S = 0.4
REPEATED = 8
"""different requests that are asked over and over"""
NEW = 250
"""requests of one measurement that were never asked before; the 2,400 pairs are enough for all of them"""
BROWSER = "gzip, deflate, br, zstd"
"""what Chromium accepts"""

WAITS = 3
RUNS_BESIDE = 8
ITERATIONS_BESIDE = 400

MIXED_LIGHT = 200
MIXED_RUNS = 4


@dataclass(frozen=True)
class Steady:
    """Light requests at a rate that the server keeps up with when it has nothing else to do."""

    what: str
    rate: float
    seconds: float
    new: bool


STEADY = (
    Steady("light requests made before", 100, 6, new=False),
    Steady("light requests never made before", 10, 12, new=True),
)

CONSTANT = "a route of the same application on the same worker that always answers the same JSON"
KINDS = ("the same 8 requests", "the same 8, compressed", "requests never made before")


def _throughput(addresses: light.Addresses, kind: str) -> Subject:
    target = Target(0.7, of="ratio", at_least=True)
    return Subject(f"{addresses.__name__}, {kind}", "requests/s", CONSTANT, (target,))


THROUGHPUT = {
    (addresses, kind): _throughput(addresses, kind)
    for addresses, kind in itertools.product(light.LIGHT, KINDS)
}
WAIT = {
    steady: Subject(
        f"p99 of {steady.what}, {steady.rate:g} a second, beside eight PPO runs",
        "ms",
        "the same with nothing beside",
        (Target(3, of="ratio"),),
    )
    for steady in STEADY
}
START = Subject(
    "start: from the command to the first section page",
    "s",
    "python -c 'import torch'",
    (Target(3),),
)
WORKER = Subject(
    "resident memory of the server process after pages, light requests and PPO runs",
    "MB",
    "a process that has imported torch (Rss)",
    (Target(400),),
)
FAMILY = Subject(
    "the same with its child processes, memory they share counted once",
    "MB",
    "a process that has imported torch (Pss)",
    (Target(400),),
)
SUBJECTS = (*THROUGHPUT.values(), *WAIT.values(), START, WORKER, FAMILY)


def rows() -> Iterator[Row]:
    """Measure all of them."""
    with generator() as load:
        with served(WITH_CONSTANT) as server:
            for addresses, kind in THROUGHPUT:
                yield throughput(load, server, addresses, kind)
            for steady in STEADY:
                yield wait(load, server, steady)
        yield Row(START, *in_turn(start, import_torch, RUNS))
        with served() as server:
            yield from memory(load, server)


def throughput(load: Generator, server: Served, addresses: light.Addresses, kind: str) -> Row:
    """Requests answered a second, against the constant route asked in the same way."""
    same = list(itertools.islice(addresses(random.Random(0)), REPEATED))
    source = random.Random(f"{addresses.__name__}, {kind}")
    fresh = addresses(source)
    encoding = BROWSER if kind == KINDS[1] else "identity"
    busy = []

    def ask(paths: list[str], once: bool = False) -> float:
        answers = load.run(Job(server.port, paths, BLOCK_S, accept_encoding=encoding, once=once))
        busy.append(answers.cpu_seconds / answers.seconds)
        return answers.requests / answers.seconds

    def measured() -> float:
        if kind != KINDS[2]:
            return ask(same)
        return ask(list(itertools.islice(fresh, NEW)), once=True)

    ask(same)
    samples = in_turn(measured, lambda: ask(["/constant"]), BLOCKS)
    note = "" if fmean(busy) < 0.8 else "the load generator was the limit"
    return Row(THROUGHPUT[addresses, kind], *samples, note)


def wait(load: Generator, server: Served, steady: Steady) -> Row:
    """How long light requests wait, at a steady rate, with and without training runs beside."""
    source = random.Random("waiting")
    kinds = [each(source) for each in light.LIGHT[:3]]
    known = [next(addresses) for addresses in kinds]
    count = int(steady.rate * steady.seconds)
    seeds = itertools.count(600_000)

    def p99() -> float:
        paths = [next(kinds[number % len(kinds)]) for number in range(count)]
        job = Job(server.port, paths if steady.new else known, steady.seconds, rate=steady.rate)
        return percentile(load.run(job).latencies_ms, 99)

    def beside() -> float:
        runs = [_run(next(seeds), ITERATIONS_BESIDE) for _ in range(RUNS_BESIDE)]
        with held_streams(server.port, runs):
            found = p99()
        wait_for_rest(server.pid)
        return found

    wait_for_rest(server.pid)
    return Row(WAIT[steady], *in_turn(beside, p99, WAITS))


def start() -> float:
    """Seconds from starting the server to a section page, as a reader would."""
    begin = time.perf_counter()
    with served() as server:
        fetch(f"{server.address}/sections/reward-modeling")
        return time.perf_counter() - begin


def import_torch() -> float:
    """Seconds that a process takes which imports torch and ends."""
    return seconds(lambda: subprocess.run([sys.executable, "-c", "import torch"], check=True))


def memory(load: Generator, server: Served) -> Iterator[Row]:
    """Memory after everything has been asked for."""
    for section in SECTIONS:
        fetch(f"{server.address}/sections/{section.slug}")
    source = random.Random("memory")
    for addresses in light.LIGHT:
        paths = list(itertools.islice(addresses(source), MIXED_LIGHT))
        load.run(Job(server.port, paths, seconds=60, once=True))
    with ThreadPoolExecutor(MIXED_RUNS) as readers:
        runs = [server.address + _run(700_000 + run) for run in range(MIXED_RUNS)]
        list(readers.map(fetch, runs))
    wait_for_rest(server.pid)
    found, floor = memory_of(server.pid), memory_of_torch()
    files = f"{found.files:.0f} of it pages of files, {floor.files:.0f} of the floor"
    yield Row(WORKER, Samples((found.rss,)), Samples((floor.rss,)), files)
    yield Row(FAMILY, Samples((found.all_pss,)), Samples((floor.pss,)), f"{found.children} of them")


def memory_of_torch() -> Memory:
    """Memory of a process that has imported torch and nothing else."""
    wait = "import torch; print(); input()"
    with subprocess.Popen(
        [sys.executable, "-c", wait], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = memory_of(process.pid)
        process.communicate("\n")
    return found


def _run(seed: int, iterations: int = 150) -> str:
    return f"/api/v1/ppo_dynamics/stream?seed={seed}&iterations={iterations}"
