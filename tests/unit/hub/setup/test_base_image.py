from __future__ import annotations

from pathlib import Path

import pytest

from hub.setup import base_image
from hub.setup.places import Places
from hub.setup.steps import SetupError

ROOT = Path(__file__).parents[4]


def test_a_named_image_is_taken_as_it_is(places: Places, engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE_IMAGE", "registry.example/debian:12")
    assert base_image.tag(places) == "registry.example/debian:12"
    engine.images["registry.example/debian:12"] = ["theirs"]
    assert base_image.is_done(engine, places)


def test_a_named_image_that_cannot_be_fetched_is_one_sentence(
    places: Places, engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BASE_IMAGE", "registry.example/debian:12")
    with pytest.raises(SetupError, match="could not fetch BASE_IMAGE") as refused:
        base_image.make(engine, places)
    assert refused.value.mend == "docker pull registry.example/debian:12"


def test_another_list_of_packages_is_another_image(places: Places) -> None:
    before = base_image.tag(places)
    (places.images / "base" / "packages.txt").write_text("python3\nperl\n")
    assert base_image.tag(places) != before


def test_a_comment_makes_no_other_image(places: Places) -> None:
    before = base_image.tag(places)
    (places.images / "base" / "packages.txt").write_text("# another comment\n")
    assert base_image.tag(places) == before


def test_the_image_has_an_interpreter_and_a_first_process() -> None:
    assert {"python3", "tini"} <= set(base_image.packages((ROOT / "images/base/packages.txt").read_text()))


def test_no_program_of_the_image_may_run_as_somebody_else() -> None:
    assert any(
        "-perm /6000" in option and "chmod a-s" in option for option in base_image.bootstrap_options(["python3"])
    )


def test_without_a_source_of_the_release_there_is_a_sentence(
    places: Places, engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base_image.apt_sources, "write", lambda *_: [])
    with pytest.raises(SetupError, match="No package source of this machine is for bookworm"):
        base_image.make(engine, places)


def test_an_unknown_system_is_told_about_base_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_image.platform, "freedesktop_os_release", lambda: {"ID": "other"})
    with pytest.raises(SetupError, match="neither") as refused:
        base_image.release()
    assert "BASE_IMAGE=" in refused.value.mend
