"""Copy the third-party browser files that npm fetched into static/vendor, the font cut to size."""

from __future__ import annotations

import shutil
from pathlib import Path

from fontTools import subset

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"

PLOTLY = MODULES / "plotly.js-basic-dist-min" / "plotly-basic.min.js"
FONT = MODULES / "@fontsource" / "stix-two-math" / "files" / "stix-two-math-latin-400-normal.woff2"

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
    options = subset.Options(flavor="woff2", layout_features=["*"], drop_tables=[])
    font = subset.load_font(str(FONT), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=CHARACTERS)
    subsetter.subset(font)
    subset.save_font(font, str(VENDOR / "stix-two-math.woff2"), options)
    for file in sorted(VENDOR.iterdir()):
        print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
