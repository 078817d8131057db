"""Containers to attack from inside, removed whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from attacks.cells import Cells


@pytest.fixture
def cells(tmp_path: Path) -> Iterator[Cells]:
    tmp_path.chmod(0o755)
    made = Cells(tmp_path)
    yield made
    made.close()
