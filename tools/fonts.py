"""Cut fonts to the characters of our pages, and measure the letters of drawings."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

from fontTools import merge, subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

MODULES = Path(__file__).resolve().parent.parent / "node_modules"
STIX = MODULES / "@fontsource" / "stix-two-math"
SANS = MODULES / "@fontsource-variable" / "source-sans-3"
SERIF = MODULES / "@fontsource-variable" / "source-serif-4"
MATH = STIX / "files" / "stix-two-math-latin-400-normal.woff2"

LATIN = "".join(map(chr, range(0x20, 0x7F))) + "\u00a0\u2009±²½·×°áéö–—‘’“”•…′↑↓−"
GREEK = "ΔΣαβγδεηθκλμπρστφψω"
SYMBOLS = "₀₁₂←→↔⇒√∞∣‖∼≈≠≤≥∝≻∑∂✓○"
"""characters of text that the families of text lack; STIX Two Math has them"""

ITALIC = "DKLRZefgijklmnpqrstuvwxyzβγδεθλπσϕ"
"""single letters of equations, which browsers show as mathematical italics"""


def mathematical(letter: str) -> str:
    """The mathematical italic of a letter."""
    for first, italics in (("A", 0x1D434), ("a", 0x1D44E), ("α", 0x1D6FC)):
        if 0 <= ord(letter) - ord(first) < 26:
            return chr(italics + ord(letter) - ord(first))
    return {"ϕ": "𝜙"}[letter]


EQUATIONS = "".join(
    [
        *map(chr, range(0x20, 0x7F)),
        "\u00a0Δβγεθλπσϕˆ·×…′‖ℒ∇∑−∗∣∼≈≠≤≥≻𝒟𝔼",
        *map(mathematical, ITALIC),
    ]
)

PROSE = ("kern", "liga", "pnum")
"""features of prose, whose numbers are proportional; the families' own are tabular"""

REGULAR, BOLD = 400, 620
"""weights of letters in drawings"""
BOLDEST = 700
"""the boldest on pages, where the weight varies"""


def variable(package: Path, part: str, style: str = "normal") -> Path:
    """The file of a package of a variable font."""
    return package / "files" / f"{package.name}-{part}-wght-{style}.woff2"


def cut(
    font: Path,
    characters: str,
    weight: float | tuple[float, float] | None = None,
    features: tuple[str, ...] = ("kern", "liga"),
) -> TTFont:
    """A font with these characters alone, at a weight, in a range of weights, or as it is."""
    options = subset.Options(layout_features=list(features), hinting=False, drop_tables=[])
    loaded = TTFont(BytesIO(font.read_bytes()))
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=characters)
    subsetter.subset(loaded)
    return instancer.instantiateVariableFont(loaded, {"wght": weight}) if weight else loaded


def make(folder: Path) -> None:
    """Make the fonts of pages and of cards in a folder."""
    upright, bold = (REGULAR, BOLDEST), BOLD
    for name, font in (
        ("serif", cut(variable(SERIF, "latin"), LATIN, upright, PROSE)),
        ("serif-greek", cut(variable(SERIF, "greek"), GREEK, upright)),
        ("serif-italic", cut(variable(SERIF, "latin", "italic"), LATIN, REGULAR, PROSE)),
        ("sans", cut(variable(SANS, "latin"), LATIN, upright)),
        ("sans-greek", cut(variable(SANS, "greek"), GREEK, upright)),
        ("symbols", cut(MATH, SYMBOLS)),
        ("stix-two-math", cut(MATH, EQUATIONS)),
    ):
        save(font, f"Page {name}", folder / f"{name}.woff2")
    for file, package, weight in (
        ("cards-serif", SERIF, bold),
        ("cards-sans", SANS, REGULAR),
        ("cards-sans-bold", SANS, bold),
    ):
        family = "Cards Serif" if package == SERIF else "Cards Sans"
        save(whole(package, weight), family, folder / f"{file}.ttf")


def whole(package: Path, weight: float) -> TTFont:
    """One font of Latin, Greek and symbols, at one weight."""
    parts = (
        cut(variable(package, "latin"), LATIN, weight),
        cut(variable(package, "greek"), GREEK, weight),
        cut(MATH, SYMBOLS),
    )
    files = [BytesIO() for _ in parts]
    for font, file in zip(parts, files, strict=True):
        font.save(file)
    return merge.Merger().merge(files)


def save(font: TTFont, family: str, to: Path) -> None:
    """Save a font under a new name: the license reserves the old one for the original."""
    font.flavor = "woff2" if to.suffix == ".woff2" else None
    for number in (16, 17, 25):
        font["name"].removeNames(nameID=number)
    for number, name in ((1, family), (3, family), (4, family), (6, family.replace(" ", "-"))):
        font["name"].setName(name, number, 3, 1, 0x409)
    font.save(to)


def advances(weight: float) -> dict[str, int]:
    """The width of each letter of the sans family, in thousandths of the size of the font.

    Digits are tabular and lining: those are the family's own.
    """
    fonts = (
        (cut(MATH, SYMBOLS), SYMBOLS),
        (cut(variable(SANS, "greek"), GREEK, weight), GREEK),
        (cut(variable(SANS, "latin"), LATIN, weight), LATIN),
    )
    return {
        letter: 1000 * font["hmtx"][font.getBestCmap()[ord(letter)]][0] // font["head"].unitsPerEm
        for font, letters in fonts
        for letter in sorted(letters)
    }


def letters() -> str:
    """The text of static/letters.js."""
    widths = {"regular": advances(REGULAR), "bold": advances(BOLD)}
    rows = ",\n".join(
        f"{json.dumps(name)}:{json.dumps(table, ensure_ascii=False, separators=(',', ':'))}"
        for name, table in widths.items()
    )
    return (
        "// Widths of the letters of Source Sans 3 in thousandths of the font's size, at weights"
        f" {REGULAR} and {BOLD}.\n// Written by tools/build_assets.py.\n"
        f"export const LETTERS = {{\n{rows}\n}};\n"
    )
