"""Where finished runs are kept: a folder that the workers of a machine share, or a Redis that machines do."""

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

KEPT_FOR = 30 * 24 * 3600
"""seconds that a run is kept at most"""

REDIS_ANSWERS_WITHIN = 0.5
"""seconds; it is near, or it is of no use"""

LEFT_ALONE = 10.0
"""seconds in which a Redis that has failed is not asked again"""

LOCKED_FOR = 2.0
"""seconds that one worker waits at most for another one's turn to write"""

UNREAD, UNKEPT = "the store of runs cannot be read", "a run could not be kept"

T = TypeVar("T")

log = logging.getLogger(__name__)


class Store(ABC):
    """Finished runs by their job's key.

    It may forget any of them: a run can be made again. No method raises when its medium fails, for a
    run that cannot be kept is still a run; and one that fails slowly is left alone for a while.
    """

    failures: tuple[type[Exception], ...] = ()
    """of the medium"""
    left_alone = 0.0
    """seconds after a failure; then one caller tries again"""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failing = False
        self._again = 0.0

    def get(self, key: str) -> list[Event] | None:
        """All events of a finished run, or None."""
        text = self._tried(lambda: self._get(key), UNREAD)
        return None if text is None else [Event(*event) for event in json.loads(text)]

    def put(self, key: str, events: Sequence[Event]) -> None:
        """Keep a finished run."""
        text = json.dumps(events)
        self._tried(lambda: self._set(key, text), UNKEPT)

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections."""

    @abstractmethod
    def _get(self, key: str) -> str | None: ...

    @abstractmethod
    def _set(self, key: str, text: str) -> None: ...

    def _tried(self, act: Callable[[], T], otherwise: str) -> T | None:
        """What an act gives, or None where the medium fails, which the log then says, or has just failed."""
        with self._lock:
            if time.monotonic() < self._again:
                return None
            if self._failing:  # whoever comes meanwhile does not wait for what this one finds
                self._again = time.monotonic() + self.left_alone
        try:
            found = act()
        except self.failures as error:
            log.warning("%s: %s", otherwise, error)
            self._failing, self._again = True, time.monotonic() + self.left_alone
            return None
        self._failing, self._again = False, 0.0
        return found


class NoStore(Store):
    """Keeps nothing."""

    def close(self) -> None:
        """Nothing."""

    def _get(self, key: str) -> None:  # noqa: ARG002
        return None

    def _set(self, key: str, text: str) -> None:
        pass


class FolderStore(Store):
    """In a folder, up to so many bytes; what was used longest ago goes first."""

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
        # A row takes whole pages, and a little beside them.
        size = len(text.encode()) + 2 * 4096

        def keep(database: sqlite3.Connection) -> None:
            now = time.time()
            database.execute(self.KEEP, (key, text, size, now + KEPT_FOR))
            database.execute(self.MAKE_ROOM, (now, self._max_bytes))

        self._done(keep)

    def _done(self, act: Callable[[sqlite3.Connection], T]) -> T:
        """Do something in a transaction; in a new database, if the one that is there is damaged."""
        with self._turn:
            try:
                return self._transaction(act)
            except sqlite3.DatabaseError as error:
                code = getattr(error, "sqlite_errorcode", 0) & 0xFF
                if code not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                    raise
                log.warning("a damaged store of runs is set aside: %s", error)
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
            self.file, timeout=LOCKED_FOR, isolation_level=None, check_same_thread=False
        )
        try:
            # A run that is lost when the machine loses power can be made again.
            for line in ("journal_mode = WAL", "synchronous = OFF"):
                database.execute(f"PRAGMA {line}")
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
        # Unless another worker has done so, and begun a new one.
        if self.file.exists() and self.file.stat().st_ino == damaged:
            for end in ("", "-wal", "-shm"):
                beside = Path(f"{self.file}{end}")
                if beside.exists():
                    os.replace(beside, f"{self.file}.damaged{end}")
        self._inode = 0


class RedisStore(Store):
    """In a Redis, whose own memory limit bounds it."""

    left_alone = LEFT_ALONE

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
            socket_timeout=REDIS_ANSWERS_WITHIN,
            socket_connect_timeout=REDIS_ANSWERS_WITHIN,
            retry=redis.retry.Retry(NoBackoff(), 0),
            decode_responses=True,
        )

    def close(self) -> None:
        """See ``Store``."""
        self._redis.close()

    def _get(self, key: str) -> str | None:
        found = self._redis.get(_named(key))
        return None if found is None else str(found)

    def _set(self, key: str, text: str) -> None:
        self._redis.set(_named(key), text, ex=KEPT_FOR)


def _named(key: str) -> str:
    return f"dpo-explained:run:{key}"


def open_store(place: str, max_bytes: int) -> Store:
    """The store at a place: the address of a Redis, a folder, or nothing where it is empty.

    Raises RuntimeError for a Redis without its client. A folder that cannot be written keeps nothing.
    """
    if place.startswith(("redis://", "rediss://")):
        return RedisStore(place)
    return FolderStore(Path(place), max_bytes) if place else NoStore()


@contextmanager
def temporary_folder() -> Iterator[str]:
    """Its path, or an empty one on a file system that cannot be written: then runs are not kept."""
    with ExitStack() as stack:
        try:
            folder = TemporaryDirectory(prefix="dpo-explained-", ignore_cleanup_errors=True)
            path = stack.enter_context(folder)
        except OSError as error:
            log.warning("runs are not kept: %s", error)
            path = ""
        yield path
