from __future__ import annotations

import logging
import random
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from queue import Queue

import pytest

from app.runs import store as stores
from app.runs.job import Event
from app.runs.store import MAX_AGE, FolderStore, RedisStore, Store, open_store
from tests.serving import PATIENCE

EVENTS = [Event("step", '{"kl":0.1,"sample":"“Ünïcode”"}'), Event("done", "{}")]


@pytest.fixture
def folder_store(tmp_path: Path) -> Iterator[FolderStore]:
    with closing(FolderStore(tmp_path / "runs", 1_000_000)) as store:
        yield store


def test_what_was_put_is_what_is_got(folder_store: FolderStore) -> None:
    assert folder_store.get("a") is None
    folder_store.put("a", EVENTS)
    assert folder_store.get("a") == EVENTS


def test_a_folder_may_be_used_by_many_at_once(tmp_path: Path) -> None:
    # In a new folder, each of them finds no database and creates it.
    for folder in (tmp_path / str(number) for number in range(40)):
        # Connections of their own, as processes have.
        workers = [FolderStore(folder, 1_000_000) for _ in range(4)]

        def work(number: int, worker: FolderStore) -> None:
            for n in range(3):
                worker.put(f"{number} {n}", EVENTS)
                worker.get(f"{number} {n}")

        with ThreadPoolExecutor(len(workers)) as threads:
            list(threads.map(work, range(4), workers))
        keys = [f"{number} {n}" for number in range(4) for n in range(3)]
        assert all(workers[0].get(key) == EVENTS for key in keys)
        for worker in workers:
            worker.close()


def test_a_folder_is_bounded_and_forgets_what_was_not_used(tmp_path: Path) -> None:
    limit = 1_000_000
    noise = random.Random(0)
    with closing(FolderStore(tmp_path, limit)) as store:
        for n in range(30):
            store.put(f"run {n}", [Event("done", noise.randbytes(50_000).hex())])
            assert store.get("run 0") is not None  # used all the time
        found = {n for n in range(30) if store.get(f"run {n}") is not None}
    assert {0, 29} <= found
    assert 1 not in found
    # The file may have room for the run that evicted others.
    assert store.file.stat().st_size <= limit + 200_000


def test_a_run_is_kept_for_a_while(
    folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder_store.put("a", EVENTS)
    late = time.time() + MAX_AGE + 1
    monkeypatch.setattr(time, "time", lambda: late)
    assert folder_store.get("a") is None


def test_a_damaged_database_is_set_aside_and_begun_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(FolderStore(tmp_path, 1_000_000)) as store:
        store.put("a", EVENTS)
        store.close()
        store.file.write_bytes(b"not a database" * 1_000)
        with caplog.at_level(logging.WARNING):
            assert store.get("a") is None
        assert "moved aside" in caplog.text
        store.put("b", EVENTS)
        with closing(FolderStore(tmp_path, 1_000_000)) as other:
            assert other.get("b") == EVENTS


def test_a_folder_that_can_not_be_made_keeps_nothing_until_it_can(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with closing(open_store(str(tmp_path / "file" / "runs"), 1_000_000)) as store:
        store.put("a", EVENTS)
        assert store.get("a") is None
        (tmp_path / "file").unlink()
        store.put("a", EVENTS)
        assert store.get("a") == EVENTS


def test_without_its_redis_a_store_forgets_but_does_not_fail(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RedisStore, "retry_delay", 0.0)
    # Nothing listens on port 1.
    with caplog.at_level(logging.WARNING), closing(open_store("redis://127.0.0.1:1/0", 1)) as store:
        store.put("a", EVENTS)
        assert store.get("a") is None
    assert "could not be stored" in caplog.text
    assert "cannot be read" in caplog.text


@pytest.fixture
def silent_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, Queue[socket.socket]]]:
    """A store in a Redis that accepts connections, which are recorded, and never answers."""
    monkeypatch.setattr(stores, "REDIS_TIMEOUT", 0.05)
    accepted: Queue[socket.socket] = Queue()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    accepted.put(listening.accept()[0])
                except OSError:
                    return

        accepting = threading.Thread(target=accept)
        accepting.start()
        with closing(RedisStore(f"redis://127.0.0.1:{listening.getsockname()[1]}/0")) as store:
            yield store, accepted
        listening.shutdown(socket.SHUT_RDWR)
        accepting.join()


def test_a_redis_that_never_answers_is_left_alone(
    silent_redis: tuple[Store, Queue[socket.socket]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, accepted = silent_redis
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    for _ in range(2):
        for _ in range(50):
            assert store.get("a") is None
            store.put("a", EVENTS)
        with accepted.get(timeout=PATIENCE):
            assert accepted.empty()
        now += stores.REDIS_RETRY_DELAY + 1
