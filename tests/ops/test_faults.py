"""Faults around a server: it answers what it can, says what it cannot, and recovers by itself.

Elsewhere: damaged weights, killed run processes (test_operations.py, runs/test_processes.py), a damaged
store (runs/test_store.py), a dead machine and a Redis that is gone (test_cluster.py), SIGTERM with streams
open (test_shutdown.py).
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from app.main import create_app
from app.settings import Settings
from app.web.slow_clients import SlowClientTimeout
from tests.runs.test_runs import run
from tests.serving import COMMAND, PATIENCE, children, free_port, served

RUN = "/api/v1/ppo_dynamics?iterations=10&seed={}"
STREAM = "/api/v1/ppo_dynamics/stream?iterations=10&seed={}"
LONG = "/api/v1/ppo_dynamics/stream?iterations=400&seed={}"

READ_ONLY = """
set -e
grep -v ' /\\(proc\\|sys\\|dev\\)[/ ]' /proc/mounts | cut -d' ' -f2 | sort -r | while read -r place; do
    mount -o bind,remount,ro "$place" 2>/dev/null ||
        { mount --bind "$place" "$place" && mount -o bind,remount,ro "$place"; }
done
if touch /tmp/written "$0/written" 2>/dev/null; then echo "still writable" >&2; exit 3; fi
exec "${@}"
"""
"""Make every file system read-only for this process and its children."""

OWN_MOUNTS = ("unshare", "--user", "--map-root-user", "--mount")


def may_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run([*OWN_MOUNTS, "true"], capture_output=True, check=False)
    return tried.returncode == 0


def answers_everything(address: str) -> None:
    """Pages, light results and runs, the same run twice."""
    for path in ("/", "/sections/beta", "/api/v1/dpo_loss?beta=0.3", "/readyz"):
        assert httpx.get(f"{address}{path}", timeout=PATIENCE).status_code == 200
    first, second = (
        httpx.get(f"{address}{RUN.format(4)}", timeout=PATIENCE).raise_for_status().json()
        for _ in range(2)
    )
    assert first == second


@pytest.mark.slow
@pytest.mark.skipif(not may_mount(), reason="this system lets nobody have mounts of their own")
def test_on_a_read_only_file_system_everything_is_answered_and_nothing_kept(tmp_path: Path) -> None:
    command = (*OWN_MOUNTS, "bash", "-c", READ_ONLY, str(tmp_path), *COMMAND)
    with served(command=command, TMPDIR=str(tmp_path)) as (_, address):
        answers_everything(address)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("room", [0, 4096, 60_000])
def test_a_server_starts_on_a_full_disk(room: int, tmp_path: Path) -> None:
    # No file may grow beyond this, which to a writer is a full disk.
    command = ("prlimit", f"--fsize={room}", "--", *COMMAND)
    with served(command=command, TMPDIR=str(tmp_path)) as (_, address):
        answers_everything(address)


def runs_kept(address: str, seed: int) -> bool:
    """Whether a run that was streamed to its end is found again by the next request."""
    found = []
    for _ in range(2):
        before = metric(address, 'stored_runs_total{result="hit"')
        stream = httpx.get(f"{address}{STREAM.format(seed)}", timeout=PATIENCE).raise_for_status()
        assert stream.text.count("event: step") == 11
        assert stream.text.count("event: done") == 1
        found.append(metric(address, 'stored_runs_total{result="hit"') > before)
    assert not found[0]
    return found[1]


@pytest.mark.slow
def test_a_disk_that_fills_up_keeps_no_runs_until_it_has_room_again(tmp_path: Path) -> None:
    with served(TMPDIR=str(tmp_path)) as (server, address):
        assert runs_kept(address, 1)
        usual = resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        assert not runs_kept(address, 2)
        answers_everything(address)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, usual)
        assert runs_kept(address, 3)


@pytest.mark.slow
def test_a_log_that_can_not_be_written_stops_nothing() -> None:
    port = free_port()
    with open("/dev/full", "w", encoding="ascii") as full:
        server = subprocess.Popen(
            [*COMMAND, "serve", "--port", str(port)],
            env={**os.environ, "DPO_EXPLAINED_WARM": "0"},
            stdout=full,
            stderr=full,
        )
    try:
        until_ready(f"http://127.0.0.1:{port}")
        answers_everything(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE)


def until_ready(address: str) -> None:
    transport = httpx.HTTPTransport(retries=10)
    with httpx.Client(base_url=address, transport=transport, timeout=PATIENCE) as client:
        while client.get("/readyz").status_code != 200:
            pass


@pytest.fixture
def restless_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is off by up to a year, differently at each reading."""
    source = random.Random(0)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + source.uniform(-1, 1) * 365 * 24 * 3600)


