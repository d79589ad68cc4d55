"""A run that was sent as a form, by the page or by a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from app.check.params import RunParams
from app.check.reading import read_run
from app.check.report import Report
from app.check.run import report_of
from app.check.tables import LogpsTable, TrainingLog
from app.web.forms import SentFile, first_sent
from app.web.problem import InvalidParams, invalid_params
from app.web.route_params import field_schemas

RUN = ("file", "text")
"""fields that may have the run: a file takes precedence over a text"""


@dataclass(frozen=True)
class SentRun:
    """A run that was sent, and how it was trained."""

    field: str
    """the field that has it: file or text"""
    data: str | bytes
    params: RunParams
    file_name: str | None = None

    def read(self) -> LogpsTable | TrainingLog:
        """The run as columns. Raises RunFileError if it cannot be read."""
        return read_run(self.data, self.file_name)

    def check(self) -> Report:
        """What the run shows. Raises as read()."""
        return report_of(self.read(), self.params.settings())


def run_of_form(fields: Mapping[str, str | SentFile]) -> SentRun:
    """A run that was sent as a form.

    Raises:
        InvalidParams: there is neither, or a parameter is refused
    """
    sent = first_sent(fields, RUN)
    if sent is None:
        raise InvalidParams.of("text", "required: what was logged, as text or as a file")
    field, data, file_name = sent
    # Forms send what is left empty too.
    given = {name: value for name, value in fields.items() if name not in RUN and value != ""}
    return SentRun(field, data, params_of_form(given), file_name)


def params_of_form(given: Mapping[str, str | SentFile]) -> RunParams:
    """How the run was trained. Raises InvalidParams if a parameter is refused."""
    try:
        return RunParams.model_validate(given)
    except ValidationError as error:
        raise invalid_params(error.errors(), field_schemas(RunParams)) from error
