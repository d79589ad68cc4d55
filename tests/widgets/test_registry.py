"""What belongs to a widget is there, in its place and under its name: docs/adding-a-widget.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.content.sections import SECTIONS, chapter_of
from app.paths import STATIC, TEMPLATES
from app.widgets.registry import WIDGETS

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "app/widgets"
TEXTS = {"check": "pages/own_run.html"}
"""templates of the appendices"""


@pytest.mark.parametrize("name", WIDGETS)
def test_a_widget_has_its_files_and_its_place_in_the_text(name: str) -> None:
    files = (
        f"app/stages/{name}.py",
        f"templates/widgets/{name}.html",
        f"tests/widgets/test_{name}.py",
    )
    missing = [f"{file} is missing" for file in files if not (ROOT / file).is_file()]
    chapter, call = chapter_of(name), f'{{{{ widget("{name}") }}}}'
    text = f"sections/{chapter.slug}.html" if chapter in SECTIONS else TEXTS[chapter.slug]
    if call not in (TEMPLATES / text).read_text("utf-8"):
        missing.append(f"templates/{text} has no {call}")
    if WIDGETS[name].name != name:
        missing.append(f"the WIDGET of {name} is named {WIDGETS[name].name}")
    assert missing == []


def test_what_is_made_for_a_widget_belongs_to_one_that_a_section_lists() -> None:
    modules = {
        path.parent.name if path.stem == "widget" else path.stem
        for path in MODULES.rglob("*.py")
        if re.search(r"^WIDGET = ", path.read_text("utf-8"), re.MULTILINE)
    }
    unlisted = [f"app/content/sections.py does not list {name}" for name in modules - {*WIDGETS}]
    files = [
        *(TEMPLATES / "widgets").glob("*.html"),
        *(TEMPLATES / "receipts").glob("[!_]*.py.jinja"),
        *(STATIC / "widgets").glob("*.js"),
    ]
    unlisted += [
        f"{path}: no such widget" for path in files if path.name.split(".")[0] not in WIDGETS
    ]
    assert unlisted == []


@pytest.mark.parametrize("name", WIDGETS)
def test_a_number_that_can_be_set_has_a_range_a_text_a_length_and_all_of_them_a_description(
    name: str,
) -> None:
    for field, schema in WIDGETS[name].params.model_json_schema()["properties"].items():
        assert schema.get("description"), f"{field} of {name} has no description"
        if schema.get("type") in ("number", "integer"):
            assert {"minimum", "maximum", "default"} <= schema.keys(), (
                f"{field} of {name}: no range"
            )
        if schema.get("type") == "string" and "enum" not in schema:
            assert "maxLength" in schema, f"{field} of {name}: any length"
