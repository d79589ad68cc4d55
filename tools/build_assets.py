"""Copy third-party browser files from node_modules to static/vendor, and cut fonts to the characters used.

Beside them go the licences of their packages, and packages.json, which says which file is from which.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"

LIST = VENDOR / "packages.json"

PLOTLY = MODULES / "plotly.js-basic-dist-min" / "plotly-basic.min.js"
EVENTS = MODULES / "eventsource-parser"
STIX = MODULES / "@fontsource" / "stix-two-math"
FONT = STIX / "files" / "stix-two-math-latin-400-normal.woff2"
SANS = MODULES / "@fontsource" / "source-sans-3"
SANS_PARTS = ("latin", "greek")


@dataclass(frozen=True)
class Package:
    """A package whose files are served; name, version and licence are read from node_modules."""

    folder: Path
    licence: str
    """file name of its licence in static/vendor"""
    use: str
    files: tuple[str, ...]


PACKAGES = (
    Package(
        PLOTLY.parent,
        "plotly-LICENSE.txt",
        "Draws the charts.",
        ("plotly-basic.min.js",),
    ),
    Package(
        EVENTS,
        "eventsource-parser-LICENSE.txt",
        "Reads training runs as they are streamed.",
        ("eventsource-parser.js", "errors.js"),
    ),
    Package(
        STIX,
        "stix-two-math-LICENSE.txt",
        "The font of equations, on pages and in pictures, cut to the characters that they use.",
        ("stix-two-math.woff2", "cards-math.otf"),
    ),
    Package(
        SANS,
        "source-sans-3-LICENSE.txt",
        "The font of the pictures that links unfold to, under another name, as its licence asks.",
        tuple(f"cards-sans-{part}.ttf" for part in SANS_PARTS),
    ),
)

TYPES = {"eventsource-parser.d.ts": 'export { createParser } from "eventsource-parser";\n'}
"""type declarations for third-party files"""

# The characters of mathematics on our pages. Browsers show single-letter identifiers as mathematical
# italics, so those ranges are kept too.
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
    """Fill static/vendor and print the sizes of its files."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PLOTLY, VENDOR / "plotly-basic.min.js")
    shutil.copyfile(EVENTS / "dist" / "parse.js", VENDOR / "eventsource-parser.js")
    shutil.copyfile(EVENTS / "dist" / "errors.js", VENDOR / "errors.js")
    for name, types in TYPES.items():
        (VENDOR / name).write_text(types, encoding="utf-8")
    save_cut(FONT, VENDOR / "stix-two-math.woff2", "woff2")
    make_fonts_of_cards()
    save_list()
    for file in sorted(VENDOR.iterdir()):
        print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1024:.0f} KB")


def save_list() -> None:
    """Copy the licences and write packages.json. Raises KeyError if a package names no licence."""
    listed = []
    for package in PACKAGES:
        shutil.copyfile(package.folder / "LICENSE", VENDOR / package.licence)
        about = json.loads((package.folder / "package.json").read_text(encoding="utf-8"))
        facts = {name: about[name] for name in ("name", "version", "license")}
        listed.append(
            {**facts, "licence_file": package.licence, "use": package.use, "files": package.files}
        )
    LIST.write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")


def save_cut(font: Path, to: Path, flavor: str | None) -> None:
    """Save a font with only the characters of our pages; without a flavor, as OpenType."""
    options = subset.Options(flavor=flavor, layout_features=["*"], drop_tables=[])
    loaded = subset.load_font(str(font), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=CHARACTERS)
    subsetter.subset(loaded)
    subset.save_font(loaded, str(to), options)


def make_fonts_of_cards() -> None:
    """Make the fonts of app/embedding/cards, whose renderer cannot read woff2."""
    save_cut(FONT, VENDOR / "cards-math.otf", None)
    save_named(VENDOR / "cards-math.otf", "Cards Math", VENDOR / "cards-math.otf")
    for part in SANS_PARTS:
        source = SANS / "files" / f"source-sans-3-{part}-400-normal.woff2"
        save_named(source, "Cards Sans", VENDOR / f"cards-sans-{part}.ttf")


def save_named(font: Path, family: str, to: Path) -> None:
    """Save a font as OpenType under a new name: the licence reserves the old one for the original."""
    loaded = TTFont(font)
    loaded.flavor = None
    for number in (1, 4, 16):
        loaded["name"].setName(family, number, 3, 1, 0x409)
    loaded.save(to)


if __name__ == "__main__":
    main()
