"""A class's name says which one is meant: no two classes of the package share one."""

from __future__ import annotations

import ast
from collections import Counter

from app.paths import PACKAGE

OF_EVERY_WIDGET = {"Params", "Result"}


def test_no_two_classes_share_a_name() -> None:
    classes = Counter(
        node.name
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ClassDef) and node.name not in OF_EVERY_WIDGET
    )

    assert [name for name, count in classes.items() if count > 1] == []
