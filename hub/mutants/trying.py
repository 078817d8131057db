"""Trying changes: each in a fork of its own, against the tests that reach it, until one of them fails.

A change inside a function is put into a process that has collected all tests and run none. A change of what happens
when a module is imported is put in its place before the first import, in a process that has loaded nothing but what
others wrote.
"""

from __future__ import annotations

import gc
import importlib
import mmap
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from hub.mutants.applying import Changed, Swapper
from hub.mutants.changes import Change
from hub.mutants.children import BROKEN, ended, lines_of, may_compute, silence, threads
from hub.mutants.modules import Module, Project
from hub.mutants.reach import Reached, Tracer, told

QUIET = ("-q", "-x", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
FOREIGN = (
    "polars",
    "pydantic.main",
    "pydantic.fields",
    "PIL.Image",
    "PIL.PngImagePlugin",
    "scipy.optimize",
    "scipy.sparse",
    "pandas",
    "openpyxl",
    "jsonschema",
    "pydantic_sarif",
)
"""What others wrote and takes long to load; loaded once, before anything forks."""
FAULT = "!"
EXAMPLES = 20
"""Examples of a property that does not say how many it needs."""
ANEW = 71
"""The code of a function that uses other variables of what stands around it cannot be put in its place."""
LEAST_SECONDS = 4.0
MORE_SECONDS = 4.0
"""A changed test may compute so much longer than it took, and at least so long."""
KEEN_SECONDS = 0.5
MOST_KEEN = 3
"""So many tests, that are so quick, are asked first because they noticed something before."""


class Outcome(StrEnum):
    """What came of a change."""

    KILLED = "killed"
    ENDLESS = "endless"
    """The tests took so long that they were ended, which is noticing, too."""
    SURVIVED = "survived"
    UNREACHED = "unreached"

    @property
    def is_noticed(self) -> bool:
        """Whether a test told the change from what was there."""
        return self in (Outcome.KILLED, Outcome.ENDLESS)


@dataclass(frozen=True, slots=True)
class Trial:
    """A change of a module, and the tests that have to notice it, the quickest first, with their seconds."""

    module: Module
    change: Change
    tests: Mapping[str, float]

    @property
    def limit(self) -> float:
        """When it has computed for too long, which is noticing, too."""
        return LEAST_SECONDS + MORE_SECONDS * sum(self.tests.values())


class TrialError(Exception):
    """The trying itself failed; nothing is known of the change."""


class _Calm:
    """Hypothesis tries the same examples each time, keeps none and does not look for smaller ones."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Set it before test modules are imported, and after the folders' own settings."""
        own = settings.get_current_profile_name()
        phases = (Phase.explicit, Phase.generate)
        made = settings(
            settings.get_profile(own),
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            phases=phases,
            deadline=None,
        )
        settings.register_profile("mutants", made)
        settings.load_profile("mutants")


class _InPlace:
    """Takes the place of pytest's loop over tests: for each trial a fork, the change, and its tests."""

    def __init__(self, project: Project, trials: Sequence[Trial], say: Callable[[str], None]) -> None:
        self._project, self._trials, self._say = project, trials, say
        self._noticed = mmap.mmap(-1, 8)
        """Which of its tests noticed, written by the fork."""
        self._keen: dict[str, None] = {}
        """Tests that noticed something, the last one last; they are asked first, since they do so again."""

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Stop where a file of tests started threads, since they do not live on in a fork."""
        if any(name.startswith("polars-") and name[-1].isdigit() for name in threads()):
            self._say(f"{FAULT}{report.nodeid} computes with Polars when it is imported; move that into a fixture.")
            pytest.exit("threads", returncode=BROKEN)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        for trial in self._trials:
            importlib.import_module(trial.module.name)
        swapper = Swapper(frozenset(str(module.file) for module in self._project.modules()))
        gc.collect()
        gc.freeze()  # A fork would copy all that is there when it looks through it for garbage.
        for trial in self._trials:
            names = self._keen_first(trial.tests)
            code = ended(partial(self._tried, swapper, trial, [items[name] for name in names]), trial.limit)
            if code == 1:
                name = names[int.from_bytes(self._noticed[:])]
                self._keen.pop(name, None)
                self._keen[name] = None
            self._say(str(code))
        return True

    def _keen_first(self, tests: Mapping[str, float]) -> list[str]:
        keen = [name for name in reversed(self._keen) if tests.get(name, KEEN_SECONDS) < KEEN_SECONDS][:MOST_KEEN]
        return [*keen, *(name for name in tests if name not in keen)]

    def _tried(self, swapper: Swapper, trial: Trial, items: list[pytest.Item]) -> int:
        silence()
        try:
            swapper.swap(trial.module.changed(trial.change))
        except ValueError:
            return ANEW
        for number, (item, following) in enumerate(zip(items, [*items[1:], None], strict=True)):
            may_compute(LEAST_SECONDS + MORE_SECONDS * trial.tests[item.nodeid])
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if item.session.testsfailed:
                self._noticed[:] = number.to_bytes(8)
                return 1
        return 0


class _Anew:
    """Tries changes of what happens at import: each in a fork that has imported nothing of the project.

    Collecting takes longer than most tests do, so the file that noticed last goes first, then the folder of the
    module's own tests, then all others.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._noticed = mmap.mmap(-1, 8)
        """Which of its tests noticed, counted from 1, written by the fork."""
        self._keen: dict[str, None] = {}

    def code(self, trial: Trial) -> int | None:
        """The exit code of the first turn whose tests notice; 0 where none does, None where one would not end."""
        for tests in self._turns(trial):
            self._noticed[:] = bytes(8)
            code = ended(partial(self._tried, trial, tests), trial.limit)
            number = int.from_bytes(self._noticed[:])
            if number:
                file = _file_of(tests[number - 1])
                self._keen.pop(file, None)
                self._keen[file] = None
            if code != 0:
                return code
        return 0

    def _turns(self, trial: Trial) -> Iterator[list[str]]:
        left = list(trial.tests)
        keen = next((file for file in reversed(self._keen) if any(_file_of(test) == file for test in left)), "")
        own = str(Path(trial.module.path).parent)
        for is_next in (
            lambda file: file == (keen or _file_of(next(iter(trial.tests)))),
            lambda file: str(Path(file).parent).endswith(own),
            lambda file: True,
        ):
            turn = [test for test in left if is_next(_file_of(test))]
            left = [test for test in left if test not in turn]
            if turn:
                yield turn

    def _tried(self, trial: Trial, tests: list[str]) -> int:
        silence()
        module = trial.module
        Changed(module.name, str(module.file), module.changed(trial.change)).install()
        return int(_pytest(self._project, tests, _Calm(), _First(tests, self._noticed)))


class _First:
    """Notes which test failed first."""

    def __init__(self, tests: Sequence[str], noticed: mmap.mmap) -> None:
        self._tests, self._noticed = tests, noticed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note its number, counted from 1."""
        if report.failed and report.nodeid in self._tests and not any(self._noticed[:]):
            self._noticed[:] = (self._tests.index(report.nodeid) + 1).to_bytes(8)


def _file_of(test: str) -> str:
    return test.partition("::")[0]


def traced(project: Project, files: Sequence[str]) -> Iterator[tuple[str, Reached]]:
    """Run files of tests as they are, and yield each test with what it reaches."""
    names = {str(module.file): module.path for module in project.modules()}

    def act(say: Callable[[str], None]) -> int:
        silence()
        return int(_pytest(project, [*files], _Calm(), Tracer(names, say)))

    load_foreign()
    with lines_of(act) as lines:
        yield from (told(line) for line in lines)


def tried(project: Project, trials: Sequence[Trial]) -> Iterator[tuple[Trial, Outcome]]:
    """Try changes, and yield what came of each, those inside of functions first."""
    load_foreign()
    anew = _Anew(project)
    inside = [trial for trial in trials if not trial.change.at_import]
    for trial, code in _tried_in_place(project, inside) if inside else ():
        yield trial, _outcome(anew.code(trial) if code == ANEW else code, trial)
    for trial in trials:
        if trial.change.at_import:
            yield trial, _outcome(anew.code(trial), trial)


def _tried_in_place(project: Project, trials: Sequence[Trial]) -> Iterator[tuple[Trial, int | None]]:
    files = sorted({test.partition("::")[0] for trial in trials for test in trial.tests})

    def act(say: Callable[[str], None]) -> int:
        silence()
        return int(_pytest(project, files, _Calm(), _InPlace(project, trials, say)))

    with lines_of(act) as lines:
        for trial in trials:
            line = next(lines, str(BROKEN))
            if line.startswith(FAULT):
                raise TrialError(line.removeprefix(FAULT))
            yield trial, None if line == "None" else int(line)


def _outcome(code: int | None, trial: Trial) -> Outcome:
    if code in (BROKEN, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise TrialError(f"Trying failed, so nothing is known of {trial.module.path}, {trial.change.words}")
    if code is None:
        return Outcome.ENDLESS
    return Outcome.SURVIVED if code == 0 else Outcome.KILLED


def _pytest(project: Project, tests: Iterable[str], *plugins: object) -> int:
    with tempfile.TemporaryDirectory(prefix="datalab-mutants-") as folder:
        # What folders above set up for other tests would be loaded anew for each change.
        cut = project.root / os.path.commonpath(project.tests)
        folders = [f"--rootdir={project.root}", f"--confcutdir={cut}", f"--basetemp={Path(folder) / 'tests'}"]
        words = [*folders, *QUIET, *tests]
        return int(pytest.main(words, plugins=list(plugins)))


def load_foreign() -> None:
    """Load what others wrote; without calling it, so that no thread of it runs before a fork."""
    for name in FOREIGN:
        importlib.import_module(name)
