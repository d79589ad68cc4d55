"""The command and the wheel, as a user meets them."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.serving import served

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the site served from the unpacked wheel, out of reach of the checkout."""
    site = tmp_path_factory.mktemp("site")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # -P keeps the working folder, and the checkout, off the path; dependencies are those of this environment.
    command = (sys.executable, "-P", "-m", "app.cli")
    with served(command=command, cwd=elsewhere, PYTHONPATH=str(site)) as (_, address):
        yield address


@pytest.mark.slow
def test_the_wheel_holds_all_that_is_served_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for tree in ("templates", "static"):
        for file in (ROOT / tree).rglob("*"):
            if file.is_file():
                assert f"app/{tree}/{file.relative_to(ROOT / tree)}" in names
    for file in (ROOT / "app").rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            assert f"app/{file.relative_to(ROOT / 'app')}" in names
    assert {f"app/static/built/{name}.js" for name in ("widget", "reading", "embedded")} <= names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"app", "dpo_explained"}


@pytest.mark.slow
def test_the_installed_site_serves_every_page_from_any_folder(installed: str) -> None:
    assert httpx.get(f"{installed}/healthz").json() == {"status": "ok"}
    home = httpx.get(installed)
    assert home.status_code == 200
    sections = re.findall(r'href="(/sections/[\w-]+)"', home.text)
    assert len(set(sections)) == 10
    for path in {*sections} - {"/sections/dpo-vs-rlhf"}:
        assert httpx.get(installed + path, timeout=60).status_code == 200
    statics = re.findall(r'src="(/static/\w+/)', home.text)[0]
    for file in ("vendor/plotly-basic.min.js", "vendor/stix-two-math.woff2", "widget.js"):
        assert httpx.get(f"{installed}{statics}{file}").status_code == 200
