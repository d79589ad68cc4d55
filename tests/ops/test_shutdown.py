"""A served site seen from outside: stopping while it trains, and who counts as a client."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from app.cli import GRACE_S
from tests.serving import PATIENCE, children, served


@pytest.mark.slow
def test_a_server_told_to_stop_ends_its_streams_its_processes_and_its_folder(
    tmp_path: Path,
) -> None:
    begun = threading.Event()

    def follow(address: str) -> None:
        query = {"iterations": "400", "seed": "11"}
        url = f"{address}/api/v1/ppo_dynamics/stream"
        # It may finish in time or be cut off; a browser then reconnects.
        with (
            suppress(httpx.TransportError),
            httpx.stream("GET", url, params=query, timeout=PATIENCE) as answer,
        ):
            for line in answer.iter_lines():
                if line.startswith("event: step"):
                    begun.set()

    with ThreadPoolExecutor(1) as pool, served(TMPDIR=str(tmp_path)) as (server, address):
        reading = pool.submit(follow, address)
        assert begun.wait(PATIENCE)
        training = children(server.pid)
        assert training
        assert list(tmp_path.glob("dpo-explained-*"))
        server.terminate()
        assert server.wait(timeout=GRACE_S + PATIENCE) == 0
        reading.result(timeout=PATIENCE)
        assert not any(Path(f"/proc/{pid}").exists() for pid in training)
        assert not list(tmp_path.glob("dpo-explained-*"))


@pytest.mark.slow
@pytest.mark.parametrize(("trusted", "believed"), [("127.0.0.1", True), ("10.9.8.7", False)])
def test_a_forwarded_address_is_believed_only_of_a_trusted_proxy(
    trusted: str, believed: bool
) -> None:
    def ask(address: str, client: str, seed: int) -> int:
        with httpx.stream(
            "GET",
            f"{address}/api/v1/ppo_dynamics/stream",
            params={"iterations": "10", "seed": str(seed)},
            headers={"X-Forwarded-For": client},
            timeout=PATIENCE,
        ) as answer:
            return answer.status_code

    with (
        served(
            *("--trusted-proxies", trusted),
            DPO_EXPLAINED_RUNS_PER_CLIENT="1",
            DPO_EXPLAINED_CONCURRENT_RUNS="1",
        ) as (_, address),
        httpx.stream(
            "GET",
            f"{address}/api/v1/ppo_dynamics/stream",
            params={"iterations": "400", "seed": "1"},
            headers={"X-Forwarded-For": "192.0.2.1"},
            timeout=PATIENCE,
        ) as going,
    ):
        assert any(line.startswith("event: step") for line in going.iter_lines())
        # The same client may not start another run; a different one may, if its address is believed.
        assert ask(address, "192.0.2.1", 2) == 429
        assert ask(address, "192.0.2.2", 3) == (200 if believed else 429)
