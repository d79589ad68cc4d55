"""Expressions of Python in JavaScript, where ``$`` is ``static/lab/python.js``, with Python's operators."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


METHODS = words(
    "add append capitalize count decode discard encode endswith extend fromkeys get index insert isdecimal "
    "isprintable is_integer items join keys lower lstrip partition pop removeprefix removesuffix replace "
    "rpartition rstrip setdefault split startswith strip tolist translate upper values"
)
"""of Python's own types; other methods are called as they are"""

TENSOR_METHODS = words(
    "abs all any argmax argsort clamp detach diff double exp expand expm1 isfinite item log log10 "
    "log_softmax logsumexp long max mean median min quantile round sigmoid softmax sort sqrt square std "
    "sum tensor_split unique var"
)
"""of tensors, and of the numbers that stand for those without dimensions"""

MODULES = words("math itertools bisect re torch zlib F")
"""names of modules of Python or torch, of which there is a part"""

BUILTINS = words(
    "abs all any bool chr dict divmod enumerate float frozenset getattr id int isinstance iter len list "
    "map max min next ord range repr reversed round set sorted str sum tuple vars zip "
    "KeyError OverflowError RecursionError UnicodeDecodeError ValueError"
)

RESERVED = words(
    "arguments await case catch class const debugger default delete do enum eval export extends "
    "function if import in instanceof interface let new null package private protected public "
    "static super switch this throw try typeof var void while with yield"
)

ARITHMETIC = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.BitOr: "or_",
    ast.BitAnd: "and_",
}
COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "$.eq({}, {})",
    ast.NotEq: "$.ne({}, {})",
    ast.Lt: "$.lt({}, {})",
    ast.Gt: "$.lt({1}, {0})",
    ast.LtE: "$.le({}, {})",
    ast.GtE: "$.le({1}, {0})",
    ast.In: "$.has({1}, {0})",
    ast.NotIn: "!$.has({1}, {0})",
    ast.Is: "{} === {}",
    ast.IsNot: "{} !== {}",
}


def created(node: ast.AST) -> ast.expr | None:
    """The base of a model that ``create_model`` makes, whose other fields are those that it is given."""
    if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "create_model"):
        return None
    return next((k.value for k in node.keywords if k.arg == "__base__"), None)


class Unsupported(SyntaxError):
    """Python that the compiler does not know."""


def refuse(node: ast.AST) -> Unsupported:
    """The error for a node."""
    return Unsupported(f"line {getattr(node, 'lineno', '?')}: {ast.unparse(node)[:80]}")


def safe(name: str) -> str:
    """A name of Python that JavaScript may have reserved."""
    return f"{name}_" if name in RESERVED else name


