"""Facts about the whole corpus in other clothing: order, more data and another format make no verdict milder."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from functools import cache

import polars as pl
import pytest

from corpus import dress
from corpus.case import Case, Content
from corpus.catalogue import cases
from corpus.judge import Read, body_of, judge, judged, read
from hub.domain.exports import Severity
from hub.domain.table_context import TableContext
from hub.gate.exchange import Verdict
from hub.gate.fragments import FileFragments, TableFragment
from hub.gate.kinds import Kind
from hub.gate.readers.files import read_file

ORDER = list(Verdict)
Change = Callable[[TableFragment], TableFragment]


def has_table(case: Case) -> bool:
    """Some file of the case is a table of its own."""
    return any(_table(file) is not None for file, _ in read(case)[0])


def _table(file: FileFragments) -> TableFragment | None:
    first = file.fragments[0]
    return first if file.kind in (Kind.CSV, Kind.PARQUET) and isinstance(first, TableFragment) else None


TABLES = [case for case in cases() if has_table(case)]
BAD = [case for case in TABLES if case.is_bad]


def named(case: Case) -> str:
    return case.name


def changed(files: Iterable[Read], change: Change) -> list[Read]:
    """The files with every table changed."""
    found = []
    for file, said in files:
        table = _table(file)
        if table is not None:
            file = file.model_copy(update={"fragments": (change(table),)})
        found.append((file, said))
    return found


def is_no_milder(one: Verdict, other: Verdict) -> bool:
    return ORDER.index(one) <= ORDER.index(other)


def shuffled(table: TableFragment) -> TableFragment:
    """Rows and columns in another order; the label that a column begins with stays the author's."""
    draw = random.Random(3)
    rows, columns = (draw.sample(range(n), n) for n in (table.height, len(table.columns)))
    titles, data = ([part[at] for at in columns] for part in (table.columns, table.data))
    cells = tuple(tuple(column[at] for at in rows) for column in data)
    return table.model_copy(update={"columns": tuple(titles), "data": cells})


@pytest.mark.parametrize("case", TABLES, ids=named)
def test_another_order_changes_no_verdict(case: Case) -> None:
    files, earlier = read(case)
    assert judge(case, changed(files, shuffled), earlier).verdict is judged(case).verdict


UNKNOWN_LINES = {"bad-differencing-a_total_after_its_parts"}
"""A table with lines that no dataset has is compared by near counts alone, and read by a steward."""


def _is_number(column: Sequence[str]) -> bool:
    return any(cell.strip().lstrip("-").replace(".", "", 1).isdigit() for cell in column)


def enlarged(table: TableFragment) -> TableFragment:
    """Some harmless rows below, and a column of words beside."""
    more = {True: ("260", "311", "402"), False: ("Autre", "Divers", "Reste")}
    data = [(*column, *more[_is_number(column)]) for column in table.data]
    words = ("checked",) * (table.height + 3)
    return table.model_copy(update={"columns": (*table.columns, "note"), "data": (*data, words)})


def without_words(files: Iterable[Read]) -> list[Read]:
    """The files as somebody offers them who declares nothing of them."""
    return [(file, TableContext()) for file, _ in files]


@cache
def undeclared_verdict(case: Case) -> Verdict:
    """What the gate says of a case of which nothing is declared; two facts ask for it."""
    files, earlier = read(case)
    undeclared = without_words(files)
    return judge(case, undeclared, earlier).verdict if files != undeclared else judged(case).verdict


@pytest.mark.parametrize("case", [case for case in cases() if case.is_bad], ids=named)
def test_more_data_makes_no_verdict_milder(case: Case) -> None:
    """More rows and columns in every table, and another file before them."""
    files, earlier = read(case)
    undeclared, before = without_words(files), undeclared_verdict(case)
    another = read_file(99, "another.md", b"Words.\n"), TableContext()
    after = judge(case, [another, *changed(undeclared, enlarged)], earlier).verdict
    assert is_no_milder(after, Verdict.REVIEW if case.name in UNKNOWN_LINES else before)


FORMS: dict[str, Callable[[pl.DataFrame], Content]] = {
    "tsv": dress.tsv,
    "csv": lambda table: table.write_csv(separator=";"),
    "parquet": dress.parquet,
    "json": dress.records,
    "ipynb": dress.as_output,
}


def rewritten(files: Iterable[Read], form: str) -> list[Read]:
    """The files with every table written in another form, and undeclared: a declaration is of a file of its own."""
    found = []
    for number, (file, _) in enumerate(files, start=1):
        table = _table(file)
        if table is not None:
            names = dict(zip(table.columns, table.data, strict=True))
            body = body_of(FORMS[form](pl.DataFrame(names, schema=dict.fromkeys(names, pl.String))))
            file = read_file(number, f"{file.path.rsplit('.', 1)[0]}.{form}", body)
        found.append((file, TableContext()))
    return found


@pytest.mark.parametrize(
    "case", [case for case in BAD if case.severity is not Severity.FIXED], ids=lambda case: case.name
)
def test_another_format_makes_no_verdict_milder(case: Case) -> None:
    """Each table in each other form; what was put right in a file is gone with its form."""
    files, earlier = read(case)
    before = undeclared_verdict(case)
    milder = [f for f in FORMS if not is_no_milder(judge(case, rewritten(files, f), earlier).verdict, before)]
    assert milder == []
