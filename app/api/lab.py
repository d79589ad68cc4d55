"""JSON routes for checking results: exact numbers of the lab, studies and receipts.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from app.api import lab_numbers
from app.api.lab_numbers import ComparisonParams, LabComparisons, LabPrompt
from app.receipts import Receipt, receipt
from app.runs.threads import run_in_thread
from app.state.query import checks_query
from app.state.views import unplaced_view, widget_named
from app.studies.data import (
    ClimbRow,
    Study,
    StudyRow,
    comparison_study,
    frontier_study,
    overoptimization_study,
)
from app.web.problem import Problem
from app.web.request_paths import site_url
from app.widgets.base import PromptId

router = APIRouter(
    prefix="/api/v1",
    responses={422: {"model": Problem, "description": "a parameter was refused"}},
    tags=["checking"],
)


@router.get(
    "/lab/{prompt}",
    summary="Everything exact about one prompt",
    description="Log-probabilities, true quality and both learned rewards of all 7,776 responses in float64.",
    openapi_extra={"x-example": "/api/v1/lab/poem"},
)
def get_lab_prompt(prompt: PromptId) -> LabPrompt:
    return lab_numbers.lab_prompt(prompt)


@router.get(
    "/lab/{prompt}/comparisons",
    summary="The comparisons that a run with a seed is given",
    description="Labeled pairs as numbers of responses: sampled from the reference, labeled by a coin.",
    openapi_extra={"x-example": "/api/v1/lab/poem/comparisons?seed=7&count=10"},
)
def get_lab_comparisons(
    prompt: PromptId, params: Annotated[ComparisonParams, Query()]
) -> LabComparisons:
    return lab_numbers.lab_comparisons(prompt, params)


@router.get(
    "/studies/frontier",
    summary="Every run behind the frontier of all methods",
    description="With the command, commit and versions that produced it.",
    openapi_extra={"x-example": "/api/v1/studies/frontier"},
)
def get_frontier_study() -> Study[StudyRow]:
    return frontier_study()


@router.get(
    "/studies/comparison",
    summary="Every run behind the comparison of RLHF and DPO",
    description="RLHF with each reward model, and DPO, over their strengths on all prompts. With "
    "the command, commit and versions that produced it.",
    openapi_extra={"x-example": "/api/v1/studies/comparison"},
)
def get_comparison_study() -> Study[StudyRow]:
    return comparison_study()


@router.get(
    "/studies/overoptimization",
    summary="Every climb behind the curves of over-optimization",
    description="With the command, commit and versions that produced it.",
    openapi_extra={"x-example": "/api/v1/studies/overoptimization"},
)
def get_overoptimization_study() -> Study[ClimbRow]:
    return overoptimization_study()


@router.get(
    "/receipts/{name}",
    summary="How to get a widget's numbers again",
    description="The request, a line for the shell, and Python that needs torch alone. Takes the parameters "
    "of the widget.",
    openapi_extra={"x-example": "/api/v1/receipts/beta_effect?beta=0.2"},
)
@checks_query
async def get_receipt(request: Request, name: str) -> Receipt:
    shown = await unplaced_view(request, widget_named(name))
    return await run_in_thread(receipt, shown, site_url(request))
