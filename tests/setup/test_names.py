"""A name says what is meant: no two classes, enums or aliases of types share one."""

from __future__ import annotations

import ast
import re
from collections import Counter

from app.paths import PACKAGE

OF_EVERY_WIDGET = {"Params", "Result"}


def test_no_two_types_share_a_name() -> None:
    modules = [ast.parse(file.read_text("utf-8")) for file in PACKAGE.rglob("*.py")]
    nodes = [node for module in modules for node in ast.walk(module)]
    classes = [node.name for node in nodes if isinstance(node, ast.ClassDef)]
    # Enums that are made from data, and aliases of types; a TypeVar is of its module alone.
    aliases = [
        target.id
        for module in modules
        for node in module.body
        if isinstance(node, ast.Assign) and "TypeVar" not in ast.unparse(node.value)
        for target in node.targets
        if isinstance(target, ast.Name) and re.match(r"_?[A-Z]\w*[a-z]", target.id)
    ]
    assert {"FrontierPrompt", "Trace"} <= set(aliases)
    names = Counter(name for name in (*classes, *aliases) if name not in OF_EVERY_WIDGET)
    assert [name for name, count in names.items() if count > 1] == []
