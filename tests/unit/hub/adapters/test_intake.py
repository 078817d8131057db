"""Facts about looking at folders that a container wrote."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.adapters import intake
from hub.adapters.intake import check_path, open_file, walk
from hub.domain.errors import InvalidError, LabError, NotFoundError


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("secret of the host")
    folder = tmp_path / "outputs"
    (folder / "deep").mkdir(parents=True)
    (folder / "table.csv").write_text("a,b\n")
    (folder / "deep" / "table.csv").write_text("c,d\n")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "folder-link").symlink_to(tmp_path)
    os.link(folder / "deep" / "table.csv", folder / "second-name")
    os.mkfifo(folder / "pipe")
    (folder / ".hidden").write_text("x")
    return folder


def read(folder: Path, path: str) -> bytes:
    with open_file(folder, path) as opened:
        return os.read(opened, 100)


def test_a_plain_file_is_read(outputs: Path) -> None:
    assert read(outputs, "table.csv") == b"a,b\n"


@pytest.mark.parametrize("path", ["link", "folder-link/secret", "pipe", "second-name", "deep/table.csv", "deep"])
def test_links_pipes_folders_and_files_with_several_names_are_refused(outputs: Path, path: str) -> None:
    with pytest.raises(LabError):
        read(outputs, path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "..",
        "../secret",
        "deep/../../secret",
        "a//b",
        "./table.csv",
        "a\0b",
        "a\nb",
        "/".join("a" * 20),
    ],
)
def test_a_path_that_is_not_plain_is_refused(path: str) -> None:
    with pytest.raises(InvalidError):
        check_path(path)


@given(st.text(max_size=40))
def test_an_accepted_path_stays_below_its_folder(path: str) -> None:
    try:
        parts = check_path(path)
    except InvalidError:
        return
    assert ".." not in parts
    assert not any("/" in part for part in parts)
    assert "/".join(parts) == path


def test_a_missing_file_and_a_missing_folder_are_said(outputs: Path) -> None:
    for path in ("missing.csv", "missing/table.csv", "table.csv/x"):
        with pytest.raises(NotFoundError):
            read(outputs, path)


def test_a_sparse_file_is_not_plain(outputs: Path) -> None:
    with (outputs / "hole").open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(InvalidError, match="special"):
        read(outputs, "hole")


def test_walking_lists_everything_and_opens_nothing_special(outputs: Path) -> None:
    assert dict(walk(outputs)) == {
        "table.csv": True,
        "deep/table.csv": False,
        "second-name": False,
        "link": False,
        "folder-link": False,
        "pipe": False,
    }


def test_a_folder_that_is_too_deep_or_too_full_ends_the_walk(tmp_path: Path) -> None:
    deep = tmp_path / "/".join("d" * 30)
    deep.mkdir(parents=True)
    assert list(walk(tmp_path)) == [("/".join("d" * 16), False)]
    full = tmp_path / "full"
    full.mkdir()
    for number in range(10_001):
        (full / str(number)).touch()
    with pytest.raises(InvalidError, match="10,000"):
        list(walk(full))


@pytest.mark.parametrize("spread", ["{0}", "{1}/{0}", "{1}/{2}/{0}"])
def test_empty_folders_count_and_are_not_walked_through_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spread: str
) -> None:
    monkeypatch.setattr(intake, "MOST_ENTRIES", 100)
    for number in range(101):
        (tmp_path / spread.format(number, number % 7, number % 3)).mkdir(parents=True)
    with pytest.raises(InvalidError, match="more than"):
        list(walk(tmp_path))


def test_as_many_entries_as_may_be_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST_ENTRIES", 5)
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("a/b/c", "a/d", "e"):
        (tmp_path / name).touch()
    assert [path for path, _ in walk(tmp_path)] == ["a/b/c", "a/d", "e"]


def test_a_name_swapped_for_a_link_while_it_is_opened_never_gives_other_bytes(outputs: Path) -> None:
    """The container swaps a file and a link as fast as it can; either the file's own bytes come, or a refusal."""
    stop = threading.Event()
    target, link = outputs / "swapped", outputs / "swap-link"

    def swap() -> None:
        while not stop.is_set():
            link.unlink(missing_ok=True)
            link.symlink_to(outputs.parent / "secret")
            link.replace(target)
            (outputs / "swap-file").write_text("own bytes")
            (outputs / "swap-file").replace(target)

    attacker = threading.Thread(target=swap)
    attacker.start()
    seen, tries = set[bytes](), 0
    try:
        while tries < 2000 or (b"own bytes" not in seen and tries < 200_000):
            tries += 1
            try:
                seen.add(read(outputs, "swapped"))
            except LabError:
                seen.add(b"refused")
    finally:
        stop.set()
        attacker.join()
    assert b"own bytes" in seen
    assert seen <= {b"own bytes", b"refused"}
