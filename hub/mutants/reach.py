"""Which tests reach which lines, and how long each takes: noted once, and again for files of tests that changed."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest


@dataclass(slots=True)
class Reached:
    """One test: its seconds, the lines of the modules that it runs, and whether it passed."""

    seconds: float = 0.0
    passed: bool = True
    lines: dict[str, list[int]] = field(default_factory=dict)


class Tracer:
    """A plugin of pytest that notes what each test reaches; the tests' code itself is not slowed down."""

    def __init__(self, files: dict[str, str], say: Callable[[str], None]) -> None:
        self._files, self._say = files, say
        self._seen: dict[str, set[int]] = {}
        self._failed = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Trace one test, with its fixtures."""
        self._seen, self._failed = {}, False
        began = time.perf_counter()
        sys.settrace(self._called)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            lines = {self._files[name]: sorted(seen) for name, seen in self._seen.items()}
            reached = Reached(round(time.perf_counter() - began, 3), not self._failed, lines)
            self._say(json.dumps({"test": item.nodeid, **asdict(reached)}))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember that it failed."""
        self._failed = self._failed or report.failed

    def _called(self, frame: FrameType, event: str, argument: object) -> Any:
        name = frame.f_code.co_filename
        if name not in self._files:
            return None
        add = self._seen.setdefault(name, set()).add
        add(frame.f_lineno)

        def ran(frame: FrameType, event: str, argument: object) -> Any:
            add(frame.f_lineno)
            return ran

        return ran


def told(line: str) -> tuple[str, Reached]:
    """What the tracer said of one test."""
    words = json.loads(line)
    return words.pop("test"), Reached(**words)


class Reach:
    """What all tests reach."""

    def __init__(self, tests: dict[str, Reached]) -> None:
        self.tests = tests
        self._by_line: dict[tuple[str, int], list[str]] = {}
        self._by_file: dict[str, set[str]] = {}
        for name, reached in tests.items():
            self._by_file.setdefault(name.partition("::")[0], set()).add(name)
            for path, lines in reached.lines.items():
                for line in lines:
                    self._by_line.setdefault((path, line), []).append(name)

    def of_lines(self, path: str, lines: Iterable[int]) -> set[str]:
        """The tests that run one of these lines."""
        return {test for line in lines for test in self._by_line.get((path, line), ())}

    def of_file(self, file: str) -> set[str]:
        """The tests that stand in a file."""
        return self._by_file.get(file, set())

    def turns(self, tests: Iterable[str], path: str) -> dict[str, int]:
        """Of those that run the very same lines of a module the quickest has the turn 0, the next 1, and so on."""
        seen: Counter[tuple[int, ...]] = Counter()
        found = {}
        for test in sorted(tests, key=lambda name: (self.tests[name].seconds, name)):
            way = tuple(self.tests[test].lines.get(path, ()))
            found[test] = seen[way]
            seen[way] += 1
        return found

    def quickest(self, tests: Iterable[str], seconds: float, rank: Callable[[str], tuple[int, int]]) -> list[str]:
        """Tests by their rank, and of each the quickest first, as many as the seconds are enough for; one at least."""
        chosen: list[str] = []
        for test in sorted(tests, key=lambda name: (rank(name), self.tests[name].seconds, name)):
            if self.tests[test].seconds <= seconds:
                chosen.append(test)
                seconds -= self.tests[test].seconds
        return chosen or sorted(tests, key=lambda name: (self.tests[name].seconds, name))[:1]


def read(path: Path) -> dict[str, Reached]:
    """What is noted of one file of tests; nothing where it was not."""
    if not path.exists():
        return {}
    return {name: Reached(**told) for name, told in json.loads(path.read_text(encoding="utf-8")).items()}


def write(path: Path, tests: dict[str, Reached]) -> None:
    """Note it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({name: asdict(reached) for name, reached in tests.items()}), encoding="utf-8")
