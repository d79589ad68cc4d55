"""Servers that tests start by the command, on a free port of this machine."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 180
"""seconds to wait for anything on a busy machine"""
COMMAND = (str(Path(sys.executable).with_name("dpo-explained")),)


def free_port() -> int:
    """A port that nothing listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def children(pid: int) -> list[int]:
    """The child processes of a process."""
    tasks = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in tasks.split()]


@contextmanager
def served(
    *options: str,
    command: Sequence[str] = COMMAND,
    cwd: Path | None = None,
    lines: list[str] | deque[str] | None = None,
    **settings: str,
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server with these settings in its environment, and its address; it logs to ``lines``."""
    logged = deque[str](maxlen=0) if lines is None else lines
    server = subprocess.Popen(
        [*command, "serve", "--port", "0", *options],
        cwd=cwd,
        env={
            **os.environ,
            "DPO_EXPLAINED_WARM": "0",
            "DPO_EXPLAINED_RUN_SECONDS": "1200",
            **settings,
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    # Keep reading once the address is known, or the server would block on a full pipe.
    drain = threading.Thread(target=logged.extend, args=(server.stderr,))
    try:
        for line in server.stderr:
            logged.append(line)
            if found := re.search(r"running on (http://127\.0\.0\.1:\d+)", line):
                break
        else:
            raise AssertionError("the server did not start")
        drain.start()
        yield server, found[1]
    finally:
        if server.poll() is None:
            server.terminate()
        server.wait(timeout=PATIENCE)
        if drain.ident is not None:
            drain.join()
        server.stderr.close()
