"""A scene on plain folders, which needs neither root nor an engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from doubles.lab import FolderStorage, PlainHost
from hub.adapters.vault import FolderVault
from hub.doctor import review
from hub.doctor.review import Court
from hub.doctor.scene import Scene, lab_on, register
from hub.settings import Login, Settings, Storage


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Scene]:
    folders = Storage(datasets="folder")
    settings = Settings(state=tmp_path / "scene", login=Login(demo=True), storage=folders)
    vault, host = FolderVault(settings.state / "vault"), PlainHost("none", "datalab")
    storage = FolderStorage(settings, vault, host)
    with lab_on(settings, vault, storage) as lab:
        yield Scene(lab, vault, storage, host, register(vault), "sha256:0", {})


@pytest.fixture
def court(played: Scene) -> Court:
    return review.court(played)
