"""How every container of the lab is shut in: one pure table from what it is for to the engine's options.

Invariants:

* no container has a network, a capability, a writable root or a way to new privileges, whatever it is for;
* every option stands in ``OPTIONS`` with its reason, also where it equals the engine's default, and the docs page is
  made from the same table;
* what is not sound by ``isolation_spec`` never becomes an order.

No other module names a capability, a mount flag, a namespace or a limit of the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from datasets_mount.mounts import Mount
from spawner_config.isolation_paths import MASKED, READ_ONLY
from spawner_config.isolation_spec import LOWEST_UID, OTHER_RUNTIME, ContainerSpec, Limits, Purpose, check_spec
from spawner_config.seccomp.profile import profile_text

__all__ = [
    "LOWEST_UID",
    "NO_NEW_PRIVILEGES",
    "OPTIONS",
    "OTHER_RUNTIME",
    "SEALED",
    "TMP",
    "ContainerSpec",
    "Limits",
    "Option",
    "Purpose",
    "container_body",
]
"""The one door: whoever orders a container, or looks at one, asks here."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of the engine: its place in the body of ``POST /containers/create``, its value, and why."""

    key: str
    value: Callable[[ContainerSpec], object]
    reason: str


SHARED_MEMORY = 64 * 2**20
OPEN_FILES = 8192
LOCKED_MEMORY = 8 * 2**20
SMALLEST_FILE = 4096
"""Scratch space has as many files as it has room for files of this many bytes."""
TMP = "/tmp"  # noqa: S108  # the container's, made for it alone
SCRATCH_FLAGS = "rw,noexec,nosuid,nodev,mode=1777"
LOG_SIZE = "1m"
NO_NEW_PRIVILEGES = "no-new-privileges:true"

SEALED = ("ro", "nosuid", "nodev", "noexec", "nosymfollow")
"""How the host mounts what is only read: nothing there is written, gains power, is a device, runs or leads away."""

