"""Fixes: what findings propose, carried out on the table, and the result judged again.

Invariants:

* a fixed file has no finding that the file did not have, nor a stricter one: where a fix would make one (a suppressed
  cell that can be worked out from another table, for example) and no further fix helps, the file stays as it was;
* a request is fixed as a whole, since its files are judged together;
* cells that no fix names leave as they would have left without it, byte for byte;
* what was changed stands in the report, as findings that say “put right”.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from hub.domain.exports import Finding, Fix, FixKind, Severity
from hub.domain.table_context import TableContext
from hub.gate.beside import NOTHING, Beside
from hub.gate.context import rows_text
from hub.gate.engine import Guard, Judgement, check_request
from hub.gate.fragments import FileFragments, TableFragment
from hub.gate.marks import suppression_mark
from hub.gate.mounted import MountedDataset
from hub.gate.verdict import verdict
from hub.policy.model import Policy

ROUNDS = 5
ORDER = list(Severity)
DONE = "fixed"
Column = tuple[str, ...]
Offer = tuple[FileFragments, TableContext]


@dataclass(frozen=True, slots=True)
class Change:
    """What was done for a finding, where."""

    check: str
    fix: Fix


def fix_request(
    files: Iterable[Offer],
    policy: Policy,
    datasets: tuple[MountedDataset, ...],
    guard: Guard = nullcontext,
    beside: Beside = NOTHING,
) -> list[Judgement]:
    """Judge a request, carry out what its findings propose, and judge it again, until nothing is proposed any more."""
    offered = list(files)

    def judge(request: list[Offer]) -> list[Judgement]:
        return check_request(request, policy, datasets, guard, beside)

    before = judge(offered)
    changes: list[list[Change]] = [[] for _ in offered]
    present, judged = offered, before
    for _ in range(ROUNDS):
        wanted = [[Change(f.check, f.fix) for f in j.findings if f.fix] for j in judged]
        fixed = [(apply_fixes(f, [w.fix for w in ws]), table) for (f, table), ws in zip(present, wanted, strict=True)]
        if fixed == present:
            break
        changes = [done + more for done, more in zip(changes, wanted, strict=True)]
        present, judged = fixed, judge(fixed)
    return _settled(offered, present, before, changes, judge)


def _settled(
    offered: list[Offer],
    fixed: list[Offer],
    before: list[Judgement],
    changes: list[list[Change]],
    judge: Callable[[list[Offer]], list[Judgement]],
) -> list[Judgement]:
    """Keep the fixes of the files that none made worse; where taking some back makes another worse, keep none."""
    for _ in range(2):
        after = before if fixed == offered else judge(fixed)
        worse = [j.canonical is None or has_news(b.findings, j.findings) for b, j in zip(before, after, strict=True)]
        if fixed == offered or not any(worse):
            is_fixed = [one != other for one, other in zip(offered, fixed, strict=True)]
            return [
                _told(f.path, j, done) if is_done else j
                for (f, _), j, done, is_done in zip(fixed, after, changes, is_fixed, strict=True)
            ]
        fixed = [one if is_worse else other for one, other, is_worse in zip(offered, fixed, worse, strict=True)]
    return before


def _told(path: str, judgement: Judgement, changes: list[Change]) -> Judgement:
    findings = (*judgement.findings, *(_said(path, change) for change in dict.fromkeys(changes)))
    return replace(judgement, findings=findings, verdict=verdict(findings))


def has_news(before: Iterable[Finding], after: Iterable[Finding]) -> bool:
    """Whether a check says something that it did not say, or says it more strictly."""
    worst: dict[str, int] = {}
    for found in before:
        worst[found.check] = min(ORDER.index(found.severity), worst.get(found.check, len(ORDER)))
    asking = (found for found in after if found.severity in (Severity.BLOCK, Severity.REVIEW))
    return any(ORDER.index(found.severity) < worst.get(found.check, len(ORDER)) for found in asking)


def apply_fixes(file: FileFragments, fixes: Iterable[Fix]) -> FileFragments:
    """Return the file with every fix carried out on the table at its place; other fragments stay as they are."""
    by_place: dict[str, list[Fix]] = {}
    for fix in fixes:
        by_place.setdefault(fix.place, []).append(fix)
    fragments = tuple(
        _fixed(part, by_place[part.place]) if isinstance(part, TableFragment) and part.place in by_place else part
        for part in file.fragments
    )
    return file if fragments == file.fragments else file.model_copy(update={"fragments": fragments})


def _fixed(table: TableFragment, fixes: list[Fix]) -> TableFragment:
    """Cells first, then rows, then columns, so that the numbers of each still say what they said."""
    for fix in fixes:
        if fix.kind in (FixKind.SUPPRESS, FixKind.ROUND):
            table = _with_cells(table, fix)
    merged = [fix for fix in fixes if fix.kind is FixKind.MERGE]
    if merged:
        table = _with_merged(table, merged[0])
    dropped = {at for fix in fixes if fix.kind is FixKind.DROP_COLUMN for at in fix.columns}
    return _without_columns(table, dropped) if dropped else table


def _with_cells(table: TableFragment, fix: Fix) -> TableFragment:
    columns = set(fix.columns) or set(range(1, len(table.columns) + 1))
    rows = set(fix.rows) or set(range(1, table.height + 1))
    mark = suppression_mark(cell for at in columns if at <= len(table.data) for cell in table.data[at - 1])

    def cell(text: str) -> str:
        return mark if fix.kind is FixKind.SUPPRESS else rounded(text, fix.base)

    data = tuple(
        tuple(cell(text) if row in rows else text for row, text in enumerate(column, start=1))
        if at in columns
        else column
        for at, column in enumerate(table.data, start=1)
    )
    return table.model_copy(update={"data": data})


def rounded(text: str, base: int) -> str:
    """Return a number as the nearest multiple of the base, half to the even one; what is no number stays."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return text
    if base < 1 or not value.is_finite():
        return text
    multiple = (value / base).quantize(Decimal(1), rounding=ROUND_HALF_EVEN) * base
    return text if multiple == value else f"{multiple:f}"


