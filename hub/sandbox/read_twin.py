"""Program of the reader's container: files that an owner supplies as a twin become Parquet, as those of a dataset do.

It reads ``/in/request.json`` (``SnapshotRequest``) and ``/in/0001`` …; it writes ``/out/fragments/<stem>.parquet`` and
``/out/result.json`` (``TwinFiles``).
"""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from hub.domain.sandbox_exit import SandboxExit
from hub.sandbox.exchange import SnapshotRequest
from hub.sandbox.program import read_request, run_program, write_atomically
from hub.sandbox.snapshot import convert_all
from hub.sandbox.twin_exchange import FOLDER, TwinFiles


def read_twin(root: Path) -> SandboxExit:
    """Turn the files into Parquet, all of them or none."""
    request = read_request(root / "in" / "request.json", SnapshotRequest)
    out = root / "out" / FOLDER
    out.mkdir(exist_ok=True)
    result = TwinFiles(files=convert_all(root / "in", out, request))
    write_atomically(root / "out", "result.json", result.model_dump_json().encode())
    return SandboxExit.OK


def main(root: Path = Path("/")) -> NoReturn:
    """Read a twin, and end with a code of ``SandboxExit``."""
    run_program(read_twin, root)


if __name__ == "__main__":
    main()
