"""Functions, classes and their statements as JavaScript."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TypeGuard, cast

from tools.to_javascript.expressions import ARITHMETIC, Expressions, refuse, safe

Function = ast.FunctionDef
RECORDS = {"BaseModel", "WidgetParams", "NamedTuple"}
"""bases whose annotated names are fields, as those of dataclasses are"""
UNSHOWN = {"Field", "field"}
KNOWN_DECORATORS = {
    *("property", "cached_property", "staticmethod", "classmethod"),
    *("cache", "lru_cache", "dataclass"),
}


class Statements(Expressions):
    """Compiles statements."""

    def body(self, nodes: Iterable[ast.stmt]) -> str:
        """Statements, one a line, without docstrings."""
        return "\n".join(filter(None, map(self.statement, nodes)))

    def statement(self, node: ast.stmt) -> str:
        """A statement."""
        return str(getattr(self, f"_{type(node).__name__}", self._refused)(node))

    def _refused(self, node: ast.stmt) -> str:
        raise refuse(node)

    def _Expr(self, node: ast.Expr) -> str:
        return "" if isinstance(node.value, ast.Constant) else f"{self.js(node.value)};"

    def _Pass(self, _: ast.Pass) -> str:
        return ""

    _Assert = _Pass

    def _Break(self, _: ast.Break) -> str:
        return "$done = true; break;" if self._searches else "break;"

    def _Continue(self, _: ast.Continue) -> str:
        return "continue;"

    def _Return(self, node: ast.Return) -> str:
        return f"return {self.js(node.value) if node.value else 'null'};"

    def _Raise(self, node: ast.Raise) -> str:
        if node.exc is None:
            raise refuse(node)
        return f"throw {self.js(node.exc)};"

    def _Try(self, node: ast.Try) -> str:
        if node.orelse or node.finalbody or not all(one.type for one in node.handlers):
            raise refuse(node)
        handlers = " else ".join(map(self._handler, node.handlers))
        return f"try {{\n{self.body(node.body)}\n}} catch ($error) {{\n{handlers} else throw $error;\n}}"

    def _handler(self, node: ast.ExceptHandler) -> str:
        assert node.type is not None
        named = f"{safe(node.name)} = $error;\n" if node.name else ""
        return f"if ($.caught($error, {self.js(node.type)})) {{\n{named}{self.body(node.body)}\n}}"

    def _Assign(self, node: ast.Assign) -> str:
        value = self.js(node.value)
        if len(node.targets) == 1:
            return self._set(node.targets[0], value)
        if not all(isinstance(target, ast.Name) for target in node.targets):
            raise refuse(node)
        return f"{' = '.join(map(self.target, node.targets))} = {value};"

    def _AnnAssign(self, node: ast.AnnAssign) -> str:
        return self._set(node.target, self.js(node.value)) if node.value else ""

    def _AugAssign(self, node: ast.AugAssign) -> str:
        if type(node.op) not in ARITHMETIC:
            raise refuse(node)
        how = ARITHMETIC[type(node.op)]
        return self._set(
            node.target, f"$.{how}_in_place({self.js(node.target)}, {self.js(node.value)})"
        )

    def _set(self, target: ast.expr, value: str) -> str:
        if isinstance(target, ast.Subscript):
            return f"$.put({self.js(target.value)}, {self.js(target.slice)}, {value});"
        unpacked = isinstance(target, ast.Tuple | ast.List)
        return f"{self.target(target)} = {f'$.iter({value})' if unpacked else value};"

    def _If(self, node: ast.If) -> str:
        otherwise = f" else {{\n{self.body(node.orelse)}\n}}" if node.orelse else ""
        return f"if ({self.test(node.test)}) {{\n{self.body(node.body)}\n}}{otherwise}"

    def _While(self, node: ast.While) -> str:
        if node.orelse:
            raise refuse(node)
        return self._loop(f"while ({self.test(node.test)})", node)

    def _For(self, node: ast.For) -> str:
        return self._loop(f"for ({self.target(node.target)} of $.iter({self.js(node.iter)}))", node)

    _searches = False

    def _loop(self, head: str, node: ast.For | ast.While) -> str:
        before, self._searches = self._searches, bool(node.orelse)
        inner = f"{head} {{\n{self.body(node.body)}\n}}"
        self._searches = before
        if not node.orelse:
            return inner
        return f"{{ let $done = false;\n{inner}\nif (!$done) {{\n{self.body(node.orelse)}\n}} }}"

    # ---- definitions -----------------------------------------------------------------------------

    def _FunctionDef(self, node: Function) -> str:
        return f"{safe(node.name)} = {self.function(node)};"

    def function(self, node: Function, before: str = "") -> str:
        """A function as a value."""
        bound = {safe(a.arg) for a in ast.walk(node.args) if isinstance(a, ast.arg)}
        variables = sorted({*_assigned(node.body)} - bound)
        declared = f"let {', '.join(variables)};\n" if variables else ""
        star = (
            "*"
            if any(isinstance(n, ast.Yield | ast.YieldFrom) for n in _own_nodes(node.body))
            else ""
        )
        known, self.known = self.known, self.known | {*variables, *bound}
        body = self.body(node.body)
        signature = self.signature(node.args)
        self.known = known
        end = "" if star or isinstance(node.body[-1], ast.Return | ast.Raise) else "\nreturn null;"
        found = f"function{star} ({signature}) {{\n{before}{declared}{body}{end}\n}}"
        found = f"$.function([{self.parameters(node.args)}], {found})"
        most = _kept(node)
        found = f"$.cached({most}, {found})" if most else found
        for decorator in reversed(applied(node)):
            found = f"{self.js(decorator)}({found})"
        return found

    def definition(self, node: ast.stmt) -> str:
        """A statement of a module, whose names are exported."""
        if isinstance(node, Function):
            return f"export const {safe(node.name)} = {self.function(node)};"
        if isinstance(node, ast.ClassDef):
            return f"export const {safe(node.name)} = {self.record(node)};"
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            return "\n".join(
                f"export const {self.target(target)} = {self.js(node.value)};" for target in targets
            )
        raise refuse(node)

    def record(self, node: ast.ClassDef) -> str:
        """A class that holds fields: a dataclass, a model or a named tuple; or an enumeration of texts."""
        bases = [base for base in map(ast.unparse, node.bases) if not base.startswith("Generic[")]
        if "StrEnum" in bases:
            members = [self._member(n) for n in node.body if isinstance(n, ast.Assign)]
            return f"$.names({{{', '.join(members)}}})"
        own = [
            n for n in node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)
        ]
        fields = ", ".join(
            f'["{ast.unparse(n.target)}"{self._default(node, n.value)}]'
            for n in own
            if not ast.unparse(n.annotation).startswith("ClassVar")
        )
        methods: list[str] = []
        getters: list[str] = []
        of_the_class: list[str] = []
        for one in node.body:
            if not isinstance(one, Function):
                continue
            if _decorated(one, "classmethod"):
                made = self.function(one, "const cls = this;\n")
                of_the_class.append(f"{one.name}: {made}")
                continue
            kind = getters if _decorated(one, "property", "cached_property") else methods
            before = "" if _decorated(one, "staticmethod") else "const self = this;\n"
            made = self.function(one, before)
            if _decorated(one, "cached_property"):
                made = f'$.kept_property("{one.name}", {made})'
            kind.append(f"{one.name}: {made}")
        if bases and bases[0].split("[")[0] == "dict":
            if methods or getters:
                raise refuse(node)
            return f'$.dict_type("{node.name}", [{fields}])'
        begin = next((m for m in methods if m.startswith("__init__: ")), None)
        if begin is not None and not own:
            methods.remove(begin)
        made = begin.removeprefix("__init__: ") if begin else "null"
        exception = next((base for base in bases if base.endswith(("Error", "Exception"))), None)
        if exception is not None:
            if own or getters or of_the_class:
                raise refuse(node)
            of = (
                "null"
                if exception == "Exception"
                else self.js(ast.parse(exception, mode="eval").body)
            )
            return f'$.exception("{node.name}", {of}, {made}, {{{", ".join(methods)}}})'
        if begin is not None:
            if own or bases or of_the_class:
                raise refuse(node)
            parts = f"{{{', '.join(methods)}}}, {{{', '.join(getters)}}}"
            return f'$.plain_class("{node.name}", {made}, {parts})'
        base = next((base for base in bases if base not in RECORDS), "null")
        read = [f'["{field}", (value) => $.{kind}(value)]' for field, kind in _numbers(node, own)]
        checks = ", ".join([*read, *(self._check(call) for call in validators(node))])
        parts = f"{{{', '.join(methods)}}}, {{{', '.join(getters)}}}, [{checks}]"
        found = f'$.record("{node.name}", {base}, [{fields}], {parts})'
        return f"Object.assign({found}, {{{', '.join(of_the_class)}}})" if of_the_class else found

    def _check(self, call: ast.Call) -> str:
        return f"[{self._elements(checked(call))}]"

    def _member(self, node: ast.Assign) -> str:
        return f"{ast.unparse(node.targets[0])}: {self.js(node.value)}"

    def _default(self, record: ast.ClassDef, value: ast.expr | None) -> str:
        """The default of a field, made anew for each record."""
        if value is None:
            return ""
        if not is_declared(value, record):
            return f", () => {self.js(value)}"
        for keyword in value.keywords:
            if keyword.arg == "default_factory":
                return f", () => {self.js(keyword.value)}([])"
            if keyword.arg == "default":
                return f", () => {self.js(keyword.value)}"
        return ""


def is_declared(value: ast.expr, record: ast.ClassDef) -> TypeGuard[ast.Call]:
    """Whether what a field is set to declares it: ``field`` of a dataclass, any call of a model."""
    if not isinstance(value, ast.Call):
        return False
    of_dataclass = any("dataclass" in ast.unparse(one) for one in record.decorator_list)
    return not of_dataclass or ast.unparse(value.func) in UNSHOWN


def _numbers(record: ast.ClassDef, fields: Iterable[ast.AnnAssign]) -> Iterable[tuple[str, str]]:
    """Those fields of parameters that are numbers, and of which type: controls of pages have texts.

    Results are declared by Field itself, parameters by functions that know their controls.
    """
    for field in fields:
        kind, value = ast.unparse(field.annotation), field.value
        if (
            kind in ("int", "float")
            and value is not None
            and is_declared(value, record)
            and ast.unparse(value.func) not in UNSHOWN
        ):
            yield ast.unparse(field.target), kind


def applied(node: Function) -> list[ast.expr]:
    """The decorators that are functions like any other."""
    return [
        one for one in node.decorator_list if ast.unparse(one).split("(")[0] not in KNOWN_DECORATORS
    ]


def checked(call: ast.Call) -> list[ast.expr]:
    """The fields that a validator is of, then its function."""
    return [*cast("ast.Call", call.func).args, *call.args]


def validators(node: ast.ClassDef) -> list[ast.Call]:
    """What a model checks: ``_name = field_validator("field", ...)(function)``."""
    calls = [n.value for n in node.body if isinstance(n, ast.Assign)]
    return [
        call
        for call in calls
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Call)
        and ast.unparse(call.func.func) == "field_validator"
    ]


def _decorated(node: Function, *names: str) -> bool:
    return any(ast.unparse(one).split("(")[0] in names for one in node.decorator_list)


def _kept(node: Function) -> str:
    """How many results of a function are kept; empty if none are."""
    if _decorated(node, "cache"):
        return "Infinity"
    if not _decorated(node, "lru_cache"):
        return ""
    for call in node.decorator_list:
        for keyword in call.keywords if isinstance(call, ast.Call) else ():
            if keyword.arg == "maxsize":
                return str(ast.literal_eval(keyword.value))
    return "128"


def _own_nodes(nodes: Iterable[ast.AST]) -> Iterable[ast.AST]:
    """All nodes but those of inner functions."""
    for node in nodes:
        yield node
        if not isinstance(node, Function | ast.Lambda):
            yield from _own_nodes(ast.iter_child_nodes(node))


COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _assigned(nodes: Iterable[ast.AST]) -> Iterable[str]:
    """The variables of a function."""
    for node in nodes:
        if isinstance(node, Function):
            yield safe(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield safe(node.id)
        elif isinstance(node, COMPREHENSIONS):
            # Their variables are their own, but for those of :=.
            inner = (n.target for n in ast.walk(node) if isinstance(n, ast.NamedExpr))
            yield from (safe(target.id) for target in inner)
        elif not isinstance(node, ast.Lambda):
            if isinstance(node, ast.ExceptHandler) and node.name:
                yield safe(node.name)
            yield from _assigned(ast.iter_child_nodes(node))