def _with_merged(table: TableFragment, fix: Fix) -> TableFragment:
    """Make one row of the fix's rows: its columns are the categories, whose names are joined; counts are added up."""
    rows = sorted({row for row in fix.rows if row <= table.height})
    if len(rows) < 2:
        return table
    first, gone = rows[0], set(rows[1:])

    def column(at: int, cells: Column) -> Column:
        parts = [cells[row - 1] for row in rows]
        one = " + ".join(dict.fromkeys(parts)) if at in fix.columns else _added(parts)
        return tuple(one if row == first else text for row, text in enumerate(cells, start=1) if row not in gone)

    return table.model_copy(update={"data": tuple(column(at, cells) for at, cells in enumerate(table.data, start=1))})


def _added(parts: list[str]) -> str:
    """The sum of whole numbers; what is no count cannot be added up, and is left out."""
    return str(sum(map(int, parts))) if all(part.strip().isdecimal() for part in parts) else ""


def _without_columns(table: TableFragment, dropped: set[int]) -> TableFragment:
    kept = [at for at in range(len(table.columns)) if at + 1 not in dropped]
    if not kept:
        return table
    columns, data = tuple(table.columns[at] for at in kept), tuple(table.data[at] for at in kept)
    return table.model_copy(update={"columns": columns, "data": data})


def _said(path: str, change: Change) -> Finding:
    """Say what was done; the place names rows and columns, as the finding did."""
    fix = change.fix
    rows = rows_text(fix.rows) if fix.rows else "all rows"
    columns = ", ".join(f"column {at}" for at in fix.columns[:10]) or "all columns"
    more = f" and {len(fix.columns) - 10} more" if len(fix.columns) > 10 else ""
    sentence = _deed(fix, change.check)
    return Finding(DONE, Severity.FIXED, f"{path}{fix.place}, {rows}, {columns}{more}"[:500], sentence)


def _deed(fix: Fix, check: str) -> str:
    match fix.kind:
        case FixKind.SUPPRESS:
            return f"These cells were left out, as the check {check} proposes."
        case FixKind.ROUND:
            return f"These cells were rounded to multiples of {fix.base}, as the check {check} proposes."
        case FixKind.MERGE:
            return f"These rows were made one, as the check {check} proposes."
        case FixKind.DROP_COLUMN:
            return f"These columns were left out, as the check {check} proposes."
