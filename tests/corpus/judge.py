"""A case through the gate's engine: read, judged as one request, and compared with what left before.

It is what ``datalab gate check`` does in its two programs (``hub.sandbox.read`` and ``hub.sandbox.check``), without
their processes, so that all of the corpus is judged in seconds; ``test_corpus`` runs some cases through those, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import polars as pl

from corpus.case import Case, Content
from corpus.data import mounted
from hub.domain.exports import Finding
from hub.domain.table_context import TableContext
from hub.gate.beside import Beside
from hub.gate.earlier import EarlierTables, with_tables
from hub.gate.engine import Judgement, check_request, tables_of
from hub.gate.exchange import Verdict
from hub.gate.fragments import FileFragments
from hub.gate.readers.files import read_file
from hub.gate.sheets import sheets_of
from hub.gate.verdict import strictest
from hub.policy.load import load_profile
from hub.policy.model import Policy

Read = tuple[FileFragments, TableContext]


@dataclass(frozen=True, slots=True)
class Judged:
    """What the gate says of a case."""

    files: tuple[Judgement, ...]

    @property
    def verdict(self) -> Verdict:
        """The strictest verdict of its files."""
        return strictest(file.verdict for file in self.files)

    @property
    def findings(self) -> list[Finding]:
        """All findings, strictest first within each file."""
        return [found for file in self.files for found in file.findings]


def body_of(content: Content) -> bytes:
    """The bytes of a file; a table is written as CSV."""
    if isinstance(content, pl.DataFrame):
        return content.write_csv().encode()
    return content.encode() if isinstance(content, str) else content


def policy_of(case: Case) -> Policy:
    """The policy under which a case is judged."""
    return load_profile(case.policy).model_copy(update=dict(case.under))


def read(case: Case) -> tuple[list[Read], list[Read]]:
    """The fragments of what a case offers, and of what left before."""
    offered = case.offered()
    files, earlier = (
        [
            (sheet, offered.tables.get(path, TableContext()))
            for number, (path, content) in enumerate(part.items(), start=1)
            for sheet in sheets_of(read_file(number, path, body_of(content)))
        ]
        for part in (offered.files, offered.earlier)
    )
    return files, earlier


def judge(case: Case, files: Sequence[Read], earlier: Sequence[Read]) -> Judged:
    """Judge files as the case's request would be."""
    policy, datasets = policy_of(case), tuple(map(mounted, case.data))
    known = EarlierTables()
    for file, table in earlier:
        known = with_tables(known, tables_of(file, table, policy, datasets))
    offered, others = case.offered(), tuple((file, True) for file, _ in earlier)
    beside = Beside(known, offered.month_bytes, offered.approved, others)
    return Judged(tuple(check_request(files, policy, datasets, beside=beside)))


@cache
def judged(case: Case) -> Judged:
    """Judge a case as it stands."""
    return judge(case, *read(case))
