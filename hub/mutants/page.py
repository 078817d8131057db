"""The page docs/reference/mutants.md, made from recorded results: ``python -m hub.mutants.page``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from hub.mutants import record
from hub.mutants.record import Result

RECORD = Path(__file__).parents[2] / "docs" / "reference" / "mutants.json"
HEAD = """\
# Mutants

<!-- Made by “python -m hub.mutants.page > docs/reference/mutants.md”, from docs/reference/mutants.json, which
     “make mutants RECORD=1” writes. -->

`make mutants` changes the gate and the policy, one small thing at a time (a limit, a comparison, a condition, an entry
of a table, an argument, a statement), and runs the tests that reach the place until one of them fails. `make mutants
MODULES="hub/policy/* verdict"` tries a part; Ctrl-C stops it, and the next run goes on from there. A change that no
test notices has to be explained in `hub/mutants/explained.toml`, else the command fails.

Of the *possible* changes not all are *tried* unless `--all` asks for it: at most one of each line, since those of one
line are mostly noticed by the same tests, and of 20 lines of a module, or as many as `--most` says (so G. Petrović and
M. Ivanković have it in "State of Mutation Testing at Google", ICSE-SEIP 2018). A digest of its words picks the change,
whatever kind it is: it is the same one each time, and stays when other lines change. So where fewer were tried than
there are, the rest is not known to be noticed. What was tried of a module before stays in the table until its source
is another.

Docstrings, annotations but for ranges, decorators, sentences, `strict=True` and what a module does when it is run as
a command are not changed. Of the tests that reach a change those of the file that is called like the module are run
first, then those of files that name it and stand in the folder of its tests, then others: one for each way through
the module before a second one, the quickest first, until they would take half a minute, or as long as `--seconds`
says: with less time more changes are left over, never fewer. *By time* are those whose tests computed several times
as long as ever, and were ended. *Source* is the digest of the module as it was when it was run.
"""


def page() -> str:
    """The whole page."""
    recorded = record.read(RECORD)
    return "\n".join([HEAD, *_table(recorded), *_explained(recorded)]) + "\n"


def _table(recorded: dict[str, Result | None]) -> Iterator[str]:
    yield "| module | possible | tried | noticed | by time | explained | not explained | source |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |"
    for path, result in recorded.items():
        if result is None:
            yield f"| `{path}` | not run yet | | | | | | |"
        else:
            left = len(result.explained), len(result.unexplained)
            numbers = (result.possible, result.tried, result.noticed, result.endless, *left)
            yield f"| `{path}` | {' | '.join(map(str, numbers))} | {result.source} |"
    yield ""


def _explained(recorded: dict[str, Result | None]) -> Iterator[str]:
    yield "## Changes that no test can notice"
    for path, result in recorded.items():
        if result and result.explained:
            yield f"\n### `{path}`\n"
            yield from (f"* `` {words} ``: {why}" for words, why in result.explained.items())


if __name__ == "__main__":
    sys.stdout.write(page())
