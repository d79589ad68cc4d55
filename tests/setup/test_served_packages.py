"""Third-party files that browsers are sent are listed with version and license, wherever they go."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.content.sources import ServedPackage, served_packages
from app.paths import STATIC

ROOT = Path(__file__).parents[2]
VENDOR = STATIC / "vendor"
NPM = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]

LICENSES = {
    "MIT": "Permission is hereby granted, free of charge",
    "OFL-1.1": "SIL OPEN FONT LICENSE Version 1.1",
}


def test_every_file_is_of_a_package_that_is_listed() -> None:
    listed = [
        name for package in served_packages() for name in (*package.files, package.licence_file)
    ]
    assert len(listed) == len({*listed})
    there = {file.name for file in VENDOR.iterdir() if file.is_file() and file.suffix != ".ts"}
    assert {*listed} == there - {"packages.json"}


def test_every_package_that_browsers_need_is_listed_as_it_is_locked() -> None:
    needed = {
        path.removeprefix("node_modules/"): (package["version"], package["license"])
        for path, package in NPM.items()
        if path and not package.get("dev")
    }
    assert {one.name: (one.version, one.license) for one in served_packages()} == needed


@pytest.mark.parametrize("package", served_packages(), ids=lambda package: package.name)
def test_the_page_leads_to_the_license(client: TestClient, package: ServedPackage) -> None:
    page = client.get("/sources").text
    entry = rf"<strong>{package.name}</strong> {package.version}\..*?"
    link = rf'<a href="([^"]+)">{package.license}</a>'
    found = re.search(entry + link, page)
    assert found is not None
    text = client.get(found[1])
    assert text.status_code == 200
    assert text.headers["content-type"].startswith("text/plain")
    assert LICENSES[package.license] in text.text


def test_the_report_of_a_copy_lists_what_is_in_it(offline_copy: Path) -> None:
    report = json.loads((offline_copy / "report.json").read_text(encoding="utf-8"))
    names = [package["name"] for package in report["packages"]]
    assert names == [
        "plotly.js-basic-dist-min",
        "@fontsource/stix-two-math",
        "@fontsource-variable/source-serif-4",
        "@fontsource-variable/source-sans-3",
    ]
