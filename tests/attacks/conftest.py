"""Containers to attack from inside, removed whatever happens, and a running lab to attack as its people do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from attacks.acts import ACTS
from attacks.cells import Cells
from attacks.living import Living, acting, schema_of
from attacks.page import OPEN_CHANNEL
from hub.cli.client import Json
from hub.demo.story_stage import Stage
from lab_fixture import StoryLab


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the report tell which tests show a channel that stays open, for the page of attacks."""
    for item in items:
        if item.get_closest_marker("open_channel") is not None:
            item.user_properties.append((OPEN_CHANNEL, item.name))


@pytest.fixture
def cells(tmp_path: Path) -> Iterator[Cells]:
    tmp_path.chmod(0o755)
    made = Cells(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="session")
def living(story_lab: StoryLab) -> Iterator[Living]:
    """The lab in which the story was told, with a project for attacks."""
    made = Living(Stage(story_lab.settings, story_lab.config))
    made.found_project()
    yield made
    made.engine.close()


@pytest.fixture(scope="session")
def acts(living: Living) -> str:
    """An approved notebook that commits the act that its parameter names."""
    return living.approved(acting(*ACTS), schema_of(*ACTS))


@pytest.fixture(scope="session")
def written(living: Living, acts: str) -> str:
    """A run that succeeded and left words.txt and more.txt, which the gate lets pass to review."""
    found, _ = living.acted(acts, ACTS[0])
    assert found["work"]["state"] == "succeeded", found["work"]
    return str(found["run"]["id"])


@pytest.fixture(scope="session")
def released(living: Living, written: str) -> Json:
    """A release of words.txt."""
    return living.released(living.checked(written, "words.txt"))
