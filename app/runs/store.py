"""Where finished runs are kept: a folder that the workers of a machine share, or a Redis that machines do."""

from __future__ import annotations

import json
import logging
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import diskcache

from app.runs.job import Event

KEPT_FOR = 30 * 24 * 3600
"""seconds that a run is kept at most"""

DATABASE_PAGES = 256
"""of 4 KB, that a connection to the folder's database keeps in memory"""

UNREAD, UNKEPT = "the store of runs can not be read", "a run could not be kept"

T = TypeVar("T")

log = logging.getLogger(__name__)


class Store(ABC):
    """Finished runs by their job's key.

    It may forget any of them: a run can be made again. No method raises when its medium fails, for a
    run that can not be kept is still a run.
    """

    failures: tuple[type[Exception], ...] = ()
    """of the medium"""

    def get(self, key: str) -> list[Event] | None:
        """All events of a finished run, or None."""
        found = self._tried(lambda: self._get(f"run:{key}"), UNREAD)
        return None if found is None else [Event(*event) for event in found]

    def put(self, key: str, events: Sequence[Event]) -> None:
        """Keep a finished run."""
        value = [list(event) for event in events]
        self._tried(lambda: self._set(f"run:{key}", value, KEPT_FOR), UNKEPT)

    def connect(self) -> None:  # noqa: B027
        """Open what the calling thread will need, where threads have something each."""

    @abstractmethod
    def close(self) -> None:
        """Let go of files and connections."""

    @abstractmethod
    def _get(self, name: str) -> Any: ...

    @abstractmethod
    def _set(self, name: str, value: Any, seconds: float) -> None: ...

    def _tried(self, act: Callable[[], T], otherwise: str) -> T | None:
        """What an act gives, or None where the medium fails, which the log then says."""
        try:
            return act()
        except self.failures as error:
            log.warning("%s: %s", otherwise, error)
            return None


class NoStore(Store):
    """Keeps nothing."""

    def close(self) -> None:
        """Nothing."""

    def _get(self, name: str) -> None:  # noqa: ARG002
        return None

    def _set(self, name: str, value: Any, seconds: float) -> None:
        pass


class FolderStore(Store):
    """In a folder, up to so many bytes; what was used longest ago goes first."""

    failures = (sqlite3.Error, OSError, ValueError, diskcache.Timeout)

    def __init__(self, folder: Path, max_bytes: int) -> None:
        # JSON rather than pickle: reading a file must never run code.
        self._cache = diskcache.Cache(
            str(folder),
            disk=diskcache.JSONDisk,
            size_limit=max_bytes,
            eviction_policy="least-recently-used",
            # Each thread has a connection: with what is usual, the database would be in memory for each.
            sqlite_cache_size=DATABASE_PAGES,
            sqlite_mmap_size=0,
        )

    def connect(self) -> None:
        """See ``Store``."""
        self._tried(lambda: self._get(""), UNREAD)

    def close(self) -> None:
        """See ``Store``."""
        self._cache.close()

    def _get(self, name: str) -> Any:
        return self._cache.get(name)

    def _set(self, name: str, value: Any, seconds: float) -> None:
        self._cache.set(name, value, expire=seconds)


class RedisStore(Store):
    """In a Redis, whose own memory limit bounds it."""

    def __init__(self, url: str) -> None:
        try:
            import redis
        except ImportError as error:
            raise RuntimeError(
                "a Redis store needs pip install 'dpo-explained[cluster]'"
            ) from error
        self.failures = (redis.RedisError, OSError)
        self._redis = redis.Redis.from_url(
            url, socket_timeout=2, socket_connect_timeout=2, decode_responses=True
        )

    def close(self) -> None:
        """See ``Store``."""
        self._redis.close()

    def _get(self, name: str) -> Any:
        found = self._redis.get(_named(name))
        return None if found is None else json.loads(str(found))

    def _set(self, name: str, value: Any, seconds: float) -> None:
        self._redis.set(_named(name), json.dumps(value), ex=int(seconds))


def _named(name: str) -> str:
    return f"dpo-explained:{name}"


def open_store(place: str, max_bytes: int) -> Store:
    """The store at a place: the address of a Redis, a folder, or nothing where it is empty.

    Raises RuntimeError for a Redis without its client. A folder that can not be written keeps nothing.
    """
    if place.startswith(("redis://", "rediss://")):
        return RedisStore(place)
    if not place:
        return NoStore()
    try:
        return FolderStore(Path(place), max_bytes)
    except (OSError, sqlite3.Error, diskcache.Timeout) as error:
        log.warning("runs are not kept: %s", error)
        return NoStore()
