"""A server in its own process, on a free port of this machine."""

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
"""arguments of Python that serve as ``dpo-explained serve`` does"""

WITH_CONSTANT = (
    *("-m", "uvicorn", "tools.bench.app_with_constant:create", "--factory"),
    *("--port", "0", "--no-access-log"),
)
"""the same application with a route that computes nothing; one worker, no access log"""

STOPPED_S = 20
REST_S = 240
"""a busy machine takes minutes for the runs that a server begins with"""
QUIET_SHARE = 0.2
"""share of a core that an idle server stays below"""


class DidNotStart(RuntimeError):
    """The server exited before it listened; the message has the end of its log."""


@dataclass(frozen=True)
class Served:
    """A running server."""

    address: str
    port: int
    pid: int
    process: subprocess.Popen[bytes]


@contextmanager
def served(command: Sequence[str] = SERVE, **settings: str) -> Iterator[Served]:
    """Run Python with ``command``, and settings in its environment, for a block. Raises DidNotStart."""
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
                # It is still waiting for open streams.
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
    """The text at an address. Raises httpx.HTTPError unless it succeeds."""
    return httpx.get(address, timeout=300).raise_for_status().text


def wait_for_rest(pid: int) -> None:
    """Wait until a server and its child processes are idle. Raises TimeoutError if they never are."""
    until = time.monotonic() + REST_S
    quiet, before = 0, cpu_seconds(pid)
    while quiet < 3:
        if time.monotonic() > until:
            raise TimeoutError("the server never came to rest")
        time.sleep(0.25)
        now = cpu_seconds(pid)
        quiet = quiet + 1 if now - before < 0.25 * QUIET_SHARE else 0
        before = now


def cpu_seconds(pid: int) -> float:
    """CPU time that a process and its child processes have used."""
    process = psutil.Process(pid)
    total = 0.0
    for each in [process, *process.children(recursive=True)]:
        try:
            times = each.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total
