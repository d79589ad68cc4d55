"""Pages for lecturers: what to teach, exercises with numbers by seed, and their answers.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from app.content.sections import SECTIONS, chapter_of
from app.embedding.snippets import iframe_html
from app.pages.lessons import WORDS_PER_MINUTE, lessons
from app.web.request_paths import site_url
from app.web.templating import templates
from app.widgets import fields
from app.widgets.quiz.exercises import exercises, seeds_of

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

MOST_GROUPS = 30

EMBEDDED = ("dpo_loss", "loss_type=ipo&beta=0.25&hide=details&lock=loss_type&theme=light")
"""the figure of the example, and its state and flags"""


class SheetParams(BaseModel):
    """A sheet of exercises."""

    seed: int = fields.seed()


class ClassParams(SheetParams):
    """The sheets of a class: seeds in a row, beginning with the first group's."""

    groups: int = Field(1, ge=1, le=MOST_GROUPS)


class FormParams(ClassParams):
    """The form on the page for lecturers."""

    groups: int = Field(4, ge=1, le=MOST_GROUPS)


@router.get("/teach")
def teach(request: Request, params: Annotated[FormParams, Query()]) -> Any:
    context = {
        "lessons": lessons(),
        "words_per_minute": WORDS_PER_MINUTE,
        "chapter_of": chapter_of,
        "params": params,
        "most_groups": MOST_GROUPS,
        "seeds": seeds_of(params.seed, params.groups),
        "site": site_url(request),
        "snippet": iframe_html(*EMBEDDED, site_url(request)),
        "embedded": EMBEDDED,
    }
    return templates.TemplateResponse(request, "pages/teach.html", context)


@router.get("/teach/exercises")
def sheet(request: Request, params: Annotated[SheetParams, Query()]) -> Any:
    return _sheets(request, "pages/exercises.html", [params.seed])


@router.get("/teach/answers")
def answers(request: Request, params: Annotated[ClassParams, Query()]) -> Any:
    return _sheets(request, "pages/answers.html", seeds_of(params.seed, params.groups))


def _sheets(request: Request, template: str, seeds: list[int]) -> Any:
    """A page with the sheets of some seeds."""
    context = {
        "sheets": {seed: exercises(seed) for seed in seeds},
        "numerals": {section.slug: section.numeral for section in SECTIONS},
    }
    return templates.TemplateResponse(request, template, context)
