from __future__ import annotations

from pathlib import Path

import pytest

from hub.setup import base_image, image
from hub.setup.places import Places
from hub.setup.steps import SetupError
from hub.setup.wheelhouse import Target


@pytest.fixture
def based(engine, places: Places, monkeypatch: pytest.MonkeyPatch):
    """An engine that has the base image, and wheels that need no download."""
    wheel = places.root / "a-1-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    monkeypatch.setattr(image, "wheels", lambda *_: [wheel])
    monkeypatch.setattr(image, "probe", lambda *_: Target("3.11.2", "x86_64", "2.36"))
    engine.images[base_image.tag(places)] = ["base"]
    return engine


def both(engine, places: Places) -> str:
    image.make_environment(engine, places)
    image.make_workspace(engine, places)
    return image.workspace_of(engine, places).tag


def test_without_a_base_image_nothing_is_built_on_it(engine, places: Places) -> None:
    with pytest.raises(SetupError, match="has no image datalab/base:"):
        image.environment_is_done(engine, places)


def test_what_was_built_is_done_and_is_the_current_image(based, places: Places) -> None:
    tag = both(based, places)
    assert image.environment_is_done(based, places)
    assert image.workspace_is_done(based, places)
    assert based.image_id(tag) == based.image_id(image.CURRENT)
    assert based.containers == {}


def test_a_changed_line_of_code_leaves_the_environment_and_makes_another_workspace(based, places: Places) -> None:
    before = both(based, places)
    (places.root / "hub/domain/x.py").write_text("changed = True\n")
    assert image.environment_is_done(based, places)
    assert not image.workspace_is_done(based, places)
    assert both(based, places) != before


def test_code_that_is_no_part_of_images_changes_none(based, places: Places) -> None:
    both(based, places)
    for name in ("hub/wiring.py", "hub/domain/__pycache__/x.cpython-311.pyc"):
        (places.root / name).parent.mkdir(exist_ok=True)
        (places.root / name).write_text("something")
    assert image.workspace_is_done(based, places)


@pytest.mark.parametrize("name", ["environment.sh", "prune.py", "requirements.lock", "first_files.txt"])
def test_a_changed_recipe_makes_another_environment(based, places: Places, name: str) -> None:
    both(based, places)
    (places.root / image.RECIPE / name).write_text("# changed\n")
    assert not image.environment_is_done(based, places)


def test_another_base_makes_another_environment(based, places: Places) -> None:
    both(based, places)
    based.images[base_image.tag(places)] = ["another"]
    assert not image.environment_is_done(based, places)


def test_going_back_to_earlier_code_builds_nothing_and_is_current_again(based, places: Places) -> None:
    code = places.root / "hub/domain/x.py"
    first, text = both(based, places), code.read_text()
    code.write_text("changed = True\n")
    both(based, places)
    code.write_text(text)
    assert not image.workspace_is_done(based, places)
    built = len(based.put_files)
    assert both(based, places) == first
    assert image.workspace_is_done(based, places)
    assert len(based.put_files) == built + 1  # the environment, which this test builds each time


def test_a_build_that_fails_leaves_no_container_and_no_image(based, places: Places) -> None:
    based.code, based.said = 1, "first\nno space left on device\n"
    with pytest.raises(SetupError, match="failed with code 1: no space left on device"):
        image.make_environment(based, places)
    assert based.containers == {}
    assert not image.environment_is_done(based, places)


def test_wheels_that_are_not_what_the_lock_says_are_not_built_in(
    based, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image, "wheels", lambda *_: [])
    with pytest.raises(SetupError, match="not what its lock says"):
        image.make_environment(based, places)


def test_the_record_names_every_input(based, places: Places) -> None:
    both(based, places)
    text = places.image_record.read_text()
    for name in ("requirements.lock", "hub/domain/x.py", "datasets_mount/mounts.py", image.CURRENT.split(":")[0]):
        assert name in text


def test_a_checkout_that_finds_the_images_made_still_records_them(based, places: Places) -> None:
    both(based, places)
    made = places.image_record.read_text()
    places.image_record.unlink()
    assert not image.workspace_is_done(based, places)
    image.make_workspace(based, places)
    assert places.image_record.read_text() == made
    assert image.workspace_is_done(based, places)


def test_a_record_of_other_images_is_written_anew(based, places: Places) -> None:
    both(based, places)
    places.image_record.write_text("{}\n")
    assert not image.workspace_is_done(based, places)


def test_nothing_that_talks_to_the_host_goes_into_an_image(based, places: Places) -> None:
    (places.root / "hub/adapters").mkdir()
    (places.root / "hub/adapters/engine.py").write_text("secret")
    both(based, places)
    names = [name for names in based.put_files.values() for name in names]
    assert any(name == "opt/datalab/lib/hub/domain/x.py" for name in names)
    assert not any("adapters" in name or "settings" in name for name in names)


@pytest.mark.parametrize("said", ['{"version": "3.10.4", "machine": "x86_64", "glibc": "2.36"}'])
def test_a_base_with_an_old_python_is_refused(engine, said: str) -> None:
    engine.said = said
    with pytest.raises(SetupError, match=r"has Python 3\.10\.4"):
        image.probe(engine, "some/base:1")


def test_a_base_without_python_is_refused(engine) -> None:
    engine.code, engine.said = 127, "python3: not found"
    with pytest.raises(SetupError, match="has no Python"):
        image.probe(engine, "some/base:1")


def test_a_base_without_glibc_is_refused(engine) -> None:
    engine.said = '{"version": "3.12.1", "machine": "x86_64", "glibc": ""}'
    with pytest.raises(SetupError, match="on glibc"):
        image.probe(engine, "some/base:1")


def test_instructions_are_lines_without_comments() -> None:
    assert image.instructions("# why\nUSER 1:1\n\n  ENV A=b\n") == ["USER 1:1", "ENV A=b"]


def test_the_image_runs_as_nobody_in_particular() -> None:
    root = Path(__file__).parents[4]
    given = image.instructions((root / image.RECIPE / "instructions").read_text())
    assert "USER 65534:65534" in given
    assert not any(line.startswith(("EXPOSE", "VOLUME")) for line in given)
