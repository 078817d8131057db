"""Which functions a module's own statements reach: those that name what the statements bind, also through others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hub.mutants.changes import Function, names_bound
from hub.mutants.modules import Module


@dataclass(frozen=True, slots=True)
class _Part:
    """A function, or a statement outside of functions: what it names, what it binds, and where it stands."""

    path: str
    names: frozenset[str]
    binds: frozenset[str]
    lines: range


class Naming:
    """The names in all modules."""

    def __init__(self, modules: Iterable[Module]) -> None:
        parts = [part for module in modules for part in _parts(module.path, module.tree.body)]
        self._functions = [part for part in parts if not part.binds]
        self._statements = [part for part in parts if part.binds]

    def reached(self, names: frozenset[str]) -> Iterator[tuple[str, range]]:
        """The functions that name one of these, or something that is made of them."""
        known = self.made_of(names)
        for part in self._functions:
            if part.names & known:
                yield part.path, part.lines

    def made_of(self, names: frozenset[str]) -> frozenset[str]:
        """The names, and all that statements outside of functions make of them."""
        known, before = names, frozenset[str]()
        while known != before:
            before = known
            known |= frozenset(name for part in self._statements if part.names & known for name in part.binds)
        return known


def _parts(path: str, body: list[ast.stmt]) -> Iterator[_Part]:
    for statement in body:
        lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
        if isinstance(statement, Function):
            yield _Part(path, _names_in(statement), frozenset(), lines)
        elif isinstance(statement, ast.ClassDef):
            above = frozenset(name for base in statement.bases for name in _names_in(base))
            yield _Part(path, above, frozenset({statement.name}), lines)
            yield from _parts(path, statement.body)
        elif not isinstance(statement, ast.Import | ast.ImportFrom):
            yield _Part(path, _names_in(statement), names_bound(statement), lines)


def _names_in(statement: ast.AST) -> frozenset[str]:
    names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return frozenset(names | {node.attr for node in ast.walk(statement) if isinstance(node, ast.Attribute)})


def mentions(text: str, names: Iterable[str]) -> bool:
    """Whether a text has one of the names as a word."""
    return bool(re.search(rf"\b(?:{'|'.join(map(re.escape, names))})\b", text))
