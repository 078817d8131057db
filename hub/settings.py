"""Everything that an installation decides: one ``lab.toml``, validated as a whole.

Invariants:

* an unknown key or a wrong value refuses the whole file, and all faults are reported at once;
* secrets are files in the state folder, never values in ``lab.toml``.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, model_validator

from hub.domain.errors import InvalidError
from hub.domain.workspaces import workspace_id
from hub.settings_notices import Exceptions, Mail, Webhook
from hub.settings_releases import PublicRegister, Releases
from hub.settings_review import RequesterStatement, Review
from hub.settings_tables import (
    Allowance,
    Browser,
    ContainerLimits,
    Gate,
    Images,
    Login,
    Notebooks,
    Ports,
    ReaderLimits,
    RunLimits,
    Section,
    Server,
    Space,
    Storage,
    Twins,
    WorkspaceLimits,
)

__all__ = [
    "Allowance",
    "Browser",
    "ContainerLimits",
    "Exceptions",
    "Images",
    "Login",
    "Mail",
    "Ports",
    "PublicRegister",
    "ReaderLimits",
    "Releases",
    "RunLimits",
    "Server",
    "Settings",
    "Space",
    "Storage",
    "Webhook",
    "load_settings",
]
"""The one door: whoever asks what an installation decided asks here."""

LOOPBACK_NAME = "lab.localhost"
"""The lab's name where people have subdomains of their own and no other name is set; browsers take it for loopback."""
OWN_FOLDERS = (
    *("projects", "servers", "scratch", "snapshots", "mounts", "secrets", "records", "hub", "gateway", "access-log"),
    *("identity", "incoming", "run", "logs", "processes", "privileged"),
)
"""Folders below the state folder that the lab uses."""


class Settings(Section):
    """One lab. ``name`` stands in the names of its containers, so that two labs on a machine stay apart."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,19}$")] = "datalab"
    title: str = "Data lab"
    state: Path
    database_url: str = ""
    vault: str = ""
    server: Server = Server()
    ports: Ports = Ports()
    login: Login
    workspace: WorkspaceLimits = WorkspaceLimits()
    run: RunLimits = RunLimits()
    reader: ReaderLimits = ReaderLimits()
    storage: Storage = Storage()
    space: Space = Space()
    browser: Browser = Browser()
    gate: Gate = Gate()
    review: Review = Review()
    statement: RequesterStatement = RequesterStatement()
    notebooks: Notebooks = Notebooks()
    twins: Twins = Twins()
    exceptions: Exceptions = Exceptions()
    mail: Mail = Mail()
    webhook: Webhook = Webhook()
    releases: Releases = Releases()
    public_register: PublicRegister = PublicRegister()
    images: Images = Images()
    allowance: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")], Allowance] = Field(default={})
    concurrent_work: Annotated[int, Field(ge=1)] = 2

    @model_validator(mode="after")
    def _the_vault_has_a_folder_of_its_own(self) -> Settings:
        kept = [self.state / name for name in OWN_FOLDERS]
        if any(self.vault_folder.is_relative_to(folder) for folder in kept) or self.state.is_relative_to(
            self.vault_folder
        ):
            raise ValueError(
                "vault must be a folder of its own: not one that the lab uses otherwise, nor one around it"
            )
        return self

    def workspace_in(self, project: str) -> WorkspaceLimits:
        """What a workspace of a project may use, and how many it may have: its own numbers before those of all."""
        own = self.allowance.get(project, Allowance())
        return self.workspace.model_copy(update=own.of_a_workspace)

    def runs_in(self, project: str) -> int:
        """How many runs of a project may be under way at the same time."""
        return self.allowance.get(project, Allowance()).runs or self.concurrent_work

    def runs_a_month(self, project: str) -> int:
        """How many runs a project may start in a calendar month."""
        return self.allowance.get(project, Allowance()).runs_a_month or self.notebooks.runs_a_month

    @property
    def vault_folder(self) -> Path:
        """Where the files by their digest are."""
        return Path(self.vault) if self.vault else self.state / "vault"

    @property
    def public_url(self) -> str:
        """The address that people type, without a slash at its end."""
        scheme = "https" if self.server.certificate else "http"
        host = LOOPBACK_NAME if self.server.subdomains else self.server.address
        return self.server.url.rstrip("/") or f"{scheme}://{host}:{self.ports.public}"

    @property
    def host_cookies(self) -> bool:
        """Whether cookies are named ``__Host-``: no page of a subdomain can then set one in the lab's name.

        Browsers want TLS for such a name; programs of a demonstration on loopback could not send them back.
        """
        return self.server.subdomains and self.public_url.startswith("https:")

    def host_of(self, person: str, project: str) -> str:
        """The host that a workspace is reached at: its own, where there are subdomains.

        It is one label below the lab's name, so that one wildcard of DNS and one certificate are for all of them, and
        says no name of a person or project to whoever sees the network's lookups.
        """
        host = str(urlsplit(self.public_url).hostname)
        return f"w-{workspace_id(person, project)}.{host}" if self.server.subdomains else host

    def origin_of(self, person: str, project: str) -> str:
        """The origin of a workspace, as a browser writes it."""
        parts = urlsplit(self.public_url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{self.host_of(person, project)}{port}"

    @property
    def database(self) -> str:
        """SQLAlchemy's URL of the lab's own tables."""
        return self.database_url or f"sqlite:///{self.state / 'records' / 'database.sqlite'}"

    @property
    def database_file(self) -> Path | None:
        """The file of the lab's own tables; none where they are in PostgreSQL."""
        kind, _, path = self.database.partition(":///")
        return Path(path) if kind == "sqlite" else None

    def secret(self, name: str) -> Path:
        """The file of a secret."""
        return self.state / "secrets" / name


def load_settings(path: Path) -> Settings:
    """Read ``lab.toml``; a relative ``state`` is taken from the file's own folder.

    Raises InvalidError with every fault of the file in its sentence, or with the place where it is no TOML.
    """
    try:
        body = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InvalidError(
            "There is no {path}; copy docs/lab.example.toml there, or run “make demo”.",
            reason="settings-missing",
            path=path,
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidError(
            "{path} cannot be read: {why}.", reason="settings-unreadable", path=path, why=type(error).__name__
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidError("{path} is not TOML: {why}.", reason="settings-toml", path=path, why=error) from None
    _resolve_paths(body, path.absolute().parent)
    try:
        return Settings.model_validate(body)
    except ValidationError as error:
        raise InvalidError(
            "{path} has {count} fault(s):\n{faults}",
            reason="settings-invalid",
            path=path,
            count=error.error_count(),
            faults="\n".join(_fault(e["loc"], e["msg"]) for e in error.errors()),
        ) from None


def _resolve_paths(body: dict[str, object], folder: Path) -> None:
    """A relative path of the file is taken from the file's own folder."""
    if isinstance(state := body.get("state"), str):
        body["state"] = (folder / state).resolve()
    if isinstance(vault := body.get("vault"), str) and vault:
        body["vault"] = str((folder / vault).resolve())
    if isinstance(server := body.get("server"), dict):
        for name in ("certificate", "key"):
            if isinstance(given := server.get(name), str) and given:
                server[name] = str((folder / given).resolve())


def _fault(place: tuple[int | str, ...], message: str) -> str:
    return f"  {'.'.join(str(p) for p in place) or 'lab.toml'}: {message.removeprefix('Value error, ')}"
