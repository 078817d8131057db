"""What a check knows beside the fragment: the file, the author's declaration, the policy and the mounted datasets."""

from __future__ import annotations

from collections.abc import Sequence

from hub.domain.exports import Finding, Fix, Severity, TableContext
from hub.gate.datasets import DataFile, MountedDataset
from hub.gate.fragments import Fragment
from hub.gate.kinds import Kind
from hub.gate.registered import EarlierTable, EarlierTables
from hub.gate.views import TableView, tables
from hub.policy.model import Policy

LONGEST_PLACE = 500


class Context:
    """The surroundings of one file; views of its fragments are made once and kept."""

    def __init__(
        self,
        path: str,
        kind: Kind,
        table: TableContext,
        policy: Policy,
        datasets: tuple[MountedDataset, ...],
        earlier: EarlierTables | None = None,
    ) -> None:
        self.path = path
        self.kind = kind
        self.table = table
        self.policy = policy
        self.datasets = datasets
        self.earlier = earlier or EarlierTables()
        self.released_here: list[EarlierTable] = []
        """Tables of this file that were looked at already; they would leave together."""
        self._tables: dict[int, tuple[Fragment, list[TableView]]] = {}
        self.kept: dict[tuple[str, int], tuple[object, object]] = {}
        """What checks share, by check and object; the object is kept, too, so that its identity stays its own."""

    def tables(self, fragment: Fragment) -> list[TableView]:
        """The tables with a header that a fragment shows."""
        if id(fragment) not in self._tables:
            self._tables[id(fragment)] = (fragment, tables(fragment))
        return self._tables[id(fragment)][1]

    def group_columns(self, file: DataFile) -> tuple[str, ...]:
        """Columns that the dataset of a file declares as groups of its units, as far as the file has them."""
        declared = [c for d in self.datasets if d.name == file.dataset for c in d.group_columns]
        return tuple(column for column in declared if column in file.schema)

    def structural_zeros(self, file: DataFile) -> tuple[dict[str, str], ...]:
        """Combinations of values that the dataset of a file declares impossible."""
        return tuple(zero for d in self.datasets if d.name == file.dataset for zero in d.structural_zeros)

    def finding(
        self,
        check: str,
        severity: Severity,
        place: str,
        sentence: str,
        rule: str = "",
        *,
        detail: str = "",
        applied: Sequence[str] = (),
        fix: Fix | None = None,
    ) -> Finding:
        """Make a finding at a place within the file; ``applied`` names the policy's parameters behind it."""
        where = f"{self.path}{place}"
        parameters = tuple((name, str(getattr(self.policy, name))) for name in applied)
        return Finding(check, severity, where[:LONGEST_PLACE], sentence, rule, detail, parameters, fix)


def rows_text(rows: Sequence[int]) -> str:
    """Name rows by their numbers, the header not counted; of many, the first ten."""
    ordered = sorted(set(rows))
    shown = ", ".join(str(row) for row in ordered[:10])
    if len(ordered) == 1:
        return f"row {shown}"
    more = f" and {len(ordered) - 10} more" if len(ordered) > 10 else ""
    return f"rows {shown}{more}"


def columns_text(names: Sequence[str]) -> str:
    """Name columns that a dataset's owner named."""
    if not names:
        return "the whole table"
    return ("column " if len(names) == 1 else "columns ") + " × ".join(names)
