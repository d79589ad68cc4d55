"""Load: maximum throughput by wrk, a steady rate by Locust, and streamed runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tools.bench.serving import fetch

CONNECTIONS = 16
BROWSER = "gzip, deflate, br, zstd"
"""encodings that Chromium accepts"""


def requests_per_second(address: str, paths: Sequence[str], encoding: str = "identity") -> float:
    """Throughput in one second of wrk, which requests all paths in turn. Raises RuntimeError on errors."""
    script = (
        f"local paths, asked = {{{', '.join(map(json.dumps, paths))}}}, 0\n"
        "request = function() asked = asked % #paths + 1; return wrk.format('GET', paths[asked]) end\n"
    )
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", "-d1s", "-s", file.name]
        command += ["-H", f"Accept-Encoding: {encoding}", address]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if rate is None or re.search("Non-2xx|Socket errors", said):
        raise RuntimeError(said)
    return float(rate[1])


def steady(address: str, paths: Sequence[str], rate: int, seconds: int) -> list[float]:
    """Milliseconds of each request at a steady rate. Raises RuntimeError on errors."""
    file = Path(__file__).with_name("steady.py")
    command = [sys.executable, "-m", "locust", "-f", str(file), "--headless", "--only-summary"]
    command += ["--host", address, "-u", str(rate), "-r", str(rate), "-t", f"{seconds}s"]
    done = subprocess.run(
        command,
        env={**os.environ, "BENCH_PATHS": json.dumps(paths), "BENCH_RATE": str(rate)},
        capture_output=True,
        text=True,
        check=False,
    )
    told = re.search(r'^\{"took".*$', done.stdout, re.MULTILINE)
    found: dict[str, Any] = json.loads(told[0]) if told else {"failed": [done.stderr]}
    if found["failed"]:
        raise RuntimeError(found["failed"][0])
    took: list[float] = found["took"]
    return took


@contextmanager
def followed(addresses: Sequence[str]) -> Iterator[None]:
    """Stream runs during a block, from the first row of the first to the ends of all of them.

    Raises RuntimeError if all of them end before the block does.
    """
    begun = threading.Event()

    def follow(address: str) -> None:
        with httpx.stream("GET", address, timeout=120) as answer:
            for line in answer.raise_for_status().iter_lines():
                if line.startswith("event: step"):
                    begun.set()

    with ThreadPoolExecutor(len(addresses)) as readers:
        ends = [readers.submit(follow, address) for address in addresses]
        if not begun.wait(60):
            raise RuntimeError("no training run began")
        yield
        if all(end.done() for end in ends):
            raise RuntimeError("the training runs were over before the measurement was")
        for end in ends:
            end.result()


def fetch_all(addresses: Sequence[str]) -> None:
    """Fetch a few addresses at a time. Raises httpx.HTTPError unless all succeed."""
    with ThreadPoolExecutor(4) as readers:
        list(readers.map(fetch, addresses))
