"""Where the host's copy of JupyterLab's own files is, and the address that browsers find it at.

``hub.setup.lab_files`` takes the copy from the image; no container can change it.
"""

from __future__ import annotations

from pathlib import Path

SHARED = "/services/gateway/lab/"
"""The address of ``static/lab`` that all workspaces share; the image's settings of JupyterLab name it, too."""


def copies() -> Path:
    """Where set-up keeps the copies, one for each image."""
    return Path(__file__).resolve().parents[1] / ".cache" / "lab-files"
