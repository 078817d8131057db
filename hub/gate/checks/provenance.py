"""Provenance of notebooks: whether what a run wrote is the notebook that was approved."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from io import StringIO
from tokenize import COMMENT, generate_tokens

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import RequestCheck
from hub.gate.context import Context
from hub.gate.exchange import ApprovedNotebook, ParameterGiven
from hub.gate.kinds import Kind
from hub.gate.notebook_source import cell_digest

IDENTIFIER = "provenance"
_MOST_NAMED = 10
_TITLE = "# Parameters"
"""What stands above a run's parameters."""


def provenance(files: Sequence[Context]) -> list[list[Finding]]:
    """The source of a notebook that a run wrote is that of the approved one; a steward is told where it differs.

    Cells are compared by type and source, in their order; the cell that sets the run's parameters is expected, with the
    values that were accepted and nothing else. Where nothing differs, that is said, too.
    """
    return [_judge(context, context.approved) for context in files]


def _judge(context: Context, approved: ApprovedNotebook | None) -> list[Finding]:
    if approved is None or context.kind is not Kind.NOTEBOOK:
        return []
    rule = f"approved notebook {approved.digest[:12]}"
    left = list(approved.cells)
    cells = [(number, cell_digest(kind, source)) for number, kind, source in _own(context, approved.parameters)]
    if [digest for _, digest in cells] == left:
        sentence = "Its source is that of the approved notebook, cell by cell."
        return [context.finding(IDENTIFIER, Severity.NOTE, "", sentence, rule)]
    return [context.finding(IDENTIFIER, Severity.REVIEW, _place(_strange(cells, left)), _sentence(cells, left), rule)]


def _own(context: Context, parameters: dict[str, ParameterGiven]) -> list[tuple[int, str, str]]:
    """The cells without the first one that sets the run's parameters."""
    cells = list(context.sources)
    injected = next((cell for cell in cells if cell[1] == "code" and parameters and _sets(cell[2], parameters)), None)
    return [cell for cell in cells if cell is not injected]


def _sets(source: str, parameters: dict[str, ParameterGiven]) -> bool:
    """Whether a source assigns exactly these values, each once, and neither does nor says anything else."""
    try:
        body = ast.parse(source).body
        plain = [s for s in body if isinstance(s, ast.Assign) and len(s.targets) == 1]
        found = [(s.targets[0], ast.literal_eval(s.value)) for s in plain]
        said = {token.string for token in generate_tokens(StringIO(source).readline) if token.type == COMMENT}
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return False
    named = {target.id: repr(value) for target, value in found if isinstance(target, ast.Name)}
    is_all = len(named) == len(found) == len(body) and said <= {_TITLE}
    return is_all and named == {name: repr(value) for name, value in parameters.items()}


def _strange(cells: Iterable[tuple[int, str]], approved: list[str]) -> list[int]:
    return [number for number, digest in cells if digest not in approved]


def _place(numbers: list[int]) -> str:
    shown = ", ".join(f"cells[{number}]" for number in numbers[:_MOST_NAMED])
    more = f" and {len(numbers) - _MOST_NAMED} more" if len(numbers) > _MOST_NAMED else ""
    return f"#{shown}{more}" if numbers else ""


def _sentence(cells: list[tuple[int, str]], approved: list[str]) -> str:
    if _strange(cells, approved):
        return (
            "These cells are not those of the approved notebook that the run was made from. A steward reads them; "
            "offer the notebook as the run wrote it, or have the other one approved."
        )
    return (
        "Cells of the approved notebook are missing, or stand in another order or more than once. A steward reads it; "
        "offer the notebook as the run wrote it."
    )


PROVENANCE = RequestCheck(
    IDENTIFIER, provenance, source="The lab's own: what runs in batch is what was approved (promise P4)"
)
