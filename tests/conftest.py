"""The lab that the story's tests and the browser's share; it is started when the first of them asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab_fixture import StoryLab, left_at_last, make_story_lab, remove_images


@pytest.fixture(scope="session")
def story_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoryLab]:
    """A lab in which the story was told once; it is stopped at the end, and must leave nothing on the machine."""
    lab = make_story_lab(tmp_path_factory.mktemp("story") / "Lab of the story")
    try:
        lab.first = lab.tell_story()
        lab.passwords = lab.first.json["new_passwords"]
        yield lab
    finally:
        stopped = lab.datalab("admin", "down")
        left = left_at_last(lab)
        remove_images(lab)
    assert stopped.code == 0, stopped.err
    assert not any(left.values()), left
