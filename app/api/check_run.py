"""JSON route that checks a reader's own run.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import Field, ValidationError, model_validator

from app.check.asked import SentRun, run_of_form
from app.check.document import CheckedRun, document
from app.check.params import RunParams
from app.check.tables import RunFileError
from app.runs.threads import run_in_thread
from app.web.forms import MULTIPART, URLENCODED, media_type, submitted
from app.web.json_bodies import json_of
from app.web.problem import InvalidParams, Problem, invalid_params
from app.web.request_paths import site_url
from app.web.route_params import field_schemas
from app.widgets.common.bodies import limit_fields

router = APIRouter()

JSON = "application/json"

EXAMPLE = {
    "text": "chosen_logps,rejected_logps,ref_chosen_logps,ref_rejected_logps,loss,step\n"
    "-41.2,-57.9,-44.0,-52.3,0.359,500\n-18.6,-21.4,-18.1,-17.7,0.546,500\n",
    "loss_type": "sigmoid",
    "beta": 0.1,
}


class RunToCheck(RunParams):
    """A run as JSON."""

    text: str = Field(
        description="what a trainer logged, or log-probabilities of pairs, as the file has it; neither "
        "stored nor logged"
    )

    _few = model_validator(mode="before")(limit_fields)


def _bodies() -> dict[str, Any]:
    """The bodies of a request, which FastAPI cannot tell by itself: one of two types."""
    as_json = RunToCheck.model_json_schema() | {"example": EXAMPLE}
    file = {
        "type": "string",
        "format": "binary",
        "description": "the file as it is, in any encoding, gzip included",
    }
    fields = RunParams.model_json_schema()["properties"]
    properties = {"file": file, **{name: _of_form(field) for name, field in fields.items()}}
    as_form = {"title": "FileToCheck", "type": "object", "required": ["file"]}
    return {
        "required": True,
        "content": {
            JSON: {"schema": as_json},
            MULTIPART: {"schema": {**as_form, "properties": properties}},
        },
    }


def _of_form(schema: dict[str, Any]) -> dict[str, Any]:
    """A field as a form has it: a list is one text with commas, as a repeated field is refused."""
    if schema.get("type") != "array":
        return schema
    return {"type": "string", "title": schema["title"], "description": schema["description"]}


OWN_ID = {
    "name": "X-Request-ID",
    "in": "header",
    "description": "an id of your own, which the response repeats",
    "schema": {"type": "string"},
}
"""what openapi-python-client needs besides: where there are two bodies, its module lacks an import
that comes with an optional parameter"""


@router.post(
    "/api/v1/check_run",
    summary="Common mistakes in a run of your own",
    description="Takes what a trainer logged, or log-probabilities of pairs, as JSON with `text` or as a "
    "form with `file`: `curl -F file=@trainer_state.json -F trainer=trl`. Each finding is `found`, "
    "`not_found` or `cannot_tell`. Nothing is stored or logged.",
    responses={
        422: {"model": Problem, "description": "it cannot be read, or a parameter is refused"}
    },
    tags=["checking"],
    openapi_extra={
        "x-example": "/api/v1/check_run",
        "parameters": [OWN_ID],
        "requestBody": _bodies(),
    },
)
async def post_check_run(request: Request, response: Response) -> CheckedRun:
    response.headers["Cache-Control"] = "no-store"
    sent = await _sent(request)
    try:
        report = await run_in_thread(sent.check)
    except RunFileError as error:
        raise InvalidParams.of(sent.field, str(error)) from error
    return document(report, site_url(request))


async def _sent(request: Request) -> SentRun:
    """The run of a request. Raises InvalidParams."""
    kind = media_type(request)
    if kind in (MULTIPART, URLENCODED):
        return run_of_form(await submitted(request))
    if kind != JSON:
        allowed = f"{JSON} with text, or {MULTIPART} with file"
        raise InvalidParams.of("body", f"unknown Content-Type {kind!r}", allowed)
    try:
        asked = RunToCheck.model_validate(json_of(await request.body()))
    except ValidationError as error:
        raise invalid_params(error.errors(), field_schemas(RunToCheck)) from error
    return SentRun("text", asked.text, asked)
