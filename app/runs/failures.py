"""Why a run is refused or goes wrong, and how a failure is told from one process to another."""

from __future__ import annotations

import json


class Busy(Exception):
    """A run was refused for now."""

    def __init__(self, status: int, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.status = status
        """429 where this client asks for too much, 503 where all together do"""
        self.retry_after = retry_after
        """seconds"""


class RunLost(Exception):
    """Whoever made a run has died. It can be begun again: a run comes out the same."""


class RunTooLong(Exception):
    """A run took longer than one may, and was stopped."""


class RunFailed(Exception):
    """The training raised something."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(kind, message)
        self.kind = kind
        """the name of the type that was raised"""
        self.message = message

    @classmethod
    def read(cls, told: str) -> RunFailed:
        """The failure that ``tell`` wrote down."""
        return cls(**json.loads(told))


def tell(error: Exception) -> str:
    """What was raised, as JSON."""
    return json.dumps({"kind": type(error).__name__, "message": str(error)})
