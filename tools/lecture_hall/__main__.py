"""``make lecture-hall``: a server, its students, and a report. Fails on any error.

Two lectures: the readers of the first cannot train on their own machines, those of the second can.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from tools.bench.machine import header
from tools.bench.memory import memory_of
from tools.bench.serving import SERVE, Served, cpu_seconds, fetch, served
from tools.lecture_hall.own_machines import training
from tools.lecture_hall.report import (
    Lecture,
    MemoryAt,
    OwnRun,
    memory_table,
    queue_line,
    times_table,
    with_own_machines,
)

SCENARIO = Path(__file__).with_name("scenario.py")
PPO_PAGE = "/sections/ppo-problem"
OPEN_FILES = 4096
EVERY_S = 2.0
LEAST_WATCHED_S = 5.0
"""CPU time is counted for the time within which all students arrive, but at least for so long"""
BROWSER_PAUSE_S = 10.0
"""before each run of a reader with a real browser"""


def main(arguments: list[str] | None = None) -> None:
    """Exits with 1 if there was any error or any student did not finish."""
    parser = argparse.ArgumentParser(prog="python -m tools.lecture_hall", description=__doc__)
    add_options(parser)
    parser.add_argument(
        "--no-own-machines",
        action="store_true",
        help="only the lecture whose readers cannot train on their own machines",
    )
    given = parser.parse_args(arguments)
    allow_open_files()
    without = attended(given, own_machines=False)
    if not given.no_own_machines:
        trained = attended(given, own_machines=True)
        print(f"With readers that train, the server used {trained / without:.2f} of that CPU time.")


def attended(given: argparse.Namespace, own_machines: bool) -> float:
    """Hold a lecture on a new server and report it.

    Returns the CPU seconds of the server while the students arrived. Exits with 1 like ``main``.
    """
    print(f"## Readers that {'train' if own_machines else 'cannot train'}\n")
    machine = header()
    watched_s = max(given.spawn_seconds, LEAST_WATCHED_S)
    # Runs that nobody asks for here would count as those of the lecture.
    serving = served([*SERVE, "--workers", str(given.workers)], DPO_EXPLAINED_WARM="0")
    with serving as server, ExitStack() as stack:
        fetch(f"{server.address}{PPO_PAGE}")
        made: list[OwnRun] = []
        if own_machines:
            made = stack.enter_context(
                training(server.address + PPO_PAGE, BROWSER_PAUSE_S * given.pauses)
            )
        start = time.perf_counter()
        cpu_time = stack.enter_context(watched_cpu_time(server, watched_s))
        with watched_memory(server, start) as memory:
            lecture = hold(server, given, own_machines=own_machines)
        took = time.perf_counter() - start
    (cpu_s,) = cpu_time
    print(
        f"{given.students} students within {given.spawn_seconds:g} s, all done after {took:.0f} s."
    )
    print(f"{machine} before the start; {given.workers} worker(s).\n")
    asked = with_own_machines(lecture.asked, made)
    print(times_table(asked), queue_line(lecture.queued), memory_table(memory), sep="\n\n")
    print(
        f"\nThe server and its child processes used {cpu_s:.1f} s of CPU time "
        f"in the first {min(watched_s, took):.0f} s.\n"
    )
    for error, times in Counter(lecture.errors).most_common(20):
        print(f"{times} times: {error}", file=sys.stderr)
    if lecture.errors or lecture.students != given.students:
        raise SystemExit(
            f"{len(lecture.errors)} errors; {lecture.students} of {given.students} students finished."
        )
    return cpu_s


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a lecture."""
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument(
        "--spawn-seconds", type=float, default=60, help="time within which they all arrive"
    )
    parser.add_argument(
        "--iterations", type=int, help="length of each PPO run (default: the page's)"
    )
    parser.add_argument("--pauses", type=float, default=1, help="factor; 0.1: students in a hurry")
    parser.add_argument("--workers", type=int, default=1, help="server processes")
    parser.add_argument("--limit-minutes", type=float, default=30, help="fail after this time")


def hold(
    server: Served,
    given: argparse.Namespace,
    first_seed: int = 100_000,
    *,
    own_machines: bool = False,
) -> Lecture:
    """Let Locust send the students, and wait for them. Ends the command if Locust itself fails.

    ``own_machines`` says whether those of the students can train. Students are numbered from ``first_seed``;
    the number decides what they do and the seed of their run.
    """
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder, "lecture.json")
        rate = given.students / given.spawn_seconds
        command = [
            *(sys.executable, "-m", "locust", "--locustfile", str(SCENARIO), "--headless"),
            *("--host", server.address, "--users", str(given.students)),
            *("--spawn-rate", f"{rate:g}", "--run-time", f"{60 * given.limit_minutes:.0f}s"),
            *("--only-summary", "--loglevel", "WARNING", "--stop-timeout", "1"),
        ]
        settings = {
            "LECTURE_HALL_STUDENTS": str(given.students),
            "LECTURE_HALL_ITERATIONS": str(given.iterations or ""),
            "LECTURE_HALL_PAUSES": str(given.pauses),
            "LECTURE_HALL_FIRST_SEED": str(first_seed),
            "LECTURE_HALL_OWN_MACHINES": str(int(own_machines)),
            "LECTURE_HALL_NOTES": str(notes),
            "PYTHONPATH": str(SCENARIO.parents[2]),
        }
        # Locust's own output matters only if it fails.
        done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True)
        if done.returncode != 0 or not notes.exists():
            raise SystemExit(f"Locust failed:\n{done.stderr}")
        return Lecture.read(notes)


@contextmanager
def watched_memory(server: Served, start: float) -> Iterator[list[MemoryAt]]:
    """A list to which the server's memory is added, at once and every two seconds until the block ends."""
    over = threading.Event()
    samples = [MemoryAt(0.0, memory_of(server.pid))]

    def watch() -> None:
        while not over.wait(EVERY_S):
            try:
                found = memory_of(server.pid)
            except psutil.NoSuchProcess:
                return
            samples.append(MemoryAt(time.perf_counter() - start, found))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield samples
    finally:
        over.set()
        watcher.join()


@contextmanager
def watched_cpu_time(server: Served, seconds: float) -> Iterator[list[float]]:
    """A list to which the CPU seconds that the server uses in this time are added, or in a shorter block."""
    before = cpu_seconds(server.pid)
    used: list[float] = []
    timer = threading.Timer(seconds, lambda: used.append(cpu_seconds(server.pid) - before))
    timer.start()
    try:
        yield used
    finally:
        timer.cancel()
        if not used:
            used.append(cpu_seconds(server.pid) - before)


def allow_open_files() -> None:
    """Every student holds a stream open, at both ends: the usual limit of 1024 files is too low."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < OPEN_FILES:
        wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    # SIGTERM acts like Ctrl-C: the server and the readers end with this process.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main()
