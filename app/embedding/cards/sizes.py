"""The sizes of cards, and the addresses that have them."""

from __future__ import annotations

from dataclasses import dataclass

from app.state.page import Page


@dataclass(frozen=True)
class Size:
    """Pixels of an image."""

    width: int
    height: int


FULL = Size(1200, 630)
SIZES = (FULL, Size(600, 315), Size(300, 158))
"""From the largest: what Open Graph wants, and smaller ones for consumers that limit thumbnails."""


def card_path(page: Page, size: Size = FULL) -> str:
    """The path of a page's card, to which the state of the page is added as a query."""
    folder = "" if size == FULL else f"/{size.width}"
    return f"/cards{folder}/{page.card}.png"


def largest_within(width: int | None, height: int | None) -> Size | None:
    """The largest size within limits, or None."""
    for size in SIZES:
        if size.width <= (width or size.width) and size.height <= (height or size.height):
            return size
    return None
