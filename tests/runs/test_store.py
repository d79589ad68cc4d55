from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.runs.job import Event
from app.runs.store import FolderStore, NoStore, RedisStore, open_store

EVENTS = [Event("step", '{"kl":0.1,"sample":"“Ünïcode”"}'), Event("done", "{}")]


@pytest.fixture
def folder_store(tmp_path: Path) -> Iterator[FolderStore]:
    store = FolderStore(tmp_path / "runs", 1_000_000)
    yield store
    store.close()


def test_what_was_put_is_what_is_got(folder_store: FolderStore) -> None:
    assert folder_store.get("a") is None
    folder_store.put("a", EVENTS)
    assert folder_store.get("a") == EVENTS


def test_workers_share_a_folder(folder_store: FolderStore, tmp_path: Path) -> None:
    folder_store.put("a", EVENTS)
    other = FolderStore(tmp_path / "runs", 1_000_000)
    assert other.get("a") == EVENTS
    other.close()


def test_a_folder_is_bounded_and_forgets_what_was_not_used(tmp_path: Path) -> None:
    limit = 3_000_000
    store = FolderStore(tmp_path, limit)
    noise = random.Random(0)
    for n in range(60):
        store.put(f"run {n}", [Event("done", noise.randbytes(100_000).hex())])
        assert store.get("run 0") is not None  # used all the time
    found = {n for n in range(60) if store.get(f"run {n}") is not None}
    size = sum(file.stat().st_size for file in tmp_path.rglob("*.val"))
    store.close()
    assert {0, 59} <= found
    assert 1 not in found
    assert size <= limit


def test_a_damaged_folder_loses_runs_but_does_not_fail(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = tmp_path / "runs"
    store = FolderStore(place, 1_000_000)
    store.put("a", EVENTS)
    store.close()
    (place / "cache.db").write_bytes(b"not a database" * 1_000)
    with caplog.at_level(logging.WARNING):
        opened = open_store(str(place), 1_000_000)
    assert isinstance(opened, NoStore)
    assert "not kept" in caplog.text


def test_a_folder_that_can_not_be_made_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = open_store(str(tmp_path / "file" / "runs"), 1_000_000)
    store.put("a", EVENTS)
    assert store.get("a") is None


def test_without_its_redis_a_store_forgets_but_does_not_fail(
    caplog: pytest.LogCaptureFixture,
) -> None:
    # Nothing listens on port 1.
    store = open_store("redis://127.0.0.1:1/0", 1_000_000)
    assert isinstance(store, RedisStore)
    with caplog.at_level(logging.WARNING):
        store.put("a", EVENTS)
        assert store.get("a") is None
    store.close()
    assert "could not be kept" in caplog.text
    assert "can not be read" in caplog.text
