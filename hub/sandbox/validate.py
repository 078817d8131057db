"""Program of a validation's container: whether a submitted notebook runs from top to bottom.

It reads ``/in/request.json`` (``ValidateRequest``) and ``/in/notebook.ipynb``, works in ``/outputs``, and writes
``/outputs/result.json`` (``ValidateResult``). Invariants:

* the bytes have the digest that was asked for, or nothing is started;
* nbgrader's validator changes the folder and the environment of its process, so it has one of its own; what it says
  comes through a pipe that no other process can reach;
* when the result is written, no process of the notebook is left that could change it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from pydantic import ValidationError

from hub.domain.sandbox_exit import SandboxExit
from hub.sandbox.exchange import ValidateRequest, ValidateResult
from hub.sandbox.notebook_file import read_same, v4
from hub.sandbox.process import end_children, harden
from hub.sandbox.program import SandboxError, read_request, run_program, write_atomically
from hub.sandbox.report import write_packages

MOST_SAID = 4096


def validate(root: Path) -> SandboxExit:
    """Validate the notebook below ``root`` and write the result."""
    harden()
    request = read_request(root / "in" / "request.json", ValidateRequest)
    notebook = read_same(root / "in" / "notebook.ipynb", request.digest)
    with tempfile.TemporaryDirectory(prefix="run-", ignore_cleanup_errors=True) as private:
        path = Path(private) / "notebook.ipynb"
        path.write_text(v4.writes(notebook), encoding="utf-8")
        try:
            said = _said(path, root / "outputs", request.cell_seconds)
        finally:
            end_children()
    try:
        result = ValidateResult.model_validate_json(said)
    except ValidationError:
        raise SandboxError(SandboxExit.CRASHED) from None
    write_packages(root / "outputs")
    write_atomically(root / "outputs", "result.json", result.model_dump_json().encode())
    return SandboxExit.OK


def _said(path: Path, outputs: Path, cell_seconds: int) -> bytes:
    """Run the validator on a notebook and return what it says of it; nothing where it crashed."""
    reading, writing = os.pipe()
    command = [sys.executable, "-P", "-m", "hub.sandbox.validator", str(path), str(outputs)]
    with (
        os.fdopen(reading, "rb") as pipe,
        subprocess.Popen([*command, str(cell_seconds), str(writing)], pass_fds=(writing,), cwd=path.parent) as child,
    ):
        os.close(writing)
        said = pipe.read(MOST_SAID)
        return said if child.wait() == 0 else b""


def main(root: Path = Path("/")) -> NoReturn:
    """Validate, and end with a code of ``SandboxExit``."""
    run_program(validate, root)


if __name__ == "__main__":
    main()
