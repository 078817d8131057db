"""Differencing: what a table tells together with those that left before, and with the others of its request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import Check
from hub.gate.context import Context, rows_text
from hub.gate.datasets import DataFile
from hub.gate.differences import differences
from hub.gate.earlier import EarlierTable
from hub.gate.exchange import TablePart
from hub.gate.families import MOST_FAMILIES, Family, atoms, families
from hub.gate.filtered_tables import is_comparable, on_the_whole
from hub.gate.fragments import Fragment
from hub.gate.likeness import disguised, moved_cells, near_cells, nested_cells
from hub.gate.lineage import lineage
from hub.gate.pinned import pinned
from hub.gate.registered import describe, shown_rows, untraced
from hub.gate.tabulation import Tabulation
from hub.gate.views import TableView

IDENTIFIER = "differencing"
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A table that a fragment shows, as the registry would keep it."""

    view: TableView
    tabulation: Tabulation | None
    part: TablePart


def differencing(fragment: Fragment, context: Context) -> list[Finding] | None:
    """No table tells of fewer than ``differencing_units`` units by what it adds to tables that left before.

    Compared are all tables that were released from the dataset, in any project and also those that were revoked, the
    tables of the same request, and where a run made them, those of the project's other runs of the same notebook. A
    cell without the cells of another table that lie in it, or a combination of several tables, has to cover no unit or
    enough of them, counted on the dataset; a declared filter is one more dimension. Counts that are rounded as the
    policy asks are not subtracted. Where cells are not exactly known, near counts stand for them. Source: Hundepool and
    others, Statistical Disclosure Control, 4.4 and 5.5; OpenSAFELY, disclosure by differencing.
    """
    views = context.tables(fragment)
    if not views:
        return None
    shown = [Shown(view, lineage(view, context).tabulation, table_of(view, context)) for view in views]
    earlier = [*context.earlier.tables, *context.released_here]
    findings = [] if context.earlier.complete else [_unknown(fragment, context)]
    files = (s.tabulation.file.base for s in shown if s.tabulation is not None)
    for file in {id(file): file for file in files}.values():
        findings += _exactly(file, shown, earlier, fragment, context)
    for table in shown:
        findings += _nearly(table, earlier, context)
    context.released_here += [EarlierTable(release="", own=True, table=s.part) for s in shown]
    return _merged(findings) or None


def table_of(view: TableView, context: Context) -> TablePart:
    """What the registry keeps of a table."""
    tabulation = lineage(view, context).tabulation
    if tabulation is None:
        return untraced(view, context.path, context.policy)
    return describe(tabulation, context.path, context.policy)


def _exactly(
    file: DataFile, shown: Sequence[Shown], earlier: Sequence[EarlierTable], fragment: Fragment, context: Context
) -> list[Finding]:
    """Differences of cells that are exactly known on the mounted snapshot."""
    own = [s for s in shown if s.tabulation is not None and s.tabulation.file.base is file]
    known = [e for e in earlier if e.current]
    whole = on_the_whole(file, [*(s.part for s in own), *(e.table for e in known)])
    file, among = whole.file, families(whole.file, whole.tables)
    new = {n for n, family in enumerate(among) if all(t < len(own) for t in family.tables)}
    findings: list[Finding] = []
    is_whole = len(among) <= MOST_FAMILIES and whole.is_whole
    others = [n for n in range(len(among)) if n not in new]
    room = max(MOST_FAMILIES - len(new), 1)
    for start in range(0, max(len(others), 1), room):
        chosen = [*sorted(new), *others[start : start + room]]
        found, is_known = _compared(file, [among[n] for n in chosen], len(new), own, known, context)
        findings += found
        is_whole = is_whole and is_known
    if not is_whole and not findings and others:
        findings.append(_unknown(fragment, context))
    return findings


def _compared(
    file: DataFile,
    among: list[Family],
    new: int,
    own: Sequence[Shown],
    known: Sequence[EarlierTable],
    context: Context,
) -> tuple[list[Finding], bool]:
    """Compare the first ``new`` families with all; the second value is false where not all could be compared."""
    needed = context.policy.differencing_units
    if new == 0 or len(among) < 2:
        return [], True
    found = atoms(file, among)
    if found is None:
        return [], False
    findings = []
    told = differences(found, among, set(range(new)), needed)
    for one in sorted(told, key=lambda d: d.units):
        mine, theirs = among[one.new], among[one.other]
        table = own[min(mine.tables)]
        labels = [known[t - len(own)] for t in sorted(theirs.tables) if t >= len(own)]
        places = mine.cells.filter(mine.cells["cell"].is_in(list(one.cells)))["at"].to_list()
        findings.append(_finding(table, places, labels, one.units, context))
    if findings:
        return _merged(findings), True
    units = pinned(found, among, set(range(new)), needed)
    if units:
        # What several tables pin is no one row's doing.
        labels = [known[t - len(own)] for f in among[new:] for t in sorted(f.tables) if t >= len(own)]
        findings.append(_finding(own[0], [], labels, units, context))
    return findings, units is not None


