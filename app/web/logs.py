"""Logs: one JSON object per line, with the id of the request that a line is about.

What readers send, a query or a body, is never written. An exception in a request is therefore told by its
type and the places in the code, without its text, which may quote a value.
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
"""of the request that is being answered; empty outside of one"""

_GIVEN = re.compile(r"[A-Za-z0-9-]{1,64}")


def id_for(given: str | None) -> str:
    """The id that a request brings along, if it is short, of letters, digits and hyphens; else a new one."""
    return given if given is not None and _GIVEN.fullmatch(given) else str(uuid4())


class JsonLines(logging.Formatter):
    """A record, with the dict that it may carry as ``fields``."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
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
            line["exceptions"] = _told(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def _told(error: BaseException) -> list[dict[str, Any]]:
    """An exception and those that it came from."""
    found: list[dict[str, Any]] = []
    left = [error]
    while left:
        one = left.pop(0)
        frames = traceback.extract_tb(one.__traceback__)
        told: dict[str, Any] = {
            "type": type(one).__qualname__,
            "at": [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames],
        }
        if not request_id.get():
            told["text"] = str(one)
        found.append(told)
        if isinstance(one, BaseExceptionGroup):
            left += one.exceptions
        before = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        if before is not None:
            left.append(before)
    return found


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "app.web.logs.JsonLines"}},
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
"""for ``logging.config.dictConfig``: ours and the server's messages, those of others from warnings on"""
