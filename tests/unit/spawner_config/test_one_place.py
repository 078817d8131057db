"""No module outside of the one place says how a container is shut in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ONE_PLACE = ("spawner_config/isolation", "spawner_config/seccomp/")
"""Beginnings of the paths that may say it."""

WORDS = re.compile(
    r"""
      seccomp | apparmor | security[-_]?opt | no-new-privileges | "Privileged": | --privileged
    | cap[-_]?(add|drop)\b | \bCAP_[A-Z]+ | \b(SYS|NET|DAC|MAC|IPC|SET|LINUX|AUDIT)_(ADMIN|RAW|CHROOT|PTRACE|OVERRIDE
        |READ_SEARCH|MODULE|RESOURCE|TIME|BOOT|NICE|TTY_CONFIG|RAWIO|OWNER|LOCK|UID|GID|PCAP|BIND_SERVICE|IMMUTABLE)\b
    | \bnosuid | \bnodev\b | \bnoexec | nosymfollow | \bST_NO\w+ | \bMS_[A-Z]+ | rprivate
    | unshare | \bsetns | nsenter | CLONE_NEW\w+ | userns | (Network|Userns|Pid|Ipc|UTS|Cgroupns)Mode
    | --(network|pid|ipc|uts|userns|cgroupns|device-cgroup-rule)\b
    | ReadonlyRootfs | MaskedPaths | ReadonlyPaths | PidsLimit | Ulimits | MemorySwap | NanoCpus | OomScoreAdj
    """,
    re.VERBOSE | re.IGNORECASE,
)

ELSEWHERE = {
    "hub/bench/": (".*", "measures what plain containers, which are none of the lab's, take beside"),
    "hub/adapters/intake.py": ("nodev", "the kernel's word for a device that is away, among the errors of reading"),
    "hub/adapters/snapshots.py": (
        "st_no|nosymfollow",
        "asks the kernel whether a mount has its flags",
    ),
    "hub/privileged/folders.py": ("st_no|nosymfollow", "asks the kernel whether a mount has its flags"),
    "hub/cli/doctor": (".*", "looks from inside whether what is promised holds"),
    "hub/doctor/": (".*", "looks from inside whether what is promised holds"),
    "spawner_config/lab_orders.py": (
        "ulimits|pidslimit|nanocpus",
        "reads an order back, to hold it against what the one place makes of it",
    ),
    "hub/setup/engine_api.py": ("networkmode", "its container builds the image, before there is a lab"),
    "hub/setup/main.py": ("apparmor", "the package that the engine needs"),
    "hub/setup/packages.py": ("apparmor", "the package that the engine needs"),
}
"""Path or its beginning → the words that may stand there, and why."""


def modules() -> list[str]:
    found = [*ROOT.glob("jupyterhub_config.py")]
    for package in ("hub", "spawner_config", "datasets_mount"):
        found += (ROOT / package).rglob("*.py")
    return sorted(str(path.relative_to(ROOT)) for path in found)


def said(module: str) -> set[str]:
    """Words of isolation in a module, in lower case, names of the one place's modules excepted."""
    text = re.sub(r"(from|import) spawner_config\.\S+|spawner_config[./]seccomp\S*", "", (ROOT / module).read_text())
    return {match[0].lower() for match in WORDS.finditer(text)}


def allowed(module: str) -> str:
    return "|".join(words for start, (words, _) in ELSEWHERE.items() if module.startswith(start))


@pytest.mark.parametrize("module", [m for m in modules() if not m.startswith(ONE_PLACE)])
def test_a_module_says_nothing_of_isolation(module: str) -> None:
    assert {word for word in said(module) if not re.match(allowed(module) or "(?!)", word)} == set()


def test_the_one_place_says_it() -> None:
    assert {"securityopt", "capdrop", "networkmode", "readonlyrootfs", "noexec"} <= said("spawner_config/isolation.py")
    assert {"nsenter", "nosymfollow", "sys_admin", "cap-drop", "--network"} <= said("spawner_config/isolation_host.py")
    assert "clone_newns" in said("spawner_config/seccomp/allowed.py")
