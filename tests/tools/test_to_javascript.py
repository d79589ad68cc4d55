"""The compiler from Python to JavaScript: Python itself has the say."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.node import NODE
from tests.tools import compiled_sample, torch_sample
from tools.to_javascript.__main__ import compiled as all_compiled
from tools.to_javascript.expressions import BUILTINS, Unsupported
from tools.to_javascript.modules import PROVIDED, ROOT, Compiler, Module
from tools.to_javascript.statements import Statements

SAMPLES = (compiled_sample, torch_sample)
RUNTIME = (ROOT / "static/lab/python.js").as_uri()
FUNCTIONS = (
    "formats",
    "rounded",
    "texts",
    "lists",
    "dicts",
    "records",
    "flow",
    "calls",
    "patterns",
    "refusals",
    "written",
    "documents",
    "tables",
    "sets",
)
OF_TENSORS = ("numbers", "operators", "masks", "places", "reductions", "made", "sums")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What each function of the samples gives in JavaScript."""
    found: dict[str, object] = {}
    for sample, functions in zip(SAMPLES, (FUNCTIONS, OF_TENSORS), strict=True):
        found |= _compiled(sample.__name__, functions, tmp_path_factory.mktemp("compiled"))
    return found


def _compiled(sample: str, functions: tuple[str, ...], folder: Path) -> dict[str, object]:
    compiler = Compiler({})
    for name in functions:
        compiler.add(sample, name)
    ((_, text),) = compiler.files()
    head, *lines = text.split("\n")
    assert head.startswith("import * as $")
    module = folder / "sample.mjs"
    module.write_text("\n".join([f'import * as $ from "{RUNTIME}";', *lines]), encoding="utf-8")
    script = (
        f'import * as sample from "{module.as_uri()}"; import {{ plain }} from "{RUNTIME}";'
        f"console.log(JSON.stringify(Object.fromEntries({json.dumps(functions)}"
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


@pytest.mark.parametrize("name", OF_TENSORS)
def test_torch_says_the_same(compiled: dict[str, object], name: str) -> None:
    here = getattr(torch_sample, name)()
    assert compiled[name] == [pytest.approx(values, rel=1e-13, abs=1e-15) for values in here]


def test_sums_are_the_same_to_the_last_digit(compiled: dict[str, object]) -> None:
    assert compiled["sums"] == torch_sample.sums()


def test_all_that_compiled_code_takes_is_there() -> None:
    modules = sorted(name for name in PROVIDED if "." not in name)
    script = (
        f'import * as $ from "{RUNTIME}"; const modules = {json.dumps(modules)};'
        "const parts = modules.flatMap((name) => Object.keys($[name]).map((part) => `${name}.${part}`));"
        "console.log(JSON.stringify([...Object.keys($), ...parts]))"
    )
    done = subprocess.run(
        [NODE, "--input-type=module", "--eval", script], capture_output=True, text=True, check=True
    )
    there = {*json.loads(done.stdout)}
    texts = [text for _, text in all_compiled()]
    used = {name for text in texts for name in re.findall(r"\$\.(\w+)", text)}
    of_modules = {
        f"{module}.{name}"
        for text in texts
        for module in modules
        for name in re.findall(rf'\b{module}(?:\.|, ")(\w+)', text)
    }
    assert (used | {*BUILTINS} | of_modules) - there == set()


def test_all_methods_that_compiled_code_calls_are_defined_somewhere() -> None:
    """A method of Python that the compiler took for one of ours would fail only when it is called."""
    texts = [text for _, text in all_compiled()]
    code = [re.sub(r'"(?:[^"\\]|\\.)*"', '""', text) for text in texts]
    called = {name for text in code for name in re.findall(r"(?<!\$)\.(\w+)\(", text)}
    defined = r'(\w+)(?::| =) \$\.|\["(\w+)"'  # functions, and fields that may hold some
    ours = {name for text in texts for both in re.findall(defined, text) for name in both}
    by_hand = [path.read_text(encoding="utf-8") for path in (ROOT / "static/lab").glob("**/*.js")]
    assert called - ours - {word for text in by_hand for word in re.findall(r"\w+", text)} == set()


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    with open('x') as file:\n        pass",
        "def f(x):\n    return x @ x",
        "def f(x):\n    try:\n        x()\n    finally:\n        pass",
        "def f(x):\n    try:\n        x()\n    except:\n        pass",
        "def f(x):\n    del x[0]",
        "def f(x):\n    *first, last = x",
        "def f(x):\n    x[0], x[1] = 1, 2",
        "def f(x):\n    try:\n        x()\n    except ValueError:\n        raise",
        "def f(x):\n    return lambda x=x: x",
        "def f(x, y):\n    return [*map(x.tell, y)]",
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


@pytest.mark.parametrize("pattern", ["(?:(a)|b)*", "(?i)a", r"[\W]", "(?P=name)"])
def test_patterns_that_javascript_would_match_otherwise_are_refused(pattern: str) -> None:
    script = f'import {{ re }} from "{RUNTIME}"; re.compile({json.dumps(pattern)})'
    done = subprocess.run(
        [NODE, "--input-type=module", "--eval", script], capture_output=True, text=True, check=False
    )
    assert "re.error" in done.stderr
