"""The limit on fields of a JSON body."""

from __future__ import annotations

MAX_FIELDS = 100
"""most fields of a JSON body, as each unknown one would be an error to report"""


def limit_fields(given: object) -> object:
    """Validate the number of fields, before any field is. Raises ValueError."""
    if isinstance(given, dict) and len(given) > MAX_FIELDS:
        raise ValueError(f"there are {len(given)} fields; at most {MAX_FIELDS} are accepted")
    return given
