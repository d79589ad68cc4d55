"""How much training may be asked for at a time, and what those are told who ask for more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Of one worker."""

    waiting: int
    """runs in the queue"""
    per_client: int
    """runs that one client address has in the queue or in the making"""
    readers: int
    """requests that follow a run"""
    seconds: float | None
    """that one run may take"""


class Busy(Exception):
    """A run was refused for now."""

    def __init__(self, status: int, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.status = status
        """429 where this client asks for too much, 503 where all together do"""
        self.retry_after = retry_after
        """seconds"""
