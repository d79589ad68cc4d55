"""Run what needs its own event loop in a thread: Playwright's runs in this one after a browser test."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def in_thread(call: Callable[[], T]) -> T:
    """What a call returns or raises, SystemExit included."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()
