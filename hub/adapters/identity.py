"""The demonstration's OpenID Connect provider: Canaille, in an environment of its own, on loopback.

Invariants:

* it is for the demonstration and the tests only, and refuses to be set up for any other lab;
* a second preparation with the same people changes nothing;
* no secret stands on a command line: all of them go through files of mode 0600 or through standard input;
* the password file is written before the people are, so that a crash between the two loses no password.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from hub.accounts import Account
from hub.adapters.accounts.applied import apply_layout
from hub.adapters.accounts.entering import entering
from hub.adapters.accounts.known import are_separate
from hub.adapters.secrets import Secret, make_once, make_secrets, read_secret, replace_secret
from hub.domain.errors import InvalidError, UnavailableError
from hub.settings import Settings

ENVIRONMENT = Path(__file__).resolve().parents[2] / ".identity"
"""Canaille's own Python environment, which ``make setup`` makes from its own lock."""
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of passwords: none that looks like another."""
LONGEST_COMMAND = 60.0


def prepare_identity(settings: Settings, people: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Give each person (name, title) an account, and the lab its client; returns the passwords of new accounts.

    Raises InvalidError for a lab that has a provider of its own, and UnavailableError when Canaille cannot be run.
    """
    if not settings.login.demo:
        raise InvalidError(
            "This lab has its own OpenID provider ([login] in lab.toml); accounts are made there.",
            reason="not-a-demonstration",
        )
    make_secrets(settings)
    folder = _folder(settings)
    for place in (folder, folder / "data"):
        place.mkdir(mode=0o700, exist_ok=True)
    _write_configuration(settings)
    apply_layout(settings)
    known = _passwords(settings)
    fresh = {name: _password() for name, _ in people if name not in known}
    wanted = _wanted(settings, people, known | fresh)
    stamp, text = folder / "prepared", hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()
    if (folder / "data" / "canaille.sqlite").is_file() and stamp.is_file() and stamp.read_text() == text:
        return {}
    replace_secret(settings.secret(Secret.DEMO), json.dumps(known | fresh, indent=1))
    _bring_in(settings, wanted)
    stamp.write_text(text)
    return fresh


def identity_command() -> list[str]:
    """The command that runs the provider in the foreground, in one process."""
    return [str(ENVIRONMENT / "bin" / "python"), str(ENVIRONMENT / "bin" / "canaille"), "run"]


def identity_environment(settings: Settings) -> dict[str, str]:
    """What the provider needs to know; it speaks plain HTTP, since it stays on loopback."""
    return {"CANAILLE_CONFIG": str(_folder(settings) / "canaille.toml"), "AUTHLIB_INSECURE_TRANSPORT": "1"}


def identity_url(settings: Settings) -> str:
    """The provider's address; another host name than the lab's, so that neither gets the other's cookies."""
    return f"http://localhost:{settings.ports.identity}"


def _folder(settings: Settings) -> Path:
    return settings.state / "identity"


def _passwords(settings: Settings) -> dict[str, str]:
    path = settings.secret(Secret.DEMO)
    return dict(json.loads(read_secret(path))) if path.exists() else {}


