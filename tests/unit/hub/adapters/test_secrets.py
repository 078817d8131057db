"""Secrets are made once, closed to others, and refused when they are not."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hub.adapters.secrets import Secret, make_once, make_secrets, read_secret, replace_secret
from hub.adapters.signer import FileSigner, public_pem
from hub.domain.errors import InvalidError, UnavailableError
from hub.settings import Settings


@pytest.fixture
def lab(tmp_path: Path) -> Settings:
    return Settings.model_validate({"state": tmp_path / "state", "login": {"demo": True}})


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_each_secret_is_a_file_of_its_own_closed_to_others(lab: Settings) -> None:
    make_secrets(lab)
    folder = lab.secret(Secret.COOKIE).parent
    assert mode(folder) == mode(lab.state) == 0o700
    closed = {Secret.COOKIE, Secret.PROXY, Secret.CLIENT, Secret.PORTAL, Secret.WORKER, Secret.SIGNING}
    closed |= {Secret.GATEWAY, Secret.GATEWAY_SEAL, Secret.METRICS}
    assert {path.name for path in folder.iterdir()} == closed | {Secret.PUBLIC}
    assert {mode(lab.secret(name)) for name in closed} == {0o600}
    assert mode(lab.secret(Secret.PUBLIC)) == 0o644


def test_a_second_making_changes_nothing(lab: Settings) -> None:
    make_secrets(lab)
    before = {path: path.read_bytes() for path in lab.secret("x").parent.iterdir()}
    make_secrets(lab)
    assert {path: path.read_bytes() for path in lab.secret("x").parent.iterdir()} == before


def test_a_state_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    lab = Settings.model_validate({"state": tmp_path / "state", "login": {"demo": True}})
    with pytest.raises(UnavailableError, match="cannot be written"):
        make_secrets(lab)


def test_no_two_secrets_are_the_same(lab: Settings) -> None:
    make_secrets(lab)
    texts = [path.read_text() for path in lab.secret("x").parent.iterdir()]
    assert len(set(texts)) == len(texts)


def test_the_client_secret_of_a_real_provider_is_not_invented(tmp_path: Path) -> None:
    urls = dict.fromkeys(("authorize_url", "token_url", "userdata_url"), "https://login.example/")
    lab = Settings.model_validate({"state": tmp_path, "login": urls})
    make_secrets(lab)
    with pytest.raises(UnavailableError, match="client-secret is missing") as caught:
        read_secret(lab.secret(Secret.CLIENT))
    assert caught.value.reason == "secret-missing"


def test_the_public_key_is_the_signing_keys(lab: Settings) -> None:
    make_secrets(lab)
    signer = FileSigner(lab.secret(Secret.SIGNING))
    assert lab.secret(Secret.PUBLIC).read_text() == public_pem(signer.public_key())


@pytest.mark.parametrize("open_mode", [0o640, 0o604, 0o660, 0o644])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, open_mode: int) -> None:
    path = tmp_path / "secret"
    path.write_text("word")
    path.chmod(open_mode)
    with pytest.raises(InvalidError, match="open to others"):
        read_secret(path)


def test_a_link_in_the_place_of_a_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("word")
    (tmp_path / "other").chmod(0o600)
    (tmp_path / "secret").symlink_to(tmp_path / "other")
    with pytest.raises(InvalidError, match="cannot be read"):
        read_secret(tmp_path / "secret")


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    make_once(tmp_path / "secret", lambda: "")
    with pytest.raises(InvalidError, match="is empty"):
        read_secret(tmp_path / "secret")


def test_of_two_makers_at_the_same_time_the_first_wins(tmp_path: Path) -> None:
    path = tmp_path / "secret"

    def slow() -> str:
        make_once(path, lambda: "first")
        return "second"

    make_once(path, slow)
    assert read_secret(path) == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_maker_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> str:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        make_once(tmp_path / "secret", broken)
    assert list(tmp_path.iterdir()) == []


def test_a_replaced_secret_is_whole_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    replace_secret(path, "old")
    replace_secret(path, "new")
    assert read_secret(path) == "new"
    assert mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]
