"""A server in a process of its own, on a free port of this machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

SERVE = ("-m", "app.cli", "serve", "--port", "0")
"""What a reader starts."""

WITH_CONSTANT = (
    *("-m", "uvicorn", "tools.bench.app_with_constant:create", "--factory"),
    *("--port", "0", "--no-access-log"),
)
"""The same application with a route that computes nothing; one worker, no access log."""

STOPPED_S = 20


class DidNotStart(RuntimeError):
    """The server ended before it listened; the message has its last words."""


@dataclass(frozen=True)
class Served:
    """A running server."""

    address: str
    port: int
    pid: int
    process: subprocess.Popen[str]


@contextmanager
def served(command: Sequence[str] = SERVE) -> Iterator[Served]:
    """Start Python with ``command``, yield once it listens, stop it afterwards."""
    process = subprocess.Popen(
        [sys.executable, *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    assert process.stderr is not None
    # Once the port is known: somebody has to read on, or the server would wait for room to write.
    drain = threading.Thread(target=deque, args=(process.stderr, 0), daemon=True)
    try:
        last: deque[str] = deque(maxlen=20)
        port = next((found for line in process.stderr if (found := port_in(line, last))), None)
        if port is None:
            raise DidNotStart("".join(last))
        drain.start()
        yield Served(f"http://127.0.0.1:{port}", port, process.pid, process)
    finally:
        process.terminate()
        try:
            process.wait(STOPPED_S)
        except subprocess.TimeoutExpired:
            # It waits for streams that are still open.
            process.kill()
            process.wait()
        if drain.ident is not None:
            drain.join(STOPPED_S)
        if not drain.is_alive():
            process.stderr.close()


def port_in(line: str, last: deque[str]) -> int | None:
    """The port that uvicorn says it listens on, if it does in this line; the line is kept in ``last``."""
    last.append(line)
    found = re.search(r"running on http://\S+?:(\d+)", line)
    return int(found.group(1)) if found else None


def fetch(address: str) -> str:
    """The text at an address. Raises httpx.HTTPError for any answer but success."""
    return httpx.get(address, timeout=120).raise_for_status().text
