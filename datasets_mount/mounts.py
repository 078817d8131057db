"""Mounts: which host folder a container sees where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mount:
    """A host folder or file that a container sees at ``target``; read-only unless ``writable``."""

    source: str
    target: str
    writable: bool = False


def dataset_mount(folder: str, dataset: str) -> Mount:
    """A dataset stands at ``/data/<dataset>``, read-only, whatever else is asked for."""
    return Mount(folder, f"/data/{dataset}")
