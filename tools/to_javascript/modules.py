"""Definitions of Python modules, with all that they use, as modules of JavaScript."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from posixpath import relpath

from tools.to_javascript.expressions import Unsupported, created, safe
from tools.to_javascript.statements import (
    RECORDS,
    UNSHOWN,
    Statements,
    applied,
    checked,
    is_declared,
    validators,
)

ROOT = Path(__file__).parents[2]
FOLDER = "build/javascript"
TYPES = {"__future__", "typing", "collections.abc", "types"}
"""modules of names for annotations, which are left out"""
PROVIDED = {
    *("bisect", "collections", "csv", "dataclasses", "itertools", "json", "math", "re", "zlib"),
    *("torch", "torch.nn.functional", "pydantic_core"),
}
"""modules of Python and others of which ``static/lab/python/`` has a part"""
UNCOMPILED = {*RECORDS, *UNSHOWN, "Enum", "StrEnum", "lru_cache", "cache", "dataclass", "property"}


class Module:
    """A Python module, parsed."""

    def __init__(self, name: str, source: str) -> None:
        self.name = name
        self.definitions: dict[str, ast.stmt] = {}
        self.imports: dict[str, tuple[str, str]] = {}
        """module and name, or an empty name for a whole module, by the name here"""
        for node in ast.parse(source).body:
            self._read(node)

    def _read(self, node: ast.stmt) -> None:
        if isinstance(node, ast.ImportFrom):
            for one in node.names:
                self.imports[one.asname or one.name] = (node.module or "", one.name)
        elif isinstance(node, ast.Import):
            for one in node.names:
                self.imports[one.asname or one.name] = (one.name, "")
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            self.definitions[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for name in (n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)):
                self.definitions[name] = node

    def uses(self, name: str) -> set[str]:
        """The names of this module that a definition uses, annotations left out."""
        return {used for used in _used(self.definitions[name]) if self.has(used)}

    def takes(self, name: str, whole: str) -> set[str]:
        """What a definition takes of a module that is imported as a whole."""
        return {
            node.attr
            for node in ast.walk(self.definitions[name])
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == whole
        }

    def has(self, name: str) -> bool:
        """Whether a name is defined or imported here."""
        return name in self.definitions or name in self.imports


@cache
def module(name: str) -> Module:
    """A module of the project."""
    path = ROOT / f"{name.replace('.', '/')}.py"
    package = path.with_suffix("") / "__init__.py"
    return Module(name, (path if path.is_file() else package).read_text(encoding="utf-8"))


def is_module(name: str) -> bool:
    """Whether there is such a module of the project."""
    path = ROOT / name.replace(".", "/")
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def defined(where: str, what: str) -> tuple[str, str]:
    """Module and name of what is defined or imported in a module."""
    here = module(where)
    return (where, what) if what in here.definitions else defined(*here.imports[what])


def _used(node: ast.AST) -> Iterator[str]:
    """All names in a node that JavaScript will see."""
    if isinstance(node, ast.Name):
        yield node.id
        return
    base = created(node)
    if base is not None:
        yield from _used(base)
        return
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns"):
            continue
        if field == "bases":
            value = [base for base in value if not isinstance(base, ast.Subscript)]
        if field == "decorator_list":
            value = applied(node) if isinstance(node, ast.FunctionDef) else []
        if isinstance(node, ast.ClassDef) and field == "body":
            shown = [n for n in value if isinstance(n, ast.FunctionDef | ast.AnnAssign)]
            value = shown + [one for call in validators(node) for one in checked(call)]
        for child in value if isinstance(value, list) else [value]:
            if (
                isinstance(child, ast.AnnAssign)
                and isinstance(node, ast.ClassDef)
                and _dropped(node, child)
            ):
                continue
            if isinstance(child, ast.AST):
                yield from _used(child)


def _dropped(record: ast.ClassDef, field: ast.AnnAssign) -> bool:
    """Whether a field's default is not compiled."""
    return (
        field.value is not None
        and is_declared(field.value, record)
        and not any(k.arg in ("default", "default_factory") for k in field.value.keywords)
    )