def _password() -> str:
    """Four groups of four letters, 79 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def _wanted(
    settings: Settings, people: Sequence[tuple[str, str]], passwords: dict[str, str]
) -> dict[str, dict[str, Any]]:
    """The accounts by name and the client by its identifier, as Canaille restores them."""
    accounts = {
        name: {
            "user_name": name,
            "family_name": title,
            "formatted_name": title,
            "display_name": title,
            "password": passwords[name],
        }
        for name, title in people
    }
    return {"user": accounts, "client": {settings.login.client_id: _client(settings)}}


def _client(settings: Settings) -> dict[str, Any]:
    return {
        "client_id": settings.login.client_id,
        "audience": [settings.login.client_id],
        "client_secret": read_secret(settings.secret(Secret.CLIENT)),
        "client_name": settings.title,
        "client_uri": f"{settings.public_url}/",
        "redirect_uris": [f"{settings.public_url}/hub/oauth_callback"],
        "post_logout_redirect_uris": [f"{settings.public_url}/"],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "scope": list(settings.login.scopes),
        "token_endpoint_auth_method": "client_secret_post",
        # Its signatures are random. With RS256, two logins of a person in one second give the same access token, which
        # Canaille 0.3 cannot store twice: the second login fails.
        "id_token_signed_response_alg": "PS256",
    }


def _bring_in(settings: Settings, wanted: dict[str, dict[str, Any]]) -> None:
    """Make the database, and put in or renew what differs from what is wanted."""
    _canaille(settings, "db", "upgrade")
    there = json.loads(_canaille(settings, "dump", "user", "client"))
    payload: dict[str, list[dict[str, Any]]] = {"user": [], "client": []}
    for kind, key in (("user", "user_name"), ("client", "client_id")):
        present = {item[key]: item for item in there[kind]}
        for name, item in wanted[kind].items():
            if name in present and _same(item, present[name]):
                continue
            if name in present:
                _canaille(settings, "delete", kind, f"--{key.replace('_', '-')}", name, "--noconfirm")
            payload[kind].append(item | {"id": str(uuid.uuid4())})
    if any(payload.values()):
        _canaille(settings, "restore", text=json.dumps(payload))


def _same(item: dict[str, Any], present: dict[str, Any]) -> bool:
    """Passwords are stored as hashes, so an account is the same when the rest is; a client is its own audience."""
    if present.get("audience") == [present["id"]]:
        present = present | {"audience": [present["client_id"]]}
    return all(present.get(key) == value for key, value in item.items() if key != "password")


def _canaille(settings: Settings, *words: str, text: str = "") -> str:
    log = settings.state / "logs" / "identity-setup.log"
    log.parent.mkdir(mode=0o700, exist_ok=True)
    command = _as_its_account(settings, words)
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8"} | identity_environment(settings)
    try:
        with log.open("w", encoding="utf-8") as errors:
            done = subprocess.run(
                command,
                input=text,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                cwd=_folder(settings) / "data",
                text=True,
                timeout=LONGEST_COMMAND,
                check=True,
            )
    except FileNotFoundError:
        raise _not_installed() from None
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        raise UnavailableError(
            "The demonstration's identity provider could not be prepared; {log} says why.",
            reason="identity-failed",
            log=log,
        ) from None
    return done.stdout


def _as_its_account(settings: Settings, words: Sequence[str]) -> list[str]:
    """Return a command of the provider's, which runs as the provider does: it writes the provider's files."""
    python, canaille, _ = identity_command()
    if not Path(python).exists():
        raise _not_installed()
    command = [python, canaille, *words]
    return entering(settings, Account.IDENTITY, command, (ENVIRONMENT,)) if are_separate() else command


def _not_installed() -> UnavailableError:
    return UnavailableError(
        "The demonstration's identity provider is not installed; run “make setup”.", reason="identity-missing"
    )


def _write_configuration(settings: Settings) -> None:
    """Write canaille.toml when it is not what the settings ask for."""
    make_once(settings.secret(Secret.IDENTITY_KEY), _rsa)
    make_once(settings.secret(Secret.IDENTITY_SESSION), lambda: secrets.token_hex(32))
    path, text = _folder(settings) / "canaille.toml", _configuration(settings)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        replace_secret(path, text)


def _configuration(settings: Settings) -> str:
    """Nobody changes anything there or gets mail from there; the lab's client needs no page of consent."""
    tables: dict[str, dict[str, object]] = {
        "": {
            "SECRET_KEY": read_secret(settings.secret(Secret.IDENTITY_SESSION)),
            "SERVER_NAME": urlsplit(identity_url(settings)).netloc,
            "PREFERRED_URL_SCHEME": "http",
            "PERMANENT_SESSION_LIFETIME": "PT12H",
        },
        "CANAILLE": {
            "NAME": settings.title,
            "LOGO": "",
            "DATABASE": "sql",
            "ENABLE_PASSWORD_RECOVERY": False,
            "ENABLE_INTRUDER_LOCKOUT": True,
            "EMAIL_CONFIRMATION": False,
            "CAPTCHA_ENABLED": False,
        },
        "CANAILLE.ACL.DEFAULT": {"PERMISSIONS": ["use_oidc"], "READ": [], "WRITE": []},
        "CANAILLE_SQL": {"DATABASE_URI": f"sqlite:///{_folder(settings) / 'data' / 'canaille.sqlite'}"},
        "CANAILLE_OIDC": {
            "ACTIVE_JWKS": [read_secret(settings.secret(Secret.IDENTITY_KEY))],
            "REQUIRE_NONCE": True,
            "TRUSTED_DOMAINS": [urlsplit(settings.public_url).hostname],
        },
        # No worker processes: what the supervisor starts is what answers, and what it ends is gone.
        "CANAILLE_HYPERCORN": {"BIND": [f"127.0.0.1:{settings.ports.identity}"], "WORKERS": 0},
    }
    return "\n".join(_table(name, values) for name, values in tables.items())


def _table(name: str, values: dict[str, object]) -> str:
    """A TOML table; JSON's strings, lists, numbers and booleans are TOML's, too."""
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join([f"[{name}]"] * bool(name) + lines) + "\n"


def _rsa() -> str:
    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode()
