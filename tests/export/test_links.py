from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from app.cli import main
from app.export.copy import MOST_BYTES, Occupied, export
from app.export.links import Copy, rewritten
from app.export.pages import all_pages
from app.widgets.registry import WIDGETS

COPY = Copy(
    base="http://offline.invalid",
    files={"/": "index.html", "/sections/beta": "sections/beta.html", "/static/abc/": "static/"},
    bundle="static/explainer.js",
    before=("static/data/index.js",),
    style="static/offline.css",
    note=lambda name: f"<p>note on {name}</p>",
    about=lambda to: f'<a href="{to("report.html")}">about</a>',
)


class Addresses(HTMLParser):
    """All addresses of a page, and its anchors."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.ours: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src", "action", "data-page"):
                self.links.append(value or "")
            elif name == "id":
                self.ids.add(value or "")
            if (value or "").startswith("/") or "offline.invalid" in (value or ""):
                self.ours.append(f"{tag} {name}={value}")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<a href="/sections/beta?x=1&amp;y=2#a">β</a>', '<a href="beta.html?x=1&amp;y=2#a">β</a>'),
        ('<a href="http://offline.invalid/">home</a>', '<a href="../index.html">home</a>'),
        ('<a href="#here">here</a>', '<a href="#here">here</a>'),
        ('<a href="https://arxiv.org/x">paper</a>', '<a href="https://arxiv.org/x">paper</a>'),
        ('<nav><a href="/docs">API <b>x</b></a> | </nav>', "<nav> | </nav>"),
        (
            '<p>as <a href="/docs">JSON</a>.</p>',
            '<p>as <span class="needs-server" title="Needs a server">JSON</span>.</p>',
        ),
        ('<link rel="alternate" href="http://offline.invalid/oembed?a">', ""),
        ('<meta property="og:url" content="http://offline.invalid/">', ""),
        (
            '<script type="application/ld+json">{"a": "http://offline.invalid/"}</script>',
            "",
        ),
        (
            '<link rel="stylesheet" href="/static/abc/page.css">',
            '<link rel="stylesheet" href="../static/page.css">',
        ),
        (
            '<script type="module" src="/static/abc/widget.js"></script>',
            '<script defer src="../static/data/index.js"></script>'
            '<script defer src="../static/explainer.js" data-module="widget.js"></script>',
        ),
        ('<form method="post" action="/sections/beta">', '<form action="beta.html">'),
        ('<dpo-widget name="n" data-api="/api/v1/n" data-follow-url>', '<dpo-widget name="n">'),
        ('<svg viewBox="0 0 1 1"></svg>', '<svg viewBox="0 0 1 1"></svg>'),
        ("<script>a < b && c</script>", "<script>a < b && c</script>"),
        ("x &amp; &#8722; &lt;", "x &amp; &#8722; &lt;"),
    ],
)  # fmt: skip
def test_an_address_leads_from_file_to_file_or_is_gone(before: str, after: str) -> None:
    assert rewritten(before, "sections/alpha.html", COPY) == after


def test_a_widget_says_what_of_it_is_in_the_copy() -> None:
    html = '<dpo-widget name="n"><form class="widget-controls" action="/sections/beta"></form></dpo-widget>'
    assert "<p>note on n</p><form" in rewritten(html, "index.html", COPY)


def test_no_link_of_a_copy_leads_nowhere_or_out_of_its_folder(offline_copy: Path) -> None:
    pages = {path: Addresses(path) for path in offline_copy.rglob("*.html")}
    assert {path.relative_to(offline_copy).as_posix() for path in pages} == {
        *all_pages().values(),
        "report.html",
    }
    checked = 0
    for page, found in pages.items():
        assert found.ours == [], page
        for link in found.links:
            parts = urlsplit(link)
            if parts.scheme:
                assert parts.scheme in ("https", "http", "mailto"), (page, link)
                assert parts.hostname != "offline.invalid"
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            assert target.is_file(), (page, link)
            assert target.is_relative_to(offline_copy.resolve()), (page, link)
            if parts.fragment and target.suffix == ".html":
                assert parts.fragment in pages[target].ids, (page, link)
            checked += 1
    assert checked > 1000


def test_style_and_script_name_nothing_outside(offline_copy: Path) -> None:
    for sheet in offline_copy.rglob("*.css"):
        for address in re.findall(r"url\(\"?([^)\"]+)", sheet.read_text(encoding="utf-8")):
            assert address.startswith(("data:", "#"))
    assert not list(offline_copy.rglob("*.woff2"))
    assert "offline.invalid" not in (offline_copy / "static" / "explainer.js").read_text("utf-8")


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
    with pytest.raises(Occupied):
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
    found = Addresses(tmp_path / "index.html")
    for link in found.links:
        if not urlsplit(link).scheme and urlsplit(link).path:
            assert (tmp_path / urlsplit(link).path).is_file(), link
