"""Rows of runs whose readers leave or stop reading: how long the next reader waits."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import httpx

from app.settings import Settings
from tools.bench.load import followed
from tools.bench.samples import in_turn
from tools.bench.server import run
from tools.bench.serving import Served, served, wait_for_rest
from tools.bench.table import Row

TRIES = 3
LONG = 400
"""iterations of the runs that others wait for, too many for the buffers of a slow reader"""
QUEUED = 20
"""queued runs whose readers leave"""

AT_A_TIME = Settings().concurrent_runs

FLOOR = "the same with readers who read everything"


def rows() -> Iterator[Row]:
    """Measure both."""
    with served(DPO_EXPLAINED_WARM="0") as server:
        bench = Bench(server)
        left = in_turn(bench.left, bench.taken, TRIES)
        yield Row(
            f"readers of as many runs as are computed at a time leave, and those of {QUEUED} that wait: "
            "until the next run has its first row",
            *("s", *left, FLOOR),
            most=7,
        )
        slow = in_turn(bench.slow, bench.taken, TRIES)
        yield Row(
            "as many runs as are computed at a time, whose readers stop reading: "
            "until the next run has its first row",
            *("s", *slow, FLOOR),
            most_more=1,
        )


class Bench:
    """Runs with distinct seeds, on a server that computes a fixed number at a time."""

    def __init__(self, server: Served, long: int = LONG) -> None:
        self.server = server
        self.long = long
        self._seeds = itertools.count(800_000)

    def taken(self) -> float:
        """Seconds to the first row, behind runs whose readers read everything."""
        wait_for_rest(self.server.pid)
        with followed(self._runs(AT_A_TIME, self.long)):
            return self._first_row()

    def slow(self) -> float:
        """Seconds to the first row, behind runs whose readers stop after the first rows."""
        wait_for_rest(self.server.pid)
        with _open(self._runs(AT_A_TIME, self.long), "step", slow=True):
            return self._first_row()

    def left(self) -> float:
        """Seconds to the first row, after all other readers have left."""
        wait_for_rest(self.server.pid)
        with (
            _open(self._runs(AT_A_TIME, self.long), "step"),
            _open(self._runs(QUEUED, self.long), "queued"),
        ):
            pass
        return self._first_row()

    def _first_row(self) -> float:
        begin = time.perf_counter()
        with _open(self._runs(1, 10), "step"):
            return time.perf_counter() - begin

    def _runs(self, number: int, iterations: int) -> list[str]:
        return [self.server.address + run(next(self._seeds), iterations) for _ in range(number)]


@contextmanager
def _open(addresses: Sequence[str], event: str, slow: bool = False) -> Iterator[None]:
    """Readers who stop reading after an event of this name; slow ones have hardly any buffer."""
    # The smallest buffer that the system allows.
    options = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)] if slow else []
    transport = httpx.HTTPTransport(
        socket_options=options, limits=httpx.Limits(max_connections=None)
    )
    with httpx.Client(transport=transport, timeout=120) as client, ExitStack() as streams:
        taken = []  # a discarded iterator would close its connection
        for address in addresses:
            answer = streams.enter_context(client.stream("GET", address))
            taken.append(answer.raise_for_status().iter_lines())
            next(line for line in taken[-1] if line == f"event: {event}")
        yield
