from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from app.paths import STATIC
from app.web import static_files as statics
from app.web.js_imports import IMPORT
from app.web.static_files import (
    PrecompressedStatics,
    accepts,
    compress,
    compressed_file,
    compressible,
    content_of,
)
from app.web.templating import static_hash


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("br", True),
        ("gzip, deflate, br;q=0.5, zstd", True),
        ("BR", True),
        ("gzip", False),
        ("br;q=0", False),
        ("br; q=0.0, gzip", False),
        ("brotli", False),
        ("", False),
    ],
)
def test_what_a_header_accepts(header: str, accepted: bool) -> None:
    assert accepts(header, "br") is accepted


def test_set_up_has_compressed_every_static_file_that_gets_smaller() -> None:
    files = list(compressible(STATIC))
    assert STATIC / "widget.js" in files
    assert STATIC / "vendor" / "plotly-basic.min.js" in files
    assert [
        str(f) for f in files for e in statics.ENCODINGS if not compressed_file(f, e).is_file()
    ] == []


@pytest.mark.parametrize("encoding", ["br", "gzip"])
@pytest.mark.parametrize(
    "name", ["widget.js", "page.css", "style.css", "vendor/plotly-basic.min.js"]
)
def test_a_static_comes_compressed_and_is_the_same(
    client: TestClient, name: str, encoding: str
) -> None:
    answer = client.get(f"/static/{static_hash()}/{name}", headers={"Accept-Encoding": encoding})
    assert answer.headers["content-encoding"] == encoding
    assert "Accept-Encoding" in answer.headers["vary"]
    assert answer.headers["content-type"].startswith("text/")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.content == content_of(STATIC / name)
    size = int(answer.headers["content-length"])
    assert size == compressed_file(STATIC / name, encoding).stat().st_size


@pytest.mark.parametrize("name", ["widget.js", "vendor/plotly-basic.min.js"])
def test_without_an_encoding_the_same_content_is_sent(client: TestClient, name: str) -> None:
    answer = client.get(f"/static/{static_hash()}/{name}", headers={"Accept-Encoding": ""})
    assert "content-encoding" not in answer.headers
    assert answer.content == content_of(STATIC / name)


def test_our_modules_are_minified_and_import_the_same() -> None:
    for path in (*STATIC.glob("*.js"), *STATIC.glob("widgets/*.js")):
        source, served = path.read_text(encoding="utf-8"), content_of(path).decode()
        assert len(served) < len(source), path.name
        imported = {module for _, module in IMPORT.findall(source)}
        assert set(re.findall(r'(?:from|import)"([^"]+\.js)"', served)) == imported, path.name


def test_a_missing_static_is_not_found(client: TestClient) -> None:
    assert client.get("/static/0123456789ab/widget.js").status_code == 404


def test_a_file_changed_since_is_never_served_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statics, "STATIC", tmp_path)
    monkeypatch.setattr(statics, "COMPRESSED", tmp_path / "vendor" / "compressed")
    file = tmp_path / "a.js"
    file.write_text("old();" * 200)
    compress()
    assert len(list((tmp_path / "vendor" / "compressed").iterdir())) == 2
    file.write_text("new();" * 200)
    client = TestClient(Starlette(routes=[Mount("/", PrecompressedStatics(tmp_path))]))
    answer = client.get("/a.js", headers={"Accept-Encoding": "br"})
    assert answer.text == "new();" * 200
    compress()
    # The compressed files of the old one are gone.
    assert len(list((tmp_path / "vendor" / "compressed").iterdir())) == 2
