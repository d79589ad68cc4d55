"""SVG to PNG, with only the fonts that ship with the site."""

from __future__ import annotations

from functools import lru_cache

import resvg_py

from app.embedding.cards.sizes import Size
from app.paths import STATIC

FONTS = ("cards-sans.ttf", "cards-sans-bold.ttf", "cards-serif.ttf")
"""built by tools/build_assets.py"""

CACHE_SIZE = 64
"""images, of some 50 KB each"""


@lru_cache(maxsize=CACHE_SIZE)
def png(svg: str, size: Size) -> bytes:
    """An SVG document as a PNG of this size. Takes some tens of milliseconds."""
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            width=size.width,
            height=size.height,
            skip_system_fonts=True,
            font_files=[str(STATIC / "vendor" / name) for name in FONTS],
            font_family="Cards Sans",
        )
    )
