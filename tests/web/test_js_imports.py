"""The modules that a page announces, so that a browser fetches them in one go."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from app.paths import STATIC
from app.web.js_imports import IMPORT, imports
from tests.site import QUICK, Elements

# The page with the whole text has every widget, and trains for some.
PAGES = [*QUICK, pytest.param("/read", marks=pytest.mark.slow)]


def test_all_that_a_module_imports_is_found_once_and_nothing_that_it_loads_later() -> None:
    found = imports("widget.js")
    assert len(found) == len(set(found))
    assert {"widget.js", "figure.js", "stage.js", "dom.js"} <= set(found)
    assert not {"share.js", "receipt.js"} & set(found)
    assert not [name for name in found if name.startswith("vendor/")]


def test_every_import_of_our_modules_has_the_form_that_is_read() -> None:
    for path in (*STATIC.glob("*.js"), *STATIC.glob("widgets/*.js")):
        source = path.read_text(encoding="utf-8")
        assert len(IMPORT.findall(source)) == len(re.findall(r"^import\b", source, re.MULTILINE)), (
            path
        )


@pytest.mark.parametrize("path", PAGES)
def test_a_page_names_all_that_its_modules_import(html_of: Callable[[str], str], path: str) -> None:
    named: set[str] = set()
    entries: set[str] = set()
    for tag, attributes in Elements(html_of(path)).found:
        address = attributes.get("src") or attributes.get("href") or ""
        found = re.fullmatch(r"/static/\w+/(.+\.js)", address)
        if found is None:
            continue
        if attributes.get("type") == "module":
            entries.add(found[1])
        if attributes.get("rel") == "modulepreload" or attributes.get("type") == "module":
            named.add(found[1])
            # Text comes first.
            assert attributes["fetchpriority"] == "low", (tag, address)
    assert "widget.js" in entries
    assert set(imports("widget.js")) <= named
    assert not [name for name in named if not (STATIC / name).is_file()]


@pytest.mark.parametrize("path", PAGES)
def test_before_the_first_paint_there_is_one_script_and_the_style(
    html_of: Callable[[str], str], path: str
) -> None:
    elements = Elements(html_of(path)).found
    before = [
        attributes.get("src") or attributes["href"]
        for tag, attributes in elements
        if (tag == "script" and "src" in attributes and attributes.get("type") != "module")
        or (tag == "link" and attributes.get("rel") == "stylesheet")
    ]
    own = [f"{name}.css" for name in ("teach", "check") if path.startswith(f"/{name}")]
    assert [(address or "").rpartition("/")[2] for address in before] == [
        *("theme.js", "style.css"),
        *own,
    ]
