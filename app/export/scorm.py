"""SCORM packages: an offline copy, framed by a page that reports to a learning platform."""

from __future__ import annotations

import shutil
import zipfile
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.content.sections import SECTIONS
from app.export.copy import export
from app.export.pages import all_pages, one_widget
from app.export.report import CopyReport
from app.paths import STATIC
from app.web.templating import templates
from app.widgets.registry import WIDGETS

LAUNCH = "scorm.html"
MANIFEST = "imsmanifest.xml"
QUIZ = "quiz"
OWN_FILES = ("scorm.js", "scorm.css")
EDITIONS = ("1.2", "2004")
"""editions of SCORM; they differ in the manifest, and the script supports both"""

_TIME = (1980, 1, 1, 0, 0, 0)
"""timestamp of all files, so that equal copies make equal packages"""


class QuizMissing(ValueError):
    """The copy has no quiz, whose score a package reports."""


def export_scorm(
    file: Path, widget: str | None = None, jobs: int | None = None, edition: str = EDITIONS[0]
) -> CopyReport:
    """Write the package of the whole explainer, or of the quiz alone.

    Raises:
        QuizMissing: ``widget`` is not the quiz
        KeyError: there is no such widget
    """
    if widget is not None and WIDGETS[widget].name != QUIZ:
        raise QuizMissing(f"a package reports the score of the quiz, which {widget} has not")
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "package"
        report = export(folder, widget, jobs)
        add_launch(folder, widget, edition)
        pack(folder, file)
    return report


def add_launch(folder: Path, widget: str | None, edition: str = EDITIONS[0]) -> None:
    """Add the page that a platform opens, its script, and the manifest that lists everything."""
    for name in OWN_FILES:
        shutil.copyfile(STATIC / name, folder / "static" / name)
    title = WIDGETS[widget].title if widget else "Direct Preference Optimization, explained"
    page = templates.env.get_template(f"export/{LAUNCH}").render(
        title=title, package=_package(widget)
    )
    (folder / LAUNCH).write_text(page, encoding="utf-8")
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    manifest = templates.env.get_template(f"export/imsmanifest-{edition}.xml").render(
        identifier="dpo-explained" + (f"-{widget}" if widget else ""),
        version=version("dpo-explained"),
        title=title,
        launch=LAUNCH,
        files=files,
    )
    (folder / MANIFEST).write_text(manifest, encoding="utf-8")


def _package(widget: str | None) -> dict[str, Any]:
    """Data of the script: all pages, those of sections, the quiz's length, the first page."""
    files = one_widget(widget) if widget else all_pages()
    return {
        "pages": sorted(files.values()),
        "sections": [files[section.path] for section in SECTIONS if section.path in files],
        "total": WIDGETS[QUIZ].places,
        "start": "index.html",
    }


def pack(folder: Path, file: Path) -> None:
    """Zip a folder, with the manifest first."""
    paths = sorted(folder.rglob("*"), key=lambda path: (path.name != MANIFEST, path.as_posix()))
    file.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        for path in paths:
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                package.writestr(entry, path.read_bytes())
