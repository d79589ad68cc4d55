"""Receipts: how to reproduce a widget's numbers, by a request and by torch without this package."""

from __future__ import annotations

import shlex
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, Field

from app.lab.reward_model import DECAY
from app.paths import TEMPLATES
from app.receipts.formulas import LOSS_FORMULAS, REWARD_FORMULAS
from app.state.views import WidgetView
from app.web.templating import templates
from app.widgets.base import WidgetResult


class Receipt(BaseModel):
    """How to reproduce the numbers of a widget in one state."""

    url: str = Field(description="the request whose response the widget shows")
    curl: str = Field(description="the same request for a shell")
    snippet: str = Field(
        description="Python that needs only torch and prints the numbers by their paths in the "
        "response; empty for a widget that has none"
    )


def receipt(view: WidgetView, base: str) -> Receipt:
    """The receipt of a widget; ``base`` is the URL of this site, without a trailing slash."""
    name = view.widget.name
    base = quote(base, safe=":/[]@-._~%")
    url = f"{base}/api/v1/{name}{view.query}"
    return Receipt(url=url, curl=f"curl -s {shlex.quote(url)}", snippet=snippet(view, base))


def without_figures(result: WidgetResult) -> dict[str, Any]:
    """The numbers of a result, without the figures that are drawn from them."""
    fields: dict[str, Any] = result.model_dump(mode="json")
    return {
        key: value
        for key, value in fields.items()
        if not (isinstance(value, dict) and {"data", "layout"} <= value.keys())
    }


def snippet(view: WidgetView, base: str) -> str:
    """templates/receipts/<widget>.py.jinja, filled in with the widget's state; empty without a template."""
    name = f"receipts/{view.widget.name}.py.jinja"
    if not (TEMPLATES / name).is_file():
        return ""
    text = templates.env.get_template(name).render(
        base=base,
        p=view.params.model_dump(mode="json"),
        r=view.result,
        query=view.query,
        formula=LOSS_FORMULAS.__getitem__,
        reward_formulas=REWARD_FORMULAS.__getitem__,
        reward_decay=DECAY,
        **view.widget.receipt(view.params, view.result),
    )
    return text.strip() + "\n"
