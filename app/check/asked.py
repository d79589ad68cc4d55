"""A run that was sent as a form, by the page or by a program."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from app.check.params import RunParams
from app.web.problem import InvalidParams, invalid_params
from app.web.route_params import field_schemas


def run_of_form(fields: Mapping[str, str | bytes]) -> tuple[str, str | bytes, RunParams]:
    """The field that has the run, the run, and how it was trained. A file takes precedence over a text.

    Raises:
        InvalidParams: there is neither, or a parameter is refused
    """
    # Forms send what is left empty too.
    given = {name: value for name, value in fields.items() if value not in ("", b"")}
    runs = {name: given.pop(name) for name in ("file", "text") if name in given}
    params = params_of_form(given)
    for name, data in runs.items():
        return name, data, params
    raise InvalidParams.of("file", "required: what was logged, as a file or as text")


def params_of_form(given: Mapping[str, str | bytes]) -> RunParams:
    """How the run was trained. Raises InvalidParams if a parameter is refused."""
    try:
        return RunParams.model_validate(given)
    except ValidationError as error:
        raise invalid_params(error.errors(), field_schemas(RunParams)) from error
