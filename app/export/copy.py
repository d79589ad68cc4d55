"""Write an offline copy: pages, scripts, styles, results and a report."""

from __future__ import annotations

import base64
import os
import re
import shutil
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tqdm import tqdm

from app.content.sections import CHECK
from app.content.sources import ServedPackage, served_packages
from app.export import report
from app.export.pages import OfflineCopy, all_pages, one_widget, rendered
from app.export.results import (
    Result,
    compute_all,
    index_file,
    lab_file,
    results_file,
    worker_file,
)
from app.export.states import ParamValues, states_by_file
from app.paths import STATIC
from app.web.stylesheets import bundled_stylesheet
from app.widgets.plan import Plan
from app.widgets.registry import WIDGETS

PLOTLY = "vendor/plotly-basic.min.js"
INDEX = "static/data/index.js"
CHECKED = "/sources"
"""the page on which a reader checks the lab"""
RUN_CHECK = "run_check"
"""the worker that checks a reader's own run"""
MOST_BYTES = 25_000_000

CARRIED = {"plotly-basic.min.js", "stix-two-math.woff2", "serif.woff2", "sans.woff2"}
"""packages of static/vendor in every copy: the fonts are inlined in its style sheets"""

_FONT = re.compile(r'url\("([^"]+\.woff2)"\)')
_KINDS = {
    "results": ["static/data/"],
    "plotly.js": ["static/vendor/"],
    "script and style": ["static/"],
    "pages": [
        *("index", "read", "check", "symbols", "sources", "teach", "exercises"),
        *("sections/", "widgets/"),
    ],
}


class FolderNotEmpty(ValueError):
    """The target folder has files that are not a copy's."""


def export(
    folder: Path,
    widget: str | None = None,
    jobs: int | None = None,
) -> report.CopyReport:
    """Write the explainer, or one widget, to a folder, replacing any copy there.

    ``jobs`` processes compute, by default one for each core.

    Raises:
        FolderNotEmpty: the folder has files that do not belong to a copy
        KeyError: there is no such widget
    """
    began = time.monotonic()
    names = [WIDGETS[widget].name] if widget else list(WIDGETS)
    _clear(folder)
    data = folder / Path(INDEX).parent
    data.mkdir(parents=True)
    pages = one_widget(widget) if widget else all_pages()
    plans = {name: WIDGETS[name].export for name in names}
    made = datetime.now(UTC).date().isoformat()
    # Written first: it marks the folder as a copy.
    (folder / INDEX).write_text(index_file(names), encoding="utf-8")

    files = {name: states_by_file(WIDGETS[name]) for name in names}
    states = {name: [state for part in files[name].values() for state in part] for name in names}
    total = sum(map(len, states.values())) + len(pages)
    # Training runs come first and take longest, so the time left could not be told from the results made.
    form = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt} of {total_fmt} results, {elapsed}"
    with tqdm(total=total, desc="export", bar_format=form) as bar:
        copy = OfflineCopy(pages, plans, made)
        html = rendered(copy)
        bar.update(len(pages))
        results = compute_all(states, jobs or os.cpu_count() or 1, bar.update)

    sizes = {
        name: _write_results(data, {file: len(part) for file, part in files[name].items()}, done)
        for name, done in results.items()
    }
    computed = [name for name, plan in plans.items() if plan.computed]
    for name in computed:
        sizes[name] += (data / f"worker-{name}.js").write_text(worker_file(name), encoding="utf-8")
    if CHECKED in pages:
        (data / "worker-checks.js").write_text(worker_file("checks"), encoding="utf-8")
    if CHECK.path in pages:
        (data / f"worker-{RUN_CHECK}.js").write_text(worker_file(RUN_CHECK), encoding="utf-8")
    if computed or CHECKED in pages:
        (data / "lab.js").write_text(lab_file(), encoding="utf-8")
    for file, page in html.items():
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(page, encoding="utf-8")
    licenses = {f"vendor/{package.licence_file}" for package in _carried()}
    _write_statics(folder, {PLOTLY, *licenses, *copy.statics})
    written = _report(folder, plans, states_of=states, sizes=sizes, made=made, began=began)
    report.write(written, folder)
    return written


def _clear(folder: Path) -> None:
    """Create the folder, or empty it if it holds a copy."""
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        return
    if not (folder / INDEX).is_file():
        raise FolderNotEmpty(f"{folder} has files that are no copy of the explainer")
    for part in ("static", "sections", "widgets"):
        shutil.rmtree(folder / part, ignore_errors=True)
    pages = ("index", "read", "check", "symbols", "sources", "teach", "exercises", "report")
    for name in pages:
        (folder / f"{name}.html").unlink(missing_ok=True)
    (folder / "report.json").unlink(missing_ok=True)


def _write_results(data: Path, counts: Mapping[str, int], results: list[Result]) -> int:
    """Write the files of a widget, whose results are consecutive. Returns their size in bytes."""
    size = place = 0
    for file, count in counts.items():
        text = results_file(file, results[place : place + count])
        place += count
        size += (data / f"{file}.js").write_bytes(text.encode())
    return size


def _write_statics(folder: Path, names: Iterable[str]) -> None:
    for name in sorted(names):
        source, place = STATIC / name, folder / "static" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix == ".css":
            place.write_text(_with_fonts(source), encoding="utf-8")
        else:
            shutil.copyfile(source, place)


def _carried() -> list[ServedPackage]:
    """Third-party packages in every copy."""
    return [package for package in served_packages() if CARRIED & {*package.files}]


def _with_fonts(path: Path) -> str:
    """A style sheet, with those that it imports, and its fonts inside: some browsers load none from
    another folder of a disk."""

    def inside(found: re.Match[str]) -> str:
        font = base64.b64encode((path.parent / found[1]).read_bytes()).decode()
        return f'url("data:font/woff2;base64,{font}")'

    return _FONT.sub(inside, bundled_stylesheet(path))


def _report(
    folder: Path,
    plans: Mapping[str, Plan],
    *,
    states_of: Mapping[str, list[ParamValues]],
    sizes: Mapping[str, int],
    made: str,
    began: float,
) -> report.CopyReport:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return report.CopyReport(
        version=version("dpo-explained"),
        made=made,
        seconds=round(time.monotonic() - began, 1),
        bytes=sum(file.stat().st_size for file in files),
        files=len(files),
        parts=report.sizes(folder, _KINDS),
        widgets=[
            report.WidgetReport(
                name=name,
                title=WIDGETS[name].title,
                kind=plan.kind,
                says=plan.says,
                states=len(states_of[name]),
                bytes=sizes[name],
            )
            for name, plan in plans.items()
        ],
        packages=_carried(),
    )
