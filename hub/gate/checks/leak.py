"""Row leakage: rows of a mounted dataset that stand in what is offered."""

from __future__ import annotations

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import Check
from hub.gate.context import Context, rows_text
from hub.gate.datasets import DataFile
from hub.gate.evidence import leaked_rows
from hub.gate.fragments import BlobFragment, Fragment, TextFragment
from hub.gate.lineage import lineage
from hub.gate.named_rows import listed_records, rare_records
from hub.gate.views import TableView, turned

IDENTIFIER = "row-leak"
_MOST_RECORDS = 6


def row_leak(fragment: Fragment, context: Context) -> list[Finding] | None:
    """No row of a mounted dataset leaves, whole or in part, under whatever names and in whatever order of columns.

    Two values or more that stand together in a row of the dataset count as that row when this says more than chance
    would (``evidence_bits``), and when fewer than ``minimum_units`` units have them together. Rows whose columns carry
    the dataset's own names count as soon as they are met, as in what ``df.head()`` shows.
    """
    if isinstance(fragment, BlobFragment) or not context.datasets:
        return None
    findings = []
    for dataset in context.datasets:
        for file in dataset.files:
            findings += _judge(fragment, file, context)
    return list(dict.fromkeys(findings)) or None


def _judge(fragment: Fragment, file: DataFile, context: Context) -> list[Finding]:
    named = context.tables(fragment)
    for view in named:
        rows = _named(view, file, context) or leaked_rows(view, file, context)
        if rows:
            return [_finding(view, f", {rows_text(rows)}", file, context)]
    plain = context.lines(fragment)
    narrow = [view for view in plain if view.frame.width <= _MOST_RECORDS]
    for view in [*_turned(named), *context.pairs(fragment), *_turned(narrow), *plain]:
        by_name = view.titled and (listed_records(view, file) or rare_records(view, file, context.policy))
        if by_name or leaked_rows(view, file, context):
            return [_finding(view, _lines(fragment), file, context)]
    for view in context.cut(fragment):
        if leaked_rows(view, file, context):
            return [_finding(view, ", in its cells", file, context)]
    return []


def _turned(views: list[TableView]) -> list[TableView]:
    return [other for other in map(turned, views) if other is not None]


def _lines(fragment: Fragment) -> str:
    return ", in its lines" if isinstance(fragment, TextFragment) else ", read from top to bottom"


def _named(view: TableView, file: DataFile, context: Context) -> list[int]:
    """A table whose figures agree with the dataset is an aggregate; its small cells are for another rule."""
    listed = listed_records(view, file)
    if listed:
        return listed
    tabulation = lineage(view, context).tabulation
    return [] if tabulation is not None and tabulation.agreeing else rare_records(view, file, context.policy)


def _finding(view: TableView, where: str, file: DataFile, context: Context) -> Finding:
    sentence = (
        f"Rows of the dataset {file.dataset} stand here, whole or in part. Records of single units do not leave; send "
        "counts, means or a model instead, and clear outputs such as those of head()."
    )
    rule = f"row leakage from {context.policy.evidence_bits} bits beyond chance ({context.policy.name})"
    return context.finding(IDENTIFIER, Severity.BLOCK, f"{view.place}{where}", sentence, rule)


ROW_LEAK = Check(
    IDENTIFIER,
    row_leak,
    claims=False,
    parameters=("evidence_bits", "minimum_units"),
    source="The lab's own: rows are recognised by the information that their values carry together",
)
