"""A stage as standalone SVG: what pages draw, with the rules of their style sheet in light colors."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from app.charts.stage_svg import svg
from app.embedding.cards.colors import light
from app.paths import STATIC

WIDTH = 564
"""pixels at which a stage is drawn: that of a wide one with text beside it"""

LEAST_HEIGHT = 200
"""of a drawing that is worth a card; smaller ones go with words"""


def drawn(
    scene: dict[str, Any],
    at: int,
    asking: bool,
    box: tuple[float, float, float, float],
) -> Markup:
    """A stage in the middle of a box (left, top, width, height), as large as fits; empty for a small one."""
    x, y, width, height = box
    tall = scene["height"][0]
    if tall < LEAST_HEIGHT:
        return Markup("")
    scale = min(width / WIDTH, height / tall)
    inside = svg(scene, width=WIDTH, at=at, asking=asking)
    return Markup(
        '<style>{}</style><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><path d="M0 0V7"/></pattern>'
        '<g class="drawn" transform="translate({:.1f} {:.1f}) scale({:.4f})">{}</g>'
    ).format(
        Markup(_styles()),
        x + (width - scale * WIDTH) / 2,
        y + (height - scale * tall) / 2,
        scale,
        inside,
    )


@lru_cache(maxsize=1)
def _styles() -> str:
    """The rules of static/figure.css for what is drawn."""
    sheet = (STATIC / "figure.css").read_text(encoding="utf-8")
    part = sheet.partition("/* ---- what is drawn")[2].partition("/* ---- narrow")[0]
    rules = re.findall(r"^[.#](?:drawn|handle|hatch)[^{}]*\{[^{}]*\}", part, re.MULTILINE)
    colored = re.sub(r"var\(--([\w-]+)\)", lambda found: _value(found[1]), "\n".join(rules))
    colored = re.sub(
        r"font: (\d+) ([\d.]+px) (\"Cards (?:Sans|Serif)\")",
        r"font-weight: \1; font-size: \2; font-family: \3",
        colored,
    ).replace("font-weight: 620", "font-weight: bold")
    # Nobody takes hold of a picture.
    return colored + "\n.handle .halo { display: none }"


def _value(token: str) -> str:
    return {"sans": '"Cards Sans"', "serif": '"Cards Serif"'}.get(token) or light(token)
