"""Logs as one JSON object per line, with the id of the request that caused it.

Queries and bodies are never logged. An exception in a request is therefore logged by its type and traceback,
without its message, which may quote a value.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""the id of the current request; empty outside of one"""

_SAFE_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


def request_id_for(given: str | None) -> str:
    """The id that a client sent, if it is short and has only letters, digits and hyphens; else a new one."""
    return given if given is not None and _SAFE_ID.fullmatch(given) else str(uuid4())


class JsonFormatter(logging.Formatter):
    """Formats a record and the dict that it may have as ``fields``."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage().strip(),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            line["exceptions"] = _exceptions(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def _exceptions(error: BaseException) -> list[dict[str, Any]]:
    """An exception and those that caused it."""
    found: list[dict[str, Any]] = []
    left = [error]
    while left:
        one = left.pop(0)
        frames = traceback.extract_tb(one.__traceback__)
        described: dict[str, Any] = {
            "type": type(one).__qualname__,
            "at": [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames],
        }
        if not request_id.get():
            described["text"] = str(one)
        found.append(described)
        if isinstance(one, BaseExceptionGroup):
            left += one.exceptions
        before = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        if before is not None:
            left.append(before)
    return found


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "app.web.logs.JsonFormatter"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "stream": "ext://sys.stderr",
        }
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "app": {"level": "INFO"},
        "uvicorn": {"level": "INFO"},
        "python_multipart": {"level": "CRITICAL"},  # its warnings quote bodies
    },
}
"""for ``logging.config.dictConfig``: messages of the app and the server, and warnings of other packages"""