@pytest.mark.usefixtures("restless_clock")
def test_a_clock_that_jumps_changes_no_answer(tmp_path: Path, client: TestClient) -> None:
    settings = Settings(warm=False, store=str(tmp_path / "runs"))
    for _ in range(2):  # the second server finds the runs of the first, or repeats them
        with TestClient(create_app(settings)) as jumping:
            for path in (RUN.format(4), "/api/v1/dpo_loss?beta=0.3", "/sections/beta"):
                assert jumping.get(path).text == client.get(path).text
            stream = jumping.get(STREAM.format(4)).text
            assert stream.count("event: step") == 11
            assert stream.count("event: done") == 1


def metric(address: str, beginning: str) -> float:
    """Metrics of the server, by the beginning of their line."""
    metrics = httpx.get(f"{address}/metrics", timeout=PATIENCE).text
    found = re.search(rf"^dpo_explained_{beginning}.* (\S+)$", metrics, re.MULTILINE)
    assert found, beginning
    return float(found[1])


def training_worker(server: int) -> int:
    """The worker of a server whose child process is training."""
    (worker,) = {
        worker
        for worker in children(server)
        for process in children(worker)
        if b"app.runs.worker" in Path(f"/proc/{process}/cmdline").read_bytes()
    }
    return worker


@pytest.mark.slow
def test_the_run_of_a_killed_worker_is_made_by_another_and_the_worker_replaced(
    client: TestClient,
) -> None:
    query = "ppo_dynamics{}?iterations=60&seed=8"
    with served("--workers", "2", "--port", str(free_port())) as (server, address):
        until_ready(address)
        killed = 0

        def follow() -> None:
            nonlocal killed
            url = f"{address}/api/v1/{query.format('/stream')}"
            with httpx.stream("GET", url, timeout=PATIENCE) as stream:
                for line in stream.iter_lines():
                    if line.startswith("event: step") and not killed:
                        killed = training_worker(server.pid)
                        os.kill(killed, signal.SIGKILL)

        with pytest.raises(httpx.TransportError):
            follow()
        transport = httpx.HTTPTransport(retries=10)
        with httpx.Client(transport=transport, timeout=PATIENCE) as other:
            found = other.get(f"{address}/api/v1/{query.format('')}").raise_for_status()
            expected = client.get(f"/api/v1/{query.format('')}")
            assert found.json() == expected.json()
            while len(workers := children(server.pid)) < 3 or killed in workers:
                other.get(f"{address}/healthz").raise_for_status()


@pytest.fixture
def one_at_a_time() -> Iterator[str]:
    with served(DPO_EXPLAINED_CONCURRENT_RUNS="1", DPO_EXPLAINED_STALLED_SECONDS="1") as (
        _,
        address,
    ):
        yield address


@contextmanager
def half_read(address: str, seed: int) -> Iterator[socket.socket]:
    """A connection that has read the beginning of a stream and has hardly any buffer for the rest."""
    host, port = address.removeprefix("http://").split(":")
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        reader.settimeout(PATIENCE)
        reader.connect((host, int(port)))
        reader.sendall(f"GET {LONG.format(seed)} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        seen = b""
        while b"event: step" not in seen:
            part = reader.recv(500)
            assert part, seen
            seen += part
        yield reader


@pytest.mark.slow
def test_a_slow_reader_holds_up_no_run(one_at_a_time: str) -> None:
    with half_read(one_at_a_time, 1):
        # Its run is finished all the same, and then it is this one's turn.
        httpx.get(f"{one_at_a_time}{RUN.format(2)}", timeout=PATIENCE).raise_for_status()
        light = httpx.get(f"{one_at_a_time}/api/v1/dpo_loss", timeout=PATIENCE)
        assert light.status_code == 200


@pytest.mark.parametrize(
    ("kind", "cut_off"), [("text/event-stream; charset=utf-8", True), ("text/html", False)]
)
def test_who_takes_nothing_of_a_stream_is_cut_off(kind: str, cut_off: bool) -> None:
    left: list[str] = []

    async def endless(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", kind.encode())]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        finally:
            left.append("place")

    async def ask() -> None:
        taken = asyncio.Event()

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body":
                await taken.wait()

        async def receive() -> Message:
            raise AssertionError

        asked = asyncio.create_task(
            SlowClientTimeout(endless, 0.01)({"type": "http"}, receive, send)
        )
        if cut_off:
            await asyncio.wait_for(asked, PATIENCE)
        else:
            done, _ = await asyncio.wait([asked], timeout=0.2)
            assert not done
            taken.set()
            await asked
        assert left == ["place"]

    run(ask())
