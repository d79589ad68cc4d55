"""The exceptions of runs, and how a failure travels between processes."""

from __future__ import annotations

import json


class Busy(Exception):
    """The queue has no room for another run."""

    def __init__(self, status: int, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.status = status
        """HTTP status: 429 if this client has too many runs, 503 if all clients together have"""
        self.retry_after = retry_after
        """seconds"""


class RunLost(Exception):
    """The executor of a run died. The run can be repeated: it is deterministic."""


class RunTooLong(Exception):
    """A run exceeded its time limit and was stopped."""


class RunFailed(Exception):
    """The training raised an exception."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(kind, message)
        self.kind = kind
        """name of the exception's type"""
        self.message = message

    @classmethod
    def from_json(cls, text: str) -> RunFailed:
        """Read what ``failure_json`` wrote."""
        return cls(**json.loads(text))


def failure_json(error: Exception) -> str:
    """An exception as JSON."""
    return json.dumps({"kind": type(error).__name__, "message": str(error)})
