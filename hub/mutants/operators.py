"""What may be put in the place of one node of a syntax tree."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MARK = "XX"
LEFT_OUT = "left out"
_COMPARISONS: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_ARITHMETIC: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_PAIRS = (
    ("any", "all"),
    ("min", "max"),
    ("floor", "ceil"),
    ("head", "tail"),
    ("first", "last"),
    ("lower", "upper"),
    ("lstrip", "rstrip"),
    ("startswith", "endswith"),
    ("starts_with", "ends_with"),
    ("removeprefix", "removesuffix"),
    ("partition", "rpartition"),
    ("is_null", "is_not_null"),
    ("any_horizontal", "all_horizontal"),
    ("min_horizontal", "max_horizontal"),
    ("cum_sum", "cum_max"),
    ("intersection", "union"),
    ("fullmatch", "match"),
    ("match", "search"),
    ("search", "match"),
    ("sorted", "list"),
)
_NAMES = {b: a for a, b in _PAIRS if b not in ("list", "match", "search")} | dict(_PAIRS)
"""Functions and methods that are easily taken for each other."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """What stands there instead; its words where they are not the node's, and the node whose lines it is about."""

    node: ast.AST
    before: str = ""
    after: str = ""
    about: ast.AST | None = None


def replacements(node: ast.AST) -> Iterator[Replacement]:
    """Yield everything that may be put in the place of a node."""
    for kind, operator in _OPERATORS:
        if isinstance(node, kind):
            for made in operator(node):
                if not hasattr(made.node, "lineno"):
                    ast.copy_location(made.node, node)
                yield made


def _with(node: Any, **fields: object) -> Any:
    made = copy.copy(node)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def _without(items: list[Any], number: int) -> list[Any]:
    return items[:number] + items[number + 1 :]


def _compare(node: ast.Compare) -> Iterator[Replacement]:
    for number, operator in enumerate(node.ops):
        ops: list[ast.cmpop] = [*node.ops]
        ops[number] = _COMPARISONS[type(operator)]()
        yield Replacement(_with(node, ops=ops))


def _boolean(node: ast.BoolOp) -> Iterator[Replacement]:
    yield Replacement(_with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And()))


def _unary(node: ast.UnaryOp) -> Iterator[Replacement]:
    yield Replacement(node.operand)


def _binary(node: ast.BinOp) -> Iterator[Replacement]:
    if type(node.op) in _ARITHMETIC and not any(_is_text(side) for side in (node.left, node.right)):
        yield Replacement(_with(node, op=_ARITHMETIC[type(node.op)]()))


def _augmented(node: ast.AugAssign) -> Iterator[Replacement]:
    if type(node.op) in _ARITHMETIC:
        yield Replacement(_with(node, op=_ARITHMETIC[type(node.op)]()))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def _constant(node: ast.Constant) -> Iterator[Replacement]:
    value = node.value
    if isinstance(value, bool):
        yield Replacement(ast.Constant(not value))
    elif isinstance(value, int):
        yield Replacement(ast.Constant(value + 1))
    elif isinstance(value, float):
        yield Replacement(ast.Constant(value * 2 or 1.0))
    elif isinstance(value, bytes):
        yield Replacement(ast.Constant(MARK.encode() + value))
    elif isinstance(value, str) and " " not in value:
        yield Replacement(ast.Constant(MARK + value))


def _call(node: ast.Call) -> Iterator[Replacement]:
    for number, keyword in enumerate(node.keywords):
        if keyword.arg and not is_strict(keyword):
            made = _with(node, keywords=_without(node.keywords, number))
            about = keyword.value
            yield Replacement(made, f"{_name(node.func)}({keyword.arg}={_short(about)})", LEFT_OUT, about)


def is_strict(keyword: ast.keyword) -> bool:
    """Whether it is ``strict=True``, which finds our own mistakes."""
    return keyword.arg == "strict" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else _short(node)


def _short(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _function_name(node: ast.Call) -> Iterator[Replacement]:
    """``min`` for ``max``, ``all`` for ``any``: what is called, by itself or of something."""
    called = node.func
    if isinstance(called, ast.Name) and called.id in _NAMES:
        yield Replacement(_with(node, func=ast.copy_location(ast.Name(_NAMES[called.id], ast.Load()), called)))
    if isinstance(called, ast.Attribute) and called.attr in _NAMES and called.attr != "sorted":
        yield Replacement(_with(node, func=_with(called, attr=_NAMES[called.attr])))


def _entries(node: ast.Tuple | ast.List | ast.Set) -> Iterator[Replacement]:
    if not isinstance(getattr(node, "ctx", None), ast.Store) and len(node.elts) > 1:
        for number, entry in enumerate(node.elts):
            yield Replacement(_with(node, elts=_without(node.elts, number)), _short(entry), LEFT_OUT, entry)


def _pairs(node: ast.Dict) -> Iterator[Replacement]:
    for number, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
        made = _with(node, keys=_without(node.keys, number), values=_without(node.values, number))
        shown = f"{_short(key)}: {_short(value)}" if key else f"**{_short(value)}"
        yield Replacement(made, shown, LEFT_OUT, value)


def _condition(node: ast.If) -> Iterator[Replacement]:
    for value in (True, False):
        made = _with(node, test=ast.copy_location(ast.Constant(value), node.test))
        yield Replacement(made, f"if {ast.unparse(node.test)}", f"if {value}", node.test)


def _choice(node: ast.IfExp) -> Iterator[Replacement]:
    yield Replacement(node.body)
    yield Replacement(node.orelse)


def _comprehension(node: ast.comprehension) -> Iterator[Replacement]:
    for number, test in enumerate(node.ifs):
        yield Replacement(_with(node, ifs=_without(node.ifs, number)), f"if {ast.unparse(test)}", LEFT_OUT, test)


def _statement(node: ast.stmt) -> Iterator[Replacement]:
    yield Replacement(ast.Pass(), _short(node), LEFT_OUT, node)


def _loop(node: ast.For | ast.While) -> Iterator[Replacement]:
    if node.orelse:
        yield Replacement(_with(node, orelse=[]), "else of the loop", LEFT_OUT, node.orelse[0])


_OPERATORS: tuple[tuple[type[ast.AST] | tuple[type[ast.AST], ...], Callable[[Any], Iterator[Replacement]]], ...] = (
    (ast.Compare, _compare),
    (ast.BoolOp, _boolean),
    (ast.UnaryOp, _unary),
    (ast.BinOp, _binary),
    (ast.AugAssign, _augmented),
    (ast.Constant, _constant),
    (ast.Call, _call),
    (ast.Call, _function_name),
    ((ast.Tuple, ast.List, ast.Set), _entries),
    (ast.Dict, _pairs),
    (ast.If, _condition),
    (ast.IfExp, _choice),
    (ast.comprehension, _comprehension),
    ((ast.Expr, ast.Return, ast.Raise, ast.Continue, ast.Break, ast.AugAssign), _statement),
    ((ast.For, ast.While), _loop),
)
