"""JSON route that lists all others, for a first look from a shell.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

import json
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from app.pages.api_docs import operation_docs
from app.web.request_paths import root_of

router = APIRouter()


class Endpoint(BaseModel):
    """An endpoint, with a request to try."""

    method: str
    path: str
    summary: str = Field(description="what it answers")
    example: str = Field(description="address of a request that works, below this host")
    body: dict[str, Any] | None = Field(None, description="JSON to send with it, for POST")


class Endpoints(BaseModel):
    """All endpoints of the API."""

    documentation: str = Field(description="page with every parameter, its unit and its range")
    openapi: str = Field(description="the same for programs")
    endpoints: list[Endpoint] = Field(description="in the order of the page")


@router.get("/api/v1", include_in_schema=False)
@router.get(
    "/api/v1/",
    summary="All endpoints, with a request to try for each",
    tags=["checking"],
    openapi_extra={"x-example": "/api/v1/"},
)
def list_endpoints(request: Request) -> Endpoints:
    root = root_of(request.scope)
    groups = operation_docs(request.app.openapi())
    return Endpoints(
        documentation=f"{root}/docs",
        openapi=f"{root}/openapi.json",
        endpoints=[
            Endpoint(
                method=found.method,
                path=f"{root}{found.path}",
                summary=found.summary,
                example=f"{root}{found.example}",
                body=json.loads(found.body_example) or None,
            )
            for group in groups.values()
            for found in group
            if found.path.startswith("/api/")
        ],
    )
