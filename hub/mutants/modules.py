"""The modules that are changed, and the tests that have to notice."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from types import CodeType

from hub.domain.errors import InvalidError
from hub.mutants.changes import Change, changes_of, put

SOURCES = ("hub/policy", "hub/gate")
TESTS = ("tests/unit/hub/policy", "tests/unit/hub/gate")


@dataclass(frozen=True)
class Module:
    """One module: its path below the project's folder, and its text."""

    path: str
    file: Path

    @property
    def name(self) -> str:
        """What it is imported by."""
        return self.path.removesuffix(".py").replace("/", ".")

    @cached_property
    def text(self) -> str:
        """Its source."""
        return self.file.read_text(encoding="utf-8")

    @property
    def digest(self) -> str:
        """Names the source, for results."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax."""
        return ast.parse(self.text)

    @cached_property
    def changes(self) -> list[Change]:
        """All changes that are tried."""
        return changes_of(self.tree)

    def changed(self, change: Change) -> CodeType:
        """The module's code with one change in it."""
        parent: ast.AST = self.tree
        for name, number in change.path[:-1]:
            value = getattr(parent, name)
            parent = value if number is None else value[number]
        with put(parent, change.path[-1], change.node):
            return compile(self.tree, str(self.file), "exec", dont_inherit=True)


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with sources and tests."""

    root: Path
    sources: tuple[str, ...] = SOURCES
    tests: tuple[str, ...] = TESTS

    def modules(self) -> list[Module]:
        """All modules that say something, by path."""
        files = (file for source in self.sources for file in sorted((self.root / source).rglob("*.py")))
        return [Module(str(file.relative_to(self.root)), file) for file in files if file.name != "__init__.py"]

    def chosen(self, patterns: Iterable[str]) -> list[Module]:
        """The modules that patterns name, such as ``hub/policy/*`` or ``verdict``; all where there are none."""
        modules = self.modules()
        wanted = [(pattern, [m for m in modules if _is_named(m, pattern)]) for pattern in patterns]
        for pattern, found in wanted:
            if not found:
                raise InvalidError("No module is called {pattern}.", reason="unknown-module", pattern=pattern)
        return list(dict.fromkeys(module for _, found in wanted for module in found)) or modules

    def stamp(self) -> list[tuple[int, int]]:
        """Tells whether a source or a test was written meanwhile."""
        files = [*(module.file for module in self.modules()), *self.test_files()]
        return [(seen.st_mtime_ns, seen.st_size) for seen in (file.stat() for file in files)]

    def test_files(self) -> Iterator[Path]:
        """All files with tests."""
        for folder in self.tests:
            yield from sorted((self.root / folder).rglob("test_*.py"))


def _is_named(module: Module, pattern: str) -> bool:
    return pattern in (module.path, module.file.stem, module.name) or fnmatch(module.path, pattern)
