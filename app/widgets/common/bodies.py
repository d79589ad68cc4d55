"""How many fields a JSON body may have."""

from __future__ import annotations

MOST_FIELDS = 100
"""of a JSON body: each one that is not known would be told of"""


def few_fields(given: object) -> object:
    """For a validator before those of fields: of very many not even errors are made. Raises ValueError."""
    if isinstance(given, dict) and len(given) > MOST_FIELDS:
        raise ValueError(f"there are {len(given)} fields; at most {MOST_FIELDS} are accepted")
    return given
