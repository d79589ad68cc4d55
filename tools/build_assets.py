"""Copy third-party browser files from node_modules to static/vendor, and cut fonts to the characters used.

Beside them go the licenses of their packages, and packages.json, which says which file is from which. Only
static/letters.js, the widths of letters in drawings, is committed.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from tools import fonts

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
LETTERS = ROOT / "static" / "letters.js"

LIST = VENDOR / "packages.json"

PLOTLY = MODULES / "plotly.js-basic-dist-min" / "plotly-basic.min.js"
EVENTS = MODULES / "eventsource-parser"


@dataclass(frozen=True)
class Package:
    """A package whose files are served; name, version and license are read from node_modules."""

    folder: Path
    license_file: str
    """file name of its license in static/vendor"""
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
        fonts.STIX,
        "stix-two-math-LICENSE.txt",
        "The font of equations, and of symbols in text, on pages and in pictures.",
        ("stix-two-math.woff2", "symbols.woff2"),
    ),
    Package(
        fonts.SERIF,
        "source-serif-4-LICENSE.txt",
        "The font of prose, on pages and in pictures.",
        ("serif.woff2", "serif-greek.woff2", "serif-italic.woff2", "cards-serif.ttf"),
    ),
    Package(
        fonts.SANS,
        "source-sans-3-LICENSE.txt",
        "The font of drawings, controls and notes, on pages and in pictures.",
        ("sans.woff2", "sans-greek.woff2", "cards-sans.ttf", "cards-sans-bold.ttf"),
    ),
)

TYPES = {"eventsource-parser.d.ts": 'export { createParser } from "eventsource-parser";\n'}
"""type declarations for third-party files"""


def main() -> None:
    """Fill static/vendor and print the sizes of its files."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PLOTLY, VENDOR / "plotly-basic.min.js")
    shutil.copyfile(EVENTS / "dist" / "parse.js", VENDOR / "eventsource-parser.js")
    shutil.copyfile(EVENTS / "dist" / "errors.js", VENDOR / "errors.js")
    for name, types in TYPES.items():
        (VENDOR / name).write_text(types, encoding="utf-8")
    fonts.make(VENDOR)
    LETTERS.write_text(fonts.letters(), encoding="utf-8")
    save_list()
    for file in sorted(VENDOR.iterdir()):
        print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1024:.0f} KB")


def save_list() -> None:
    """Copy the licenses and write packages.json. Raises KeyError if a package names no license."""
    listed = []
    for package in PACKAGES:
        shutil.copyfile(package.folder / "LICENSE", VENDOR / package.license_file)
        about = json.loads((package.folder / "package.json").read_text(encoding="utf-8"))
        facts = {name: about[name] for name in ("name", "version", "license")}
        listed.append(
            {
                **facts,
                "licence_file": package.license_file,
                "use": package.use,
                "files": package.files,
            }
        )
    LIST.write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
