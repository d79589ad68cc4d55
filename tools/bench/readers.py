"""Rows of runs whose readers leave, or take nothing: how long those who wait for them wait."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from app.settings import Settings
from tools.bench.generator import BEGUN_S, ask_for_stream, held_streams, wait_for_rest
from tools.bench.samples import in_turn
from tools.bench.serving import Served, served
from tools.bench.table import Row, Subject, Target

TRIES = 5
SLOW_TRIES = 3
LONG = 400
"""iterations of the runs that others wait for: their rows do not fit between server and slow reader"""
SHORT = 10

LEFT = Subject(
    "readers of as many runs as go on at a time leave: until the next run has its first row",
    "s",
    "the first row of the same run on a server at rest",
    (Target(1),),
)
SLOW = Subject(
    "as many runs as go on at a time, whose readers take nothing: until the next run has its first row",
    "s",
    "the same with readers who take everything",
    (Target(1, of="excess"),),
)
SUBJECTS = (LEFT, SLOW)


def rows() -> Iterator[Row]:
    """Measure both."""
    with served() as server:
        bench = Bench(server, Settings().concurrent_runs)
        yield Row(LEFT, *in_turn(bench.left, bench.at_rest, TRIES))
        yield Row(SLOW, *in_turn(bench.slow, bench.quick, SLOW_TRIES))


class Bench:
    """Runs with seeds of their own, on a server that makes so many at a time."""

    def __init__(self, server: Served, at_a_time: int, long: int = LONG) -> None:
        self.server = server
        self.at_a_time = at_a_time
        self.long = long
        self._seeds = itertools.count(800_000)

    def at_rest(self) -> float:
        """Seconds until a run has its first row, with nothing else to do."""
        self._rest()
        begin = time.perf_counter()
        with _reader(self.server, self._run(SHORT)) as reader:
            _wait_for(reader, b"step")
            return time.perf_counter() - begin

    def left(self) -> float:
        """Seconds from when the readers of all runs leave."""
        self._rest()
        with ExitStack() as others:
            others.enter_context(held_streams(self.server.port, self._long_runs()))
            with _reader(self.server, self._run(SHORT)) as reader:
                _wait_for(reader, b"queued")
                begin = time.perf_counter()
                others.close()
                _wait_for(reader, b"step")
                return time.perf_counter() - begin

    def slow(self) -> float:
        """Seconds of a reader who waits for runs of which only the first rows are taken."""
        return self._behind(slow=True)

    def quick(self) -> float:
        """Seconds of a reader who waits for runs that are taken as they are made."""
        return self._behind(slow=False)

    def _behind(self, slow: bool) -> float:
        self._rest()
        with ExitStack() as others, ThreadPoolExecutor(self.at_a_time) as taking:
            begin, taken = time.perf_counter(), []
            for path in self._long_runs():
                other = others.enter_context(_reader(self.server, path, slow))
                _wait_for(other, b"step")
                if not slow:
                    taken.append(taking.submit(_wait_for, other, b"done"))
            with _reader(self.server, self._run(SHORT)) as reader:
                _wait_for(reader, b"queued")
                _wait_for(reader, b"step")
                waited = time.perf_counter() - begin
            for each in taken:
                each.result()
            return waited

    def _rest(self) -> None:
        wait_for_rest(self.server.pid)

    def _long_runs(self) -> list[str]:
        return [self._run(self.long) for _ in range(self.at_a_time)]

    def _run(self, iterations: int) -> str:
        return f"/api/v1/ppo_dynamics/stream?seed={next(self._seeds)}&iterations={iterations}"


@contextmanager
def _reader(server: Served, path: str, slow: bool = False) -> Iterator[socket.socket]:
    """A reader of one stream; a slow one leaves hardly any room for what it does not take."""
    with socket.socket() as connection:
        if slow:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        connection.settimeout(BEGUN_S)
        connection.connect(("127.0.0.1", server.port))
        ask_for_stream(connection, path)
        yield connection


def _wait_for(reader: socket.socket, event: bytes) -> None:
    """Read on until an event of this name. Raises EOFError if the stream ends before."""
    seen = b""
    while b"event: " + event not in seen:
        part = reader.recv(1000)
        if not part:
            raise EOFError(f"no event {event.decode()}: {seen!r}")
        seen = seen[-100:] + part
