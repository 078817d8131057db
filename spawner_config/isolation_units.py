"""How systemd holds the lab's own processes: the text of a unit, from what a process runs and what it writes.

Plain values. Each line that takes something away says what; what is given back is a path of the lab's table of who owns
what, or a power without which the privileged process could not do its verbs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

TARGET = "datalab.target"

HELD = (
    ("NoNewPrivileges", "yes"),  # no program that it starts gives it a power
    ("CapabilityBoundingSet", ""),
    ("AmbientCapabilities", ""),
    ("ProtectSystem", "strict"),  # all of the machine is read-only, but for the paths below
    ("ProtectHome", "yes"),
    ("PrivateTmp", "yes"),
    ("PrivateDevices", "yes"),
    ("PrivateIPC", "yes"),
    ("ProtectProc", "invisible"),  # other accounts' processes
    ("ProtectKernelTunables", "yes"),
    ("ProtectKernelModules", "yes"),
    ("ProtectKernelLogs", "yes"),
    ("ProtectControlGroups", "yes"),
    ("ProtectClock", "yes"),
    ("ProtectHostname", "yes"),
    ("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"),
    ("RestrictNamespaces", "yes"),
    ("RestrictRealtime", "yes"),
    ("LockPersonality", "yes"),
    ("RemoveIPC", "yes"),
    ("KeyringMode", "private"),
    ("SystemCallArchitectures", "native"),
    ("SystemCallFilter", "@system-service"),
    ("SystemCallFilter", "~@privileged"),
    ("SystemCallErrorNumber", "EPERM"),
)
"""Of a process that has an account of its own."""

POWERS = "CAP_SYS_ADMIN CAP_SYS_RESOURCE CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER"
"""Mount; grow a mounted file system; give folders to their owners, and look into and remove what is others'."""
LENDING = (
    ("NoNewPrivileges", "yes"),
    ("CapabilityBoundingSet", POWERS),
    ("AmbientCapabilities", ""),
    # No view of its own: what it mounts, the engine has to see. So nothing stands here that makes one.
    ("RestrictAddressFamilies", "AF_UNIX"),
    ("IPAddressDeny", "any"),
    ("RestrictNamespaces", "yes"),
    ("RestrictRealtime", "yes"),
    ("RestrictSUIDSGID", "yes"),
    ("LockPersonality", "yes"),
    ("MemoryDenyWriteExecute", "yes"),
    ("KeyringMode", "private"),
    ("SystemCallArchitectures", "native"),
    ("SystemCallFilter", "@system-service @mount"),
    ("SystemCallErrorNumber", "EPERM"),
)
"""Of the privileged process."""

POWERS_TO_PREPARE = "CAP_SYS_ADMIN CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID"
"""Unmount what is left; make folders for their owners, and for groups that root is not in."""
PREPARING = (
    ("NoNewPrivileges", "yes"),
    ("CapabilityBoundingSet", POWERS_TO_PREPARE),
    ("AmbientCapabilities", ""),
    # No view of its own: what it unmounts is mounted in the machine's.
    ("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"),  # the engine, and records that are another machine's
    ("RestrictNamespaces", "yes"),
    ("RestrictRealtime", "yes"),
    ("LockPersonality", "yes"),
    ("MemoryDenyWriteExecute", "yes"),
    ("KeyringMode", "private"),
    ("SystemCallArchitectures", "native"),
    ("SystemCallFilter", "@system-service @mount"),
    ("SystemCallErrorNumber", "EPERM"),
)
"""Of what makes the state folder before anything runs, and clears away after all."""

LOOPBACK_ONLY = (("IPAddressDeny", "any"), ("IPAddressAllow", "localhost"))
"""For what speaks to nobody beyond the machine."""


