"""The image that the measurements compare workspaces with: what a user would make for JupyterHub's DockerSpawner."""

from __future__ import annotations

from hub.setup.engine_api import Engine
from hub.setup.image import Recipe, below, build, instructions, packages_of, probe
from hub.setup.places import Places
from hub.setup.steps import SetupError
from hub.setup.wheelhouse import wheels

STOCK = "datalab/stock"
CURRENT = f"{STOCK}:current"
RECIPE = "images/stock"


def recipe_of(engine: Engine, places: Places) -> Recipe:
    """The recipe of the image, on the base image that the engine has now."""
    return packages_of(engine, places, STOCK, RECIPE, "stock.sh", "instructions", "requirements.lock")


def is_done(engine: Engine, places: Places) -> bool:
    """Says whether the engine has the image that the files describe, as the current one."""
    found = engine.image_id(recipe_of(engine, places).tag)
    return found is not None and found == engine.image_id(CURRENT)


def make(engine: Engine, places: Places) -> None:
    """Builds the image from verified wheels, and names it the current one."""
    recipe = recipe_of(engine, places)
    if engine.image_id(recipe.tag) is None:
        folder = places.root / RECIPE
        locks = [folder / "requirements.lock", places.locks / "installer.txt"]
        found = wheels(locks, probe(engine, recipe.parent), places)
        if not found:
            raise SetupError("The wheels of the image are not what its lock says.", "make clean setup")
        files = {f"build/wheels/{wheel.name}": wheel for wheel in found}
        files |= below(folder, "build", "stock.sh", "requirements.lock")
        build(engine, recipe, files, "/build/stock.sh", instructions((folder / "instructions").read_text()))
    engine.tag(recipe.tag, CURRENT)
