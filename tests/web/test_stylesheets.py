"""One style sheet for all pages, joined from one file per subject."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.paths import STATIC
from app.web.stylesheets import ForeignImport, bundled_stylesheet
from app.web.templating import static_hash


def test_imports_stand_in_their_places_in_their_order_without_comments(tmp_path: Path) -> None:
    (tmp_path / "all.css").write_text('/* both */\n@import "a.css";\n@import "b.css";\ni { }\n')
    (tmp_path / "a.css").write_text("a { }\n")
    (tmp_path / "b.css").write_text('@import "c.css";\nb { }\n')
    (tmp_path / "c.css").write_text("c { }\n")
    assert bundled_stylesheet(tmp_path / "all.css") == "a{}c{}b{}i{}"


def test_a_sheet_of_another_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "all.css").write_text('@import "vendor/a.css";\n')
    with pytest.raises(ForeignImport, match=r"all\.css imports vendor/a\.css"):
        bundled_stylesheet(tmp_path / "all.css")


@pytest.mark.parametrize("encoding", ["br", ""])
def test_no_browser_meets_an_import(client: TestClient, encoding: str) -> None:
    address = f"/static/{static_hash()}/style.css"
    answer = client.get(address, headers={"Accept-Encoding": encoding})
    assert answer.headers["content-type"].startswith("text/css")
    assert "@import" not in answer.text
    for name in re.findall(r'@import "([^"]+)"', (STATIC / "style.css").read_text("utf-8")):
        assert bundled_stylesheet(STATIC / name).strip() in answer.text
    assert "/*" not in answer.text
    faces = (STATIC / "fonts.css").read_text("utf-8").count("@font-face")
    assert answer.text.count("@font-face") == faces
