from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from hub.setup import wheelhouse
from hub.setup.places import Places
from hub.setup.wheelhouse import Target

TARGET = Target("3.11.2", "x86_64", "2.36")
WHEEL = "a-1-py3-none-any.whl"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.lock"
    path.write_text(f"a==1 \\\n    --hash=sha256:{hashlib.sha256(b'right').hexdigest()}\n")
    return path


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What the next downloads bring; each takes the first."""
    brought: list[bytes] = []

    def download(_locks: object, _target: object, folder: Path, _places: Places) -> None:
        (folder / WHEEL).write_bytes(brought.pop(0))

    monkeypatch.setattr(wheelhouse, "_download", download)
    return brought


def test_wheels_are_downloaded_once(places: Places, lock: Path, downloads: list[bytes]) -> None:
    downloads.append(b"right")
    first = wheelhouse.wheels([lock], TARGET, places)
    assert [path.name for path in first] == [WHEEL]
    assert wheelhouse.wheels([lock], TARGET, places) == first


def test_a_wheel_that_was_changed_on_disk_is_downloaded_again(
    places: Places, lock: Path, downloads: list[bytes]
) -> None:
    downloads += [b"right", b"right"]
    (wheel,) = wheelhouse.wheels([lock], TARGET, places)
    wheel.write_bytes(b"wrong")
    assert wheelhouse.wheels([lock], TARGET, places)
    assert wheel.read_bytes() == b"right"
    assert downloads == []


def test_a_download_that_is_not_what_the_lock_says_gives_no_wheels(
    places: Places, lock: Path, downloads: list[bytes]
) -> None:
    downloads.append(b"wrong")
    assert wheelhouse.wheels([lock], TARGET, places) == []


def test_a_listing_that_is_broken_counts_as_no_download(tmp_path: Path) -> None:
    listing = tmp_path / "wheels.json"
    listing.write_text("{")
    assert wheelhouse.verified(listing, frozenset()) == []


def test_a_missing_wheel_counts_as_no_download(tmp_path: Path) -> None:
    listing = tmp_path / "wheels.json"
    listing.write_text(json.dumps(["gone.whl"]))
    assert wheelhouse.verified(listing, frozenset()) == []


def test_only_platforms_that_the_target_runs_are_asked_for() -> None:
    asked = list(wheelhouse.platforms(TARGET))
    assert asked[0] == "manylinux_2_36_x86_64"
    assert "manylinux2014_x86_64" in asked
    assert not any("2_37" in name or "musl" in name for name in asked)


def test_a_download_takes_wheels_with_digests_and_nothing_else() -> None:
    options = wheelhouse.download_options(TARGET)
    assert {"--require-hashes", "--no-deps"} <= set(options)
    assert options[options.index("--only-binary") + 1] == ":all:"
    assert options[options.index("--python-version") + 1] == "3.11.2"
