"""``make soak``: one lecture after the other on the same server. Fails on any error, or if anything grows.

The first lecture warms the server up, filling memory and caches. After each lecture, once the server is
idle, its memory and its open files are counted.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psutil

from tools.bench.machine import header
from tools.bench.memory import Memory, memory_of
from tools.bench.serving import SERVE, served, wait_for_rest
from tools.lecture_hall.__main__ import add_options, allow_open_files, hold, watched_memory

MOST_GROWTH = 0.05
"""largest relative growth of memory from the end of the first lecture to that of the last"""


@dataclass(frozen=True)
class AtRest:
    """Measurements of an idle server between two lectures."""

    seconds: float
    """since the end of the first lecture"""
    memory: Memory
    peak: float
    """peak memory of all processes during the last lecture, in 10^6 bytes"""
    files: int
    """number of open files in all its processes, sockets included"""
    requests: int
    errors: Sequence[str]


def main(arguments: list[str] | None = None) -> None:
    """Exits with 1 on any error or growth."""
    parser = argparse.ArgumentParser(prog="python -m tools.lecture_hall.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="after the first lecture")
    add_options(parser)
    given = parser.parse_args(arguments)
    machine = header()
    allow_open_files()
    rests = list(lectures(given))
    print(f"Lectures of {given.students} students for {rests[-1].seconds / 60:.1f} minutes.")
    print(f"{machine} before the start; {given.workers} worker(s).\n")
    print(table(rests))
    errors = Counter(error for rest in rests for error in rest.errors)
    for error, times in errors.most_common(20):
        print(f"{times} times: {error}", file=sys.stderr)
    if faults := [*grown(rests), *([f"{errors.total()} errors"] if errors else [])]:
        raise SystemExit("; ".join(faults))


def lectures(given: argparse.Namespace) -> Iterator[AtRest]:
    """Hold lectures on one server, each with new students, until the time is over."""
    with served([*SERVE, "--workers", str(given.workers)]) as server:
        start: float | None = None
        first_seed = 100_000
        while start is None or time.perf_counter() - start < 60 * given.minutes:
            with watched_memory(server, time.perf_counter()) as samples:
                lecture = hold(server, given, first_seed)
            first_seed += given.students
            wait_for_rest(server.pid)
            start = start or time.perf_counter()
            missing = given.students - lecture.students
            yield AtRest(
                time.perf_counter() - start,
                memory_of(server.pid),
                max(sample.memory.all_pss for sample in samples),
                files_of(server.pid),
                sum(not each.phase for each in lecture.asked),
                [*lecture.errors, *["a student did not finish"] * missing],
            )


def files_of(pid: int) -> int:
    """The number of files and sockets that a server and its child processes have open."""
    process = psutil.Process(pid)
    return sum(each.num_fds() for each in (process, *process.children(recursive=True)))


def grown(rests: Sequence[AtRest]) -> list[str]:
    """Describe whatever is more at the end than after the first lecture."""
    first, last = rests[0], rests[-1]
    growth = last.memory.all_pss / first.memory.all_pss - 1
    faults = []
    if growth > MOST_GROWTH:
        faults.append(f"memory grew by {growth:.1%}")
    if last.files > first.files:
        faults.append(f"{last.files - first.files} more files are open")
    return faults


def table(rests: Sequence[AtRest]) -> str:
    """A Markdown table; memory is Pss in MB."""
    first = rests[0].memory.all_pss
    lines = [
        "| after | requests | errors | server | with child processes (how many) | growth | "
        "peak during the lecture | open files |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for rest in rests:
        memory = rest.memory
        lines.append(
            f"| {rest.seconds:.0f} s | {rest.requests:,} | {len(rest.errors)} | {memory.pss:.0f} | "
            f"{memory.all_pss:.0f} ({memory.children}) | {memory.all_pss / first - 1:+.1%} | "
            f"{rest.peak:.0f} | {rest.files} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    # SIGTERM acts like Ctrl-C: the server and the readers end with this process.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main()
