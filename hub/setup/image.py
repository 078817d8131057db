"""The images of workspaces, runs and the gate's containers.

Two images on the base: the *environment* (Python packages, which change seldom) and the *workspace* (JupyterLab's
settings and the lab's own packages, which change with every commit and are made in about a second). Each is a container
without network that runs the folder's script over what is put into it, committed as one layer. An image is named by the
digest of all its inputs, so it is up to date when the engine has that name.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.setup import base_image
from hub.setup.archives import archive
from hub.setup.digests import SHORT, digest_of, file_digests
from hub.setup.engine_api import Engine
from hub.setup.places import Places
from hub.setup.steps import SetupError
from hub.setup.wheelhouse import Target, wheels

ENVIRONMENT = "datalab/environment"
WORKSPACE = "datalab/workspace"
CURRENT = f"{WORKSPACE}:current"
RECIPE = "images/workspace"
FIRST_FILES = "first_files.txt"
"""Names the parts of JupyterLab that its first page asks for."""

PACKAGES = ("hub/__init__.py", "hub/domain", "hub/policy", "hub/gate", "hub/sandbox")
MOUNTS = ("datasets_mount/__init__.py", *(f"datasets_mount/{n}.py" for n in ("catalogue", "mounts", "synthetic")))
"""What of the lab's own code stands in images: rules and sandbox programs; nothing that talks to the host."""
LEFT_OUT = frozenset({"hub/domain/schedules.py"})
"""And what of it does not, since no program inside needs it: times of cron are read by a package that images lack."""

_PROBE = """
import json, platform as p
print(json.dumps({"version": p.python_version(), "machine": p.machine(), "glibc": p.libc_ver()[1]}))
"""


@dataclass(frozen=True, slots=True)
class Recipe:
    """An image before it is built: its name follows from what it is made of.

    ``layers`` are the parent's bytes, so that equal inputs give equal names on every machine.
    """

    repository: str
    parent: str
    layers: Sequence[str]
    inputs: Mapping[str, str]

    @property
    def tag(self) -> str:
        """Repository and digest of all inputs, the parent included."""
        return f"{self.repository}:{digest_of({'parent': ' '.join(self.layers), **self.inputs})[:SHORT]}"


def layers_of(engine: Engine, tag: str) -> list[str]:
    """The layers of an image that an earlier step made; raises ``SetupError`` when the engine has none of that name."""
    if engine.image_id(tag) is None:
        raise SetupError(f"The engine has no image {tag}.", "make setup")
    return engine.layers(tag)


def environment_of(engine: Engine, places: Places) -> Recipe:
    """The recipe of the Python packages, on the base image that the engine has now.

    The copy of JupyterLab's files bears the image's name, so what is done to the copy counts, too.
    """
    names = ("environment.sh", "prune.py", "requirements.lock", FIRST_FILES)
    return packages_of(engine, places, ENVIRONMENT, RECIPE, *names)


def packages_of(engine: Engine, places: Places, repository: str, folder: str, *names: str) -> Recipe:
    """A recipe of verified packages on the base image that the engine has now, from files of one folder."""
    parent = base_image.tag(places)
    inputs = file_digests(places.root, *(f"{folder}/{name}" for name in names), "hub/locks/installer.txt")
    return Recipe(repository, parent, layers_of(engine, parent), inputs)


def workspace_of(engine: Engine, places: Places) -> Recipe:
    """The recipe of the workspace's image, on the environment that the engine has now."""
    parent = environment_of(engine, places).tag
    files = [f"{RECIPE}/{name}" for name in ("workspace.sh", "instructions", "datalab", "jupyter", "languages")]
    inputs = file_digests(places.root, *files, *PACKAGES, *MOUNTS)
    return Recipe(WORKSPACE, parent, layers_of(engine, parent), {n: d for n, d in inputs.items() if n not in LEFT_OUT})


def environment_is_done(engine: Engine, places: Places) -> bool:
    """Says whether the engine has the environment that the files describe."""
    return engine.image_id(environment_of(engine, places).tag) is not None


def workspace_is_done(engine: Engine, places: Places) -> bool:
    """Says whether the engine has the image that the files describe, as the current one, and whether that is recorded.

    The engine is shared: another checkout may have made the images that this one has not written down yet.
    """
    found = engine.image_id(workspace_of(engine, places).tag)
    return found is not None and found == engine.image_id(CURRENT) and is_recorded(engine, places)


