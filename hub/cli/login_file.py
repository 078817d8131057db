"""Where a person's programs find the lab and its token: the environment first, then a file of the person's own."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from hub.adapters.loopback_names import is_loopback_name
from hub.domain.errors import InvalidError, RefusedError

URL, TOKEN = "DATALAB_URL", "DATALAB_TOKEN"
SCOPE = "access:services!service=portal"
"""All that a token for this tool must be good for."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Login:
    """A lab's address and the person's token for it."""

    url: str
    token: str


def login_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the login is kept, by the XDG rules."""
    base = environment.get("XDG_CONFIG_HOME", "")
    # The rules say that a relative path there is to be ignored.
    folder = Path(base) if base.startswith("/") else Path.home() / ".config"
    return folder / "datalab" / "login.json"


def read_login(environment: Mapping[str, str] = os.environ) -> Login:
    """Return the login; raises RefusedError where there is none, InvalidError where others can read the file."""
    stored = _stored(login_path(environment))
    url, token = environment.get(URL, "") or stored.url, environment.get(TOKEN, "") or stored.token
    if not url or not token:
        raise RefusedError(
            "You are not logged in here: run “datalab login”, or set {url} and {token}.",
            reason="no-login",
            url=URL,
            token=TOKEN,
        )
    return Login(checked_url(url), checked_token(token))


def _stored(path: Path) -> Login:
    try:
        status, text = path.stat(), path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Login("", "")
    if status.st_mode & 0o077:
        raise InvalidError(
            "{path} can be read by others: run “chmod 600” on it, and make a new token if somebody may have read it.",
            reason="login-exposed",
            path=path,
        )
    try:
        body = json.loads(text)
        return Login(str(body["url"]), str(body["token"]))
    except (ValueError, KeyError, TypeError):
        raise InvalidError("{path} is not a login; run “datalab login”.", reason="login-broken", path=path) from None


def write_login(login: Login, path: Path) -> None:
    """Keep the login in a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        json.dump({"url": login.url, "token": login.token}, file)
    fresh.replace(path)


def checked_url(url: str) -> str:
    """A lab's address is http or https; beyond this machine it must be https, since a token goes with every call."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidError(
            "The lab's address starts with https:// (or http:// on this machine), for example https://lab.example.org.",
            reason="url",
        )
    if parts.scheme == "http" and parts.hostname not in LOOPBACK and not is_loopback_name(parts.hostname):
        raise InvalidError("Over http the token could be read on its way: use https://.", reason="url-clear-text")
    return url.rstrip("/")


def checked_token(token: str) -> str:
    """A token is one plain word."""
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise InvalidError("This is no token: copy the whole word that the lab's page shows.", reason="token-form")
    return token
