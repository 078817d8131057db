"""What tests of work share: the engine's double of the lab, and a notebook that may run in it."""

from __future__ import annotations

from typing import cast

import pytest

from doubles.engine import MemoryEngine
from doubles.people import approved_notebook, play, registered_dataset
from hub.services.lab import Lab


@pytest.fixture
def engine(lab: Lab) -> MemoryEngine:
    return cast(MemoryEngine, lab.engine)


@pytest.fixture
def notebook(lab: Lab) -> str:
    play(lab)
    registered_dataset(lab)
    return approved_notebook(lab).id