@contextlib.contextmanager
def _container(engine: Engine, parent: str, command: Sequence[str]) -> Iterator[str]:
    container = engine.create(parent, command, {"datalab": "build"})
    try:
        yield container
    finally:
        engine.remove(container)


def probe(engine: Engine, base: str) -> Target:
    """The Python of a base image; raises ``SetupError`` when it has none that the lab can use."""
    with _container(engine, base, ["python3", "-c", _PROBE]) as container:
        code = engine.run(container)
        said = engine.output(container)
    if code != 0:
        raise SetupError(
            f"The base image {base} has no Python: {said.strip()[:200]}",
            "BASE_IMAGE=<an image with python3> make setup",
        )
    target = Target(**json.loads(said))
    if tuple(map(int, target.minor.split("."))) < (3, 11) or not target.glibc:
        sentence = f"The base image {base} has Python {target.version}; the lab needs 3.11 or newer on glibc."
        raise SetupError(sentence, "BASE_IMAGE=<such an image> make setup")
    return target


def build(engine: Engine, recipe: Recipe, files: Mapping[str, Path], script: str, changes: Sequence[str]) -> None:
    """Runs a script over files in a container without network and commits what it leaves."""
    command = ["sh", script, base_image.EPOCH]
    with archive(files) as packed, _container(engine, recipe.parent, command) as container:
        engine.put(container, packed)
        if code := engine.run(container):
            last = engine.output(container).strip().splitlines()[-1:] or ["it said nothing"]
            raise SetupError(f"Building {recipe.tag} failed with code {code}: {last[0][:300]}", "make clean setup")
        engine.commit(container, recipe.tag, [base_image.LABEL, *changes])


def below(root: Path, at: str, *places: str) -> dict[str, Path]:
    """The files of some places below a root, under the names that they get below ``at``."""
    return {f"{at}/{name}": root / name for name in file_digests(root, *places)}


def make_environment(engine: Engine, places: Places) -> None:
    """Builds the image of Python packages from verified wheels."""
    recipe = environment_of(engine, places)
    folder = places.root / RECIPE
    locks = [folder / "requirements.lock", places.locks / "installer.txt"]
    found = wheels(locks, probe(engine, recipe.parent), places)
    if not found:
        raise SetupError("The wheels of the image are not what its lock says.", "make clean setup")
    files = {f"build/wheels/{wheel.name}": wheel for wheel in found}
    files |= below(folder, "build", "environment.sh", "prune.py", "requirements.lock")
    build(engine, recipe, files, "/build/environment.sh", ['CMD ["python3"]', "USER 65534:65534"])


def make_workspace(engine: Engine, places: Places) -> None:
    """Builds the image with the lab's own code, names it the current one and writes down what the images are."""
    recipe = workspace_of(engine, places)
    if engine.image_id(recipe.tag) is None:
        folder = places.root / RECIPE
        code = below(places.root, "opt/datalab/lib", *PACKAGES, *MOUNTS)
        files = {name: path for name, path in code.items() if name.removeprefix("opt/datalab/lib/") not in LEFT_OUT}
        files |= below(folder, "build", "workspace.sh") | below(folder, "usr/local/bin", "datalab")
        files |= below(folder / "jupyter", "opt/datalab/venv", ".") | below(folder, "opt/datalab", "languages")
        build(engine, recipe, files, "/build/workspace.sh", instructions((folder / "instructions").read_text()))
    engine.tag(recipe.tag, CURRENT)
    record(engine, places)


def instructions(text: str) -> list[str]:
    """The engine's instructions in a file, without comments and empty lines."""
    return [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]


def is_recorded(engine: Engine, places: Places) -> bool:
    """Says whether the record tells of the images that the engine has now."""
    record = places.image_record
    return record.exists() and record.read_text() == record_text(engine, places)


def record(engine: Engine, places: Places) -> None:
    """Writes down the digest of each image and of everything that it was made from."""
    places.image_record.write_text(record_text(engine, places))


def record_text(engine: Engine, places: Places) -> str:
    """The record: JSON with the tag, the digest, the layers and the inputs of each image."""
    workspace = workspace_of(engine, places)
    images: dict[str, object] = {"base": {"tag": base_image.tag(places), "id": engine.image_id(base_image.tag(places))}}
    for name, recipe in (("environment", environment_of(engine, places)), ("workspace", workspace)):
        found = {"id": engine.image_id(recipe.tag), "layers": engine.layers(recipe.tag)}
        images[name] = {"tag": recipe.tag, **found, "parent": recipe.parent, "inputs": dict(recipe.inputs)}
    return json.dumps(images, indent=1) + "\n"
