"""Fixtures that several files of browser tests share."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from app.export.scorm import EDITIONS, MANIFEST, add_launch, export_scorm
from tests.browser.host import Host
from tests.browser.lms import Platform, serving


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    found = Host()
    yield found
    found.close()


@pytest.fixture
def guest(browser: Browser) -> Iterator[Page]:
    """A page that may visit the host and its frames; its console has to stay clean."""
    context = browser.new_context(viewport={"width": 900, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(240_000)
    page.set_default_navigation_timeout(60_000)
    faults: list[str] = []
    page.on("console", lambda m: faults.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    cookies = context.cookies()
    context.close()
    assert faults == []
    assert cookies == []


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quiz as a SCORM package, unpacked."""
    folder = tmp_path_factory.mktemp("scorm")
    export_scorm(folder / "quiz.zip", "quiz", jobs=1)
    with zipfile.ZipFile(folder / "quiz.zip") as packed:
        assert packed.namelist()[0] == MANIFEST
        packed.extractall(folder / "package")
    return folder / "package"


@pytest.fixture(scope="session")
def quiz_address(package: Path) -> Iterator[str]:
    """A learning platform's server, with only the quiz."""
    yield from serving(package.parent)


@pytest.fixture(scope="session")
def course_address(offline_copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same with the whole explainer."""
    root = tmp_path_factory.mktemp("whole")
    shutil.copytree(offline_copy, root / "package")
    add_launch(root / "package", None)
    yield from serving(root)


@pytest.fixture
def learner(browser: Browser) -> Iterator[Page]:
    """A page in which nothing may throw."""
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    context.set_default_timeout(240_000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert wrong == []


@pytest.fixture(params=EDITIONS)
def quiz_platform(
    request: pytest.FixtureRequest, learner: Page, quiz_address: str
) -> Iterator[Platform]:
    """A platform with only the quiz, in both editions; all that it is told has to be valid."""
    platform = Platform(learner, quiz_address, request.param)
    yield platform
    platform.expect_nothing_refused()


@pytest.fixture(params=EDITIONS)
def course_platform(
    request: pytest.FixtureRequest, learner: Page, course_address: str
) -> Iterator[Platform]:
    """The same with the whole explainer."""
    platform = Platform(learner, course_address, request.param)
    yield platform
    platform.expect_nothing_refused()
