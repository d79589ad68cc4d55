"""The cost of a page: everything it needs is computed once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.testclient import TestClient

from app.web.route_params import field_schemas
from app.widgets.beta_effect.widget import Params, Result


def test_a_page_dumps_its_result_once_and_makes_no_schema_that_was_made_before(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: Counter[tuple[str, type]] = Counter()
    dump, schema = BaseModel.model_dump, BaseModel.model_json_schema.__func__  # type: ignore[attr-defined]

    def counted_dump(self: BaseModel, **options: Any) -> Any:
        calls["dump", type(self)] += 1
        return dump(self, **options)

    def counted_schema(model: type[BaseModel], /, **options: Any) -> Any:
        calls["schema", model] += 1
        return schema(model, **options)

    monkeypatch.setattr(BaseModel, "model_dump", counted_dump)
    monkeypatch.setattr(BaseModel, "model_json_schema", classmethod(counted_schema))
    field_schemas.cache_clear()
    for beta in ("0.31", "0.32"):
        assert client.get(f"/widgets/beta_effect?beta={beta}").status_code == 200
    assert calls["dump", Result] == 2
    assert calls["schema", Params] == 1
    assert client.get("/widgets/beta_effect?beta=-1").status_code == 422
    assert client.get("/api/v1/beta_effect?beta=-1").status_code == 422
    assert calls["schema", Params] == 1
