"""Fields and files of a submitted form, kept in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser

from app.web.problem import InvalidParams
from app.web.repeated import refuse_repeated

MOST_FIELDS = 50
"""form fields besides the file; the largest form has a dozen"""

MULTIPART, URLENCODED = "multipart/form-data", "application/x-www-form-urlencoded"

MOST_ESCAPED = 1_024_000
"""bytes of a urlencoded field: decoding is slow, and pages send multipart"""

# Files stay in memory, bounded by the limit on bodies, and are never written to disk.
MultiPartParser.spool_max_size = 0


def media_type(request: Request) -> str:
    """The media type of a body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True)
class SentFile:
    """A file of a form."""

    name: str
    data: bytes


async def submitted(request: Request) -> dict[str, str | SentFile]:
    """The form's fields by name.

    Raises:
        InvalidParams: the body is not a form, has too many parts, or a field twice
        HTTPException: 413 if the body is too large
    """
    kind = media_type(request)
    if kind not in (MULTIPART, URLENCODED):
        raise InvalidParams.of("body", f"expected {MULTIPART} or {URLENCODED}")
    most = MOST_ESCAPED if kind == URLENCODED else request.app.state.settings.max_body_bytes
    fields: dict[str, str | SentFile] = {}
    try:
        async with request.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=most) as form:
            refuse_repeated((name, _told(given)) for name, given in form.multi_items())
            for name, given in form.items():
                if isinstance(given, str):
                    fields[name] = given
                else:
                    fields[name] = SentFile(given.filename or "", await given.read())
    except HTTPException as error:
        if error.status_code != HTTPStatus.BAD_REQUEST:
            raise
        allowed = f"{MULTIPART}, at most {MOST_FIELDS} fields and one file"
        raise InvalidParams.of("body", str(error.detail).removesuffix("."), allowed) from error
    return fields


def _told(given: str | UploadFile) -> str:
    return given if isinstance(given, str) else given.filename or ""


def first_sent(
    fields: Mapping[str, str | SentFile], names: Iterable[str]
) -> tuple[str, str | bytes, str | None] | None:
    """The first of these fields that has something: its name, what it has, and the name of a file.

    An empty file counts if it has a name: browsers send a nameless one where none was chosen.
    """
    for name in names:
        given = fields.get(name, "")
        if isinstance(given, SentFile):
            if given.data or given.name:
                return name, given.data, given.name
        elif given:
            return name, given, None
    return None
