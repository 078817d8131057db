"""Secondary suppression: whether cells that are left out can be worked out from the totals beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hub.domain.exports import Finding, Fix, FixKind, Severity
from hub.gate.cell_problem import Laid, Place, lay_out
from hub.gate.checks.check import RequestCheck
from hub.gate.context import Context, rows_text
from hub.gate.fix_cells import columns_of
from hub.gate.lattice import Lattice, fill, lattices
from hub.gate.lineage import LINEAGE, Lineage
from hub.gate.suppression import Interval, TooLargeError, additional, unprotected
from hub.gate.tabulation import Tabulation

IDENTIFIER = "secondary-suppression"
_MOST_FIXES = 12


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table of one of the request's files."""

    file: int
    context: Context
    tabulation: Tabulation


def secondary_suppression(files: Sequence[Context]) -> list[list[Finding]]:
    """Cells that are left out because they are small or dominated cannot be worked out from the totals beside them.

    For each such cell the least and the greatest value are computed that fit everything that the request's tables of
    that dataset show, by linear programming. These bounds have to lie ``protection_percent`` percent of the value away
    to each side, and for a count they have to reach ``minimum_units``. What is too large to be solved blocks. Further
    cells to suppress are proposed, and verified in the same way.
    """
    found: list[list[Finding]] = [[] for _ in files]
    tables = [Table(at, context, t) for at, context in enumerate(files) for t in _tabulations(context)]
    if not tables:
        return found
    policy = tables[0].context.policy
    rounding = [t.context.table.rounding if t.tabulation.view.whole else 0.0 for t in tables]
    for lattice in lattices([t.tabulation for t in tables], rounding, policy):
        for at, finding in _judge(lattice, tables):
            if finding not in found[at]:
                found[at].append(finding)
    return found


def _tabulations(context: Context) -> list[Tabulation]:
    """The tables of a file that were traced to a dataset when its own checks ran."""
    return [o.tabulation for o in context.known(LINEAGE) if isinstance(o, Lineage) and o.tabulation is not None]


def _judge(lattice: Lattice, tables: Sequence[Table]) -> list[tuple[int, Finding]]:
    members = sorted({int(part["table"][0]) for parts in lattice.shown.values() for part in parts if part.height})
    try:
        if not fill(lattice):
            return []
        laid = lay_out(lattice)
        narrow = unprotected(laid.problem)
        if not narrow:
            return []
        more = additional(laid.problem)
    except TooLargeError:
        return [(tables[at].file, _too_large(tables[at])) for at in members]
    return _findings(laid, narrow, more or (), tables, members)


def _findings(
    laid: Laid, narrow: dict[int, Interval], more: tuple[int, ...], tables: Sequence[Table], members: Sequence[int]
) -> list[tuple[int, Finding]]:
    rows: dict[int, set[int]] = defaultdict(set)
    for cell in narrow:
        for place in laid.places.get(cell, []):
            rows[place.table].add(place.row)
    fixes = _fixes([place for cell in more for place in laid.places.get(cell, [])], tables)
    detail = _detail(narrow)
    found = []
    for at in sorted(rows) or members:
        own: Sequence[Fix | None] = fixes.get(at, [])[:_MOST_FIXES] or [None]
        found += [(tables[at].file, _finding(tables[at], sorted(rows[at]), detail, fix)) for fix in own]
    # Cells of other tables that have to go, too, are these tables' own findings.
    found += [
        (tables[at].file, _finding(tables[at], [], detail, f)) for at in fixes if at not in rows for f in fixes[at]
    ]
    return found


def _detail(narrow: dict[int, Interval]) -> str:
    narrowest = min(narrow.values(), key=lambda between: between[1] - between[0])
    low, high = (f"{Decimal(f'{end:.6g}'):f}" for end in narrowest)
    return f"The narrowest of these intervals goes from {low} to {high}; there are this many: {len(narrow)}."


def _finding(table: Table, rows: list[int], detail: str, fix: Fix | None) -> Finding:
    view, policy = table.tabulation.view, table.context.policy
    sentence = (
        "Cells that are left out here can be worked out nearly from the totals that are shown, in this table or with "
        "others of the request. Leave out more cells of the same lines, or the totals."
    )
    where = rows_text(view.row_numbers(rows)) if rows else "the whole table"
    rule = f"bounds of a suppressed cell {policy.protection_percent} % away to each side ({policy.name})"
    return table.context.finding(
        IDENTIFIER,
        Severity.BLOCK,
        f"{view.place}, {where}",
        sentence,
        rule,
        detail=detail,
        applied=("protection_percent", "minimum_units"),
        fix=fix,
    )


def _too_large(table: Table) -> Finding:
    sentence = (
        "The table leaves cells out, and is too large for the gate to see whether its totals give them away. Send "
        "smaller tables, or leave the totals out."
    )
    return table.context.finding(
        IDENTIFIER, Severity.BLOCK, f"{table.tabulation.view.place}, the whole table", sentence, "a bounded problem"
    )


def _fixes(places: Sequence[Place], tables: Sequence[Table]) -> dict[int, list[Fix]]:
    """Leave out further cells: with all figures of their rows in a long table, cell by cell in a wide one."""
    rows: dict[tuple[int, tuple[int, ...]], set[int]] = defaultdict(set)
    for place in places:
        tabulation = tables[place.table].tabulation
        rows[place.table, tuple(columns_of(tabulation, place.row))].update(tabulation.view.row_numbers([place.row]))
    found: dict[int, list[Fix]] = defaultdict(list)
    for (at, columns), numbers in rows.items():
        view = tables[at].tabulation.view
        if view.whole:
            found[at].append(Fix(FixKind.SUPPRESS, view.place, tuple(sorted(numbers)), columns))
    return found


SECONDARY_SUPPRESSION = RequestCheck(
    IDENTIFIER,
    secondary_suppression,
    statbarn="linked/multi-level tables",
    parameters=("protection_percent", "minimum_units"),
    source="Hundepool and others, Statistical Disclosure Control, 4.4; Fischetti and Salazar, 1999",
)
