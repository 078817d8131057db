"""Canaries of datasets: declared by the owner's steward, told to the gate's checker, and counted for everybody else."""

from __future__ import annotations

from datasets_mount.catalogue import Snapshot
from hub.domain.audit import event
from hub.domain.canaries import Canaries, CanaryCount, check_canaries, counted
from hub.services.datasets import check_owns
from hub.services.lab import Lab


def declare_canaries(
    lab: Lab, actor: str, name: str, canaries: tuple[str, ...], canary_rows: tuple[dict[str, str], ...]
) -> CanaryCount:
    """Declare what was planted in a dataset, in place of what was declared before; the owner's steward does this."""
    with lab.store.begin() as records:
        check_owns(records, actor, name)
        known = Canaries(name, canaries, canary_rows, actor, lab.now())
        newest = records.find(Snapshot, dataset=name)[-1:]
        check_canaries(known, {column for s in newest for file in s.files for column in file.columns})
        told = counted(name, known)
        details = {"canaries": told.canaries, "canary_rows": told.canary_rows}
        records.save(known, event("lab:dataset:plant", actor, name, **details))
        return told


def canary_count(lab: Lab, actor: str, name: str) -> CanaryCount:
    """Say how many canaries a dataset has, to its owner's stewards."""
    with lab.store.read() as reading:
        check_owns(reading, actor, name)
        return counted(name, reading.get(Canaries, name))
