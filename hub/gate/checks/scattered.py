"""Scattered data: what small pieces of a file, of a request, or of a project's requests, tell together.

Each piece is judged by itself before. Here the small ones stand below each other as one text or one table, so that a
row for each cell of a notebook, or an identifier for each file, counts as the rows and identifiers that they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import RequestCheck
from hub.gate.checks.columns import column_leak, pooled_column
from hub.gate.checks.identifiers import direct_identifiers
from hub.gate.checks.leak import row_leak
from hub.gate.context import Context
from hub.gate.fragments import Fragment, TableFragment
from hub.gate.pieces import MOST_ROWS, joined, numbers_of, small_leaving, small_pieces
from hub.gate.spelled import spells

ROWS = "scattered-rows"
IDENTIFIERS = "scattered-identifiers"
_FEWEST = 2
_ROWS_WITH_OTHERS = (
    "Together with other requests of the project that left or are under way, small parts of this one hold rows or a "
    "column of a dataset. Records of single units do not leave, however they are cut; send counts, means or a model "
    "instead."
)
_NAMES_WITH_OTHERS = (
    "Together with other requests of the project that left or are under way, small parts of this one name units of a "
    "dataset. Take the values out; results speak of groups."
)
Judge = Callable[[list[Fragment], Context], bool]


def scattered_rows(files: Sequence[Context]) -> list[list[Finding]]:
    """The small parts of a file, and those of all files of a request, hold no rows and no column of a dataset together.

    They are put below each other, texts as lines and tables of the same width as rows, and judged by the rules for
    rows and columns; evidence that is too little in each of them counts together. So do those of the project's other
    requests on the same dataset, as far as these left or are under way; where what left told rows already, a steward
    judges what is added.
    """
    sentence = (
        "Parts of the file, or files of the request, that tell little each hold rows or a column of a dataset "
        "together. Records of single units do not leave, however they are cut; send counts, means or a model instead."
    )
    return _judged(files, ("row-leak", "column-leak"), _has_rows, ROWS, (sentence, _ROWS_WITH_OTHERS))


def scattered_identifiers(files: Sequence[Context]) -> list[list[Finding]]:
    """The small parts of a file, and those of all files of a request, do not name a dataset's units together.

    They are put below each other and judged by the rule for direct identifiers; short numbers that tell little each
    count together. So do identifiers that are cut over words, lines, cells or two columns, or written backwards, and
    what the project's other requests on the same dataset hold.
    """
    sentence = (
        "Parts of the file, or files of the request, that tell little each name units of a dataset together, or spell "
        "their names in pieces. Take the values out; results speak of groups."
    )
    return _judged(files, ("direct-identifiers",), _has_identifiers, IDENTIFIERS, (sentence, _NAMES_WITH_OTHERS))


def _judged(
    files: Sequence[Context], known: Iterable[str], judge: Judge, check: str, sentences: tuple[str, str]
) -> list[list[Finding]]:
    """Findings of each file by itself; where there are none, of all that have a part in what they say together."""
    pieces = [small_pieces(context) for context in files]
    if not any(context.datasets for context in files) or any(set(known) & context.blocked_by for context in files):
        return [[] for _ in files]
    found = [judge(own, context) for own, context in zip(pieces, files, strict=True)]
    together = [piece for own in pieces for piece in own]
    if not any(found) and sum(map(bool, pieces)) > 1 and judge(together, files[0]):
        found = list(map(bool, pieces))
    severity, sentence = Severity.BLOCK, sentences[0]
    if not any(found) and any(pieces) and (told := _with_others(files, judge)) is not None:
        found, severity, sentence = list(map(bool, pieces)), told, sentences[1]
    rule = f"row leakage from {files[0].policy.evidence_bits} bits beyond chance ({files[0].policy.name})"
    return [
        [context.finding(check, severity, "", sentence, rule)] if is_found else []
        for context, is_found in zip(files, found, strict=True)
    ]


def _with_others(files: Sequence[Context], judge: Judge) -> Severity | None:
    """What is to be said of a request with the project's others; what left and told rows alone, it is not blocked for.

    What left of others was written by the gate, so that it is put beside what would leave of this one, too.
    """
    context = files[0]
    others, left = (
        [piece for other in context.others if other.has_left or not is_past for piece in small_pieces(other)]
        for is_past in (False, True)
    )
    if not others:
        return None
    offered, leaving = ([part for file in files for part in pieces(file)] for pieces in (small_pieces, small_leaving))
    ways = [offered] if leaving == offered else [offered, leaving]
    if not any(judge([*own, *others], context) for own in ways):
        return None
    return Severity.REVIEW if left and judge(left, context) else Severity.BLOCK


def _has_rows(pieces: list[Fragment], context: Context) -> bool:
    if len(pieces) < _FEWEST:
        return False
    fresh = context.undeclared()
    _, fractions = numbers_of(pieces)
    if any(row_leak(whole, fresh) or column_leak(whole, fresh) for whole in [*joined(pieces), fractions]):
        return True
    return pooled_column((view for part in pieces for view in fresh.tables(part)), fresh)


def _has_identifiers(pieces: list[Fragment], context: Context) -> bool:
    fresh = context.undeclared()
    whole_numbers, _ = numbers_of(pieces)
    known = [series for dataset in context.datasets for series in dataset.plain_identifiers]
    large = [part for part in context.parts if isinstance(part, TableFragment) and part.height > MOST_ROWS]
    if spells([*pieces, *large], known, context.policy.evidence_bits):
        return True
    return any(direct_identifiers(whole, fresh) for whole in (*joined(pieces), whole_numbers))


SCATTERED_ROWS = RequestCheck(
    ROWS,
    scattered_rows,
    parameters=("evidence_bits", "minimum_units"),
    source="The lab's own: what small parts tell adds up",
)
SCATTERED_IDENTIFIERS = RequestCheck(
    IDENTIFIERS,
    scattered_identifiers,
    parameters=("evidence_bits",),
    source="The lab's own: what small parts tell adds up",
)
