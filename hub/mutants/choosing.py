"""Which tests have to notice a change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hub.mutants.changes import Change
from hub.mutants.modules import Module, Project
from hub.mutants.naming import Naming, mentions
from hub.mutants.reach import Reach
from hub.mutants.trying import Trial

SECONDS = 30.0
"""Tests are taken until they would take so long, first those of the file that is called like the module, then of files
that name it or its check and stand in the folder of its tests; of these one for each way through the module, and of
each the quickest first. A change that only others notice survives."""


class Choice:
    """Chooses tests for changes."""

    def __init__(self, project: Project, reach: Reach, seconds: float = SECONDS) -> None:
        self._reach = reach
        self._seconds = seconds
        self._naming = Naming(project.modules())
        self._named: dict[frozenset[str], frozenset[str]] = {}
        self._bound: dict[frozenset[str], frozenset[str]] = {}
        self._texts = {str(file.relative_to(project.root)): _text(file) for file in project.test_files()}

    def trial(self, module: Module, change: Change) -> Trial:
        """The change with its tests; none where no test reaches it."""
        tests = frozenset(self._reach.of_lines(module.path, change.lines))
        if not tests and self._naming.made_of(change.binds) != change.binds:
            # What is called while modules are imported has run before any test does.
            change = replace(change, at_import=True)
        if change.at_import:
            tests = self._at_import(change)
        words, own = _own_words(module), f"{Path(module.path).parent}/"
        naming, called = self._in_files(words), tuple(f"{own}test_{word}.py" for word in words)
        turns = self._reach.turns(tests, module.path)

        def rank(test: str) -> tuple[int, int]:
            is_called = test.partition("::")[0].endswith(called)
            return 0 if is_called else 1 + (test not in naming) + (own not in test), turns[test]

        chosen = self._reach.quickest(tests, self._seconds, rank)
        if change.at_import and tests.difference(chosen):
            # Pages and lists of all modules are compared by tests that name none of them, and are quick.
            chosen += self._reach.quickest(tests.difference(chosen), self._seconds / 4, lambda test: (0, 0))
        return Trial(module, change, {name: self._reach.tests[name].seconds for name in chosen})

    def _at_import(self, change: Change) -> frozenset[str]:
        """Tests of functions that name what the change is part of, and tests in files that name it."""
        if change.binds not in self._bound:
            reached = self._naming.reached(change.binds)
            tests = (self._reach.of_lines(path, lines) for path, lines in reached)
            self._bound[change.binds] = self._in_files(self._naming.made_of(change.binds)).union(*tests)
        return self._bound[change.binds]

    def _in_files(self, names: frozenset[str]) -> frozenset[str]:
        if names not in self._named:
            naming = [file for file, text in self._texts.items() if names and mentions(text, names)]
            self._named[names] = frozenset(test for file in naming for test in self._reach.of_file(file))
        return self._named[names]


def _own_words(module: Module) -> frozenset[str]:
    """What files of tests call a module: its name, or that of its check, which may stand in the singular."""
    stem = module.file.stem
    words = {stem, stem.removesuffix("s")}
    return frozenset({module.name, *words, *(word.replace("_", "-") for word in words)})


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")
