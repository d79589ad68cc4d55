"""Third-party browser files: the right versions, fetched at set-up, never committed."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import plotly
from starlette.testclient import TestClient

from app.paths import STATIC
from tests.site import PAGES
from tools import fonts

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
    assert 10_000 < (STATIC / "vendor" / "stix-two-math.woff2").stat().st_size < 30_000


def test_two_faces_are_preloaded_and_are_small(client: TestClient) -> None:
    preloads = re.findall(r'<link rel="preload" href="([^"]+)" as="font"', client.get("/").text)
    names = [address.split("/")[-1] for address in preloads]
    assert names == ["serif.woff2", "sans.woff2"]
    assert sum((STATIC / "vendor" / name).stat().st_size for name in names) <= 45_000


def test_the_fonts_have_every_letter_of_the_text(client: TestClient) -> None:
    drawn = "◐"  # an icon
    combined = "\u0302"  # over a letter, which then comes from another font
    known = {*fonts.LATIN, *fonts.GREEK, *fonts.SYMBOLS, *drawn, *combined, "\n", "\ufeff"}
    for path in PAGES:
        page = client.get(path).text
        text = re.sub(r"<(math|script|style|code|pre)\b.*?</\1>", "", page, flags=re.DOTALL)
        assert {*html.unescape(re.sub(r"<[^>]*>", "", text))} <= known, path


def test_the_maths_font_has_every_letter_of_equations(client: TestClient) -> None:
    known = {*fonts.EQUATIONS, "\u2061", "\ufe00"}  # invisible: application, and a variant
    for path in [*PAGES, *(f"/widgets/dpo_derivation?step={step}" for step in range(1, 7))]:
        for equation in re.findall(r"<math\b.*?</math>", client.get(path).text, flags=re.DOTALL):
            assert {*html.unescape(re.sub(r"<[^>]*>", "", equation))} <= known, path
            letters = set(re.findall(r"<mi>([A-Za-zα-ωϕ])</mi>", equation))
            assert letters <= {*fonts.ITALIC}, path
