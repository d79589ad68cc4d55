"""JSON: the lab's own numbers, studies, policies and receipts, for those who check ours.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response

from app.api.widgets import refusing_with_ranges_of
from app.pages.errors import Problem
from app.receipts import Receipt, receipt
from app.runs import policies as lab_data
from app.runs.job import job_of
from app.runs.policies import ComparisonParams, LabComparisons, LabPrompt, Policies
from app.runs.threads import computed
from app.state.query import checks_query
from app.state.views import views
from app.studies.data import ClimbRow, Study, StudyRow, frontier_study, overoptimization_study
from app.widgets.base import PromptId, Widget
from app.widgets.registry import WIDGETS

router = APIRouter(
    prefix="/api/v1",
    responses={422: {"model": Problem, "description": "a parameter was refused"}},
    tags=["checking"],
)


@router.get(
    "/lab/{prompt}",
    summary="Everything exact about one prompt",
    description="Log-probabilities, true quality and learned reward of all 7,776 responses, in float64.",
    openapi_extra={"x-example": "/api/v1/lab/poem"},
)
def get_lab_prompt(prompt: PromptId) -> LabPrompt:
    return lab_data.lab_prompt(prompt)


@router.get(
    "/lab/{prompt}/comparisons",
    summary="The comparisons that a run with a seed is given",
    description="Labelled pairs as numbers of responses: sampled from the reference, labelled by a coin.",
    openapi_extra={"x-example": "/api/v1/lab/poem/comparisons?seed=7&count=10"},
)
@refusing_with_ranges_of(ComparisonParams)
def get_lab_comparisons(
    prompt: PromptId, params: Annotated[ComparisonParams, Query()]
) -> LabComparisons:
    return lab_data.lab_comparisons(prompt, params)


@router.get(
    "/studies/frontier",
    summary="Every run behind the frontier of all methods",
    description="With the command, the commit and the versions that made it.",
    openapi_extra={"x-example": "/api/v1/studies/frontier"},
)
def get_frontier_study() -> Study[StudyRow]:
    return frontier_study()


@router.get(
    "/studies/overoptimization",
    summary="Every climb behind the curves of over-optimisation",
    description="With the command, the commit and the versions that made it.",
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
    if name not in WIDGETS:
        raise HTTPException(404, f"There is no widget {name!r}.")
    shown = (await views(request, [name]))[name]
    return await computed(receipt, shown, str(request.base_url).rstrip("/"))


def policies_route(widget: Widget) -> None:
    """Register the route of a widget's trained policies."""
    model = widget.params
    if widget.policies is None:
        return

    @router.get(
        f"/{widget.name}/policies",
        name=f"get_{widget.name}_policies",
        summary=f"Trained policies of {widget.name} over all responses",
        description="Log-probabilities of the 7,776 responses, so that every expectation can be worked out.",
        openapi_extra={"x-example": f"/api/v1/{widget.name}/policies"},
    )
    @refusing_with_ranges_of(widget.params)
    async def get_policies(
        request: Request,
        params: Annotated[model, Query()],  # type: ignore[valid-type]
    ) -> Policies:
        made = await request.app.state.runs.result(job_of(widget, params, "policies"))
        return Response(made, media_type="application/json")  # type: ignore[return-value]

    del get_policies


for _widget in WIDGETS.values():
    policies_route(_widget)
