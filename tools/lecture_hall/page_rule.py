"""When a page trains on its reader's machine: the constants of static/trained_figure.js."""

from __future__ import annotations

import re
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "static/trained_figure.js"


def constant(name: str) -> float:
    """A number that the script defines. Raises ValueError if it does not."""
    found = re.search(rf"^const {name} = ([\d.]+);$", SCRIPT.read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise ValueError(f"{SCRIPT.name} does not define {name}")
    return float(found[1])


HERE_S = constant("HERE_S")
"""readers wait for the server at most for so many seconds"""
OFFER_S = constant("OFFER_MS") / 1000
"""how long a page offers to wait for the server before it trains"""
