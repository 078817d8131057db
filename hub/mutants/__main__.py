"""``make mutants``: change the gate and the policy, one small thing at a time, and see whether a test notices.

Ctrl-C stops it; the next run goes on from there. A change that no test notices and that ``hub/mutants/explained.toml``
does not explain makes the exit code 1.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from hub.domain.errors import InvalidError, LabError
from hub.mutants import explained, record
from hub.mutants.baseline import reach_of
from hub.mutants.changes import Change
from hub.mutants.choosing import SECONDS, Choice
from hub.mutants.modules import Module, Project
from hub.mutants.picking import MOST, Pick, all_of, one_a_line
from hub.mutants.record import Known, Result
from hub.mutants.trying import Outcome, Trial, TrialError, tried

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "mutants"
RECORD = ROOT / "docs" / "reference" / "mutants.json"
Tell = Callable[[str, int, int], None]


class Tried(StrEnum):
    """Which changes that were tried before are tried once more."""

    NONE = "none"
    SURVIVORS = "survivors"
    ALL = "all"


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(prog="python -m hub.mutants", description=__doc__)
    made.add_argument("modules", nargs="*", help="such as hub/policy/* or verdict; all where none is named")
    made.add_argument("--again", action="store_true", help="try also what was noticed before")
    made.add_argument("--new", action="store_true", help="try only what was never tried, and no survivor once more")
    made.add_argument(
        "--seconds",
        type=float,
        default=SECONDS,
        help="of tests, at most, for each change; with fewer more changes survive, and those are tried again next time",
    )
    many = made.add_mutually_exclusive_group()
    many.add_argument("--all", action="store_true", help="try every change, and not only one of each line")
    many.add_argument("--most", type=int, default=MOST, help="try one change of so many lines of a module, at most")
    made.add_argument("--list", action="store_true", help="print the changes, and try none")
    made.add_argument("--record", action="store_true", help=f"put the results into {RECORD.relative_to(ROOT)}")
    return made


def main(words: Sequence[str]) -> int:
    """Try what is to be tried, with progress on standard error, and print the survivors; returns the exit code."""
    given = parser().parse_args(words)
    os.chdir(ROOT)
    os.environ["POLARS_MAX_THREADS"] = "1"
    # Compiled files, of tests too, are kept beside the results: most changes at import cost little else than loading.
    sys.dont_write_bytecode, sys.pycache_prefix = False, str(CACHE / "compiled")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    project = Project(ROOT)
    try:
        modules = project.chosen(given.modules)
        pick = all_of if given.all else partial(one_a_line, most=given.most)
        if given.list:
            print(*(f"{m.path}: {change.words}" for m in modules for change in pick(m)), sep="\n")
            return 0
        with _progress() as tell:
            once_more = Tried.ALL if given.again else Tried.NONE if given.new else Tried.SURVIVORS
            run(project, modules, CACHE, tell, pick=pick, once_more=once_more, seconds=given.seconds)
        code = 0
    except KeyboardInterrupt:
        print("Stopped; the next run goes on from here.", file=sys.stderr)
        code = 130
    except (LabError, TrialError) as error:
        print(error, file=sys.stderr)
        return 2
    results = results_of(modules, CACHE, pick)
    if given.record:
        record.write(RECORD, [module.path for module in project.modules()], results)
    return report(results) or code


def run(
    project: Project,
    modules: Sequence[Module],
    cache: Path,
    tell: Tell,
    *,
    pick: Pick = all_of,
    once_more: Tried = Tried.SURVIVORS,
    seconds: float = SECONDS,
) -> None:
    """Try the changes of some modules, and keep each outcome at once."""
    reach = reach_of(project, cache / "reach", lambda test: tell(test, 0, 0))
    choice = Choice(project, reach, seconds)
    stamp = project.stamp()
    known = {module: Known(cache, module) for module in modules}
    trials = [trial for module in modules for trial in _trials(module, pick(module), choice, known[module], once_more)]
    for done, (trial, outcome) in enumerate(tried(project, trials), start=1):
        if project.stamp() != stamp:
            raise InvalidError("Sources or tests were changed meanwhile. Run it again.", reason="changed-meanwhile")
        known[trial.module].note(trial.change.key, outcome)
        tell(f"{trial.module.path} {outcome}", done, len(trials))


def results_of(modules: Sequence[Module], cache: Path, pick: Pick = all_of) -> dict[str, Result]:
    """What is known of the modules whose picked changes were all tried."""
    explanations = explained.read()
    known = ((module, Known(cache, module)) for module in modules)
    whole = ((module, its) for module, its in known if all(c.key in its.outcomes for c in pick(module)))
    return {module.path: _result(module, its, explanations) for module, its in whole}


def _trials(
    module: Module, changes: Sequence[Change], choice: Choice, known: Known, once_more: Tried
) -> Iterator[Trial]:
    """What was not tried of a module's changes, and what is tried once more, where some test reaches it."""
    for change in changes:
        outcome = known.outcomes.get(change.key)
        if outcome and (once_more is Tried.NONE or (once_more is Tried.SURVIVORS and outcome.is_noticed)):
            continue
        trial = choice.trial(module, change)
        if trial.tests:
            yield trial
        else:
            known.note(change.key, Outcome.UNREACHED)


def _result(module: Module, known: Known, explanations: list[explained.Explanation]) -> Result:
    tried = [change for change in module.changes if change.key in known.outcomes]
    outcomes = {change.key: known.outcomes[change.key] for change in tried}
    survivors = [change for change in tried if not outcomes[change.key].is_noticed]
    reasons = explained.reasons(explanations, module.path)
    told = {change.key: reasons[change.key] for change in survivors if change.key in reasons}
    left = [change.key for change in survivors if change.key not in reasons]
    untried = {change.key for change in module.changes} - outcomes.keys()
    without_use = (key for key in explained.without_use(reasons, survivors) if key not in untried)
    left += [f"explained, and not there: {key}" for key in without_use]
    endless = sum(outcome is Outcome.ENDLESS for outcome in outcomes.values())
    return Result(
        module.digest, len(module.changes), len(outcomes), len(outcomes) - len(survivors), endless, told, left
    )


def report(results: dict[str, Result]) -> int:
    """Print a line for each module, and each survivor that nothing explains."""
    for path, result in results.items():
        tried = f"{result.tried} of {result.possible} changes tried"
        print(f"{path}: {tried}, {result.noticed} noticed, {len(result.explained)} explained")
        for words in result.unexplained:
            print(f"  {words}")
    return 1 if any(result.unexplained for result in results.values()) else 0


@contextmanager
def _progress() -> Iterator[Tell]:
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("mutants", total=None)
        yield lambda said, done, of: bar.update(task, description=said[-80:], completed=done, total=of or None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
