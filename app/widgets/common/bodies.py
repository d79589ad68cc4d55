"""How many fields a JSON body may have."""

from __future__ import annotations

MAX_FIELDS = 100
"""of a JSON body: each one that is not known would be told of"""


def limit_fields(given: object) -> object:
    """For a validator before those of fields: of very many not even errors are made. Raises ValueError."""
    if isinstance(given, dict) and len(given) > MAX_FIELDS:
        raise ValueError(f"there are {len(given)} fields; at most {MAX_FIELDS} are accepted")
    return given
