"""``make bench``: measure the lab beside what a user would pick instead, and print the ratios.

Each pair is measured in turn, in one run, on the same machine and data; the median of the rounds counts. A ratio below
one means that the lab takes less. Ctrl-C ends it; containers, mounts and processes that it made are gone afterwards.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from hub.bench import record
from hub.bench.machine import ended_in_order, said_of_the_machine
from hub.bench.measurements import LONG, MEASUREMENTS, Measurement
from hub.bench.rows import Row, line_of, table_of
from hub.cli.screen import console, print_error, print_json
from hub.cli.waiting import shown
from hub.domain.errors import LabError

ROOT = Path(__file__).parents[2]
ROUNDS = 5


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(prog="python -m hub.bench", description=__doc__)
    made.add_argument("--only", action="append", choices=[*MEASUREMENTS, *LONG], help="measure this; again for more")
    made.add_argument("--fifty", action="store_true", help="start fifty workspaces, too; takes minutes and 4 GB")
    made.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds of each pair (default {ROUNDS})")
    made.add_argument("--json", action="store_true", help="print JSON")
    made.add_argument("--record", type=Path, metavar="FILE", help="put the results into the file of recorded ones")
    return made


def chosen(given: argparse.Namespace) -> dict[str, Measurement]:
    """The measurements that the options name."""
    names = given.only or [*MEASUREMENTS, *(["fifty"] if given.fifty else [])]
    return {name: act for name, act in (MEASUREMENTS | LONG).items() if name in names}


def main(words: Sequence[str]) -> int:
    """Measure, with progress on standard error, and print the table; returns the exit code."""
    given = parser().parse_args(words)
    if given.rounds < 1:
        parser().error("at least one round is needed")
    runs: dict[str, record.Run] = {}
    try:
        with ended_in_order(), tempfile.TemporaryDirectory(prefix="datalab-bench-") as folder:
            for name, act in chosen(given).items():
                before, moment = said_of_the_machine(), record.present_moment()
                came = taken(name, act, Path(folder) / name, given.rounds)
                runs[name] = record.Run(before, given.rounds, came, record.present_commit(ROOT), moment)
                if given.record:
                    record.write(given.record, {name: runs[name]})
    except KeyboardInterrupt:
        print_error("The measurement was interrupted; what it had started is gone.")
        return 130
    except (LabError, OSError) as error:
        print_error(str(error))
        return 1
    if given.json:
        print_json({name: run.as_json() for name, run in runs.items()})
    else:
        rows = [row for run in runs.values() for row in run.rows]
        console().print(table_of(rows, f"median of {given.rounds} rounds; {said_of_the_machine()}"))
    return 0


def taken(name: str, act: Measurement, folder: Path, rounds: int) -> tuple[Row, ...]:
    """Take one measurement, and say each row as soon as it is there."""
    rows = []
    with shown(name) as tell:
        for row in act(folder, rounds, tell):
            rows.append(row)
            console(err=True).print(Text(line_of(row)))
    return tuple(rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
