"""Colours of the light scheme, read off the style sheet, which is the one place that has them."""

from __future__ import annotations

import re
from functools import lru_cache

from app.paths import STATIC


def light(token: str) -> str:
    """The colour of a name in static/tokens.css. Raises KeyError if there is none."""
    return _colours()[token]


@lru_cache(maxsize=1)
def _colours() -> dict[str, str]:
    text = (STATIC / "tokens.css").read_text("utf-8")
    return dict(re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}),", text))
