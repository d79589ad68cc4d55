"""Where finished runs are kept: a folder that the workers of a machine share, or a Redis that machines do."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import diskcache

from app.runs.job import Event

KEPT_FOR = 30 * 24 * 3600
"""seconds that Redis keeps a run"""

log = logging.getLogger(__name__)


class Store(Protocol):
    """Runs by their job's key. It may forget any of them: a run can be made again.

    Neither method raises when its medium fails, for a run that can not be kept is still a run.
    """

    def get(self, key: str) -> list[Event] | None:
        """All events of a finished run, or None."""

    def put(self, key: str, events: Sequence[Event]) -> None:
        """Keep a finished run."""

    def close(self) -> None:
        """Let go of files and connections."""


class NoStore:
    """Keeps nothing."""

    def get(self, key: str) -> list[Event] | None:  # noqa: ARG002
        """Nothing."""
        return None

    def put(self, key: str, events: Sequence[Event]) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class FolderStore:
    """In a folder, up to so many bytes; what was used longest ago goes first."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        # JSON rather than pickle: reading a file must never run code.
        self._cache = diskcache.Cache(
            str(folder),
            disk=diskcache.JSONDisk,
            size_limit=max_bytes,
            eviction_policy="least-recently-used",
        )

    def get(self, key: str) -> list[Event] | None:
        """See ``Store``."""
        try:
            found = self._cache.get(key)
        except (sqlite3.Error, OSError, ValueError, diskcache.Timeout) as error:
            log.warning("the store of runs can not be read: %s", error)
            return None
        return None if found is None else [Event(*event) for event in found]

    def put(self, key: str, events: Sequence[Event]) -> None:
        """See ``Store``."""
        try:
            self._cache.set(key, [list(event) for event in events])
        except (sqlite3.Error, OSError, diskcache.Timeout) as error:
            log.warning("a run could not be kept: %s", error)

    def close(self) -> None:
        """See ``Store``."""
        self._cache.close()


class RedisStore:
    """In a Redis, whose own memory limit bounds it; for a month at most."""

    def __init__(self, url: str) -> None:
        try:
            import redis
        except ImportError as error:
            raise RuntimeError(
                "a Redis store needs pip install 'dpo-explained[cluster]'"
            ) from error
        self._failures = (redis.RedisError, OSError)
        self._redis = redis.Redis.from_url(
            url, socket_timeout=2, socket_connect_timeout=2, decode_responses=True
        )

    def get(self, key: str) -> list[Event] | None:
        """See ``Store``."""
        try:
            found = self._redis.get(_name(key))
        except self._failures as error:
            log.warning("the store of runs can not be read: %s", error)
            return None
        return None if found is None else [Event(*event) for event in json.loads(str(found))]

    def put(self, key: str, events: Sequence[Event]) -> None:
        """See ``Store``."""
        try:
            self._redis.set(_name(key), json.dumps([list(event) for event in events]), ex=KEPT_FOR)
        except self._failures as error:
            log.warning("a run could not be kept: %s", error)

    def close(self) -> None:
        """See ``Store``."""
        self._redis.close()


def _name(key: str) -> str:
    return f"dpo-explained:run:{key}"


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
