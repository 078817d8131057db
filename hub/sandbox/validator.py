"""nbgrader's validator on one notebook, in a process of its own; ``hub.sandbox.validate`` starts it.

It runs every cell and holds the notebook to have failed where a cell of it ended with an error. Two things differ from
what nbgrader does by itself: the kernel is the one of every run, and a warning on standard error is no failure.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, ClassVar

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbgrader.preprocessors import CheckCellMetadata, ClearOutput, Execute
from nbgrader.validator import Validator
from traitlets import Int, List, Unicode, default

from hub.domain.validation import error_class
from hub.sandbox.exchange import ValidateResult
from hub.sandbox.kernel import RunKernelManager, kernel_manager, start_options
from hub.sandbox.process import harden

START_SECONDS = 60


class RunKernel(Execute):  # type: ignore[misc]  # nbgrader has no types
    """Runs the cells with the kernel of a run, whatever kernel the notebook names."""

    startup_timeout = Int(START_SECONDS)
    interrupt_on_timeout = False  # An interrupted cell would end with an error of its own, or go on.
    error_on_timeout: ClassVar[dict[str, object]] = {}
    shutdown_kernel = "immediate"

    @default("timeout")
    def _timeout(self) -> int:
        return int(self.parent.cell_seconds)

    def create_kernel_manager(self) -> RunKernelManager:
        """There is one kernel, and its sockets lie in the validator's own folder."""
        self.km = kernel_manager(Path(self.parent.private))
        return self.km

    def setup_kernel(self, **_: Any) -> Any:
        """Start it in the outputs folder, its own output leading nowhere."""
        return super().setup_kernel(**start_options(Path(self.parent.outputs), Path(self.parent.private)))

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> Any:
        """Remember the cell, for the case that the kernel does not come back from it."""
        self.parent.at = index + 1
        return super().preprocess_cell(cell, resources, index)


class RunValidator(Validator):  # type: ignore[misc]  # nbgrader has no types
    """Validates all cells and remembers the first that failed, with the class of its error."""

    validate_all = True
    preprocessors = List([CheckCellMetadata, ClearOutput, RunKernel])
    private, outputs = Unicode(), Unicode()
    cell_seconds, at, failed_cell = Int(), Int(), Int()
    failed_error = Unicode()

    def _get_failed_cells(self, nb: NotebookNode) -> list[NotebookNode]:
        failed = super()._get_failed_cells(nb)
        kept = [(number, cell) for number, cell in enumerate(nb.cells, 1) if cell in failed and _error_of(cell)]
        if kept:
            self.failed_cell, self.failed_error = kept[0][0], _error_of(kept[0][1])
        return [cell for _, cell in kept]


def _error_of(cell: NotebookNode) -> str:
    """Return the class of a cell's first error, or nothing where it only warned."""
    errors = [o for o in cell.get("outputs", []) if o.output_type == "error"]
    return error_class(errors[0].get("ename")) if errors else ""


def validated(path: Path, outputs: Path, cell_seconds: int) -> ValidateResult:
    """Return what came of a notebook; an error that is not the notebook's own goes through."""
    validator = RunValidator(private=str(path.parent), outputs=str(outputs), cell_seconds=cell_seconds)
    try:
        results = validator.validate(str(path))
    except (DeadKernelError, CellTimeoutError) as error:
        return ValidateResult(passed=False, cell=validator.at, error=type(error).__name__)
    if not results:
        return ValidateResult(passed=True)
    return ValidateResult(passed=False, cell=validator.failed_cell, error=validator.failed_error or "Error")


def main() -> None:
    """Validate, and say what came of it through the pipe whose number is the last argument."""
    path, outputs, cell_seconds, number = sys.argv[1:]
    pipe = int(number)
    os.set_inheritable(pipe, False)  # The kernel has no part of it.
    harden()
    os.write(pipe, validated(Path(path), Path(outputs), int(cell_seconds)).model_dump_json().encode())


if __name__ == "__main__":
    main()
