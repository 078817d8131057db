"""The demonstration's identity provider: what is written for it, before it is run."""

from __future__ import annotations

import json
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hub.adapters import identity
from hub.adapters.accounts.known import are_separate
from hub.adapters.secrets import Secret, read_secret
from hub.domain.errors import InvalidError, UnavailableError
from hub.settings import Settings
from spawner_config.hub_traits import traits

PEOPLE = [("scientist", "Data scientist"), ("steward", "Intendante des données “santé”")]


@pytest.fixture
def lab(tmp_path: Path) -> Settings:
    return Settings.model_validate({"state": tmp_path / "state", "title": 'A "lab" \\ é', "login": {"demo": True}})


class Canaille:
    """Its commands, as far as they are used: upgrade, dump, delete, restore."""

    def __init__(self) -> None:
        self.items: dict[str, list[dict[str, Any]]] = {"user": [], "client": []}
        self.commands: list[tuple[str, ...]] = []

    def __call__(self, settings: Settings, *words: str, text: str = "") -> str:
        self.commands.append(words)
        if words[:2] == ("db", "upgrade"):
            (settings.state / "identity" / "data" / "canaille.sqlite").touch()
        if words[0] == "delete":
            self.items[words[1]] = [
                i for i in self.items[words[1]] if words[3] not in (i.get("user_name"), i.get("client_id"))
            ]
        if words[0] == "restore":
            for kind, items in json.loads(text).items():
                self.items[kind] += items
        return json.dumps(self.items)


@pytest.fixture
def canaille(monkeypatch: pytest.MonkeyPatch) -> Canaille:
    double = Canaille()
    monkeypatch.setattr(identity, "_canaille", double)
    return double


def test_each_person_gets_a_password_of_their_own(lab: Settings, canaille: Canaille) -> None:
    passwords = identity.prepare_identity(lab, PEOPLE)
    assert set(passwords) == {"scientist", "steward"}
    assert len(set(passwords.values())) == 2
    assert {item["user_name"]: item["password"] for item in canaille.items["user"]} == passwords


def test_a_second_preparation_runs_nothing_and_gives_no_password(lab: Settings, canaille: Canaille) -> None:
    identity.prepare_identity(lab, PEOPLE)
    ran = len(canaille.commands)
    assert identity.prepare_identity(lab, PEOPLE) == {}
    assert len(canaille.commands) == ran


def test_a_new_person_is_added_and_the_others_keep_their_passwords(lab: Settings, canaille: Canaille) -> None:
    identity.prepare_identity(lab, PEOPLE[:1])
    before = [dict(item) for item in canaille.items["user"]]
    assert set(identity.prepare_identity(lab, PEOPLE)) == {"steward"}
    assert canaille.items["user"][:1] == before


def test_a_crash_before_the_accounts_are_made_loses_no_password(
    lab: Settings, monkeypatch: pytest.MonkeyPatch, canaille: Canaille
) -> None:
    def crash(settings: Settings, wanted: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(identity, "_bring_in", crash)
        with pytest.raises(KeyboardInterrupt):
            identity.prepare_identity(lab, PEOPLE)
    kept = json.loads(read_secret(lab.secret(Secret.DEMO)))
    identity.prepare_identity(lab, PEOPLE)
    assert {item["user_name"]: item["password"] for item in canaille.items["user"]} == kept


def test_another_public_address_renews_the_client(lab: Settings, canaille: Canaille) -> None:
    identity.prepare_identity(lab, PEOPLE)
    moved = lab.model_copy(update={"ports": lab.ports.model_copy(update={"public": 9000})})
    identity.prepare_identity(moved, PEOPLE)
    (client,) = canaille.items["client"]
    assert client["redirect_uris"] == ["http://127.0.0.1:9000/hub/oauth_callback"]
    assert len(canaille.items["user"]) == 2


def test_no_password_and_no_secret_stands_on_a_command_line(lab: Settings, canaille: Canaille) -> None:
    secrets = [*identity.prepare_identity(lab, PEOPLE).values(), read_secret(lab.secret(Secret.CLIENT))]
    said = [*canaille.commands, tuple(identity.identity_command()), tuple(identity.identity_environment(lab).values())]
    assert not [secret for secret in secrets for words in said if secret in " ".join(words)]


def test_the_configuration_is_closed_toml_on_loopback(lab: Settings, canaille: Canaille) -> None:
    identity.prepare_identity(lab, PEOPLE)
    path = lab.state / "identity" / "canaille.toml"
    # The provider's account reads it where it has one of its own, and nobody else.
    assert stat.S_IMODE(path.stat().st_mode) == (0o440 if are_separate() else 0o600)
    body = tomllib.loads(path.read_text(encoding="utf-8"))
    assert body["CANAILLE"]["NAME"] == lab.title
    assert body["CANAILLE_HYPERCORN"]["BIND"] == ["127.0.0.1:8004"]
    assert body["CANAILLE"]["ACL"] == {"DEFAULT": {"PERMISSIONS": ["use_oidc"], "READ": [], "WRITE": []}}


def test_the_hub_and_the_provider_mean_the_same_address(lab: Settings) -> None:
    assert traits.provider(lab).authorize_url == f"{identity.identity_url(lab)}/oauth/authorize"


def test_a_lab_with_a_provider_of_its_own_is_refused(tmp_path: Path) -> None:
    urls = dict.fromkeys(("authorize_url", "token_url", "userdata_url"), "https://login.example/")
    lab = Settings.model_validate({"state": tmp_path, "login": urls})
    with pytest.raises(InvalidError, match="its own OpenID provider"):
        identity.prepare_identity(lab, PEOPLE)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_installation_is_said(lab: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(identity, "ENVIRONMENT", tmp_path / "nothing")
    with pytest.raises(UnavailableError, match="make setup"):
        identity.prepare_identity(lab, PEOPLE)


def test_a_failing_command_names_its_log(lab: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "environment" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho why >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(identity, "ENVIRONMENT", tmp_path / "environment")
    with pytest.raises(UnavailableError, match=r"identity-setup\.log"):
        identity.prepare_identity(lab, PEOPLE)
    assert (lab.state / "logs" / "identity-setup.log").read_text() == "why\n"
