"""The least that a page with a number, a chart and a slider can be: the floor of the pages' rows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import brotli

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


@contextmanager
def bare_pages(plotly: Path, figure: str) -> Iterator[str]:
    """The address of a server that has them: at ``/`` without script, at ``/plotly`` with a chart.

    Args:
        plotly: file of the library, served compressed
        figure: the figure to draw, as JSON
    """
    script = brotli.compress(plotly.read_bytes(), quality=9)
    html = "text/html; charset=utf-8"
    answers = {
        "/": (html, DRAWN.encode()),
        "/plotly": (html, WITH_PLOTLY.replace("@FIGURE@", figure).encode()),
        "/plotly.js": ("text/javascript", script),
        "/number": ("text/plain", b"2"),
        "/favicon.ico": ("image/x-icon", b""),
    }

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """One of the answers."""
            kind, body = answers[self.path.partition("?")[0]]
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if body is script:
                self.send_header("Content-Encoding", "br")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
