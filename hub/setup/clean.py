"""Removes what set-up made: environments, caches and the lab's images. Debian packages and the engine stay."""

from __future__ import annotations

import shutil

from hub.setup.engine import address, answers
from hub.setup.engine_api import Engine, EngineError
from hub.setup.places import Places
from hub.setup.steps import SetupError, say

LABEL = "datalab=image"


def remove_images(engine: Engine) -> int:
    """Removes the lab's images, the newest first so that none is another's parent, and returns how many there were."""
    images = sorted(engine.labelled("images", LABEL), key=lambda image: int(image["Created"]), reverse=True)
    for image in images:
        try:
            engine.remove_image(str(image["Id"]))
        except EngineError as error:
            if error.status == 409:
                sentence = f"An image of the lab is still in use: {error}."
                raise SetupError(
                    sentence, "make down, then remove the containers that docker ps --all shows"
                ) from error
            if error.status != 404:
                raise
    return len(images)


def clean(places: Places) -> None:
    """Removes images where an engine answers, then the folders."""
    if answers():
        say("images", f"{remove_images(Engine(address()))} removed")
    for folder in (places.environment, places.identity, places.oracle, places.cache):
        shutil.rmtree(folder, ignore_errors=True)
        say(folder.name, "removed")
