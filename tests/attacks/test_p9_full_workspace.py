"""Promise 9: a person fills each folder of their workspace; it says so, keeps what was saved, and goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from attacks.living import Living, wait_for
from hub.demo.people import SCIENTIST
from hub.demo.workspace_client import Workspace
from hub.domain.errors import LabError, UnavailableError
from hub.host_wiring import storage_from

PROJECT = "brimful"
"""A project of its own: what is full here is nobody else's, even where one of these tests fails."""
HOME = f"/home/{SCIENTIST}"
FILL = """
import os, pathlib
place = pathlib.Path({place!r})
(place / "more").unlink(missing_ok=True)  # what another test left there can be written anew without more room
(place / "kept").write_text("kept")
for number in range(100):  # one file may be no larger than a limit of its own
    with (place / f"filling{{number}}").open("wb", buffering=0) as file:
        size = 2**30
        while size >= 512:
            try:
                os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)
            except OSError:
                size //= 2
        if os.fstat(file.fileno()).st_size == 0:
            break
"""
FILL_FILES = """
import pathlib
place = pathlib.Path({place!r})
(place / "more").unlink(missing_ok=True)  # what another test left there can be written anew without more room
(place / "kept").write_text("kept")
try:
    for number in range(1_000_000):
        (place / f"filling{{number}}").touch()
except OSError:
    print(number > 1000)
"""
TRY = """
import errno, pathlib
try:
    pathlib.Path({place!r}, "more").write_bytes(b"x" * 100_000)
    print("written")
except OSError as error:
    kept = pathlib.Path({place!r}, "kept").read_text()
    print(f"{{errno.errorcode[error.errno]}} {{kept}}")  # at once, so that IPython's own word cannot part it
"""
IPYTHONS_OWN = re.compile(r"The history saving thread hit an unexpected error .*?will not be written to the database\.")
"""A thread of its own says it, perhaps in the midst of a line of the cell's."""
EMPTY = """
import pathlib
for path in [*pathlib.Path({place!r}).glob("filling*"), *pathlib.Path({place!r}).glob("more")]:
    path.unlink()
"""


@pytest.fixture
def workspace(living: Living) -> Iterator[Workspace]:
    """Open, and left with room in all its folders, by who can make it where the workspace cannot."""
    living.found_project(PROJECT)
    made = Workspace(living.visitor(SCIENTIST), PROJECT)
    made.open()
    yield made
    for filling in (living.state / "projects" / PROJECT).rglob("filling*"):
        filling.unlink()
    living.close_workspace(PROJECT)


def said(workspace: Workspace, *sources: str, place: str) -> list[str]:
    """What cells print, one after the other, but for IPython's own word on its history, which lies in the home."""
    cells = workspace.run([source.format(place=place) for source in sources])
    texts = [IPYTHONS_OWN.sub("", cell.text or cell.error) for cell in cells]
    return ["\n".join(line for line in text.splitlines() if line) for text in texts]


@pytest.mark.parametrize("place", [HOME, "/project", "/outputs", "/tmp"])
def test_a_folder_that_is_full_says_so_keeps_what_was_saved_and_takes_more_when_there_is_room(
    workspace: Workspace, place: str
) -> None:
    assert said(workspace, FILL, TRY, EMPTY, TRY, place=place) == ["", "ENOSPC kept", "", "written"]


@pytest.mark.parametrize("place", [HOME, "/project"])
def test_a_folder_that_takes_no_more_files_says_so_keeps_what_was_saved_and_takes_more_when_there_is_room(
    living: Living, workspace: Workspace, place: str
) -> None:
    workspace.save("before.ipynb", notebook("before"))
    told = said(workspace, FILL_FILES, TRY, place=place)
    assert told == ["True", "ENOSPC kept"]
    with pytest.raises(UnavailableError, match="could not be saved"):
        workspace.save("another.ipynb", notebook("after"))
    shown = living.command("project", "show", PROJECT, actor=SCIENTIST).stdout
    room = storage_from(living.settings).room(PROJECT)
    assert (room.files_used, f"{room.files} of {room.files}" in shown) == (room.files, True), shown
    assert room.used < room.size // 2  # bytes are not what is missing
    assert said(workspace, EMPTY, TRY, place=place) == ["", "written"]
    workspace.save("another.ipynb", notebook("after"))


def test_the_weak_twin_a_folder_with_room_takes_it(workspace: Workspace) -> None:
    assert said(workspace, EMPTY, TRY, place=HOME) == ["", "written"]


def notebook(words: str) -> dict[str, Any]:
    cell = {"cell_type": "markdown", "id": "words", "metadata": {}, "source": words}
    return {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def saved(living: Living, workspace: Workspace) -> str:
    answer = living.visitor(SCIENTIST).get(f"{workspace.path}api/contents/full.ipynb?content=1")
    assert answer.status_code == requests.codes.ok, answer.text
    return str(answer.json()["content"]["cells"][0]["source"])


def test_a_notebook_that_does_not_fit_is_refused_and_the_one_before_it_is_whole(
    living: Living, workspace: Workspace
) -> None:
    workspace.save("full.ipynb", notebook("before"))
    said(workspace, FILL, place=HOME)
    with pytest.raises(UnavailableError, match="could not be saved"):
        workspace.save("full.ipynb", notebook("x" * 500_000))
    assert saved(living, workspace) == "before"
    said(workspace, EMPTY, place=HOME)
    workspace.save("full.ipynb", notebook("after"))
    assert saved(living, workspace) == "after"


def test_a_workspace_whose_folders_are_all_full_opens_so_that_its_person_can_make_room(
    living: Living, workspace: Workspace
) -> None:
    said(workspace, FILL, place=HOME)
    living.close_workspace(PROJECT)
    assert wait_for(lambda: emptied(workspace), 60, "it does not open") == ["ENOSPC kept", "", "written"]


def emptied(workspace: Workspace) -> list[str]:
    """What it says once a kernel starts; nothing as long as none does."""
    try:
        workspace.open()
        return said(workspace, TRY, EMPTY, TRY, place=HOME)
    except LabError:
        return []
