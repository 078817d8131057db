"""Program of the reader's container: a submitted notebook becomes its source, its digest and a draft schema.

It reads ``/in/notebook.ipynb`` and writes ``/out/result.json`` (``InspectResult``). Nothing is executed and no stored
output is carried along.
"""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from nbformat import NotebookNode

from hub.domain.notebooks import Parameter
from hub.domain.sandbox_exit import SandboxExit
from hub.sandbox.draft import draft_schema
from hub.sandbox.exchange import Cell, InspectResult, entry_of
from hub.sandbox.notebook_file import MOST_NOTEBOOK_BYTES, PARAMETERS_TAG, canonical_digest, read_notebook
from hub.sandbox.program import read_bounded, run_program, write_atomically


def inspect(root: Path) -> SandboxExit:
    """Inspect the notebook below ``root`` and write the result."""
    result = inspection(read_bounded(root / "in" / "notebook.ipynb", MOST_NOTEBOOK_BYTES))
    write_atomically(root / "out", "result.json", result.model_dump_json().encode())
    return SandboxExit.OK


def inspection(body: bytes) -> InspectResult:
    """Return what reviewers need of a notebook; refuse one that cannot run as it reads."""
    notebook = read_notebook(body)
    return InspectResult(
        canonical=canonical_digest(notebook),
        parameters=tuple(entry_of(p) for p in _schema(notebook)),
        cells=tuple(Cell(type=c.cell_type, source=c.source) for c in notebook.cells),
    )


def _schema(notebook: NotebookNode) -> tuple[Parameter, ...]:
    tagged = (c for c in notebook.cells if PARAMETERS_TAG in c.metadata.get("tags", []))
    cell = next(tagged, None)
    return draft_schema(cell.source) if cell is not None else ()


def main(root: Path = Path("/")) -> NoReturn:
    """Inspect, and end with a code of ``SandboxExit``."""
    run_program(inspect, root)


if __name__ == "__main__":
    main()
