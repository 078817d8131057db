"""No file of the repository outside of the one place says how a container or a process of the lab is shut in.

Read are all files that do something or are read by what does: Python, shell, TOML, JSON, what images are made of, and
the tests; units of systemd are made by code, and the lab holds no file of theirs. Pages for people are not read.
"""

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
    | (network|pid|ipc|uts|userns|cgroupns)_mode | pids_limit | mem_limit | memswap | read_only= | privileged=True
    | no-?_?new-?_?priv\w* | bounding-?set | ambient-?cap\w* | inh-caps
    | \b(Protect|Restrict|Private)(System|Home|Kernel\w+|Control\w+|Proc\w*|Clock|Hostname|Tmp|Devices|Users|Network
        |IPC|Mounts|Namespaces|AddressFamilies|SUIDSGID|Realtime)\b | SystemCall(Filter|Architectures)
    | MemoryDenyWriteExecute | LockPersonality
    | "--bind" | --make-r?(shared|slave|private) | \bremount\b | "--read-only" | \bpivot_root\b | \bchroot\(
    | ReadonlyRootfs | MaskedPaths | ReadonlyPaths | PidsLimit | Ulimits | MemorySwap | NanoCpus | OomScoreAdj
    """,
    re.VERBOSE | re.IGNORECASE,
)

ELSEWHERE = {
    "hub/bench/": (".*", "measures what plain containers, which are none of the lab's, take beside"),
    "hub/adapters/snapshots.py": (
        "st_no|nosymfollow",
        "asks the kernel whether a mount has its flags",
    ),
    "hub/privileged/folders.py": ("st_no|nosymfollow", "asks the kernel whether a mount has its flags"),
    "hub/doctor/": (".*", "looks from inside whether what is promised holds"),
    "spawner_config/lab_orders.py": (
        "ulimits|pidslimit|nanocpus",
        "reads an order back, to hold it against what the one place makes of it",
    ),
    "hub/setup/engine_api.py": ("networkmode", "its container builds the image, before there is a lab"),
    "hub/setup/main.py": ("apparmor", "the package that the engine needs"),
    "hub/setup/packages.py": ("apparmor", "the package that the engine needs"),
    "tests/attacks/": (".*", "takes protections away on purpose, and tries what is forbidden"),
    "tests/integration/test_allowed_calls.py": (
        "seccomp|securityopt|no_new_privileges",
        "runs programs without the list, to see which calls they make",
    ),
    "tests/integration/test_gvisor.py": ("--network|unshare", "sets gVisor up as the how-to says"),
    "tests/integration/test_live_restore.py": ("networkmode", "asks the engine what it made of the one place's words"),
    "tests/integration/test_snapshots.py": ("nosuid", "asks the kernel whether a mount has its flags"),
    "tests/integration/test_storage.py": ("nosuid|nodev|noexec", "asks the kernel whether a mount has its flags"),
    "tests/integration/test_units.py": (
        "protectsystem|bounding-?set|privatetmp|systemcallfilter|inh-caps|no-?new|cap_",
        "takes away what holds a unit, asks for what it must have, and tries its powers",
    ),
    "tests/integration/test_workspace_image.py": (
        "cap_drop|network_mode|no-new-privileges|security_opt|nosuid|nodev|noexec",
        "tries the image in plain containers, before there is a lab",
    ),
    "tests/unit/hub/": (
        'networkmode|apparmor|seccomp|securityopt|nodev|"privileged":',
        "plays an engine or a kernel that says these words",
    ),
    "tests/unit/spawner_config/": (".*", "holds the one place against what it must say"),
    "tests/unit/test_reference_pages.py": ("seccomp", "the name of the page that is made of the list"),
}
"""Path or its beginning → the words that may stand there, and why."""


PLACES = ("hub", "spawner_config", "datasets_mount", "images", "tests", "docs", ".ci")
FOR_PEOPLE = frozenset({".md", ".po", ".svg", ".png", ".html", ".css"})
"""Pages, words, pictures; the kinds of file in which nothing is done to a container."""
MADE = frozenset({"__pycache__", "node_modules", ".cache", ".mypy_cache", ".ruff_cache", ".hypothesis"})


def modules() -> list[str]:
    """Every file of the repository that does something, with the ones at its top."""
    found = [path for path in ROOT.iterdir() if path.suffix in (".py", ".toml") or path.name == "Makefile"]
    for place in PLACES:
        found += [path for path in (ROOT / place).rglob("*") if not MADE & set(path.parts[len(ROOT.parts) :])]
    files = (path for path in found if path.is_file() and path.suffix not in FOR_PEOPLE)
    return sorted(name for path in files if (name := str(path.relative_to(ROOT))) not in LABS_OWN)


LABS_OWN = frozenset({"lab.toml"})
"""What a lab that was started here has beside the repository's files."""


def said(module: str) -> set[str]:
    """Words of isolation in a module, in lower case, names of the one place's modules excepted."""
    read = (ROOT / module).read_text(encoding="utf-8")
    text = re.sub(r"(from|import) spawner_config\.\S+|spawner_config[./]seccomp\S*", "", read)
    return {match[0].lower() for match in WORDS.finditer(text)}


def allowed(module: str) -> str:
    return "|".join(words for start, (words, _) in ELSEWHERE.items() if module.startswith(start))


@pytest.mark.parametrize("module", [m for m in modules() if not m.startswith(ONE_PLACE)])
def test_a_module_says_nothing_of_isolation(module: str) -> None:
    assert {word for word in said(module) if not re.match(allowed(module) or "(?!)", word)} == set()


@pytest.mark.parametrize("start", ELSEWHERE)
def test_every_exception_is_needed_and_says_why(start: str) -> None:
    words, why = ELSEWHERE[start]
    assert why
    assert any(re.match(words, word) for module in modules() if module.startswith(start) for word in said(module))


@pytest.mark.parametrize("name", ["shell.sh", "Dockerfile", "daemon.json", "lab.toml", "lab.service", "plain"])
@pytest.mark.parametrize(
    "words",
    [
        "docker run --cap-add SYS_ADMIN x",
        "mount -o remount,rw /x",
        '{"security-opt": ["seccomp=unconfined"]}',
        "network_mode = 'host'",
        "ProtectSystem=strict",
        "NoNewPrivileges=no",
    ],
)
def test_a_file_of_any_kind_that_says_it_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    (tmp_path / "images/new").mkdir(parents=True)
    (tmp_path / "images/new" / name).write_text(f"#\n{words}\n")
    assert modules() == [f"images/new/{name}"]
    assert said(modules()[0])
    assert not allowed(modules()[0])


def test_files_of_every_kind_are_read() -> None:
    found = modules()
    assert {"Makefile", "pyproject.toml", ".ci/run", "images/workspace/workspace.sh", "images/stock/instructions"} <= {
        *found
    }
    assert {"hub/policy/profiles/uk-sacro.toml", "docs/reference/seccomp.json", "tests/attacks/cells.py"} <= {*found}


def test_the_one_place_says_it() -> None:
    assert {"securityopt", "capdrop", "networkmode", "readonlyrootfs", "noexec"} <= said("spawner_config/isolation.py")
    host = said("spawner_config/isolation_host.py")
    assert {"nsenter", "nosymfollow", "sys_admin", "cap-drop", "--network", "--make-shared", "remount"} <= host
    assert {"protectsystem", "nonewprivileges", "systemcallfilter"} <= said("spawner_config/isolation_units.py")
    assert "clone_newns" in said("spawner_config/seccomp/allowed.py")
