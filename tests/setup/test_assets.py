"""Third-party browser files: the right versions, fetched at set-up, never committed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import plotly

from app.paths import STATIC

ROOT = Path(__file__).parents[2]
LOCK = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))


def test_the_browser_draws_with_the_plotly_that_the_python_package_is_made_for() -> None:
    bundled = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    inside = re.search(r"plotly\.js v([\d.]+)", bundled.read_text(encoding="utf-8")[:300])
    assert inside is not None
    assert LOCK["packages"]["node_modules/plotly.js-basic-dist-min"]["version"] == inside[1]
    served = (STATIC / "vendor" / "plotly-basic.min.js").read_text(encoding="utf-8")
    assert f"v{inside[1]}" in served[:300]


def test_the_lock_file_pins_by_hash_and_names_no_host() -> None:
    for name, package in LOCK["packages"].items():
        assert name == "" or package["integrity"].startswith("sha512-")
        assert "resolved" not in package


def test_the_maths_font_is_cut_to_size() -> None:
    assert 10_000 < (STATIC / "vendor" / "stix-two-math.woff2").stat().st_size < 60_000
