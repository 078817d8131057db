"""The changes that are made to a module, one at a time, in its syntax tree.

Not changed are docstrings, annotations (but for ranges), and sentences (a text with a space in it, or a part of an
f-string): what they say is translated, and a test of their words would be the sentence written twice. Nor are
decorators and ``strict=True``: they guard against our own mistakes, not against a file; nor what a module does when it
is run as a command.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hub.mutants.operators import Replacement, is_strict, replacements

LONGEST = 100
"""Characters of the surroundings that stand in a change's words; where they are longer, the place alone does."""
Step = tuple[str, int | None]
Function = ast.FunctionDef | ast.AsyncFunctionDef
_UNCHANGED_FIELDS = frozenset({"returns", "type_params", "ctx", "decorator_list"})


@dataclass(frozen=True, slots=True)
class Change:
    """One change: the function or class that it is in, its words before and after, and its lines.

    ``line`` is the first of what it is about; ``at_import`` says that it works when the module is imported, and not
    when a function is called; ``binds`` are the names that the module's statement gives then. ``count`` tells equal
    changes of one place apart.
    """

    place: str
    before: str
    after: str
    line: int
    lines: frozenset[int]
    at_import: bool
    binds: frozenset[str]
    path: tuple[Step, ...]
    node: ast.AST
    count: int = 1

    @property
    def words(self) -> str:
        """How lists call it."""
        return f"{self.place or 'module'}: {self.before} → {self.after}"

    @property
    def key(self) -> str:
        """How results call it; unlike line numbers it stays when something else in the file changes."""
        return f"{self.words} #{self.count}"


@dataclass(frozen=True, slots=True)
class _Here:
    """Where a walk through the tree is."""

    path: tuple[Step, ...] = ()
    place: str = ""
    statement: ast.stmt | None = None
    located: ast.AST | None = None
    binds: frozenset[str] = frozenset()
    in_function: bool = False


def changes_of(tree: ast.Module) -> list[Change]:
    """Return all changes of a module, in the order of its text."""
    seen: Counter[str] = Counter()
    found = []
    for change in _walk(tree, _Here()):
        seen[change.words] += 1
        found.append(replace(change, count=seen[change.words]))
    return found


def names_bound(statement: ast.stmt) -> frozenset[str]:
    """The names that a statement gives to something."""
    if isinstance(statement, Function | ast.ClassDef):
        return frozenset({statement.name})
    stored = (n for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return frozenset(n.id for n in stored)


def _walk(node: ast.AST, here: _Here) -> Iterator[Change]:
    for name, value in ast.iter_fields(node):
        if name in _UNCHANGED_FIELDS or (name == "annotation" and not _is_rule(value)):
            continue
        inside = _inside(node, name, here)
        for number, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST) and not _is_left_alone(child, node):
                step = replace(inside, path=(*here.path, (name, number)))
                yield from _at(child, node, _located(child, step))


def _inside(node: ast.AST, name: str, here: _Here) -> _Here:
    """What the body of a function or class is; its decorators and defaults belong to what stands around it."""
    if name != "body" or not isinstance(node, Function | ast.ClassDef):
        return here
    place = f"{here.place}.{node.name}".removeprefix(".")
    return replace(here, place=place, in_function=here.in_function or isinstance(node, Function))


def _located(child: ast.AST, here: _Here) -> _Here:
    if isinstance(child, ast.stmt):
        binds = here.binds if here.in_function else here.binds | names_bound(child)
        return replace(here, statement=child, located=child, binds=binds)
    return replace(here, located=child) if hasattr(child, "lineno") else here


def _at(child: ast.AST, parent: ast.AST, here: _Here) -> Iterator[Change]:
    for made in replacements(child):
        yield _change(made, child, parent, here)
    yield from _walk(child, here)


def _change(made: Replacement, child: ast.AST, parent: ast.AST, here: _Here) -> Change:
    before, after = made.before, made.after
    if not before:
        before, after = _words(made.node, child, parent, here.path[-1])
    about = made.about or here.located
    lines = _lines(about)
    if here.statement:
        lines |= {here.statement.lineno}
    return Change(
        here.place,
        before,
        after,
        getattr(about, "lineno", 0),
        lines,
        not here.in_function,
        here.binds,
        here.path,
        made.node,
    )


def _words(made: ast.AST, child: ast.AST, parent: ast.AST, step: Step) -> tuple[str, str]:
    """The expression around the change, before and after, or the change alone where that is too long."""
    alone = ast.unparse(child), ast.unparse(made)
    if not isinstance(parent, ast.expr) or not isinstance(child, ast.expr):
        return alone
    before = ast.unparse(parent)
    with put(parent, step, made):
        after = ast.unparse(parent)
    return (before, after) if len(before) <= LONGEST else alone


def _lines(node: ast.AST | None) -> frozenset[int]:
    first = getattr(node, "lineno", 0)
    return frozenset(range(first, (getattr(node, "end_lineno", None) or first) + 1))


def _is_rule(annotation: ast.expr | None) -> bool:
    """Whether an annotation says more than a type: the range of a parameter."""
    return isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Annotated"


def _is_left_alone(child: ast.AST, parent: ast.AST) -> bool:
    """Docstrings, the parts of f-strings, ``strict=True``, and what is run as a command."""
    if isinstance(child, ast.keyword) and is_strict(child):
        return True
    if isinstance(child, ast.If) and ast.unparse(child.test) == "__name__ == '__main__'":
        return True
    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant) and isinstance(child.value.value, str):
        return True
    if isinstance(parent, ast.FormattedValue):
        return child is parent.format_spec
    return isinstance(parent, ast.JoinedStr) and isinstance(child, ast.Constant)


class put:  # noqa: N801 - reads as a statement: with put(...)
    """For a while, another node stands in a place of a tree."""

    def __init__(self, parent: ast.AST, step: Step, node: ast.AST) -> None:
        self._parent, (self._name, self._number), self._node = parent, step, node

    def __enter__(self) -> None:
        self._was = self._swap(self._node)

    def __exit__(self, *_: object) -> None:
        self._swap(self._was)

    def _swap(self, node: ast.AST) -> ast.AST:
        value = getattr(self._parent, self._name)
        if self._number is None:
            setattr(self._parent, self._name, node)
            return value  # type: ignore[no-any-return]
        was, value[self._number] = value[self._number], node
        return was  # type: ignore[no-any-return]