OPTIONS: tuple[Option, ...] = (
    Option("Image", lambda s: s.image, "The image whose digest was recorded when it was built."),
    Option("Entrypoint", lambda s: [], "An image's own entry point is not run: the command below is all that starts."),
    Option("Cmd", lambda s: list(s.command), "The lab's command, as words; no shell reads it."),
    Option("Env", lambda s: [f"{k}={v}" for k, v in sorted(s.environment.items())], "What the program must know."),
    Option("Labels", lambda s: dict(s.labels), "Says whose the container is, so that nothing is left behind."),
    Option(
        "User", lambda s: f"{s.uid}:{s.uid}", "Never root; a number of its own for each project, unknown to the host."
    ),
    Option("WorkingDir", lambda s: s.working_dir, "Programs start where the person may write."),
    Option("Hostname", lambda s: "lab", "The same everywhere, so that it says nothing about machine or person."),
    Option("Domainname", lambda s: "", "Nothing about the site."),
    Option("Tty", lambda s: False, "No terminal is shared with the engine."),
    Option("OpenStdin", lambda s: False, "Nothing is typed into a container."),
    Option("AttachStdin", lambda s: False, "Nothing is typed into a container."),
    Option("AttachStdout", lambda s: False, "Output goes to the bounded log alone."),
    Option("AttachStderr", lambda s: False, "Output goes to the bounded log alone."),
    Option("Healthcheck", lambda s: {"Test": ["NONE"]}, "An image's health check would be a second command."),
    Option("StopSignal", lambda s: "SIGTERM", "Programs may finish what they write."),
    Option("StopTimeout", lambda s: 5, "Seconds until a program that does not finish is killed."),
    Option("HostConfig.NetworkMode", lambda s: "none", "Promise 1: no network device but its own loopback."),
    Option("HostConfig.PortBindings", lambda s: {}, "No port of the host leads in."),
    Option("HostConfig.PublishAllPorts", lambda s: False, "No port of the host leads in."),
    Option("HostConfig.Links", lambda s: [], "No other container's name or address."),
    Option("HostConfig.ExtraHosts", lambda s: [], "No names of other machines."),
    Option(
        "HostConfig.Dns", lambda s: ["127.0.0.1"], "Nothing listens there; the host's resolver would say where it is."
    ),
    Option("HostConfig.DnsSearch", lambda s: ["."], "The site's domain is not told."),
    Option("HostConfig.DnsOptions", lambda s: ["timeout:1", "attempts:1"], "A name that cannot resolve fails at once."),
    Option("HostConfig.Privileged", lambda s: False, "A privileged container is root of the machine."),
    Option("HostConfig.CapDrop", lambda s: ["ALL"], "No power of root, one by one."),
    Option("HostConfig.CapAdd", lambda s: [], "None of them comes back."),
    Option("HostConfig.GroupAdd", lambda s: [], "No group of the host."),
    Option(
        "HostConfig.SecurityOpt",
        lambda s: [NO_NEW_PRIVILEGES, f"seccomp={profile_text()}"],
        "A set-uid program gives nothing; and only the calls of the lab's own [list](seccomp.md) reach the kernel.",
    ),
    Option(
        "HostConfig.Runtime",
        lambda s: s.runtime,
        "The engine's usual one, or for what reads foreign bytes another that `lab.toml` names: gVisor puts a kernel "
        "of its own between the container and the machine's.",
    ),
    Option("HostConfig.ReadonlyRootfs", lambda s: True, "The image cannot be changed from inside."),
    Option(
        "HostConfig.Tmpfs",
        lambda s: {TMP: f"{SCRATCH_FLAGS},nr_inodes={s.limits.tmp // SMALLEST_FILE},size={s.limits.tmp}"},
        "Scratch space that ends with the container, of so many bytes and files, counted as its memory, from which "
        "nothing is executed.",
    ),
    Option("HostConfig.ShmSize", lambda s: SHARED_MEMORY, "Shared memory is writable, too, so it has its size."),
    Option("HostConfig.Mounts", lambda s: [_bind(m) for m in s.mounts], "The folders of its purpose and no others."),
    Option("HostConfig.Binds", lambda s: [], "The older way of mounting, which would make a missing folder."),
    Option("HostConfig.VolumesFrom", lambda s: [], "No other container's folders."),
    Option("HostConfig.Devices", lambda s: [], "No device of the host."),
    Option("HostConfig.DeviceCgroupRules", lambda s: [], "No device of the host."),
    Option("HostConfig.DeviceRequests", lambda s: [], "No device of the host."),
    Option("HostConfig.Memory", lambda s: s.limits.memory, "A hog is ended; its neighbours are not."),
    Option("HostConfig.MemorySwap", lambda s: s.limits.memory, "The same as memory: no swap beside it."),
    Option("HostConfig.OomKillDisable", lambda s: False, "Without it, a full container would hang instead of ending."),
    Option("HostConfig.OomScoreAdj", lambda s: 500, "When the machine is short, containers go before the lab."),
    Option("HostConfig.NanoCpus", lambda s: round(s.limits.cpus * 10**9), "A busy loop takes its share and no more."),
    Option("HostConfig.PidsLimit", lambda s: s.limits.processes, "A fork bomb stays in its container."),
    Option(
        "HostConfig.Ulimits",
        lambda s: [
            {"Name": "core", "Soft": 0, "Hard": 0},
            {"Name": "nofile", "Soft": OPEN_FILES, "Hard": OPEN_FILES},
            {"Name": "fsize", "Soft": s.limits.file_size, "Hard": s.limits.file_size},
            {"Name": "memlock", "Soft": LOCKED_MEMORY, "Hard": LOCKED_MEMORY},
            {"Name": "msgqueue", "Soft": 0, "Hard": 0},
        ],
        "No memory image on the host's disk; a bound on open files, on one file and on memory that cannot be moved; no "
        "message queues. No bound on processes here: the kernel counts it for all containers of a project together, "
        "so that one could stop the others; theirs is above.",
    ),
    Option("HostConfig.IpcMode", lambda s: "private", "Shared memory and queues of its own."),
    Option("HostConfig.CgroupnsMode", lambda s: "private", "It sees no other container's name in its control groups."),
    Option("HostConfig.PidMode", lambda s: "", "Processes of its own; the engine's default, never the host's."),
    Option("HostConfig.UTSMode", lambda s: "", "A host name of its own."),
    Option("HostConfig.UsernsMode", lambda s: "", "The engine's mapping of users holds, where it has one."),
    Option(
        "HostConfig.Init",
        lambda s: s.purpose is Purpose.WORKSPACE,
        "In a workspace, ended processes are reaped. A run's cells could trace an init process and forge the exit "
        "code through it; the lab's own programs are their container's first process, and let nobody trace them.",
    ),
    Option(
        "HostConfig.LogConfig",
        lambda s: {
            "Type": "local",
            "Config": {"max-size": LOG_SIZE, "max-file": "2", "mode": "non-blocking", "max-buffer-size": "256k"},
        },
        "Output cannot fill the disk, and a full log cannot stop the program.",
    ),
    Option(
        "HostConfig.MaskedPaths",
        lambda s: list(MASKED),
        "The engine's list, and what tells of the machine or of others.",
    ),
    Option("HostConfig.ReadonlyPaths", lambda s: list(READ_ONLY), "The engine's list: switches of the kernel."),
    Option(
        "HostConfig.RestartPolicy", lambda s: {"Name": "no", "MaximumRetryCount": 0}, "The lab starts, not the engine."
    ),
    Option(
        "HostConfig.AutoRemove",
        lambda s: False,
        "How it ended can be read afterwards, and a restart of the engine does not take it away.",
    ),
)
"""Every option that the lab sends, in the order of the docs page."""


def container_body(spec: ContainerSpec) -> dict[str, object]:
    """Return the body of ``POST /containers/create`` for one container; InvalidError where the order is nonsense."""
    check_spec(spec)
    body: dict[str, object] = {"HostConfig": {}}
    for option in OPTIONS:
        *parents, key = option.key.split(".")
        place = body
        for parent in parents:
            place = place[parent]  # type: ignore[assignment]  # the only parent is HostConfig, a dict
        place[key] = option.value(spec)
    return body


def _bind(mount: Mount) -> dict[str, object]:
    return {
        "Type": "bind",
        "Source": mount.source,
        "Target": mount.target,
        # The engine makes a bind read-only by mounting it anew without the host mount's other flags; a sealed mount
        # is read-only by itself, with all of SEALED, and keeps them.
        "ReadOnly": not (mount.writable or mount.sealed),
        # Read-only does not reach what is mounted below the source, so nothing below it comes along,
        # and what is mounted later, on either side, stays on its side.
        "BindOptions": {"Propagation": "rprivate", "NonRecursive": True},
    }
