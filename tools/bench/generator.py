"""The load generator's process, and training runs held open by readers."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

import psutil

from tools.bench.http_load import Answers, Job

QUIET_SHARE = 20.0
"""percent of a core that a server at rest stays below"""

BEGUN_S = 60.0
REST_S = 60.0


class Failed(RuntimeError):
    """Something was not answered as it should have been; what is measured then means nothing."""


class Generator:
    """A process that asks a server; see http_load.py."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.bench.http_load"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, job: Job) -> Answers:
        """Do a job. Raises Failed if any answer is not a success, or if the process ends."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(job)) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise Failed("the load generator ended")
        answers = Answers(**json.loads(line))
        if answers.failures or not answers.requests:
            raise Failed(
                f"{answers.failures} of {answers.requests} requests, {job.paths[0]} and on"
            )
        return answers

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@contextmanager
def generator() -> Iterator[Generator]:
    """A generator for as long as it is needed."""
    made = Generator()
    try:
        yield made
    finally:
        made.close()


@contextmanager
def held_streams(port: int, paths: Sequence[str]) -> Iterator[None]:
    """Readers of so many streams, from when the first of them has a row until the block ends.

    Raises Failed if no row comes, or if all the streams are over when the block ends.
    """
    begun = threading.Event()
    over = 0
    lock = threading.Lock()

    def read(connection: socket.socket) -> None:
        nonlocal over
        try:
            while data := connection.recv(65536):
                if b"event: step" in data:
                    begun.set()
                if b"event: done" in data:
                    break
            with lock:
                over += 1
        except OSError:
            return

    connections = [socket.create_connection(("127.0.0.1", port)) for _ in paths]
    readers = [threading.Thread(target=read, args=(each,), daemon=True) for each in connections]
    for connection, path, reader in zip(connections, paths, readers, strict=True):
        ask_for_stream(connection, path)
        reader.start()
    try:
        if not begun.wait(BEGUN_S):
            raise Failed("no training run began")
        yield
        with lock:
            if over == len(paths):
                raise Failed("the training runs were over before the measurement was")
    finally:
        for connection in connections:
            connection.shutdown(socket.SHUT_RDWR)
        for reader in readers:
            reader.join()
        for connection in connections:
            connection.close()


def ask_for_stream(connection: socket.socket, path: str) -> None:
    """Send a request for a stream, which ends with its connection."""
    host, port = connection.getpeername()
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: text/event-stream\r\n"
        "Accept-Encoding: identity\r\nConnection: close\r\n\r\n".encode()
    )


def wait_for_rest(pid: int) -> None:
    """Wait until a server and its child processes have nothing to do. Raises Failed if they never have."""
    until = time.perf_counter() + REST_S
    quiet = 0
    before = _cpu_seconds(pid)
    while quiet < 3:
        if time.perf_counter() > until:
            raise Failed("the server never came to rest")
        time.sleep(0.25)
        now = _cpu_seconds(pid)
        quiet = quiet + 1 if now - before < 0.25 * QUIET_SHARE / 100 else 0
        before = now


def _cpu_seconds(pid: int) -> float:
    process = psutil.Process(pid)
    total = 0.0
    for each in [process, *process.children(recursive=True)]:
        try:
            times = each.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total
