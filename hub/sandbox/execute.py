"""Program of a run's container: executes the approved bytes with the accepted parameters and says how it ended.

It reads ``/in/request.json`` (``RunRequest``) and ``/in/notebook.ipynb``, works in ``/outputs``, writes
``/outputs/executed.ipynb`` and tells its progress, and at the end what it used, in ``/progress``. Invariants:

* the bytes have the digest that was asked for, and the values lie inside the schema, or nothing is started;
* the code of ``SandboxExit`` comes from what the runner saw, never from what stands in a notebook;
* when the executed notebook is written, no process of the run is left that could change it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NoReturn

from hub.sandbox.left_out import collect_again, leave_out

if __name__ == "__main__":
    leave_out()

from hub.domain.errors import InvalidError
from hub.domain.notebooks import ParameterValue, check_parameters, check_schema
from hub.domain.sandbox_exit import SandboxExit
from hub.sandbox.cells import Watch, check_same, executed_notebook, run_cells
from hub.sandbox.exchange import RunRequest
from hub.sandbox.notebook_file import read_same, v4
from hub.sandbox.process import end_children, harden
from hub.sandbox.program import SandboxError, read_request, run_program, write_atomically
from hub.sandbox.progress import write_progress
from hub.sandbox.report import write_report


def execute(root: Path) -> SandboxExit:
    """Execute the notebook below ``root`` and write it with its outputs."""
    harden()
    request = read_request(root / "in" / "request.json", RunRequest)
    notebook = read_same(root / "in" / "notebook.ipynb", request.digest)
    with tempfile.TemporaryDirectory(prefix="run-", ignore_cleanup_errors=True) as private:
        watch = Watch(
            parameters=accepted_parameters(request),
            cell_seconds=request.cell_seconds,
            outputs=root / "outputs",
            private=Path(private),
            tell=lambda done, total: write_progress(root / "progress", done, total),
        )
        try:
            run_cells(notebook, watch)
        finally:
            end_children()
    write_report(root / "progress")
    executed = executed_notebook(watch)
    check_same(notebook, executed)
    write_atomically(watch.outputs, "executed.ipynb", v4.writes(executed).encode())
    return watch.verdict


def accepted_parameters(request: RunRequest) -> dict[str, ParameterValue]:
    """Return a value for every parameter of the schema; what lies outside of it is a bad request."""
    schema = request.schema_values()
    try:
        check_schema(schema)
        return check_parameters(schema, dict(request.parameters))
    except InvalidError:
        raise SandboxError(SandboxExit.BAD_REQUEST) from None


def main(root: Path = Path("/")) -> NoReturn:
    """Execute, and end with a code of ``SandboxExit``."""
    collect_again()
    run_program(execute, root)


if __name__ == "__main__":
    main()
