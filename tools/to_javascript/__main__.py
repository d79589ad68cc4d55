"""Writes the compiled modules; see the package."""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Iterator
from pathlib import PurePosixPath

from tools.to_javascript.modules import FOLDER, ROOT, Compiler, defined, module, path_of

DATA = {"trainer_table": "trainers", "band": "healthy_runs"}
"""functions that read files of app/data, and which"""
OUTSIDE = {
    **dict.fromkeys(("app.lab.losses", "app.lab.more_losses", "app.lab.rewards")),
    "app.check.findings.shifts": "static/lab/named/shifts.js",
    "app.check.trainer_table": f"{FOLDER}/data/trainer_table.js",
    "app.studies.healthy_runs.AT_END": None,
    "app.studies.healthy_runs": f"{FOLDER}/data/band.js",
    "app.lab.": "static/lab/named/{}.js",
    "app.studies.": "static/lab/studies/{}.js",
}
"""what browsers have in JavaScript of ours, and of the lab what is compiled all the same"""

READER = {
    "run_of": "app.check.reading",
    "logps_of": "app.check.reading",
    "pasted": "app.check.reading.decode",
    "sent": "app.check.reading.decode",
    "MOST_BYTES": "app.check.reading.decode",
}
"""what reads run files, and its modules"""

CHECK = {
    **{what: where for what, where in READER.items() if what != "logps_of"},
    "report_of": "app.check.run",
    "RunSettings": "app.check.settings",
    "told": "app.check.own_run",
}
"""what checks them"""

WORKER = """import {{ serve }} from "../../../static/lab/serve.js";
import kernels from "../../../static/built/kernels.wasm";
import * as widget from "../widgets/{name}.js";

serve(widget, kernels);
"""

CHECK_WORKER = """import { serveCheck } from "../../../static/lab/serve_check.js";
import * as check from "../check.js";

serveCheck(check);
"""


def compiled() -> Iterator[tuple[str, str]]:
    """Path and text of all modules.

    widgets/N.js has what belongs to the widget N, and workers/N.js serves it. reader.js has what
    reads run files, and check.js what checks them, which workers/run_check.js serves.
    """
    compiler = Compiler(OUTSIDE)
    entries = {name: _parts(name, widget) for name, widget in _computed()}
    for parts in entries.values():
        for where, what in parts.values():
            compiler.add(where, what)
    for what, where in (READER | CHECK).items():
        compiler.add(where, what)
    yield from compiler.files()
    for name, file in DATA.items():
        data = json.dumps(json.loads((ROOT / f"app/data/{file}.json").read_bytes()))
        text = f"const DATA = {data};\nexport const {name} = () => DATA;\n"
        yield f"{FOLDER}/data/{name}.js", text
    yield f"{FOLDER}/reader.js", _exports(READER)
    yield f"{FOLDER}/check.js", _exports(CHECK)
    yield f"{FOLDER}/workers/run_check.js", CHECK_WORKER
    for name, parts in entries.items():
        named = {what: where for where, what in parts.values()}
        yield f"{FOLDER}/widgets/{name}.js", _exports(named, "../")
        yield f"{FOLDER}/workers/{name}.js", WORKER.format(name=name)


def _exports(modules: dict[str, str], up: str = "./") -> str:
    """A module of what others define."""
    return "".join(
        f'export {{ {what} }} from "{up}{PurePosixPath(path_of(where)).relative_to(FOLDER)}";\n'
        for what, where in modules.items()
    )


def _computed() -> Iterator[tuple[str, str]]:
    """Name and module of the widgets that a browser computes, as their plans for copies say."""
    for path in sorted((ROOT / "app/widgets").glob("**/*.py")):
        where = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        entry = module(where).definitions.get("WIDGET")
        keywords = [n for n in ast.walk(entry) if isinstance(n, ast.keyword)] if entry else []
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in keywords}
        if given.get("export") == "COMPUTED":
            yield ast.literal_eval(given["name"]), where


def _parts(name: str, widget: str) -> dict[str, tuple[str, str]]:
    """Module and name of what a worker needs of a widget."""
    stage = f"app.stages.{name}"
    parts = {part: defined(widget, part) for part in ("Params", "compute")}
    for part in ("stream", "Own", "compute_own"):
        if part in module(widget).definitions:
            parts[part] = (widget, part)
    if "LEAVE_OUT" in module(stage).definitions:
        parts["LEAVE_OUT"] = (stage, "LEAVE_OUT")
    return parts | {"stage": (stage, "stage")}


def main() -> None:
    """Write all modules anew."""
    shutil.rmtree(ROOT / FOLDER, ignore_errors=True)
    for path, text in compiled():
        file = ROOT / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
