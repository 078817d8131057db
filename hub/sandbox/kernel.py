"""The kernel of a run: the image's own Python, spoken to over unix sockets in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from hub.sandbox.notebook_file import KERNEL, LANGUAGE


class RunKernelManager(AsyncKernelManager):
    """Starts the one kernel there is, whatever kernel a notebook or a folder names.

    The command is written here rather than looked up: a kernel specification is a file that names a program.
    """

    @property
    def kernel_spec(self) -> KernelSpec:
        """The image's Python."""
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3", language=LANGUAGE)


def kernel_manager(folder: Path) -> RunKernelManager:
    """Return a manager whose sockets and connection file lie in the folder, which must have a short path."""
    return RunKernelManager(
        kernel_name=KERNEL, transport="ipc", ip=str(folder / "kernel"), connection_file=str(folder / "kernel.json")
    )


def start_options(outputs: Path, home: Path) -> dict[str, Any]:
    """How the kernel process starts: in the outputs folder, with a fresh home, its own output leading nowhere."""
    return {
        "cwd": str(outputs),
        "env": {**os.environ, "HOME": str(home), "IPYTHONDIR": str(home / "ipython")},
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }
