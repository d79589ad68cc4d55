"""What is said of a reader's prediction, beside what came."""

from __future__ import annotations


def rise_level_or_fall(fell: bool) -> dict[str, str]:
    """Of the choices "rise too", "level off" and "fall", which are a, b and c; nothing if it did not fall."""
    if not fell:
        return {}
    return dict.fromkeys("ab", "<strong>It falls.</strong>") | {"c": "<strong>Right.</strong>"}
