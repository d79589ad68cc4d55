"""A card as SVG: section, title, finding and the drawing of the main figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from app.embedding.cards import stage
from app.embedding.cards.colors import light
from app.embedding.cards.lines import shortened, title_width, wrapped
from app.embedding.cards.sizes import FULL
from app.state.page import SITE

EDGE = 56
TEXT = 470
"""width of the text beside a drawing"""

GAP = 34
BAR = 10
SMALL, BODY, LARGE = 24, 26, 34
LINE = 1.28
"""line height relative to the font size"""

SANS = Markup("")
TITLE = Markup(' font-family="Cards Serif" font-weight="620"')


@dataclass(frozen=True)
class Card:
    """The content of a card."""

    where: str
    """the section, or a description of the site"""
    title: str
    text: str
    stage: Shown | None = None


@dataclass(frozen=True)
class Shown:
    """A stage in a state of its page."""

    scene: dict[str, Any]
    at: int
    asking: bool


def card_svg(card: Card) -> Markup:
    """The card as a complete SVG document at full size."""
    drawing = _stage(card.stage) if card.stage else Markup("")
    width = TEXT if drawing else FULL.width - 2 * EDGE - BAR
    title_size = _title_size(card.title, width)
    title = wrapped(card.title, title_size, width, title_width)
    y = EDGE + SMALL
    parts = [_text([card.where], y, SMALL, "muted")]
    y += 26 + round(title_size)
    parts.append(_text(title, y, title_size, "ink", font=TITLE))
    y += round((len(title) - 1) * title_size * LINE)
    body = BODY if drawing else LARGE
    y += 32 + body
    bottom = FULL.height - EDGE
    lines = int((bottom - SMALL - 30 - y) / (body * LINE)) + 1
    parts.append(_text(shortened(card.text, body, width, max(1, lines)), y, body, "ink"))
    parts.append(_text([SITE], bottom, SMALL, "optimised"))
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}" '
        'font-family="Cards Sans"><rect width="{w}" height="{h}" fill="{paper}"/>'
        '<rect width="{bar}" height="{h}" fill="{green}"/>{parts}{drawing}</svg>'
    ).format(
        w=FULL.width,
        h=FULL.height,
        bar=BAR,
        paper=light("paper"),
        green=light("optimised"),
        parts=Markup("").join(parts),
        drawing=drawing,
    )


def _title_size(title: str, width: float) -> float:
    """The largest font size at which the title takes at most four lines."""
    sizes = (52, 46, 42, 38, 34)
    return next(
        (size for size in sizes if len(wrapped(title, size, width, title_width)) <= 4), sizes[-1]
    )


def _text(lines: list[str], y: float, size: float, token: str, font: Markup = SANS) -> Markup:
    return Markup("").join(
        Markup('<text x="{}" y="{:g}" font-size="{:g}" fill="{}"{}>{}</text>').format(
            EDGE, y + number * size * LINE, size, light(token), font, line
        )
        for number, line in enumerate(lines)
    )


def _stage(shown: Shown) -> Markup:
    """The stage to the right of the text."""
    x = EDGE + TEXT + GAP
    box = (x, EDGE, FULL.width - x - EDGE + 20, FULL.height - 2 * EDGE)
    return stage.drawn(shown.scene, shown.at, shown.asking, box)
