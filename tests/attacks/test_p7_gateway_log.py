"""Promise 7, for the browser: what a person reads, writes and opens in a workspace is in the audit log, by name.

And an edit of the gateway's own access log, which only root can make, is found by the auditor's command.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from attacks.living import Living
from hub.demo.people import AUDITOR, CARE, RESEARCHER, SCIENTIST
from hub.demo.workspace_client import Workspace
from hub.worker import FOLD_SECONDS
from waiting import wait_for

NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
NAME = "told-of-in-the-log.ipynb"


@pytest.fixture(scope="module")
def worked(living: Living) -> Workspace:
    """A person saves a notebook, reads it, runs a cell, and asks for a download; a stranger tries their workspace."""
    workspace = Workspace(living.visitor(SCIENTIST), CARE)
    workspace.open()
    workspace.save(NAME, NOTEBOOK)
    visitor = living.visitor(SCIENTIST)
    assert visitor.get(f"{workspace.path}api/contents/{NAME}?type=notebook&content=1").status_code == 200
    assert visitor.get(f"{workspace.path}files/{NAME}").status_code == 403
    assert workspace.run(["print(1)"])[0].text == "1"
    living.visitor(RESEARCHER).get(f"{workspace.path}api/contents/{NAME}")
    return workspace


def recorded(living: Living, name: str, actor: str, subject: str = "") -> dict[str, str]:
    """The details of an event, once it is there."""

    def look() -> list[dict[str, str]]:
        return [details for _, who, _, details in living.audit(name, subject=subject) if who == actor]

    return dict(wait_for(look, FOLD_SECONDS + 30, f"no {name} of {actor}")[-1])


def test_contents_that_were_read_and_written_are_recorded_with_name_and_bytes(
    living: Living, worked: Workspace
) -> None:
    assert int(recorded(living, "gateway:file:read", SCIENTIST, NAME)["bytes"]) > 100
    assert int(recorded(living, "gateway:file:write", SCIENTIST, NAME)["received"]) > 50


def test_kernels_refusals_and_strangers_are_recorded(living: Living, worked: Workspace) -> None:
    assert int(recorded(living, "gateway:kernel:open", SCIENTIST)["times"]) >= 1
    assert int(recorded(living, "gateway:kernel:close", SCIENTIST)["bytes"]) > 100
    assert recorded(living, "gateway:workspace:refuse", SCIENTIST, CARE)["reason"] == "download"
    assert recorded(living, "gateway:workspace:refuse", RESEARCHER)["reason"] == "not-theirs"


def sealed_file(living: Living) -> tuple[Path, int]:
    """The access log that was sealed last, and how far."""
    _, _, name, details = living.audit("gateway:log:seal")[-1]
    return living.state / "access-log" / name, int(details["end"])


@contextmanager
def edited(living: Living, change: Callable[[bytes], bytes]) -> Iterator[str]:
    """Root changes what was sealed of the log, in place, and puts it back; what is written meanwhile stays."""
    file, end = sealed_file(living)
    with file.open("r+b") as log:
        kept = log.read(end)
        made = change(kept)
        assert len(made) == len(kept)
        log.seek(0)
        log.write(made)
    try:
        yield file.name
    finally:
        with file.open("r+b") as log:
            log.write(kept)


EDITS: dict[str, Callable[[bytes], bytes]] = {
    "another person": lambda log: log.replace(b'"asker": "scientist"', b'"asker": "stranger?"', 1),
    "fewer bytes": lambda log: log.replace(b'"bytes": 1', b'"bytes": 0', 1),
    "a line made blank": lambda log: b" " * log.index(b"\n") + log[log.index(b"\n") :],
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_of_the_access_log_is_found_by_the_auditor(living: Living, worked: Workspace, edit: str) -> None:
    recorded(living, "gateway:file:read", SCIENTIST, NAME)
    assert living.command("audit", "verify", actor=AUDITOR).returncode == 0
    with edited(living, EDITS[edit]) as name:
        done = living.command("audit", "verify", actor=AUDITOR)
        assert done.returncode == 1
        assert name in done.stderr
    done = living.command("audit", "verify", "--json", actor=AUDITOR)
    assert json.loads(done.stdout)["access_log_lines"] > 0
