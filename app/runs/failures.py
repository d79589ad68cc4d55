"""How a run can go wrong, and how a failure is told from one process to another."""

from __future__ import annotations

import json


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
