"""Facts about the whole corpus in other clothing: order, more data and another format make no verdict milder."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence

import polars as pl
import pytest

from corpus import dress
from corpus.case import Case, Content
from corpus.catalogue import cases
from corpus.judge import Read, body_of, judge, judged, read
from hub.domain.exports import TableContext
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


def shuffled_rows(table: TableFragment) -> TableFragment:
    order = random.Random(3).sample(range(table.height), table.height)
    return table.model_copy(update={"data": tuple(tuple(column[at] for at in order) for column in table.data)})


def shuffled_columns(table: TableFragment) -> TableFragment:
    order = random.Random(4).sample(range(len(table.columns)), len(table.columns))
    return _in_order(table, order)


def reversed_columns(table: TableFragment) -> TableFragment:
    return _in_order(table, range(len(table.columns))[::-1])


def _in_order(table: TableFragment, order: Sequence[int]) -> TableFragment:
    columns, data = ([part[at] for at in order] for part in (table.columns, table.data))
    return table.model_copy(update={"columns": tuple(columns), "data": tuple(data)})


@pytest.mark.parametrize("change", [shuffled_rows, shuffled_columns, reversed_columns], ids=lambda f: f.__name__)
@pytest.mark.parametrize("case", TABLES, ids=named)
def test_another_order_changes_no_verdict(case: Case, change: Change) -> None:
    files, earlier = read(case)
    assert judge(case, changed(files, change), earlier).verdict is judged(case).verdict


def _is_number(column: Sequence[str]) -> bool:
    return any(cell.strip().lstrip("-").replace(".", "", 1).isdigit() for cell in column)


def more_rows(table: TableFragment) -> TableFragment:
    """Some harmless rows below."""
    data = [
        (*column, *(("260", "311", "402") if _is_number(column) else ("Autre", "Divers", "Reste")))
        for column in table.data
    ]
    return table.model_copy(update={"data": tuple(data)})


def a_column(table: TableFragment) -> TableFragment:
    """A column of words beside."""
    return table.model_copy(
        update={"columns": (*table.columns, "note"), "data": (*table.data, ("checked",) * table.height)}
    )


@pytest.mark.parametrize("change", [more_rows, a_column], ids=lambda f: f.__name__)
@pytest.mark.parametrize("case", BAD, ids=named)
def test_more_data_makes_no_verdict_milder(case: Case, change: Change) -> None:
    files, earlier = read(case)
    undeclared = [(file, TableContext()) for file, _ in files]
    before = judge(case, undeclared, earlier).verdict
    assert is_no_milder(judge(case, changed(undeclared, change), earlier).verdict, before)


@pytest.mark.parametrize("case", [case for case in cases() if case.is_bad], ids=named)
def test_another_file_makes_no_verdict_milder(case: Case) -> None:
    files, earlier = read(case)
    another = read_file(99, "another.md", b"Words.\n"), TableContext()
    assert is_no_milder(judge(case, [another, *files], earlier).verdict, judged(case).verdict)


FORMS: dict[str, Callable[[pl.DataFrame], Content]] = {
    "csv": lambda table: table,
    "tsv": dress.tsv,
    "semicolons": lambda table: table.write_csv(separator=";"),
    "parquet": dress.parquet,
    "json": dress.records,
    "ipynb": dress.as_output,
}
ENDINGS = {"semicolons": "csv"}


def _rewritten(case: Case, form: str) -> list[Read]:
    found = []
    for number, (file, _) in enumerate(read(case)[0], start=1):
        table = _table(file)
        if table is not None:
            frame = pl.DataFrame(
                dict(zip(table.columns, table.data, strict=True)), schema=dict.fromkeys(table.columns, pl.String)
            )
            body = body_of(FORMS[form](frame))
            file = read_file(number, f"{file.path.rsplit('.', 1)[0]}.{ENDINGS.get(form, form)}", body)
        found.append((file, TableContext()))
    return found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", BAD, ids=named)
def test_another_format_makes_no_verdict_milder(case: Case, form: str) -> None:
    """Without a declaration, which speaks of a file of its own."""
    files, earlier = read(case)
    plain = judge(case, [(file, TableContext()) for file, _ in files], earlier).verdict
    assert is_no_milder(judge(case, _rewritten(case, form), earlier).verdict, plain)
