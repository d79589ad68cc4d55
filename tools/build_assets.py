"""Copy the third-party browser files that npm fetched into static/vendor, the font cut to size."""

from __future__ import annotations

import shutil
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"

PLOTLY = MODULES / "plotly.js-basic-dist-min" / "plotly-basic.min.js"
FONTS = MODULES / "@fontsource"
FONT = FONTS / "stix-two-math" / "files" / "stix-two-math-latin-400-normal.woff2"
SANS = FONTS / "source-sans-3"
SANS_PARTS = ("latin", "greek")

# What mathematics on our pages is made of. Letters are the mathematical italics that browsers
# choose for single-letter identifiers, so those ranges are kept too.
CHARACTERS = "".join(
    [
        *map(chr, range(0x20, 0x7F)),
        "αβγδεηθκλμπρσστφψωΔΣΠΩϕϵ",
        "−·×±÷≤≥≠≈∼∝∞∑∏∫∂∇√∈∣∥‖→←↦⟨⟩…⋯′‾ˆˇ˜^~¯⏞⏟{}",
        "ℒ𝔼𝒟ℝ𝟙",
        *map(chr, range(0x1D434, 0x1D468)),  # italic Latin
        "ℎ",
        *map(chr, range(0x1D6FC, 0x1D71B)),  # italic Greek
    ]
)


def main() -> None:
    """Fill static/vendor and say how large its files are."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PLOTLY, VENDOR / "plotly-basic.min.js")
    shutil.copyfile(PLOTLY.parent / "LICENSE", VENDOR / "plotly-LICENSE.txt")
    save_cut(FONT, VENDOR / "stix-two-math.woff2", "woff2")
    make_fonts_of_cards()
    for file in sorted(VENDOR.iterdir()):
        print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1024:.0f} KB")


def save_cut(font: Path, to: Path, flavor: str | None) -> None:
    """Save a font with the characters of our pages only; without a flavor, as OpenType."""
    options = subset.Options(flavor=flavor, layout_features=["*"], drop_tables=[])
    loaded = subset.load_font(str(font), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=CHARACTERS)
    subsetter.subset(loaded)
    subset.save_font(loaded, str(to), options)


def make_fonts_of_cards() -> None:
    """The fonts of app/cards, for a program that reads no woff2."""
    save_cut(FONT, VENDOR / "cards-math.otf", None)
    save_named(VENDOR / "cards-math.otf", "Cards Math", VENDOR / "cards-math.otf")
    for part in SANS_PARTS:
        source = SANS / "files" / f"source-sans-3-{part}-400-normal.woff2"
        save_named(source, "Cards Sans", VENDOR / f"cards-sans-{part}.ttf")
    shutil.copyfile(SANS / "LICENSE", VENDOR / "source-sans-3-LICENSE.txt")


def save_named(font: Path, family: str, to: Path) -> None:
    """Save a font as OpenType under a name of ours: the licence keeps the old one for the original."""
    loaded = TTFont(font)
    loaded.flavor = None
    for number in (1, 4, 16):
        loaded["name"].setName(family, number, 3, 1, 0x409)
    loaded.save(to)


if __name__ == "__main__":
    main()
