"""The colors of the light theme, read from the style sheet."""

from __future__ import annotations

import re
from functools import lru_cache

from app.paths import STATIC


def light(token: str) -> str:
    """A color of static/tokens.css by name. Raises KeyError if there is none."""
    return _colors()[token]


@lru_cache(maxsize=1)
def _colors() -> dict[str, str]:
    text = (STATIC / "tokens.css").read_text("utf-8")
    return dict(re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}),", text))
