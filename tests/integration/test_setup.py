"""Set-up on this machine, where all is there already, and its builds on the real engine."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.setup import engine as found_engine
from hub.setup import environment, image
from hub.setup.engine_api import Engine, EngineError
from hub.setup.places import here
from hub.setup.steps import SetupError

ROOT = Path(__file__).parents[2]
PYTHON = Path(sys.base_prefix) / "bin" / "python3"


def set_up(command: str, **added: str) -> subprocess.CompletedProcess[str]:
    words = [str(PYTHON), "-m", "hub.setup", command]
    return subprocess.run(
        words, cwd=ROOT, env=os.environ | added, capture_output=True, text=True, timeout=600, check=False
    )


@pytest.fixture
def engine() -> Engine:
    return Engine(found_engine.address())


@pytest.fixture
def trial(engine: Engine) -> Iterator[image.Recipe]:
    """A recipe on the environment's image, whose image is removed in the end."""
    recipe = dataclasses.replace(
        image.workspace_of(engine, here()), repository="datalab/trial", inputs={"x": uuid.uuid4().hex}
    )
    yield recipe
    if engine.image_id(recipe.tag):
        engine.remove_image(recipe.tag)


def builds(engine: Engine) -> set[str]:
    return {str(container["Id"]) for container in engine.labelled("containers", "datalab=build")}


def test_a_second_set_up_changes_nothing_and_takes_a_blink() -> None:
    set_up("lab")
    began = time.monotonic()
    again = set_up("lab")
    assert time.monotonic() - began < 2
    assert again.returncode == 0
    steps = again.stdout.splitlines()
    assert len(steps) == 12
    assert all(line.endswith(" ready") for line in steps)


def test_a_missing_engine_is_one_sentence_with_its_mend() -> None:
    refused = set_up("engine", DOCKER_HOST="unix:///run/there-is-no-engine.sock")
    assert refused.returncode == 1
    assert "DOCKER_HOST names unix:///run/there-is-no-engine.sock, where no Docker engine answers." in refused.stderr
    assert "To mend it: unset DOCKER_HOST" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_base_image_that_cannot_be_fetched_is_one_sentence(engine: Engine) -> None:
    before = engine.image_id(image.CURRENT)
    refused = set_up("image", BASE_IMAGE="127.0.0.1:9/nothing:1")
    assert refused.returncode == 1
    assert "The engine could not fetch BASE_IMAGE 127.0.0.1:9/nothing:1" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert engine.image_id(image.CURRENT) == before


def test_a_build_makes_an_image_with_the_label_from_a_container_without_network(
    engine: Engine, trial: image.Recipe, tmp_path: Path
) -> None:
    script = tmp_path / "script.sh"
    script.write_text("set -eu\nls /sys/class/net > /opt/net\nrm -r /build\n")
    image.build(engine, trial, {"build/script.sh": script}, "/build/script.sh", ["ENV A=b"])
    with image._container(engine, trial.tag, ["sh", "-c", "cat /opt/net; echo $A; ls /build 2>/dev/null"]) as container:
        engine.run(container)
        assert engine.output(container).split() == ["lo", "b"]
    assert trial.tag in {tag for found in engine.labelled("images", "datalab=image") for tag in found["RepoTags"] or []}


def test_a_build_that_fails_leaves_neither_container_nor_image(
    engine: Engine, trial: image.Recipe, tmp_path: Path
) -> None:
    before = builds(engine)
    script = tmp_path / "script.sh"
    script.write_text("echo the disk is full >&2; exit 4\n")
    with pytest.raises(SetupError, match="failed with code 4: the disk is full"):
        image.build(engine, trial, {"build/script.sh": script}, "/build/script.sh", [])
    assert builds(engine) <= before
    assert engine.image_id(trial.tag) is None


def test_the_same_code_gives_the_same_layer(engine: Engine, trial: image.Recipe) -> None:
    folder = ROOT / image.RECIPE
    files = image.below(ROOT, "opt/datalab/lib", "hub/domain") | image.below(folder, "build", "workspace.sh")
    files |= image.below(folder, "usr/local/bin", "datalab")
    files |= image.below(folder, "opt/datalab", "languages")
    made = []
    for _ in range(2):
        image.build(engine, trial, files, "/build/workspace.sh", [])
        made.append(engine.layers(trial.tag))
        engine.remove_image(trial.tag)
    assert made[0] == made[1]


def test_the_engines_refusal_is_told_in_its_words(engine: Engine) -> None:
    with pytest.raises(EngineError, match="No such image") as refused:
        engine.create("datalab/no-such-image:1", ["true"], {})
    assert refused.value.status == 404


def test_an_install_that_was_killed_is_done_again(tmp_path: Path) -> None:
    wanted = environment.Environment(tmp_path / "environment", ROOT / "hub/locks/identity.txt")
    code = """
import sys
from pathlib import Path
from hub.setup import environment
from hub.setup.places import here
environment.install(environment.Environment(*map(Path, sys.argv[1:])), here())
"""
    words = [str(PYTHON), "-c", code, str(wanted.folder), str(wanted.lock)]
    broken = subprocess.Popen(words, cwd=ROOT, start_new_session=True)
    deadline = time.monotonic() + 60
    while not any(wanted.folder.glob("lib/python3*/site-packages/canaille*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(broken.pid, signal.SIGKILL)
    broken.wait()
    assert not environment.is_done(wanted)
    subprocess.run(words, cwd=ROOT, check=True)
    program = wanted.folder / "bin" / "canaille"
    assert subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0


def test_make_alone_prints_every_target_with_a_line() -> None:
    printed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    wanted = "setup demo up down logs test check bench lock clean"
    lines = {line.split()[1]: line.split()[2:] for line in printed.splitlines() if line.startswith("  make ")}
    assert set(wanted.split()) <= lines.keys()
    assert all(lines.values())
