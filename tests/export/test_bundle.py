from __future__ import annotations

import pytest

from app.export.bundle import UnknownForm, bundle, module
from app.resources import STATIC


def test_imports_and_exports_become_calls_and_assignments() -> None:
    source = (
        'import { a, b as c } from "../x.js";\nimport "./y.js";\n'
        "export const one = 1;\nexport async function two() {}\nexport class Three {}\n"
        "const four = 4;\nexport { four as vier };\nexport default { one };\n"
        "const later = () => import(`./${one}.js`);\n"
    )
    body, imported = module(source, "widgets/n.js")
    assert imported == ["x.js", "widgets/y.js"]
    assert 'const { a, b: c } = need("x.js");' in body
    assert 'need("widgets/y.js");' in body
    assert "\nconst one = 1;\nasync function two() {}\nclass Three {}\n" in body
    assert "exports.default = { one };" in body
    assert "load(`./${one}.js`)" in body
    assert body.endswith("Object.assign(exports, { one, two, Three, vier: four });\n")


def test_names_over_several_lines_are_read() -> None:
    body, imported = module('import {\n  a,\n  b,\n} from "./x.js";\n', "n.js")
    assert body == 'const { a, b } = need("x.js");\n'
    assert imported == ["x.js"]


def test_what_is_imported_when_needed_comes_along_but_not_what_others_wrote() -> None:
    source = 'import("./plot.js");\nimport("./vendor/plotly.js");\n'
    body, imported = module(source, "n.js")
    assert imported == ["plot.js"]
    assert body == 'load("./plot.js");\nload("./vendor/plotly.js");\n'


@pytest.mark.parametrize(
    "source",
    [
        'import * as all from "./x.js";',
        'import one from "./x.js";',
        'export * from "./x.js";',
        "const here = import.meta.url;",
    ],
)
def test_a_form_that_our_modules_do_not_have_is_refused(source: str) -> None:
    with pytest.raises(UnknownForm, match=r"n\.js"):
        module(source, "n.js")


def test_all_our_modules_fit_and_another_can_stand_in_for_one() -> None:
    widgets = [path.relative_to(STATIC).as_posix() for path in STATIC.glob("widgets/*.js")]
    script = bundle(STATIC, ["widget.js", "reading.js", *widgets], {"server.js": "offline.js"})
    for name in ("widget.js", "plot.js", "server.js", "offline_quiz.js", *widgets):
        assert f'define("{name}"' in script
    assert "new EventSource(" not in script
    assert "fetch(widget.api()" not in script
