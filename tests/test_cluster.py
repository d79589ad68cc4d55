"""The site on a Ray cluster of two nodes, one of which is killed while it trains."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import redis

from app.runs.job import events, job_of
from app.runs.store import RedisStore
from app.widgets.ppo_dynamics import WIDGET, Params
from tests.serving import free_port

PATIENCE = 240
ITERATIONS = 120
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """A Redis for these tests, without persistence."""
    program = shutil.which("redis-server")
    assert program is not None, "redis-server is missing: `make browser` installs it"
    port = free_port()
    options = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
    server = subprocess.Popen([program, "--port", str(port), *options], stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    # Retries until the server listens.
    retry = redis.retry.Retry(redis.backoff.ConstantBackoff(0.1), PATIENCE * 10)
    client = redis.Redis.from_url(url, retry=retry)
    try:
        client.ping()
        client.close()
        yield url
    finally:
        server.terminate()
        server.wait()


@dataclass(frozen=True)
class TwoNodes:
    """Where a test sends its commands to the cluster, and where the site answers."""

    address: str
    process: subprocess.Popen[str]

    def tell(self, what: str) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        while (line := self.process.stdout.readline()) != "done\n":
            assert line, "the cluster has ended"


@pytest.fixture(scope="module")
def two_nodes(redis_url: str) -> Iterator[TwoNodes]:
    """The site, deployed as docs/clusters.md says, on two nodes with room for one run each."""
    folder = tempfile.mkdtemp(prefix="ray")  # short, for the paths of sockets in it
    # Ray writes its address here, and only some of its commands create the folder.
    Path(folder, "ray").mkdir()
    environment = {
        **os.environ,
        "RAY_TMPDIR": folder,
        "RAY_USAGE_STATS_ENABLED": "0",
        "DPO_EXPLAINED_STORE": redis_url,
        "DPO_EXPLAINED_WARM": "0",
    }
    cluster = subprocess.Popen(
        [sys.executable, "-m", "tests.cluster_of_two", folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    serving = drain = None
    try:
        assert cluster.stdin is not None
        assert cluster.stdout is not None
        lines = iter(cluster.stdout.readline, "")
        addresses = (line.strip() for line in lines if line.count(":") == 1 and line[0].isdigit())
        address = next(addresses, None)
        assert address is not None, "the cluster did not start"
        port = free_port()
        where = ("--address", address)
        # Two nodes of one machine cannot both listen on the port.
        http = ("--http-port", str(port), "--proxy-location", "HeadOnly")
        subprocess.run(
            [BIN / "serve", "start", *where, *http],
            check=True,
            env=environment,
            capture_output=True,
        )
        site = TwoNodes(f"http://127.0.0.1:{port}", cluster)
        size = ("sites=1", "runs=2", "site_cpus=0")
        serving = subprocess.Popen(
            [BIN / "serve", "run", *where, "--name", "dpo-explained", "app.cluster:build", *size],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_for(site.address, serving)
        # The site is on the first node; whatever comes next fits only on the second.
        site.tell("add")
        assert serving.stderr is not None
        assert any("is ready at" in line for line in serving.stderr)
        # Nobody reads the rest, and a full pipe would block it.
        drain = threading.Thread(target=serving.stderr.read)
        drain.start()
        yield site
    finally:
        if serving is not None:
            serving.kill()
            serving.wait()
            if drain is not None:
                drain.join()
            assert serving.stderr is not None
            serving.stderr.close()
        assert cluster.stdin is not None
        cluster.stdin.close()
        cluster.wait(timeout=60)
        assert cluster.stdout is not None
        cluster.stdout.close()
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(address: str, serving: subprocess.Popen[str]) -> None:
    """Poll until the site is up: nothing announces that the first of two deployments has started."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            if httpx.get(f"{address}/healthz", timeout=PATIENCE).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert serving.poll() is None, "it could not be deployed"
        assert time.monotonic() < until
        threading.Event().wait(0.2)


def stream(address: str, seed: int, started: threading.Event) -> list[tuple[str, str]]:
    """All events of a run."""
    found, name = [], ""
    query = {"iterations": ITERATIONS, "seed": seed}
    with httpx.stream(
        "GET", f"{address}/api/v1/ppo_dynamics/stream", params=query, timeout=PATIENCE
    ) as answer:
        for line in answer.iter_lines():
            kind, _, text = line.partition(": ")
            if kind == "event":
                name = text
            elif kind == "data" and name != "queued":
                found.append((name, text))
                started.set()
    return found


def check_that_it_answers_as_one_machine_does(address: str, client: httpx.Client) -> None:
    for path in ("/api/v1/dpo_loss?beta=0.3", "/api/v1/ppo_dynamics?iterations=10&seed=5"):
        answer = httpx.get(f"{address}{path}", timeout=PATIENCE)
        assert json.loads(answer.text) == client.get(path).json()
    page = httpx.get(f"{address}/sections/beta", timeout=PATIENCE)
    assert page.status_code == 200
    assert "dpo-widget" in page.text


@pytest.mark.slow
def test_it_answers_as_one_machine_does_and_a_node_killed_in_a_run_loses_no_request(
    two_nodes: TwoNodes, redis_url: str, client: httpx.Client
) -> None:
    address = two_nodes.address
    # One test, since a cluster takes half a minute to start.
    check_that_it_answers_as_one_machine_does(address, client)
    started = {seed: threading.Event() for seed in (1, 2)}
    over = threading.Event()
    statuses: list[int] = []

    def read_pages() -> None:
        n = 0
        while not over.is_set():
            n += 1
            query = {"beta": 0.1 + n % 80 / 100}
            found = httpx.get(f"{address}/api/v1/dpo_loss", params=query, timeout=PATIENCE)
            statuses.append(found.status_code)

    with ThreadPoolExecutor(3) as pool:
        reading = pool.submit(read_pages)
        try:
            runs = {seed: pool.submit(stream, address, seed, started[seed]) for seed in started}
            # Each of the two runs has a node to itself.
            assert all(event.wait(PATIENCE) for event in started.values())
            two_nodes.tell("kill")
            found = {seed: run.result() for seed, run in runs.items()}
        finally:
            over.set()
        reading.result()
    assert set(statuses) == {200}
    store = RedisStore(redis_url)
    for seed, read in found.items():
        job = job_of(WIDGET, Params(iterations=ITERATIONS, seed=seed))
        # Every row once and in order, as if nothing had happened, and stored for all machines.
        assert read == [(event.name, event.data) for event in events(job)]
        assert store.get(job.key) == list(events(job))
    store.close()
