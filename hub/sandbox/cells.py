"""Execution cell by cell, as an engine of papermill that says what it saw.

Papermill's own engine calls every cell “completed” after the kernel has died or a cell took too long, and passes over
``sys.exit(0)``. Here a run is good only where the kernel answered every cell, each without an error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import papermill
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NotebookExecutionManager, papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.execute import remove_error_markers

from hub.domain.notebooks import ParameterValue
from hub.domain.sandbox_exit import SandboxExit
from hub.sandbox.draft import assigned
from hub.sandbox.kernel import RunKernelManager, kernel_manager, start_options
from hub.sandbox.notebook_file import INJECTED_TAG, KERNEL, LANGUAGE, canonical_digest, forced_metadata, v4
from hub.sandbox.program import SandboxError

ENGINE = "datalab"
START_SECONDS = 60
OUTPUT_SECONDS = 30


@dataclass(slots=True)
class Watch:
    """What was seen of a run: its verdict, the notebook with its outputs, and how each cell ended.

    Until every cell has been answered, the verdict is that the kernel died.
    """

    parameters: dict[str, ParameterValue]
    cell_seconds: int
    outputs: Path
    private: Path
    tell: Callable[[int, int], None]
    verdict: SandboxExit = SandboxExit.KERNEL_DIED
    notebook: NotebookNode | None = None
    states: list[str] = field(default_factory=list)


class WatchedClient(PapermillNotebookClient):  # type: ignore[misc]  # papermill has no types
    """Runs the cells in their order and stops at the first that was not answered well."""

    def create_kernel_manager(self) -> RunKernelManager:
        """There is one kernel, and its sockets lie in the runner's own folder."""
        self.km = kernel_manager(self.folder)
        return self.km

    def run(self, watch: Watch) -> None:
        """Start the kernel, run all cells, end the kernel; the verdict is in the watch."""
        self.folder = watch.private
        self.reset_execution_trackers()
        try:
            with self.setup_kernel(**start_options(watch.outputs, watch.private)):
                watch.verdict = self._run_cells(watch)
                if watch.verdict is not SandboxExit.OK:
                    self.shutdown_kernel = "immediate"
        except RuntimeError:
            # The kernel did not start, or did not answer in time when it did.
            if watch.verdict is SandboxExit.OK:
                raise

    def _run_cells(self, watch: Watch) -> SandboxExit:
        for index, cell in enumerate(self.nb.cells):
            watch.tell(index, len(self.nb.cells))
            watch.states[index] = "failed"
            try:
                self.execute_cell(cell, index)
            except CellTimeoutError:
                return SandboxExit.CELL_TIMED_OUT
            except CellExecutionError:
                return SandboxExit.CELL_FAILED
            except DeadKernelError:
                return SandboxExit.KERNEL_DIED
            watch.states[index] = "completed"
        watch.tell(len(self.nb.cells), len(self.nb.cells))
        return SandboxExit.OK


class WatchedEngine(Engine):  # type: ignore[misc]  # papermill has no types
    """Papermill's seam for executing a notebook; it is handed the notebook with its parameters injected."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, *, watch: Watch, **_: Any
    ) -> None:
        """Run the notebook with a client that reports to the watch, if the injected cell holds the values alone."""
        watch.notebook = nb_man.nb
        watch.states = ["pending"] * len(nb_man.nb.cells)
        check_injected(nb_man.nb, watch.parameters)
        client = WatchedClient(
            nb_man,
            kernel_name=kernel_name,
            timeout=watch.cell_seconds,
            startup_timeout=START_SECONDS,
            iopub_timeout=OUTPUT_SECONDS,
            force_raise_errors=True,
            record_timing=False,
            store_widget_state=False,
        )
        client.run(watch)


def check_injected(notebook: NotebookNode, parameters: dict[str, ParameterValue]) -> None:
    """The injected cell assigns exactly the accepted values: read as Python, nothing else stands in it."""
    injected = [c for c in notebook.cells if INJECTED_TAG in c.metadata.get("tags", [])]
    try:
        found = [assigned(cell.source) for cell in injected]
    except (SyntaxError, ValueError):
        raise SandboxError(SandboxExit.BAD_REQUEST) from None
    wanted = [parameters] if parameters else []
    if [_typed(values) for values in found] != [_typed(values) for values in wanted]:
        raise SandboxError(SandboxExit.BAD_REQUEST)


def _typed(values: dict[str, ParameterValue]) -> list[tuple[str, type, ParameterValue]]:
    """One is not ``True`` here, and not ``1.0``."""
    return [(name, type(value), value) for name, value in values.items()]


def run_cells(notebook: NotebookNode, watch: Watch) -> None:
    """Let papermill inject the parameters and execute; verdict and executed notebook are in the watch."""
    papermill_engines.register(ENGINE, WatchedEngine)
    try:
        papermill.execute_notebook(
            notebook,
            None,  # Papermill would write after each cell, under a name that is a format string.
            watch.parameters,
            engine_name=ENGINE,
            kernel_name=KERNEL,
            language=LANGUAGE,
            progress_bar=False,
            watch=watch,
        )
    except PapermillExecutionError:
        # An error output can also come from a cell that was answered as good; papermill fails it, and so do we.
        if watch.verdict is SandboxExit.OK:
            watch.verdict = SandboxExit.CELL_FAILED


def executed_notebook(watch: Watch) -> NotebookNode:
    """Return the notebook with its outputs, each cell with the state that was seen, and no times of the day."""
    if watch.notebook is None:
        raise SandboxError(SandboxExit.CRASHED)
    notebook = remove_error_markers(watch.notebook)
    for number, (cell, state) in enumerate(zip(notebook.cells, watch.states, strict=True), 1):
        cell.metadata = {"tags": cell.metadata.get("tags", []), "papermill": {"status": state}}
        cell.id = f"cell-{number}"
    failed = watch.verdict is not SandboxExit.OK
    papermill_says = {"parameters": watch.parameters, "exception": failed}
    whole: NotebookNode = v4.new_notebook(
        cells=notebook.cells, metadata={**forced_metadata(), "papermill": papermill_says}
    )
    return whole


def check_same(notebook: NotebookNode, executed: NotebookNode) -> None:
    """What ran is what was approved: without the injected cell, the executed notebook has the same digest."""
    kept = [c for c in executed.cells if INJECTED_TAG not in c.metadata.tags]
    bare = v4.new_notebook(cells=kept, metadata=executed.metadata)
    if canonical_digest(bare) != canonical_digest(notebook):
        raise SandboxError(SandboxExit.CRASHED)
