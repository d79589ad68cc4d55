from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from app.cli import main
from app.export.copy import MOST_BYTES, FolderNotEmpty, export
from app.export.pages import all_pages
from app.widgets.registry import WIDGETS
from tests.site import Elements


def links_of(page: Elements) -> list[str]:
    names = ("href", "src", "action", "data-page")
    return [address for name in names for address in page.attributes(name)]


def test_no_link_of_a_copy_leads_nowhere_or_out_of_its_folder(offline_copy: Path) -> None:
    pages = {
        path: Elements(path.read_text(encoding="utf-8")) for path in offline_copy.rglob("*.html")
    }
    assert {path.relative_to(offline_copy).as_posix() for path in pages} == {
        *all_pages().values(),
        "report.html",
    }
    checked = 0
    for page, found in pages.items():
        values = [value or "" for _, attributes in found.found for value in attributes.values()]
        assert not [v for v in values if v.startswith("/") or "offline.invalid" in v], page
        for link in links_of(found):
            parts = urlsplit(link)
            if parts.scheme:
                assert parts.scheme in ("https", "http", "mailto"), (page, link)
                assert parts.hostname != "offline.invalid"
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            assert target.is_file(), (page, link)
            assert target.is_relative_to(offline_copy.resolve()), (page, link)
            if parts.fragment and target.suffix == ".html":
                assert parts.fragment in pages[target].attributes("id"), (page, link)
            checked += 1
    assert checked > 1000


def test_style_and_script_name_nothing_outside(offline_copy: Path) -> None:
    for sheet in offline_copy.rglob("*.css"):
        for address in re.findall(r"url\(\"?([^)\"]+)", sheet.read_text(encoding="utf-8")):
            assert address.startswith(("data:", "#"))
    assert not list(offline_copy.rglob("*.woff2"))
    assert "offline.invalid" not in (offline_copy / "static" / "built" / "widget.js").read_text(
        "utf-8"
    )


def test_plotly_is_in_a_copy_once_and_no_page_runs_it_by_itself(offline_copy: Path) -> None:
    assert len(list(offline_copy.rglob("*plotly*.js"))) == 1
    for page in offline_copy.rglob("*.html"):
        scripts = Elements(page.read_text(encoding="utf-8")).attributes("src")
        assert not [address for address in scripts if "plotly" in address]


def test_the_report_counts_what_there_is(offline_copy: Path) -> None:
    report = json.loads((offline_copy / "report.json").read_text(encoding="utf-8"))
    files = [
        path for path in offline_copy.rglob("*") if path.is_file() and "report." not in path.name
    ]
    assert report["files"] == len(files)
    assert report["bytes"] == sum(file.stat().st_size for file in files) < MOST_BYTES
    assert sum(report["parts"].values()) == report["bytes"]
    assert [part["name"] for part in report["widgets"]] == list(WIDGETS)
    page = (offline_copy / "report.html").read_text(encoding="utf-8")
    for part in report["widgets"]:
        assert part["says"].split(".")[0] in page.replace("&#39;", "'")


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(FolderNotEmpty):
        export(tmp_path, "win_rates", 1)
    with pytest.raises(SystemExit, match="no copy"):
        main(["export", str(tmp_path)])
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_unknown_widget_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="There is no widget 'nothing'; there are: preference"):
        main(["export", str(tmp_path / "new"), "--widget", "nothing"])
    assert not (tmp_path / "new").exists()


def test_the_command_writes_one_widget_and_can_write_it_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        main(["export", str(tmp_path), "--widget", "win_rates", "--jobs", "1"])
        assert "win_rates: live, 6 states" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {
        "index.html",
        "report.html",
        "report.json",
        "static",
    }
    page = Elements((tmp_path / "index.html").read_text(encoding="utf-8"))
    for link in links_of(page):
        if not urlsplit(link).scheme and urlsplit(link).path:
            assert (tmp_path / urlsplit(link).path).is_file(), link