def _merged(findings: list[Finding]) -> list[Finding]:
    """One finding for each earlier table and number of units is enough for people: the first names the cells best.

    Of several at one place the first stays, too: how many there are would tell of others' releases.
    """
    first: dict[str, Finding] = {}
    for finding in findings:
        first.setdefault(finding.detail, finding)
    at: dict[tuple[str, Severity], Finding] = {}
    for finding in first.values():
        at.setdefault((finding.place, finding.severity), finding)
    return list(at.values())


def _nearly(table: Shown, earlier: Iterable[EarlierTable], context: Context) -> list[Finding]:
    """Differences that near counts betray, where cells or snapshots are not the same for certain."""
    needed, bits, part = context.policy.differencing_units, context.policy.evidence_bits, table.part
    findings = []
    for other in earlier:
        told = other.table
        is_same = bool(part.dataset) and (part.dataset, part.file) == (told.dataset, told.file)
        if is_same and part.exact and told.exact:
            if not other.current and set(part.figures) & set(told.figures):
                places, step = moved_cells(part, told, needed)
                if places:
                    findings.append(_moved(table, other, step, context))
            continue
        if is_same and other.current and is_comparable(part) and is_comparable(told):
            continue
        places, step = near_cells(part, told, needed) if is_same else ([], 0)
        if is_same and other.current and not step:
            places, step = nested_cells(part, told, needed)
        if not step and not (part.exact and told.exact):
            step = disguised(part, told, needed, bits)
        if step:
            findings.append(_finding(table, places, [other], step, context))
    return findings


def _rule(context: Context) -> str:
    return f"differences of at least {context.policy.differencing_units} privacy units ({context.policy.name})"


def _finding(
    table: Shown, places: Sequence[int], earlier: Sequence[EarlierTable], units: int, context: Context
) -> Finding:
    """Rows are named only where the other table is the author's own: those of others would be told by them."""
    named = list(dict.fromkeys(other.label for other in earlier))
    more = f" (+ {len(named) - _MOST_NAMED})" if len(named) > _MOST_NAMED else ""
    others = f"{'; '.join(named[:_MOST_NAMED])}{more}"
    detail = f"Within the table itself, a difference covers this many units: {units}."
    if named:
        detail = f"Compared with {others}: the difference covers this many units: {units}."
    where = "the whole table"
    if places and table.tabulation is not None and all(other.own for other in earlier):
        rows = shown_rows(table.tabulation)
        where = rows_text(table.view.row_numbers([rows[place] for place in places]))
    sentence = (
        "Together with tables that were released before, that other runs of the notebook made, or that stand in this "
        "request, this table tells of fewer units than the policy asks. Use the same groups as the other table, merge "
        "categories, or leave cells out."
    )
    return context.finding(
        IDENTIFIER,
        Severity.BLOCK,
        f"{table.view.place}, {where}",
        sentence,
        _rule(context),
        detail=detail,
        applied=("differencing_units",),
    )


def _moved(table: Shown, other: EarlierTable, units: int, context: Context) -> Finding:
    sentence = (
        "Cells of this table changed little since they were released from another version of the dataset, so that who "
        "came or went could be told. A steward judges it; release larger groups, or fewer versions."
    )
    detail = f"Compared with {other.label}: a cell differs by this many units: {units}."
    place = f"{table.view.place}, the whole table"
    return context.finding(
        IDENTIFIER, Severity.REVIEW, place, sentence, _rule(context), detail=detail, applied=("differencing_units",)
    )


def _unknown(fragment: Fragment, context: Context) -> Finding:
    sentence = (
        "The table could not be compared with all that was released before, since there is too much of it or not "
        "all of it could be read. A steward judges what they tell together."
    )
    return context.finding(IDENTIFIER, Severity.REVIEW, f"{fragment.place}, the whole table", sentence, _rule(context))


DIFFERENCING = Check(IDENTIFIER, differencing, alone=False)
