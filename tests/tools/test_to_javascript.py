"""The compiler from Python to JavaScript: Python itself has the say."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.node import NODE
from tests.tools import compiled_sample
from tools.to_javascript.expressions import Unsupported
from tools.to_javascript.modules import ROOT, Compiler, Module
from tools.to_javascript.statements import Statements

SAMPLE = "tests.tools.compiled_sample"
FUNCTIONS = ("formats", "rounded", "texts", "lists", "dicts", "records", "flow", "calls")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What each function of the sample gives in JavaScript."""
    compiler = Compiler({})
    for name in FUNCTIONS:
        compiler.add(SAMPLE, name)
    folder = tmp_path_factory.mktemp("compiled")
    ((_, text),) = compiler.files()
    runtime = (ROOT / "static/lab/python.js").as_uri()
    head, *lines = text.splitlines()
    assert head.startswith("import * as $")
    module = folder / "sample.mjs"
    module.write_text("\n".join([f'import * as $ from "{runtime}";', *lines]), encoding="utf-8")
    script = (
        f'import * as sample from "{module.as_uri()}"; import {{ plain }} from "{runtime}";'
        f"console.log(JSON.stringify(Object.fromEntries({json.dumps(FUNCTIONS)}"
        ".map((name) => [name, plain(sample[name]())]))))"
    )
    done = subprocess.run(
        [NODE, "--input-type=module", "--eval", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_same_comes_out(compiled: dict[str, object], name: str) -> None:
    here = json.loads(json.dumps(getattr(compiled_sample, name)()))
    assert compiled[name] == here


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    with open('x') as file:\n        pass",
        "def f(x):\n    return x @ x",
        "def f(x):\n    try:\n        x()\n    except ValueError:\n        pass",
        "def f(x):\n    del x[0]",
        "def f(x):\n    *first, last = x",
        "def f(x):\n    return lambda x=x: x",
    ],
)
def test_what_it_does_not_know_is_refused(source: str) -> None:
    module = Module("sample", source)
    with pytest.raises(Unsupported, match="line"):
        Statements(()).definition(module.definitions["f"])


def test_modules_that_browsers_lack_are_refused() -> None:
    compiler = Compiler({})
    compiler.add("app.widgets.base", "PromptId")
    with pytest.raises(Unsupported, match=r"app\.lab\.world uses Path of pathlib"):
        list(compiler.files())
