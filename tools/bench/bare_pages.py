"""Minimal pages with a number, a chart and a slider: the floor of the rows about pages."""

from __future__ import annotations

import json

import brotli
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from app.paths import STATIC
from app.widgets.registry import WIDGETS

DRAWN = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Bare</title>
<p data-field="number">1</p><div class="chart">
<svg width="300" height="100" role="img"><path d="M0 100L300 0" stroke="blue"/></svg></div>"""

WITH_PLOTLY = (
    DRAWN
    + """<input type="range" min="0" max="10" value="5" aria-label="A number">
<div class="chart" id="chart"></div><script src="/plotly.js"></script><script>
const figure = @FIGURE@;
Plotly.newPlot("chart", figure.data, figure.layout, { displayModeBar: false });
document.querySelector("input").addEventListener("input", async (event) => {
  const answer = await fetch("/number?" + event.target.value);
  document.querySelector("[data-field]").textContent = await answer.text();
});
</script>"""
)


def create() -> Starlette:
    """Factory for uvicorn: ``/`` has no script, ``/plotly/<widget>`` has the widget's chart."""
    script = brotli.compress((STATIC / "vendor" / "plotly-basic.min.js").read_bytes(), quality=9)
    packed = {"Content-Encoding": "br"}

    def plotly(request: Request) -> Response:
        widget = WIDGETS[request.path_params["widget"]]
        figure = widget.compute(widget.params()).model_dump(mode="json")["figure"]
        return HTMLResponse(WITH_PLOTLY.replace("@FIGURE@", json.dumps(figure)))

    return Starlette(
        routes=[
            Route("/", lambda _: HTMLResponse(DRAWN)),
            Route("/plotly/{widget}", plotly),
            Route("/plotly.js", lambda _: Response(script, 200, packed, "text/javascript")),
            Route("/number", lambda _: PlainTextResponse("2")),
        ]
    )
