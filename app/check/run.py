"""Checking a run: read what is given, look for every mistake, tell what was found."""

from __future__ import annotations

from app.check.batch import batch_of
from app.check.findings.logs import LOG_FINDINGS, log_findings
from app.check.findings.pairs import PAIR_FINDINGS, pair_findings
from app.check.known import known_settings
from app.check.reading import read_run
from app.check.report import Report
from app.check.settings import RunSettings
from app.check.tables import LogpsTable, TrainingLog
from app.formatting import count

NAMES = frozenset({look.name for look in PAIR_FINDINGS} | {look.name for look in LOG_FINDINGS})
"""of all findings"""

MOST_NAMED = 10
"""ignored columns that are named"""


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


def report_of_pairs(table: LogpsTable, settings: RunSettings) -> Report:
    """What log-probabilities of pairs show."""
    findings = pair_findings(batch_of(table, settings))
    columns = tuple(table.columns)
    return Report("pairs", read_text(table), table.notes, columns, findings, settings)


def read_text(table: LogpsTable | TrainingLog) -> str:
    """What was read, in a sentence or a few."""
    one = "row" if isinstance(table, TrainingLog) else "pair"
    rows = f"1 {one}" if len(table) == 1 else f"{count(len(table))} {one}s"
    columns = ", ".join(table.columns)
    if isinstance(table, TrainingLog) and table.evaluation is not None:
        columns += f"; of the evaluation: {', '.join(table.evaluation.columns)}"
    told = [f"{rows}, {table.format}; columns read: {columns}."]
    if table.ignored:
        more = " …" if len(table.ignored) > MOST_NAMED else ""
        told.append(f"Not read: {', '.join(table.ignored[:MOST_NAMED])}{more}.")
    return " ".join([*told, *table.notes])
