"""Requests generated from the OpenAPI document, valid and invalid, are answered as it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, assume
from hypothesis import settings as hypothesis_settings
from schemathesis.specs.openapi import checks as conformance
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.site import TRAINING

CHECKS = [
    schemathesis.checks.not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_schema_conformance,
    conformance.response_headers_conformance,
]
"""Without the check that every allowed request is accepted: rules about two fields cannot be expressed."""

SLOW = {path.rsplit("/", 1)[1] for path in TRAINING} | {"annotator", "frontier", "rlhf_pipeline"}
"""Widgets that train, whose results take seconds each, and pages that contain them."""


def trains(path: str) -> bool:
    parts = path.split("/")
    return bool(SLOW & set(parts)) and "studies" not in parts and "receipts" not in parts


application = create_app(Settings(warm=False))
# Routes that train are tested in tests/api/test_errors_and_limits.py, by what they refuse.
schema = schemathesis.openapi.from_asgi("/openapi.json", application).exclude(
    lambda context: trains(context.operation.path)
)
made_up = hypothesis_settings(
    max_examples=12, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def asked() -> Iterator[TestClient]:
    with TestClient(application, raise_server_exceptions=False) as client:
        yield client


def check(case: schemathesis.Case[Any], asked: TestClient) -> None:
    assume(SLOW.isdisjoint(map(str, case.path_parameters.values())))
    response = case.call(session=cast(Any, asked))
    checks = CHECKS
    if case.path == "/oembed" and response.status_code == 501:
        checks = CHECKS[1:]  # which the oEmbed specification requires
    case.validate_response(response, checks=checks)


@schema.exclude(path_regex="/range$").parametrize()
@made_up
def test_every_operation_answers_as_documented(
    case: schemathesis.Case[Any], asked: TestClient
) -> None:
    check(case, asked)


@pytest.mark.slow
@schema.include(path_regex="/range$").parametrize()
@made_up
def test_every_range_answers_as_documented(case: schemathesis.Case[Any], asked: TestClient) -> None:
    check(case, asked)
