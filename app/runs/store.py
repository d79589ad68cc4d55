"""Stores of finished runs: SQLite in a folder shared by a machine's workers, or Redis shared by machines."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from app.runs.job import Event

MAX_AGE = 30 * 24 * 3600
"""seconds until a run expires"""

REDIS_TIMEOUT = 0.5
"""seconds for Redis to respond"""

REDIS_RETRY_DELAY = 10.0
"""seconds before a failing Redis is tried again"""

LOCK_TIMEOUT = 2.0
"""seconds that a worker waits for another one's transaction"""

READ_FAILED, WRITE_FAILED = "the store of runs cannot be read", "a run could not be stored"

T = TypeVar("T")

log = logging.getLogger(__name__)


class Store(ABC):
    """Finished runs by the key of their job.

    It is a cache: any run can be repeated. So no method raises when the storage fails; storage that
    fails slowly is not tried again for a while.
    """

    failures: tuple[type[Exception], ...] = ()
    """exceptions of the storage"""
    retry_delay = 0.0
    """seconds after a failure until one caller tries again"""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failing = False
        self._again = 0.0

    def get(self, key: str) -> list[Event] | None:
        """All events of a finished run, or None."""
        text = self._tried(lambda: self._get(key), READ_FAILED)
        return None if text is None else [Event(*event) for event in json.loads(text)]

    def put(self, key: str, events: Sequence[Event]) -> None:
        """Store a finished run."""
        text = json.dumps(events)
        self._tried(lambda: self._set(key, text), WRITE_FAILED)

    @abstractmethod
    def close(self) -> None:
        """Close files and connections."""

    @abstractmethod
    def _get(self, key: str) -> str | None: ...

    @abstractmethod
    def _set(self, key: str, text: str) -> None: ...

    def _tried(self, act: Callable[[], T], otherwise: str) -> T | None:
        """The value of an action, or None if the storage fails or has just failed. Failures are logged."""
        with self._lock:
            if time.monotonic() < self._again:
                return None
            if self._failing:  # others do not wait for this attempt
                self._again = time.monotonic() + self.retry_delay
        try:
            found = act()
        except self.failures as error:
            log.warning("%s: %s", otherwise, error)
            self._failing, self._again = True, time.monotonic() + self.retry_delay
            return None
        self._failing, self._again = False, 0.0
        return found


class NoStore(Store):
    """Stores nothing."""

    def close(self) -> None:
        """See ``Store``."""

    def _get(self, key: str) -> None:  # noqa: ARG002
        return None

    def _set(self, key: str, text: str) -> None:
        pass