@dataclass(frozen=True, slots=True)
class Service:
    """One process as systemd starts it; ``account`` is empty for the privileged one."""

    name: str
    command: Sequence[str]
    account: str = ""
    groups: Sequence[str] = ()
    umask: str = "0077"
    folder: str = "/"
    environment: Mapping[str, str] = field(default_factory=dict)
    writes: Sequence[str] = ()
    credentials: Mapping[str, str] = field(default_factory=dict)
    beyond: bool = False
    """Whether it speaks to other machines."""
    compiles: bool = False
    """Whether it makes machine code while it runs, as Node.js does."""
    sets_group: bool = False
    """Whether it makes folders whose files are a group's, a mode that is otherwise refused."""


def unit(service: Service, after: Sequence[str]) -> str:
    """Return the text of a service's unit."""
    about = [
        ("Description", f"Data lab: {service.name}"),
        ("PartOf", TARGET),
        ("Requires", " ".join(after)),
        ("After", " ".join(after)),
    ]
    lines = [*_run(service), *_held(service)]
    return _sections(("Unit", about), ("Service", lines), ("Install", [("WantedBy", TARGET)]))


def once_unit(up: Sequence[str], down: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the unit that prepares the state folder before anything runs, and clears away after all has ended."""
    about = [("Description", "Data lab: the state folder"), ("PartOf", TARGET), ("After", "docker.service")]
    lines = [("Type", "oneshot"), ("RemainAfterExit", "yes"), ("ExecStart", words(up)), ("ExecStop", words(down))]
    return _sections(("Unit", about), ("Service", [*lines, *_environment(environment), *PREPARING]))


def target_unit(names: Sequence[str]) -> str:
    """Return the unit that stands for all of them."""
    about = [("Description", "Data lab"), ("Wants", " ".join(names)), ("After", "network.target")]
    return _sections(("Unit", about), ("Install", [("WantedBy", "multi-user.target")]))


def _run(service: Service) -> list[tuple[str, str]]:
    given = [("LoadCredential", f"{name}:{path}") for name, path in service.credentials.items()]
    started = [("ExecStart", words(service.command)), ("Restart", "always"), ("RestartSec", "1")]
    who = [("User", service.account), ("Group", service.account)] if service.account else []
    shared = [("SupplementaryGroups", " ".join(service.groups))] if service.groups else []
    place = [
        ("UMask", service.umask),
        ("WorkingDirectory", service.folder.replace("%", "%%")),
    ]  # the whole line is the path
    return [("Type", "exec"), *who, *shared, *place, *_environment(service.environment), *given, *started]


def _environment(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    return [("Environment", quoted(f"{name}={value}")) for name, value in environment.items()]


def _held(service: Service) -> list[tuple[str, str]]:
    if not service.account:
        return list(LENDING)
    writes = [("ReadWritePaths", " ".join(quoted(path) for path in service.writes))] if service.writes else []
    code = [] if service.compiles else [("MemoryDenyWriteExecute", "yes")]
    modes = [] if service.sets_group else [("RestrictSUIDSGID", "yes")]
    return [*HELD, *code, *modes, *(() if service.beyond else LOOPBACK_ONLY), *writes]


def quoted(word: str) -> str:
    """Return a word as systemd reads it back: per cent signs begin its specifiers, dollar signs its variables."""
    told = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("%", "%%")
    return f'"{told}"' if not told or any(sign in told for sign in " '\"\t;#") else told


def words(command: Sequence[str]) -> str:
    """Return a command line; ``%d`` at a word's beginning stays systemd's word for the folder of credentials."""
    return " ".join(_word(word) for word in command)


def _word(word: str) -> str:
    kept, rest = ("%d", word[2:]) if word.startswith("%d/") else ("", word)
    return kept + quoted(rest).replace("$", "$$")


def _sections(*sections: tuple[str, Sequence[tuple[str, str]]]) -> str:
    return "\n".join(
        "\n".join([f"[{name}]", *(f"{key}={value}" for key, value in lines), ""]) for name, lines in sections
    )
