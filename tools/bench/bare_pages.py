"""Minimal pages with a number, a drawing and a slider: the floor of the rows about pages."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

DRAWN = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Bare</title>
<p data-readout><b>1</b></p><div data-ready><div data-stage>
<svg width="300" height="100" role="img"><path d="M0 100L300 0" stroke="blue"/></svg></div>"""

MOVED = (
    DRAWN
    + """<input type="range" min="0" max="10" value="5" aria-label="A number" data-range-for="number"><script>
document.querySelector("input").addEventListener("input", (event) => {
  document.querySelector("path").setAttribute("d", `M0 100L300 ${10 * event.target.value}`);
});
</script>"""
)


def create() -> Starlette:
    """Factory for uvicorn: ``/`` has no script, ``/moved`` a line that a slider moves."""
    return Starlette(
        routes=[
            Route("/", lambda _: HTMLResponse(DRAWN)),
            Route("/moved", lambda _: HTMLResponse(MOVED)),
        ]
    )
