"""Facts about what can become a snapshot: regular Parquet files that the lab's own conversion wrote, nothing else.

A person offers bytes, never a folder: there is no way to offer a link. What is attacked here is the other side, a
converting container that was taken over by what it parsed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from datasets_mount.catalogue import Snapshot
from doubles.engine import MemoryEngine
from doubles.people import JOBS, send, work_off
from doubles.sandbox import mounted, write
from hub.domain.work import WorkState
from hub.services import datasets
from hub.services.lab import Lab

CONTENT = b"PAR1 content PAR1"
Hostile = Callable[[Path], list[dict[str, Any]]]


def entry(path: str, content: bytes = CONTENT, **other: Any) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    return {"path": path, "rows": 3, "columns": ["nr"], "sha256": digest, "size": len(content)} | other


def symbolic_link(out: Path) -> list[dict[str, Any]]:
    write(out.parent, "elsewhere", CONTENT)
    (out / "persons.parquet").symlink_to(out.parent / "elsewhere")
    return [entry("persons.parquet")]


def linked_folder(out: Path) -> list[dict[str, Any]]:
    write(out.parent / "other", "persons.parquet", CONTENT)
    (out / "sub").symlink_to(out.parent / "other")
    return [entry("sub/persons.parquet")]


def hard_link(out: Path) -> list[dict[str, Any]]:
    write(out, "first.parquet", CONTENT)
    os.link(out / "first.parquet", out / "persons.parquet")
    return [entry("persons.parquet")]


def pipe(out: Path) -> list[dict[str, Any]]:
    os.mkfifo(out / "persons.parquet")
    return [entry("persons.parquet")]


def folder(out: Path) -> list[dict[str, Any]]:
    (out / "persons.parquet").mkdir()
    return [entry("persons.parquet")]


def hole(out: Path) -> list[dict[str, Any]]:
    with (out / "persons.parquet").open("wb") as file:
        file.truncate(2**30)
    return [entry("persons.parquet", size=2**30)]


def missing(out: Path) -> list[dict[str, Any]]:
    return [entry("persons.parquet")]


def named(path: str) -> Hostile:
    def hostile(out: Path) -> list[dict[str, Any]]:
        write(out, "persons.parquet", CONTENT)
        write(out.parent, "outside.parquet", CONTENT)
        return [entry(path)]

    return hostile


def other_bytes(out: Path) -> list[dict[str, Any]]:
    write(out, "persons.parquet", b"PAR1 another PAR1")
    return [entry("persons.parquet")]


def no_parquet(out: Path) -> list[dict[str, Any]]:
    content = b"#!/bin/sh\nexit 0\n"
    write(out, "persons.parquet", content)
    return [entry("persons.parquet", content)]


def the_same_name_twice(out: Path) -> list[dict[str, Any]]:
    write(out, "persons.parquet", CONTENT)
    return [entry("persons.parquet"), entry("persons.parquet")]


def nothing(out: Path) -> list[dict[str, Any]]:
    return []


def harmless(out: Path) -> list[dict[str, Any]]:
    write(out, "persons.parquet", CONTENT)
    return [entry("persons.parquet")]


def offered(lab: Lab, hostile: Hostile) -> tuple[WorkState, list[Snapshot]]:
    """Offer a file to a converter that writes what it wants."""
    engine = cast(MemoryEngine, lab.engine)

    def play(name: str, body: dict[str, Any]) -> None:
        out = mounted(body, "/out")
        write(out, "result.json", json.dumps({"files": hostile(out)}).encode())
        engine.exit(name)

    engine.on_start = play
    datasets.register_dataset(lab, "jobs-steward", JOBS)
    offer = datasets.offer_snapshot(lab, "jobs-steward", "jobs", (send(lab, "jobs-steward", "persons.csv"),))
    work_off(lab)
    with lab.store.read() as reading:
        return datasets.offer(lab, "jobs-steward", offer.id)[1].state, reading.find(Snapshot)


@pytest.mark.parametrize(
    "hostile",
    [symbolic_link, linked_folder, hard_link, pipe, folder, hole, missing, other_bytes, no_parquet,
     the_same_name_twice, nothing]
    + [named(path) for path in ("../outside.parquet", "/etc/hostname", "manifest.json", "persons", ".parquet",
                                "a/b.parquet", "persons.parquet\n", "pérsons.parquet")],
    ids=lambda hostile: hostile.__name__,
)  # fmt: skip
def test_a_converter_that_was_taken_over_registers_nothing_else(lab: Lab, hostile: Hostile) -> None:
    assert offered(lab, hostile) == (WorkState.FAILED, [])


def test_the_same_converter_registers_a_plain_parquet_file(lab: Lab) -> None:
    state, snapshots = offered(lab, harmless)
    assert state is WorkState.SUCCEEDED
    assert [[f.path for f in s.files] for s in snapshots] == [["persons.parquet"]]


@pytest.mark.parametrize("name", ["", "a/b", "../x", ".hidden", "x\0y", "/etc/passwd", "x" * 121])
def test_an_upload_has_a_plain_name(lab: Lab, name: str) -> None:
    with pytest.raises(Exception, match="file's name"):
        send(lab, "jobs-steward", name)
