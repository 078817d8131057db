"""The gate at 10⁵, 10⁶ and 10⁷ rows of eight columns: beside `acro.crosstab`, plain scans of the same file, and goals.

The rows are drawn from the wage panel, the same ones each time; a person has eight of them. Each act is timed in a
process of its own, without its imports; memory is the process' largest, with them.

*Table rules* are minimum frequency, dominance and recomputation of one table of counts, persons and means by three
dimensions, from opening the Parquet file on. The other side makes and checks a table of counts and one of means of the
same cells, from data that lie in its memory, and counts rows where the gate counts persons, too. *Row leak* looks for
rows of the dataset in a thousand rows: copied ones, renamed and rounded, and harmless results; its goals are set at
10⁷ rows, and smaller datasets are shown beside them. *Differencing* compares the table with seven that left before.
*The whole gate* judges a request of 16 MB (tables, text, a picture) against 10⁶ rows, in its two programs.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

from hub.bench.child import Taken, taken
from hub.bench.large import SIZES, offered_of, request_of, written
from hub.bench.rows import Goal, Of, Row
from hub.domain.errors import UnavailableError

ACRO_PYTHON = Path(__file__).resolve().parents[2] / ".oracle" / "bin" / "python"
LARGEST = max(SIZES)
_FASTER = {10**5: 20, 10**6: 20, 10**7: 10}


def rows(folder: Path, rounds: int, tell: Callable[[str], None]) -> Iterator[Row]:
    """Measure what grows with the dataset, then the whole gate."""
    if not ACRO_PYTHON.exists():
        raise UnavailableError(
            "acro is not installed; run “{command}”.", reason="acro-missing", command="python3 -m hub.setup bench"
        )
    for size in SIZES:
        tell(f"writing {size} rows")
        written(folder, size)
        for name in ("table", "rows", "results"):
            offered_of(folder, size, name)
        yield from _table_rules(folder, size, rounds, tell)
        yield from _row_leak(folder, size, rounds, tell)
    yield from _alone(folder, rounds, tell)


def _pairs(folder: Path, size: int, rounds: int, lab: str, instead: str, python: str = "") -> tuple[Taken, Taken]:
    """Medians of both ways, in turn, after a round that does not count."""
    taking = [
        (taken(lab, folder, size), taken(instead, folder, size, python) if python else taken(instead, folder, size))
        for _ in range(rounds + 1)
    ][1:]
    mine, theirs = zip(*taking, strict=True)
    return _median(mine), _median(theirs)


def _median(several: tuple[Taken, ...]) -> Taken:
    return Taken(statistics.median(t.seconds for t in several), statistics.median(t.peak for t in several))


def _table_rules(folder: Path, size: int, rounds: int, tell: Callable[[str], None]) -> Iterator[Row]:
    tell(f"table rules at {size} rows")
    mine, theirs = _pairs(folder, size, rounds, "table-rules", "table-rules", str(ACRO_PYTHON))
    title = f"table rules at {size:,} rows / acro.crosstab"
    yield Row(title, mine.seconds, theirs.seconds, goal=Goal(Of.RATIO, 1 / _FASTER[size]))
    yield Row(f"{title}, memory", mine.peak, theirs.peak, "MiB", Goal(Of.RATIO, 1.0))


def _row_leak(folder: Path, size: int, rounds: int, tell: Callable[[str], None]) -> Iterator[Row]:
    for act, what in (("honest", "row leak in results"), ("leaked", "row leak in copied rows")):
        tell(f"{what} at {size} rows")
        mine, theirs = _pairs(folder, size, rounds, act, "scan")
        title = f"{what} at {size:,} rows / a plain scan"
        yield Row(title, mine.seconds, theirs.seconds, goal=Goal(Of.RATIO, 6.0) if size == LARGEST else None)
        goal = Goal(Of.DIFFERENCE, 150.0) if size == LARGEST else None
        yield Row(f"{title}, memory", mine.peak, theirs.peak, "MiB", goal)


def _alone(folder: Path, rounds: int, tell: Callable[[str], None]) -> Iterator[Row]:
    """What has a goal of its own and nothing beside it."""
    tell("differencing")
    several = tuple(taken("differencing", folder, LARGEST) for _ in range(rounds))
    yield Row(f"differencing at {LARGEST:,} rows", _median(several).seconds, goal=Goal(Of.LAB, 1.0))
    tell("the whole gate")
    request_of(folder, 10**6)
    whole = _median(tuple(taken("gate", folder, 10**6) for _ in range(rounds)))
    yield Row("the whole gate on a request of 16 MB", whole.seconds, goal=Goal(Of.LAB, 15.0))
    yield Row("the whole gate on a request of 16 MB, memory", whole.peak, unit="MiB", goal=Goal(Of.LAB, 2560.0))
