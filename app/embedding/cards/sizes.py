"""The sizes of cards and their paths."""

from __future__ import annotations

from dataclasses import dataclass

from app.state.page import Page


@dataclass(frozen=True)
class Size:
    """The size of an image in pixels."""

    width: int
    height: int


FULL = Size(1200, 630)
SIZES = (FULL, Size(600, 315), Size(300, 158))
"""largest first: the size for Open Graph, and smaller ones for oEmbed consumers that limit thumbnails"""


def card_path(page: Page, size: Size = FULL) -> str:
    """The path of a page's card, without the query that has its state."""
    folder = "" if size == FULL else f"/{size.width}"
    return f"/cards{folder}/{page.card}.png"


def largest_within(width: int | None, height: int | None) -> Size | None:
    """The largest size within the limits, or None."""
    for size in SIZES:
        if size.width <= (width or size.width) and size.height <= (height or size.height):
            return size
    return None