class Expressions:
    """Compiles expressions; ``known`` are names that are not Python's built-in ones."""

    def __init__(self, known: Iterable[str]) -> None:
        self.known = {safe(name) for name in known}

    def js(self, node: ast.expr) -> str:
        """An expression."""
        return str(getattr(self, f"_{type(node).__name__}", self._unknown)(node))

    def test(self, node: ast.expr) -> str:
        """An expression as a condition."""
        plain = isinstance(node, ast.Compare) or (
            isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        )
        return self.js(node) if plain else f"$.truth({self.js(node)})"

    def target(self, node: ast.expr) -> str:
        """A variable, or variables to unpack to."""
        if isinstance(node, ast.Tuple | ast.List):
            if any(isinstance(one, ast.Starred) for one in node.elts[:-1]):
                raise refuse(node)
            return f"[{', '.join(map(self.target, node.elts))}]"
        if isinstance(node, ast.Starred):
            return f"...{self.target(node.value)}"
        if isinstance(node, ast.Subscript):
            raise refuse(node)  # which is put by a call
        return self.js(node)

    def names(self, node: ast.expr) -> Iterable[str]:
        """The variables of a target."""
        return (safe(n.id) for n in ast.walk(node) if isinstance(n, ast.Name))

    # ---- one method a kind of node ---------------------------------------------------------------

    def _unknown(self, node: ast.expr) -> str:
        raise refuse(node)

    def _Constant(self, node: ast.Constant) -> str:
        if node.value is None or isinstance(node.value, str | int | float):
            return json.dumps(node.value, ensure_ascii=False)
        if isinstance(node.value, bytes):  # a text of as many characters
            return json.dumps(node.value.decode("latin-1"), ensure_ascii=False)
        raise refuse(node)

    def _Name(self, node: ast.Name) -> str:
        if safe(node.id) in self.known:
            return safe(node.id)
        if node.id not in BUILTINS:
            raise refuse(node)
        return f"$.{node.id}"

    def _Attribute(self, node: ast.Attribute) -> str:
        if node.attr == "__getitem__":
            return f"((place) => $.at({self.js(node.value)}, place))"
        return f"{self.js(node.value)}.{node.attr}"

    def _Tuple(self, node: ast.Tuple | ast.List) -> str:
        return f"[{self._elements(node.elts)}]"

    _List = _Tuple

    def _Set(self, node: ast.Set) -> str:
        return f"$.set([{self._elements(node.elts)}])"

    def _elements(self, nodes: Iterable[ast.expr]) -> str:
        return ", ".join(
            f"...$.iter({self.js(n.value)})" if isinstance(n, ast.Starred) else self.js(n)
            for n in nodes
        )

    def _Dict(self, node: ast.Dict) -> str:
        entries = [
            f"...{self.js(value)}" if key is None else f"[{self.js(key)}, {self.js(value)}]"
            for key, value in zip(node.keys, node.values, strict=True)
        ]
        return f"$.dict([{', '.join(entries)}])"

    def _BinOp(self, node: ast.BinOp) -> str:
        if type(node.op) not in ARITHMETIC:
            raise refuse(node)
        return f"$.{ARITHMETIC[type(node.op)]}({self.js(node.left)}, {self.js(node.right)})"

    def _UnaryOp(self, node: ast.UnaryOp) -> str:
        if isinstance(node.op, ast.Not):
            return f"!({self.test(node.operand)})"
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            return f"(-{self.js(node.operand)})"
        if isinstance(node.op, ast.USub | ast.Invert):
            name = "neg" if isinstance(node.op, ast.USub) else "invert"
            return f"$.{name}({self.js(node.operand)})"
        raise refuse(node)

    def _BoolOp(self, node: ast.BoolOp) -> str:
        how = "both" if isinstance(node.op, ast.And) else "either"
        found = self.js(node.values[-1])
        for value in reversed(node.values[:-1]):
            found = f"$.{how}({self.js(value)}, () => {found})"
        return found

    def _Compare(self, node: ast.Compare) -> str:
        if len(node.ops) == 1:
            form = COMPARISONS[type(node.ops[0])]
            return f"({form.format(self.js(node.left), self.js(node.comparators[0]))})"
        values = [node.left, *node.comparators]
        given = ", ".join(self.js(value) for value in values)
        names = [f"v{n}" for n in range(len(values))]
        parts = [
            COMPARISONS[type(op)].format(one, other)
            for op, one, other in zip(node.ops, names, names[1:], strict=False)
        ]
        return f"(({', '.join(names)}) => {' && '.join(parts)})({given})"

    def _IfExp(self, node: ast.IfExp) -> str:
        return f"({self.test(node.test)} ? {self.js(node.body)} : {self.js(node.orelse)})"

    def _Lambda(self, node: ast.Lambda) -> str:
        known, self.known = self.known, self.known | {safe(arg.arg) for arg in node.args.args}
        found = f"(({self.signature(node.args)}) => {self.js(node.body)})"
        self.known = known
        return f"$.function([{self.parameters(node.args)}], {found})"

    def _NamedExpr(self, node: ast.NamedExpr) -> str:
        return f"({self.js(node.target)} = {self.js(node.value)})"

    def _Yield(self, node: ast.Yield) -> str:
        return f"yield {self.js(node.value) if node.value else 'null'}"

    def _YieldFrom(self, node: ast.YieldFrom) -> str:
        return f"yield* $.iter({self.js(node.value)})"

    def _JoinedStr(self, node: ast.JoinedStr) -> str:
        parts = [
            self._formatted(part) if isinstance(part, ast.FormattedValue) else self.js(part)
            for part in node.values
        ]
        return " + ".join(['""', *parts])

    def _formatted(self, node: ast.FormattedValue) -> str:
        spec = f"({self.js(node.format_spec)})" if node.format_spec else '""'
        value = self.js(node.value)
        return f"$.format({f'$.repr({value})' if node.conversion == ord('r') else value}, {spec})"

    def _Subscript(self, node: ast.Subscript) -> str:
        if isinstance(node.slice, ast.Slice):
            bounds = (node.slice.lower, node.slice.upper, node.slice.step)
            given = ", ".join("null" if bound is None else self.js(bound) for bound in bounds)
            return f"$.slice({self.js(node.value)}, {given})"
        return f"$.at({self.js(node.value)}, {self.js(node.slice)})"

    # ---- comprehensions --------------------------------------------------------------------------

    def _GeneratorExp(self, node: ast.GeneratorExp) -> str:
        return self._generator(node.generators, node.elt)

    def _ListComp(self, node: ast.ListComp) -> str:
        values = self._values(node.generators, node.elt)
        return values if len(node.generators) == 1 else f"[...{values}]"

    def _values(self, loops: list[ast.comprehension], element: ast.expr) -> str:
        """A list if there is one loop, for that is much faster than a generator."""
        if len(loops) > 1:
            return self._generator(loops, element)
        (loop,) = loops
        known, self.known = self.known, self.known | {*self.names(loop.target)}
        head = f"({self.target(loop.target)}) =>"
        condition = " && ".join(map(self.test, loop.ifs))
        made = f"{head} {self.js(element)}"
        kept = f", {head} {condition}" if condition else ""
        self.known = known
        return f"$.listed({self.js(loop.iter)}, {made}{kept})"

    def _SetComp(self, node: ast.SetComp) -> str:
        return f"$.set({self._values(node.generators, node.elt)})"

    def _DictComp(self, node: ast.DictComp) -> str:
        entry = ast.Tuple([node.key, node.value], ast.Load())
        return f"$.dict({self._values(node.generators, entry)})"

    def _generator(self, loops: list[ast.comprehension], element: ast.expr) -> str:
        known = self.known
        self.known = known | {name for loop in loops for name in self.names(loop.target)}
        text = f"yield {self.js(element)};"
        for loop in reversed(loops):
            condition = " && ".join(map(self.test, loop.ifs))
            inner = f"if ({condition}) {{ {text} }}" if condition else text
            head = f"const {self.target(loop.target)} of $.iter({self.js(loop.iter)})"
            text = f"for ({head}) {{ {inner} }}"
        self.known = known
        return f"(function* () {{ {text} }})()"

    # ---- calls -----------------------------------------------------------------------------------

    def _Call(self, node: ast.Call) -> str:
        if ast.unparse(node.func) == "isinstance":
            value, types = node.args
            return f"$.isinstance({self.js(value)}, [{', '.join(map(self.js, _types(types)))}])"
        base = created(node)
        if base is not None:
            return f"$.open_record({self.js(node.args[0])}, {self.js(base)})"
        if ast.unparse(node.func) == "map" and isinstance(node.args[0], ast.Attribute):
            raise refuse(node)  # JavaScript would take a method without its object
        arguments = self._elements(node.args)
        named = ", ".join(
            f"...{self.js(keyword.value)}"
            if keyword.arg is None
            else f'["{keyword.arg}", {self.js(keyword.value)}]'
            for keyword in node.keywords
        )
        if ast.unparse(node.func) == "super().__init__":  # only exceptions have a base that begins
            return f"self.args = [{arguments}]"
        if isinstance(node.func, ast.Attribute):
            of = self.js(node.func.value)
            if named or (of not in MODULES and node.func.attr in METHODS | TENSOR_METHODS):
                return f'$.call({of}, "{node.func.attr}", [{arguments}]{f", [{named}]" if named else ""})'
            return f"{of}.{node.func.attr}({arguments})"
        function = self.js(node.func)
        return (
            f"$.apply({function}, [{arguments}], [{named}])"
            if named
            else f"{function}({arguments})"
        )

    def signature(self, args: ast.arguments) -> str:
        """The parameters of a function: those that must be named come after the others, then a dict or a
        list of further ones."""
        if args.vararg and (args.kwonlyargs or args.kwarg):
            raise Unsupported(f"line {args.vararg.lineno}: *{args.vararg.arg} beside named ones")
        plain = [*args.posonlyargs, *args.args]
        names = {arg.arg for arg in (*plain, *args.kwonlyargs)}
        for default in (*args.defaults, *args.kw_defaults):
            if default and names & {*self.names(default)}:
                raise refuse(default)  # JavaScript would take the parameter
        defaults: list[ast.expr | None] = [None] * (len(plain) - len(args.defaults))
        defaults += [*args.defaults, *args.kw_defaults]
        found = [
            safe(arg.arg) + (f" = {self.js(default)}" if default else "")
            for arg, default in zip([*plain, *args.kwonlyargs], defaults, strict=True)
            if arg.arg not in ("self", "cls")
        ]
        found += [f"{safe(args.kwarg.arg)} = $.dict([])"] if args.kwarg else []
        found += [f"...{safe(args.vararg.arg)}"] if args.vararg else []
        return ", ".join(found)

    def parameters(self, args: ast.arguments) -> str:
        """The names of the parameters, with two stars for a dict of further ones."""
        names = [
            a.arg
            for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)
            if a.arg not in ("self", "cls")
        ]
        return ", ".join(f'"{name}"' for name in [*names, *(["**"] if args.kwarg else [])])


def _types(node: ast.expr) -> list[ast.expr]:
    """The types of a union or a tuple."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _types(node.left) + _types(node.right)
    return node.elts if isinstance(node, ast.Tuple) else [node]
