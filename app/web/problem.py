"""Problem details for HTTP errors (RFC 9457), with the field that each error is about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from app.web.logs import request_id

UNKNOWN = "unknown parameter"

MAX_ERRORS = 10
"""listed one by one; the rest is only counted"""

MAX_NAME = 100
MAX_TEXT = 500
"""characters of a request that its response may repeat"""


def truncated(text: str, limit: int = MAX_TEXT) -> str:
    """The text, cut to a length that a response may repeat."""
    return text if len(text) <= limit else f"{text[:limit]}…"


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: Annotated[str, AfterValidator(lambda name: truncated(name, MAX_NAME))] = Field(
        description="name of the parameter or of the place in the body"
    )
    message: Annotated[str, AfterValidator(truncated)] = Field(description="what is wrong")
    allowed: str | None = Field(
        None, description="the allowed range or choices, where there is one"
    )


class Problem(BaseModel):
    """A problem document as RFC 9457 defines it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldError] = Field([], description=f"{MAX_ERRORS} at most")
    more: int = Field(0, description="how many errors there are beside these")
    request_id: str | None = Field(
        None,
        description="where the fault is ours: the id of this request in the log and in the header "
        "X-Request-ID",
    )
    retry_after: int | None = Field(
        None, description="seconds after which to try again, where that may help"
    )

    def document(self) -> dict[str, Any]:
        """The JSON to send, without the members that do not apply."""
        optional = ("more", "request_id", "retry_after")
        return self.model_dump(exclude={name for name in optional if not getattr(self, name)})


class InvalidParams(ValueError):
    """The parameters of a request were refused, with an error for each field."""

    def __init__(self, errors: list[FieldError], more: int = 0) -> None:
        super().__init__(detail_of(errors, more))
        self.errors = errors
        self.more = more
        """how many errors are not listed"""

    @classmethod
    def of(cls, field: str, message: str, allowed: str | None = None) -> InvalidParams:
        """The refusal of a single field."""
        return cls([FieldError(field=field, message=message, allowed=allowed)])


def invalid_params(
    errors: Sequence[Mapping[str, Any]], schemas: Mapping[str, Mapping[str, Any]]
) -> InvalidParams:
    """Convert the errors of a pydantic validation.

    Args:
        schemas: JSON schemas of the fields by name, which know the whole range of each
    """
    listed = [_field_error(error, schemas) for error in errors[:MAX_ERRORS]]
    unknown = next((error for error in listed if error.message == UNKNOWN), None)
    if unknown is not None and schemas:
        unknown.allowed = f"one of: {', '.join(schemas)}"
    return InvalidParams(listed, more=len(errors) - len(listed))


def _field_error(error: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]]) -> FieldError:
    path = [str(part) for part in error["loc"] if part not in ("query", "body", "path", "header")]
    field = ".".join(path) or "body"
    if error["type"] == "extra_forbidden":
        return FieldError(field=field, message=UNKNOWN)
    if error["type"] == "json_invalid":
        reason, place = error["ctx"]["error"], path[-1]
        return FieldError(field="body", message=f"not JSON: {reason} at character {place}")
    if error["type"] in ("model_type", "model_attributes_type"):
        expected = "a JSON object with Content-Type: application/json"
        return FieldError(field=field, message="not an object", allowed=expected)
    if error["type"] in ("enum", "literal_error"):
        return _unknown_choice(field, error, schemas.get(field, {}))
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "value_error":  # one of ours, which says itself what is allowed
        return FieldError(field=field, message=message)
    # An item of a list has no schema by this name: the schema of the list does not give its range.
    return FieldError(field=field, message=message, allowed=_allowed(error, schemas.get(field)))


def _unknown_choice(field: str, error: Mapping[str, Any], schema: Mapping[str, Any]) -> FieldError:
    """The error of a value that is none of a few choices, with the one whose label has it as a word."""
    expected = str(error["ctx"]["expected"]).replace(" or ", ", ").replace("'", "")
    given = str(error["input"])
    labels: Mapping[str, str] = schema.get("labels", {})
    meant = next((name for name, label in labels.items() if _has_word(label, given)), None)
    message = f"unknown choice {truncated(given, MAX_NAME)!r}"
    if meant is not None:
        message += f", which is called {meant!r} here"
    return FieldError(field=field, message=message, allowed=f"one of: {expected}")


def _has_word(text: str, word: str) -> bool:
    return word.lower() in re.findall(r"[\w-]+", text.lower())


BOUNDS = {
    # in JSON schema, in pydantic's errors, in words
    "minimum": ("ge", "at least"),
    "exclusiveMinimum": ("gt", "above"),
    "maximum": ("le", "at most"),
    "exclusiveMaximum": ("lt", "below"),
}


def _allowed(error: Mapping[str, Any], schema: Mapping[str, Any] | None) -> str | None:
    """The allowed range in words: the whole range if the schema is known, else the bound that failed."""
    bounds = {key: schema[key] for key in BOUNDS if key in schema} if schema is not None else {}
    if set(bounds) == {"minimum", "maximum"}:
        whole = "a whole number " if schema is not None and schema.get("type") == "integer" else ""
        return f"{whole}from {bounds['minimum']:g} to {bounds['maximum']:g}"
    context = error.get("ctx") or {}
    if "expected" in context:
        return str(context["expected"])
    if not bounds:
        bounds = {key: context[short] for key, (short, _) in BOUNDS.items() if short in context}
    if not bounds and schema is not None:
        return _allowed_text(schema)
    return " and ".join(f"{BOUNDS[key][1]} {bound:g}" for key, bound in bounds.items()) or None


def _allowed_text(schema: Mapping[str, Any]) -> str | None:
    if "enum" in schema:
        return f"one of: {', '.join(str(option) for option in schema['enum'] if option)}"
    if "maxLength" in schema:
        matching = f" that match {schema['pattern']}" if "pattern" in schema else ""
        return f"text of at most {schema['maxLength']} characters{matching}"
    return None


def detail_of(errors: list[FieldError], more: int = 0) -> str:
    """Field errors in one line; ``more`` is how many are not listed."""
    lines = [f"{e.field}: {e.message}" + (f" ({e.allowed})" if e.allowed else "") for e in errors]
    return "; ".join([*lines, f"and {more:,} more"] if more else lines)


def problem_of(
    status: int,
    detail: str,
    errors: list[FieldError] | None = None,
    retry_after: int | None = None,
    more: int = 0,
) -> Problem:
    """A problem of the current request; ``retry_after`` in seconds."""
    return Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        errors=errors or [],
        more=more,
        request_id=request_id.get() or None if status >= 500 else None,
        retry_after=retry_after,
    )