class Compiler:
    """Collects definitions from some roots on.

    Args:
        outside: modules of JavaScript by what they stand for: a module, a definition, or all modules
            whose names begin so, if it ends with a period; none for what is compiled all the same
    """

    def __init__(self, outside: Mapping[str, str | None]) -> None:
        self.outside = outside
        self.wanted: dict[str, dict[str, None]] = {}

    def add(self, name: str, definition: str) -> None:
        """A definition of a module, and all that it uses."""
        if definition in self.wanted.setdefault(name, {}):
            return
        here = module(name)
        if definition not in here.definitions:
            raise Unsupported(f"{name} does not define {definition}")
        self.wanted[name][definition] = None
        for used in sorted(here.uses(definition)):
            if used in here.definitions:
                self.add(name, used)
            else:
                where, what = here.imports[used]
                if is_module(f"{where}.{what}"):
                    for taken in sorted(here.takes(definition, used)):
                        self._follow(f"{where}.{what}", taken)
                elif where.startswith("app.") and not self._outside(where, what):
                    self._follow(where, what)

    def _follow(self, where: str, what: str) -> None:
        """Add a definition, wherever it is first defined."""
        there = module(where)
        if what in there.definitions:
            self.add(where, what)
        elif not self._outside(*there.imports[what]):
            self._follow(*there.imports[what])

    def _outside(self, where: str, what: str) -> str | None:
        for name, path in self.outside.items():
            if where == name or f"{where}.{what}" == name:
                return path
            if path and name.endswith(".") and where.startswith(name):
                return path.format(where.removeprefix(name).replace(".", "/"))
        return None

    def files(self) -> Iterator[tuple[str, str]]:
        """Path and text of every module."""
        for name in self.wanted:
            yield path_of(name), self._text(name)

    def _text(self, name: str) -> str:
        here, chosen = module(name), self.wanted[name]
        statements = [
            node
            for node in dict.fromkeys(here.definitions.values())
            if _names(node, here) & {*chosen}
        ]
        used = {use for one in chosen for use in here.uses(one)}
        lines = [f'import * as $ from "{_to("static/lab/python.js", name)}";']
        for use in sorted(used & {*here.imports} - UNCOMPILED):
            lines.append(self._import(name, use, *here.imports[use]))
        compiler = Statements({*here.definitions, *here.imports})
        for node in statements:
            try:
                lines.append(compiler.definition(node))
            except Unsupported as error:
                raise Unsupported(f"{name}, {error}") from error
        return "\n".join(filter(None, lines)) + "\n"

    def _import(self, name: str, use: str, where: str, what: str) -> str:
        if where in TYPES:
            return ""
        if where in PROVIDED:
            return f"const {safe(use)} = $.{where}{f'.{what}' if what else ''};"
        if is_module(f"{where}.{what}"):
            return f'import * as {safe(use)} from "{_to(path_of(f"{where}.{what}"), name)}";'
        path = self._outside(where, what)
        while not path:
            if not where.startswith("app."):
                raise Unsupported(f"{name} uses {what or 'all'} of {where}")
            if what in module(where).definitions:
                path = path_of(where)
            else:
                where, what = module(where).imports[what]
                path = self._outside(where, what)
        as_here = "" if what == use else f" as {safe(use)}"
        return f'import {{ {safe(what)}{as_here} }} from "{_to(path, name)}";'


def _names(node: ast.stmt, here: Module) -> set[str]:
    return {name for name, one in here.definitions.items() if one is node}


def path_of(name: str) -> str:
    """Where a module is written."""
    return f"{FOLDER}/{name.replace('.', '/')}.js"


def _to(path: str, name: str) -> str:
    found = relpath(path, path_of(name).rpartition("/")[0])
    return found if found.startswith(".") else f"./{found}"
