"""What a check knows beside the fragment: the file, the author's declaration, the policy and the mounted datasets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from hub.domain.exports import Finding, Fix, Severity
from hub.domain.table_context import TableContext
from hub.gate.cut_cells import cells_of_several, cut_cells
from hub.gate.datasets import DataFile
from hub.gate.earlier import EarlierTable, EarlierTables
from hub.gate.exchange import ApprovedNotebook
from hub.gate.fragments import Fragment
from hub.gate.full_text import FullText
from hub.gate.kinds import Kind
from hub.gate.mounted import MountedDataset
from hub.gate.views import TableView, pair_tables, tables, text_of, token_tables
from hub.policy.model import Policy

LONGEST_PLACE = 500
T = TypeVar("T")
Key = tuple[object, ...]
"""What something is, and the identities of the objects that it was made of."""
Made = dict[Key, tuple[tuple[object, ...], object]]
"""What was made; the objects that it was made of are kept beside it, so that their identities stay theirs."""


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
        self.approved: ApprovedNotebook | None = None
        """Where the file is an output of a run: the notebook that ran."""
        self.sources: tuple[tuple[int, str, str], ...] = ()
        """Number, type and source of each cell, where the file is a notebook."""
        self.offered: tuple[Fragment, ...] = ()
        """The file's parts, as they were offered."""
        self.parts: tuple[Fragment, ...] = ()
        """The same, with what was decoded out of them."""
        self.blocked_by: frozenset[str] = frozenset()
        """Checks that block the file already."""
        self.leaves: tuple[Fragment, ...] = ()
        """What the canonical file would show."""
        self.has_left = False
        """Whether the file left before, as one of another request may have."""
        self.others: tuple[Context, ...] = ()
        """Files of other requests of the project, whose small parts count together with this one's."""
        self.others_all_count = True
        """Whether these are all of them."""
        self.released_here: list[EarlierTable] = []
        """Tables of this file that were looked at already; they would leave together."""
        self._tables: dict[int, tuple[Fragment, list[TableView]]] = {}
        self._kept: Made = {}
        self._passing: Made = {}

    def undeclared(self) -> Context:
        """Surroundings of what no author declared anything of: the same policy and datasets, and no file."""
        return Context("", Kind.UNKNOWN, TableContext(), self.policy, self.datasets)

    def tables(self, fragment: Fragment) -> list[TableView]:
        """The tables with a header that a fragment shows."""
        if id(fragment) not in self._tables:
            self._tables[id(fragment)] = (fragment, tables(fragment))
        return self._tables[id(fragment)][1]

    def text(self, fragment: Fragment) -> FullText:
        """All text of a fragment."""
        return self.shared("text", (fragment,), lambda: FullText(text_of(fragment)))

    def lines(self, fragment: Fragment) -> list[TableView]:
        """The lines of a text as tables without a header."""
        return self.shared("lines", (fragment,), lambda: token_tables(fragment))

    def several(self, fragment: Fragment) -> list[list[str]]:
        """For each table, its different cells that hold several values."""
        views = self.tables(fragment)
        return self.shared("several", (fragment,), lambda: [cells_of_several(fragment, view) for view in views])

    def cut(self, fragment: Fragment) -> list[TableView]:
        """The same cells as tables without a header."""
        tables_of = self.several(fragment)
        return self.shared(
            "cut", (fragment,), lambda: [part for cells in tables_of for part in cut_cells(cells, fragment.place)]
        )

    def pairs(self, fragment: Fragment) -> list[TableView]:
        """The records that a text writes as names with values."""
        return self.shared("pairs", (fragment,), lambda: pair_tables(fragment))

    def once(self, what: str, of: Sequence[object], make: Callable[[], T]) -> T:
        """Return what is made of some objects, by their identity; it is made once for the file, and kept."""
        return _made(self._kept, what, of, make)

    def shared(self, what: str, of: Sequence[object], make: Callable[[], T]) -> T:
        """The same for what only the checks of one fragment share, and is given up after them."""
        return _made(self._passing, what, of, make)

    def give_up(self) -> None:
        """Give up what only the checks of one fragment share."""
        self._passing.clear()

    def known(self, what: str) -> list[object]:
        """Everything of a kind that was made once for the file."""
        return [made for (kind, *_), (_, made) in self._kept.items() if kind == what]

    def again(self, kind: Kind) -> Context:
        """The surroundings of the same file once more, as a file of a kind: what is known of its tables stays known."""
        other = Context(self.path, kind, self.table, self.policy, self.datasets, self.earlier)
        other._tables, other._kept = dict(self._tables), dict(self._kept)
        return other

    @property
    def files(self) -> list[DataFile]:
        """The files of all datasets."""
        return [file for dataset in self.datasets for file in dataset.files]

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


def _made(known: Made, what: str, of: Sequence[object], make: Callable[[], T]) -> T:
    key = (what, *map(id, of))
    if key not in known:
        known[key] = (tuple(of), make())
    return cast("T", known[key][1])


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


def arrays_text(numbers: Sequence[int]) -> str:
    """Name arrays by their place in the order of their names, from 1; of many, the first ten."""
    shown = ", ".join(str(number) for number in sorted(set(numbers))[:10])
    return f", {'array' if len(set(numbers)) == 1 else 'arrays'} {shown}" if numbers else ""
