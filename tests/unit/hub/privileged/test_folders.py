"""Folders of an order: no link on the way, and the container's own where it may write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hub.domain.errors import RefusedError
from hub.privileged.folders import check_folder


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "projects/care/shared").mkdir(parents=True)
    (tmp_path / "projects/link").symlink_to(tmp_path / "projects/care")
    (tmp_path / "projects/care/link").symlink_to("shared")
    (tmp_path / "projects/care/file").touch()
    return tmp_path


def test_a_plain_folder_passes(state: Path) -> None:
    check_folder(state, "projects/care/shared", os.geteuid())


@pytest.mark.parametrize("path", ["projects/link/shared", "projects/care/link", "projects/care/file", "projects/none"])
def test_a_link_a_file_and_nothing_are_refused(state: Path, path: str) -> None:
    with pytest.raises(RefusedError):
        check_folder(state, path, None)


def test_another_users_folder_is_refused(state: Path) -> None:
    with pytest.raises(RefusedError, match="does not belong"):
        check_folder(state, "projects/care/shared", os.geteuid() + 1)


def test_a_dataset_is_on_a_sealed_mount(state: Path) -> None:
    with pytest.raises(RefusedError, match="not mounted read-only"):
        check_folder(state, "projects/care/shared", None, sealed=True)
