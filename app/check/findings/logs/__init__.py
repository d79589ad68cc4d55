"""What the log of a trainer shows."""

from __future__ import annotations

from collections.abc import Callable

from app.check.report import Finding
from app.check.settings import RunSettings
from app.check.tables import TrainingLog

LogFinding = Callable[[TrainingLog, RunSettings], Finding]

LOG_FINDINGS: tuple[LogFinding, ...] = ()
"""in the order in which they are told"""


def log_findings(log: TrainingLog, settings: RunSettings) -> tuple[Finding, ...]:
    """What every finding says of a log."""
    return tuple(look(log, settings) for look in LOG_FINDINGS)
