"""Results of all states of a plan, computed and written as files of a copy."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any

import torch

from app.export.states import ParamValues, index
from app.paths import STATIC
from app.stages import figures, page_values
from app.studies.browser_data import lab_json
from app.widgets.registry import WIDGETS

Result = dict[str, Any]

DIGITS = 7
"""significant digits of exported numbers"""

CHUNK = 24
"""states per task of a process, for widgets that do not train"""


def compute_state(name: str, state: ParamValues) -> Result:
    """One result as pages have it, with its figures."""
    widget = WIDGETS[name]
    params = widget.params.model_validate(state)
    computed = widget.compute(params)
    # A page requests figures when it needs them, and here there is nobody to ask.
    rounded: Result = _rounded(page_values(widget, params, computed) | figures(computed))
    return rounded


def compute_all(
    states: Mapping[str, Sequence[ParamValues]], jobs: int, done: Callable[[int], None]
) -> dict[str, list[Result]]:
    """All results by widget, in the order of their states; ``done`` is called with each number of new ones.

    One job computes here, more compute in processes of their own with a thread each.
    """
    results: dict[str, list[Result]] = {name: [None] * len(states[name]) for name in states}  # type: ignore[list-item]
    chunks = [
        (name, place, chunk) for name in states for place, chunk in _chunks(name, states[name])
    ]
    if jobs == 1:
        for name, place, chunk in chunks:
            results[name][place : place + len(chunk)] = _compute_chunk(name, chunk)
            done(len(chunk))
        return results
    # Training runs take longest, so they are submitted first.
    chunks.sort(key=lambda chunk: len(chunk[2]))
    context = get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_one_thread) as pool:
        futures: dict[Future[list[Result]], tuple[str, int, int]] = {
            pool.submit(_compute_chunk, name, chunk): (name, place, len(chunk))
            for name, place, chunk in chunks
        }
        try:
            for future in as_completed(futures):
                name, place, count = futures[future]
                results[name][place : place + count] = future.result()
                done(count)
        except BaseException:
            # Interrupted: finish the running tasks, start no others.
            pool.shutdown(cancel_futures=True)
            raise
    return results


def _chunks(
    name: str, states: Sequence[ParamValues]
) -> Iterator[tuple[int, Sequence[ParamValues]]]:
    size = 1 if WIDGETS[name].trains(WIDGETS[name].params()) else CHUNK
    for place in range(0, len(states), size):
        yield place, states[place : place + size]


def _one_thread() -> None:
    torch.set_num_threads(1)


def _compute_chunk(name: str, states: Sequence[ParamValues]) -> list[Result]:
    return [compute_state(name, state) for state in states]


# ---- files ---------------------------------------------------------------------------------------


def results_file(name: str, results: Sequence[Result]) -> str:
    """A script that registers results under a name, as compressed JSON: adjacent results are similar.

    ``static/offline.js`` reads it.
    """
    packed = base64.b64encode(gzip.compress(_json(results).encode(), mtime=0)).decode()
    return f'dpoExported.files[{json.dumps(name)}] = "{packed}";\n'


def index_file(names: Iterable[str]) -> str:
    """A script that lists the states of each widget and their files."""
    widgets = {name: index(WIDGETS[name]) for name in names}
    parts = {"widgets": widgets, "files": {}, "workers": {}}
    return f"window.dpoExported = {_json(parts)};\n"


def worker_file(name: str) -> str:
    """A script that registers the code of a worker by its name: pages on disk may load no worker."""
    code = (STATIC / f"built/workers/{name}.js").read_text(encoding="utf-8")
    return f"dpoExported.workers[{json.dumps(name)}] = {_json(code)};\n"


def lab_file() -> str:
    """A script that registers what workers make the lab of."""
    return f"dpoExported.lab = {lab_json()[0]};\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else value