class FolderStore(Store):
    """SQLite database in a folder, bounded in bytes; the least recently used run is evicted first."""

    failures = (sqlite3.Error, OSError)

    TABLE = """CREATE TABLE IF NOT EXISTS runs
        (key TEXT PRIMARY KEY, events TEXT NOT NULL, bytes INTEGER NOT NULL, expires REAL NOT NULL,
        used INTEGER NOT NULL)"""
    NOW_USED = "(SELECT coalesce(max(used), 0) + 1 FROM runs)"  # no clock, which may jump
    FIND = "SELECT events FROM runs WHERE key = ? AND expires > ?"
    USE = f"UPDATE runs SET used = {NOW_USED} WHERE key = ?"
    KEEP = f"INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, {NOW_USED})"
    MAKE_ROOM = """DELETE FROM runs WHERE expires <= ? OR key IN (SELECT key FROM
        (SELECT key, sum(bytes) OVER (ORDER BY used DESC) AS so_far FROM runs) WHERE so_far > ?)"""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        super().__init__()
        self.file = folder / "runs.db"
        self._max_bytes = max_bytes
        self._turn = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self._inode = 0

    def close(self) -> None:
        """See ``Store``."""
        with self._turn:
            self._close()

    def _get(self, key: str) -> str | None:
        def find(database: sqlite3.Connection) -> str | None:
            found = database.execute(self.FIND, (key, time.time())).fetchone()
            if found is None:
                return None
            database.execute(self.USE, (key,))
            return str(found[0])

        return self._done(find)

    def _set(self, key: str, text: str) -> None:
        # A row takes whole pages, and a little more.
        size = len(text.encode()) + 2 * 4096

        def keep(database: sqlite3.Connection) -> None:
            now = time.time()
            database.execute(self.KEEP, (key, text, size, now + MAX_AGE))
            database.execute(self.MAKE_ROOM, (now, self._max_bytes))

        self._done(keep)

    def _done(self, act: Callable[[sqlite3.Connection], T]) -> T:
        """Run an action in a transaction; a damaged database is replaced."""
        with self._turn:
            try:
                return self._transaction(act)
            except sqlite3.DatabaseError as error:
                code = getattr(error, "sqlite_errorcode", 0) & 0xFF
                if code not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                    raise
                log.warning("the store of runs is damaged and moved aside: %s", error)
                self._set_aside()
                return self._transaction(act)

    def _transaction(self, act: Callable[[sqlite3.Connection], T]) -> T:
        database = self._database or self._open()
        with database:
            database.execute("BEGIN IMMEDIATE")
            return act(database)

    def _open(self) -> sqlite3.Connection:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(
            self.file, timeout=LOCK_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        try:
            _log_ahead(database)
            # A run lost in a power failure can be repeated.
            database.execute("PRAGMA synchronous = OFF")
            database.execute(self.TABLE)
        except sqlite3.Error:
            database.close()
            raise
        self._database, self._inode = database, self.file.stat().st_ino
        return database

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def _set_aside(self) -> None:
        damaged = self._inode or self.file.stat().st_ino
        self._close()
        # Another worker may already have replaced it.
        if self.file.exists() and self.file.stat().st_ino == damaged:
            for end in ("", "-wal", "-shm"):
                beside = Path(f"{self.file}{end}")
                if beside.exists():
                    os.replace(beside, f"{self.file}.damaged{end}")
        self._inode = 0


def _log_ahead(database: sqlite3.Connection) -> None:
    """Turn on write-ahead logging, for which SQLite itself waits for no other connection's turn."""
    until = time.monotonic() + LOCK_TIMEOUT
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)


class RedisStore(Store):
    """Redis, bounded by its own memory limit."""

    retry_delay = REDIS_RETRY_DELAY

    def __init__(self, url: str) -> None:
        super().__init__()
        try:
            import redis
            from redis.backoff import NoBackoff
        except ImportError as error:
            raise RuntimeError(
                "a Redis store needs pip install 'dpo-explained[cluster]'"
            ) from error
        self.failures = (redis.RedisError, OSError)
        self._redis = redis.Redis.from_url(
            url,
            socket_timeout=REDIS_TIMEOUT,
            socket_connect_timeout=REDIS_TIMEOUT,
            retry=redis.retry.Retry(NoBackoff(), 0),
            decode_responses=True,
        )

    def close(self) -> None:
        """See ``Store``."""
        self._redis.close()

    def _get(self, key: str) -> str | None:
        found = self._redis.get(_redis_key(key))
        return None if found is None else str(found)

    def _set(self, key: str, text: str) -> None:
        self._redis.set(_redis_key(key), text, ex=MAX_AGE)


def _redis_key(key: str) -> str:
    return f"dpo-explained:run:{key}"


def open_store(place: str, max_bytes: int) -> Store:
    """Open the store at a Redis URL or in a folder; an empty place means no store.

    Raises RuntimeError if the Redis client is not installed. A folder that is not writable stores nothing.
    """
    if place.startswith(("redis://", "rediss://")):
        return RedisStore(place)
    return FolderStore(Path(place), max_bytes) if place else NoStore()


@contextmanager
def temporary_folder() -> Iterator[str]:
    """Path of a temporary folder; empty if none can be created, so that runs are not stored."""
    with ExitStack() as stack:
        try:
            folder = TemporaryDirectory(prefix="dpo-explained-", ignore_cleanup_errors=True)
            path = stack.enter_context(folder)
        except OSError as error:
            log.warning("runs are not stored: %s", error)
            path = ""
        yield path
