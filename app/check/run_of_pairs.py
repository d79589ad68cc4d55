"""Checking pairs whose log-probabilities were read, apart from logs: browsers compute it without these."""

from __future__ import annotations

from app.check.batch import batch_of
from app.check.findings.pairs import pair_findings
from app.check.report import Report, read_text
from app.check.settings import RunSettings
from app.check.tables import LogpsTable


def report_of_pairs(table: LogpsTable, settings: RunSettings) -> Report:
    """What log-probabilities of pairs show."""
    findings = pair_findings(batch_of(table, settings))
    columns = tuple(table.columns)
    return Report("pairs", read_text(table), table.notes, columns, findings, settings)
