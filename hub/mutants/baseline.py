"""What the tests reach as things are; kept in .cache/mutants, for each file of tests while it and the modules stay."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path

from hub.domain.errors import InvalidError
from hub.mutants import reach
from hub.mutants.modules import Project
from hub.mutants.reach import Reach, Reached
from hub.mutants.trying import traced


def reach_of(project: Project, folder: Path, tell: Callable[[str], None]) -> Reach:
    """Return what all tests reach; raises ``InvalidError`` where a test fails as things are."""
    kept = {str(file.relative_to(project.root)): folder / f"{_digest(project, file)}.json" for file in _files(project)}
    missing = [file for file, note in kept.items() if not note.exists()]
    left = set(missing)
    by_file = groupby(traced(project, missing), key=lambda one: one[0].partition("::")[0]) if missing else ()
    for file, tests in by_file:
        reach.write(kept[file], _passing(tests, tell))
        left.discard(file)
    for file in sorted(left):
        raise InvalidError("No test of {file} could be run.", reason="no-tests", file=file)
    return Reach({name: reached for note in kept.values() for name, reached in reach.read(note).items()})


def _passing(tests: Iterable[tuple[str, Reached]], tell: Callable[[str], None]) -> dict[str, Reached]:
    """What the tests of one file reach; it is kept at once, so that a run that is stopped goes on with the next."""
    found = {}
    for test, reached in tests:
        tell(test)
        if not reached.passed:
            raise InvalidError("The test {test} fails as things are; mend it first.", reason="test-fails", test=test)
        found[test] = reached
    return found


def _files(project: Project) -> list[Path]:
    return list(project.test_files())


def _digest(project: Project, file: Path) -> str:
    """Names a file of tests with all that it is run with."""
    with_it = [module.file for module in project.modules()]
    with_it += [found for folder in project.tests for found in sorted((project.root / folder).rglob("conftest.py"))]
    digest = hashlib.sha256(str(file.relative_to(project.root)).encode())
    for each in [file, *with_it]:
        digest.update(hashlib.sha256(each.read_bytes()).digest())
    return digest.hexdigest()[:20]
