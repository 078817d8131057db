"""Mounts: which host folder a container sees where."""

from __future__ import annotations

from dataclasses import dataclass

MAKER = "twin-maker"
"""In a project's place where the lab itself has a dataset mounted: no project's mount is shared with a maker's."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A host folder or file that a container sees at ``target``; read-only unless ``writable``.

    What is ``sealed`` is a mount of its own on the host, read-only already. The engine is not asked to make it so
    again: it would, and take away what else holds of the mount.
    """

    source: str
    target: str
    writable: bool = False
    sealed: bool = False


def dataset_mount(folder: str, dataset: str) -> Mount:
    """A dataset stands at ``/data/<dataset>``, on a read-only mount of its project's own."""
    return Mount(folder, f"/data/{dataset}", sealed=True)
