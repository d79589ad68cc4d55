"""Checking a run: read what is given, look for every mistake, tell what was found."""

from __future__ import annotations

from app.check.findings.logs import LOG_FINDINGS, log_findings
from app.check.findings.pairs import PAIR_FINDINGS
from app.check.known import known_settings
from app.check.reading import read_run
from app.check.report import Report, read_text
from app.check.run_of_pairs import report_of_pairs
from app.check.settings import RunSettings
from app.check.tables import LogpsTable, TrainingLog

NAMES = frozenset({look.name for look in PAIR_FINDINGS} | {look.name for look in LOG_FINDINGS})
"""of all findings"""


def check_run(data: str | bytes, settings: RunSettings, name: str | None = None) -> Report:
    """Read a file and look for every mistake that its kind can show.

    Args:
        name: what the file is called, which some exports need

    Raises:
        RunFileError: the file cannot be read
    """
    return report_of(read_run(data, name), settings)


def report_of(table: LogpsTable | TrainingLog, settings: RunSettings) -> Report:
    """What a file that was read shows."""
    if isinstance(table, LogpsTable):
        return report_of_pairs(table, settings)
    columns = tuple(table.columns)
    if table.evaluation is not None:
        columns = tuple(dict.fromkeys([*columns, *table.evaluation.columns]))
    settings = known_settings(settings, table)
    findings = log_findings(table, settings)
    return Report("log", read_text(table), table.notes, columns, findings, settings)
