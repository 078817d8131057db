from __future__ import annotations

import pytest

from hub.setup import clean
from hub.setup.engine_api import EngineError
from hub.setup.places import Places
from hub.setup.steps import SetupError


class Images:
    """An engine with images that depend on each other, of which some may be in use."""

    def __init__(self, in_use: str | None = None) -> None:
        self.there = {"base": 1, "environment": 2, "workspace": 3}
        self.in_use = in_use

    def labelled(self, kind: str, label: str) -> list[dict[str, object]]:
        assert (kind, label) == ("images", "datalab=image")
        return [{"Id": name, "Created": created} for name, created in self.there.items()]

    def remove_image(self, image: str) -> None:
        if image not in self.there:
            raise EngineError("no such image", 404)
        if image == self.in_use or any(created > self.there[image] for created in self.there.values()):
            raise EngineError("a container uses it", 409)
        del self.there[image]


def test_images_go_from_the_newest_to_the_oldest() -> None:
    images = Images()
    assert clean.remove_images(images) == 3
    assert images.there == {}


def test_an_image_in_use_is_one_sentence_and_nothing_else_is_lost() -> None:
    images = Images(in_use="workspace")
    with pytest.raises(SetupError, match="still in use: a container uses it") as refused:
        clean.remove_images(images)
    assert refused.value.mend.startswith("make down")
    assert len(images.there) == 3


def test_environments_and_caches_go_and_sources_stay(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clean, "answers", lambda: False)
    places.environment.mkdir()
    clean.clean(places)
    assert not places.environment.exists()
    assert not places.cache.exists()
    assert places.images.exists()
