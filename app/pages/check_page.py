"""The page where a reader checks a run: by itself, with an example, and with what is sent to it.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from app.check.asked import SentRun, run_of_form
from app.check.document import CheckedRun, document
from app.check.drawn_log import log_drawing
from app.check.params import RunParams
from app.check.run import report_of
from app.check.tables import RunFileError, TrainingLog
from app.check.text import headline, settings_line, told_together
from app.content.sections import CHECK
from app.pages.check_examples import EXAMPLES, ExampleRun
from app.pages.check_form import form_fields
from app.pages.check_mistakes import MISTAKES
from app.runs.threads import run_in_thread
from app.state.page import chapter_page
from app.state.query import checks_query, query_of
from app.state.views import page_views
from app.studies.healthy_runs import band
from app.web.forms import SentFile, submitted
from app.web.problem import FieldError, InvalidParams
from app.web.templating import templates

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

EXAMPLE = "run"
"""the parameter of the address that names an example"""

REPORT = f"{CHECK.path}/report"
"""the report alone; refusals are problem+json, as the script of the page reads them"""

OWN_MOST_BYTES = 1_000_000
"""of a file that an offline copy checks on the reader's machine"""

OFFLINE = "reference_swapped"
"""the example whose report an offline copy shows at first"""

RUN_TITLES = {"text": "Your text", "file": "Your file"}
"""what the page calls the fields that have the run"""

NOT_STORED = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class FilledForm:
    """What the form has, and what a check of it says."""

    values: Mapping[str, str] = field(default_factory=dict)
    """of the fields, by name; those that were not sent are missing"""
    checked: CheckedRun | None = None
    drawing: Markup | None = None
    """of a log"""
    example: ExampleRun | None = None
    errors: Sequence[FieldError] = ()
    """why it could not be checked; each is about a field of the form"""

    @property
    def headline(self) -> str:
        """The main thing that the report says."""
        return headline(self.checked) if self.checked else ""

    @property
    def untold(self) -> list[tuple[str, str]]:
        """Titles of mistakes of which nothing can be said, and why."""
        findings = self.checked.findings if self.checked else []
        return told_together(one for one in findings if one.verdict == "cannot_tell")

    @property
    def settings(self) -> str:
        """With which loss the run was checked."""
        return settings_line(self.checked) if self.checked else ""


@router.get(CHECK.path)
@checks_query
async def check(request: Request) -> Any:
    """The page, with the report of an example if the address names one."""
    name = query_of(request).get(EXAMPLE)
    if name is not None and name not in EXAMPLES:
        raise InvalidParams.of(
            EXAMPLE, f"unknown example {name!r}", f"one of: {', '.join(EXAMPLES)}"
        )
    if name is None and hasattr(request.state, "offline"):
        name = OFFLINE
    sent = FilledForm() if name is None else await run_in_thread(_of_example, EXAMPLES[name])
    return await _page(request, sent)


@router.post(CHECK.path)
async def sent_to_page(request: Request) -> Any:
    """The page with the report of what was sent: for browsers without script."""
    fields = await submitted(request)
    values = {name: value for name, value in fields.items() if isinstance(value, str)}
    try:
        sent = FilledForm(values, *await _checked(fields))
    except InvalidParams as error:
        sent = FilledForm(values, errors=error.errors)
    return await _page(request, sent, 422 if sent.errors else 200, NOT_STORED)


@router.post(REPORT)
async def report(request: Request) -> Any:
    """The report alone, for the page's script."""
    sent = FilledForm({}, *await _checked(await submitted(request)))
    return templates.TemplateResponse(
        request, "pages/check_report.html", {"sent": sent}, headers=NOT_STORED
    )


async def _checked(fields: Mapping[str, str | SentFile]) -> tuple[CheckedRun, Markup | None]:
    """The report on a form. Raises InvalidParams, also if the run cannot be read."""
    sent = run_of_form(fields)
    try:
        return await run_in_thread(_report, sent)
    except RunFileError as error:
        raise InvalidParams.of(sent.field, str(error)) from error


def _of_example(example: ExampleRun) -> FilledForm:
    text = example.text()
    run = SentRun("text", text, RunParams.model_validate(example.params))
    return FilledForm({"text": text, **example.params}, *_report(run), example)


def _report(sent: SentRun) -> tuple[CheckedRun, Markup | None]:
    """What is said of a run, and the drawing of a log."""
    table = sent.read()
    report = report_of(table, sent.params.settings())
    drawing = log_drawing(table, report.settings) if isinstance(table, TrainingLog) else None
    # The template makes links of addresses, which differ in an offline copy.
    return document(report, site=""), drawing


async def _page(
    request: Request, sent: FilledForm, status: int = 200, headers: Mapping[str, str] | None = None
) -> Any:
    views = await page_views(request, chapter_page(CHECK).figures, extra=[EXAMPLE])
    offline = hasattr(request.state, "offline")
    # The text of a copy's example is not in its form, which is for the reader's own.
    fields = form_fields({} if offline else sent.values)
    context = {
        "appendix": CHECK,
        "views": views,
        "form_action": CHECK.path,
        "widget_level": 3,
        "sent": sent,
        "fields": fields,
        "titles": RUN_TITLES | {field.name: field.title for field in fields},
        "refused": {error.field: error for error in sent.errors},
        "examples": EXAMPLES.values(),
        "mistakes": MISTAKES,
        "most_bytes": OWN_MOST_BYTES if offline else request.app.state.settings.max_body_bytes,
        "band": band(),
        "pending": any(view.pending for view in views.values()),
    }
    return await run_in_thread(
        lambda: templates.TemplateResponse(
            request, "pages/check.html", context, status_code=status, headers=headers
        )
    )
