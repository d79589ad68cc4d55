"""A server in a process of its own, on a free port of this machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import psutil

SERVE = ("-m", "app.cli", "serve", "--port", "0")
"""What a reader starts."""

WITH_CONSTANT = (
    *("-m", "uvicorn", "tools.bench.app_with_constant:create", "--factory"),
    *("--port", "0", "--no-access-log"),
)
"""The same application with a route that computes nothing; one worker, no access log."""

STOPPED_S = 20
REST_S = 60
QUIET_SHARE = 0.2
"""of a core that a server at rest stays below"""


class DidNotStart(RuntimeError):
    """The server ended before it listened; the message has its last words."""


@dataclass(frozen=True)
class Served:
    """A running server."""

    address: str
    port: int
    pid: int
    process: subprocess.Popen[bytes]


@contextmanager
def served(command: Sequence[str] = SERVE, **settings: str) -> Iterator[Served]:
    """Start Python with ``command`` and settings in its environment, and stop it. Raises DidNotStart."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, *command],
            env={**os.environ, **settings},
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        try:
            yield _listening(process, log.fileno())
        finally:
            process.terminate()
            try:
                process.wait(STOPPED_S)
            except subprocess.TimeoutExpired:
                # It waits for streams that are still open.
                process.kill()
                process.wait()


def _listening(process: subprocess.Popen[bytes], log: int) -> Served:
    while True:
        ended = process.poll() is not None
        said = os.pread(log, 1_000_000, 0).decode()
        if found := re.search(r"running on http://\S+?:(\d+)", said):
            return Served(f"http://127.0.0.1:{found[1]}", int(found[1]), process.pid, process)
        if ended:
            raise DidNotStart(said[-2000:])
        time.sleep(0.005)


def fetch(address: str) -> str:
    """The text at an address. Raises httpx.HTTPError for any answer but success."""
    return httpx.get(address, timeout=300).raise_for_status().text


def wait_for_rest(pid: int) -> None:
    """Wait until a server and its children have nothing to do. Raises TimeoutError if they never have."""
    until = time.monotonic() + REST_S
    quiet, before = 0, _cpu_seconds(pid)
    while quiet < 3:
        if time.monotonic() > until:
            raise TimeoutError("the server never came to rest")
        time.sleep(0.25)
        now = _cpu_seconds(pid)
        quiet = quiet + 1 if now - before < 0.25 * QUIET_SHARE else 0
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
