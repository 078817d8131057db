"""The lab's programs as units of systemd, from the same table that supervisord's configuration is made of."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from hub.accounts import MEMBERS, Account, Group, groups_of
from hub.adapters.accounts.entering import HOMES, REPOSITORY, SHARES
from hub.adapters.accounts.layout import Kind, Place, layout
from hub.adapters.processes.programs import FROM_FILE, Program, environment, lab_programs
from hub.adapters.secrets import Secret
from hub.domain.errors import InvalidError
from hub.settings import Settings
from spawner_config.isolation_enter import closed_folder
from spawner_config.isolation_units import TARGET, Service, once_unit, target_unit, unit

PREPARED = "datalab-state.service"
HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108  # where a unit's process sees nothing
HANDED = {Account.GATEWAY: "servers", Account.WORKER: "scratch"}
"""Folders of root's in which the privileged process gives each of them one for each workspace or work."""
BEYOND = frozenset({Account.PROXY, Account.HUB, Account.PORTAL, Account.WORKER})
"""Accounts whose processes may speak to other machines: people, the login provider, a database."""
MACHINES = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")
POLARS = {"POLARS_SKIP_CPU_CHECK": "1"}
"""It asks the processor by code that it makes while it runs, which a unit's process may not."""
PASSED = frozenset({"HOME", "TMPDIR"})
"""What a process sees of whoever starts supervisord; systemd starts processes for nobody."""


def units(settings: Settings, config: Path) -> dict[str, str]:
    """Return the units' texts by their file names; InvalidError where the lab lies where units cannot see it."""
    _check_places(settings, config)
    programs = lab_programs(settings, config)
    names = [_unit_name(program) for program in programs]
    found = {_unit_name(program): unit(_service(settings, config, program), _after(program)) for program in programs}
    datalab = [str(Path(sys.executable).with_name("datalab"))]
    up, down = ([*datalab, "admin", word, "--config", str(config)] for word in ("init", "down"))
    found[PREPARED] = once_unit(up, down, _environment(config))
    found[TARGET] = target_unit([PREPARED, *names])
    return found


def _check_places(settings: Settings, config: Path) -> None:
    """The processes see nothing of people's homes, and no folder around the lab may be closed."""
    for path in (REPOSITORY, settings.state, config, settings.vault_folder, Path(sys.base_prefix)):
        hidden = any(path.is_relative_to(place) for place in HIDDEN)
        if hidden or closed_folder(path.absolute() / "any"):
            raise InvalidError(
                "{path} lies in a folder that the lab's processes cannot see under systemd. Put the lab's code into "
                "/opt, say, and its state folder into /var/lib.",
                reason="units-place",
                path=path,
            )


def _unit_name(program: Program) -> str:
    return f"datalab-{program.name}.service"


def _after(program: Program) -> list[str]:
    return [PREPARED] if program.account is None else [PREPARED, "datalab-privileged.service"]


def _environment(config: Path) -> dict[str, str]:
    """What supervisord's programs see, but for what is the starter's own, such as their path."""
    node = shutil.which("node")
    places = [Path(sys.executable).parent, *([Path(node).parent] if node else []), *map(Path, MACHINES)]
    known = {name: value for name, value in environment(config).items() if name not in PASSED}
    return known | POLARS | {"PATH": os.pathsep.join(dict.fromkeys(map(str, places)))}


def _service(settings: Settings, config: Path, program: Program) -> Service:
    account = program.account
    known = _environment(config) | program.environment
    if account is None:
        return Service(program.name, program.command, umask="0022", environment=known)
    home = str(settings.state / HOMES[account]) if account in HOMES else "/"
    credentials = {Secret.PROXY.value: str(program.token)} if program.token else {}
    token = ("/bin/sh", "-c", FROM_FILE, f"%d/{Secret.PROXY}") if program.token else ()
    return Service(
        program.name,
        (*token, *program.command),
        account,
        tuple(map(str, groups_of(account))),
        "0007" if account in SHARES else "0077",
        home,
        known | {"HOME": home},
        tuple(map(str, written(settings, account))),
        credentials,
        beyond=account in BEYOND,
        compiles=account is Account.PROXY,
        sets_group=Group.VAULT in groups_of(account),
    )


def written(settings: Settings, account: Account) -> Iterator[Path]:
    """Give the folders that an account writes to, by the table."""
    for place in layout(settings):
        if place.kind is Kind.FOLDER and _may_write(place, account):
            yield place.path
    if account in HANDED:
        yield settings.state / HANDED[account]


def _may_write(place: Place, account: Account) -> bool:
    members = MEMBERS[place.group] if isinstance(place.group, Group) else frozenset()
    return (place.owner == account and bool(place.mode & 0o200)) or (account in members and bool(place.mode & 0o020))
