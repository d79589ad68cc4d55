"""A class's name says which one is meant: no two classes of the package share one."""

from __future__ import annotations

import ast
from collections import Counter

from app.paths import PACKAGE

OF_EVERY_WIDGET = {"Params", "Result"}


def test_no_two_classes_share_a_name() -> None:
    nodes = [
        node
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
    ]
    classes = [node.name for node in nodes if isinstance(node, ast.ClassDef)]
    # Enums that are made from data: Name = StrEnum("Name", {...}).
    enums = [
        node.args[0].value
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "StrEnum"
        and isinstance(node.args[0], ast.Constant)
    ]
    assert enums
    names = Counter(name for name in (*classes, *enums) if name not in OF_EVERY_WIDGET)
    assert [name for name, count in names.items() if count > 1] == []
