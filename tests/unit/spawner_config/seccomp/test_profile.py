"""The list of calls: every call of the kernel is decided, and the arguments that open doors are refused."""

from __future__ import annotations

import ctypes
import json
from collections import Counter
from functools import cache
from typing import Any

import pytest

from spawner_config.seccomp.allowed import ALLOWED, ANSWERED_AS_MISSING
from spawner_config.seccomp.profile import EPERM, profile, profile_text
from spawner_config.seccomp.refused import REFUSED
from spawner_config.seccomp.rules import Architecture

EVERYTHING = (*ALLOWED, *ANSWERED_AS_MISSING, *REFUSED)
TOKENS = {Architecture.X86_64: 0xC000003E, Architecture.AARCH64: 0xC00000B7}
LAST_REVIEWED = 456
"""futex_requeue: the newest call that was looked at; what is newer is answered as missing."""

EVERY_ARCHITECTURE = pytest.mark.parametrize("architecture", Architecture)


@cache
def known(architecture: Architecture) -> frozenset[str]:
    """The calls of an architecture, as the library that runc uses has them; it is part of every Debian."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_syscall_resolve_num_arch.restype = ctypes.c_char_p
    found = (
        library.seccomp_syscall_resolve_num_arch(TOKENS[architecture], number) for number in range(LAST_REVIEWED + 1)
    )
    return frozenset(name.decode() for name in found if name)


def named(architecture: Architecture) -> set[str]:
    return {name for calls in EVERYTHING if calls.only in (None, architecture) for name in calls.each}


@EVERY_ARCHITECTURE
def test_every_call_of_the_kernel_is_decided(architecture: Architecture) -> None:
    assert len(known(architecture)) > 250
    assert known(architecture) <= named(architecture)


def test_no_call_is_decided_twice_and_no_name_is_misspelt() -> None:
    times = Counter(name for calls in EVERYTHING for name in calls.each)
    assert [name for name, count in times.items() if count > 1] == []
    # An older library does not know the newest names yet; every other name it must know.
    newest = {"cachestat", "fchmodat2", "map_shadow_stack", "futex_wake", "futex_wait", "futex_requeue"}
    assert set(times) - newest <= known(Architecture.X86_64)


def test_what_only_one_architecture_has_is_said_so() -> None:
    only_here = known(Architecture.X86_64) - known(Architecture.AARCH64)
    assert {name for calls in EVERYTHING if calls.only is Architecture.X86_64 for name in calls.each} == only_here


def test_every_line_has_a_reason_that_is_a_sentence() -> None:
    assert [calls.names for calls in EVERYTHING if not calls.reason.endswith(".")] == []


def test_what_is_not_listed_is_refused_and_no_other_abi_is_named() -> None:
    made = profile()
    assert (made["defaultAction"], made["defaultErrnoRet"]) == ("SCMP_ACT_ERRNO", EPERM)
    abis = [(entry["architecture"], entry["subArchitectures"]) for entry in made["archMap"]]
    assert abis == [("SCMP_ARCH_X86_64", []), ("SCMP_ARCH_AARCH64", [])]


def test_the_text_for_the_engine_is_the_profile_on_one_line() -> None:
    assert json.loads(profile_text()) == profile()
    assert "\n" not in profile_text()


def answer(name: str, *arguments: int, architecture: Architecture = Architecture.X86_64) -> str:
    """What the engine's library makes of a call: the action of the rule that it meets, or the default."""
    given = dict(enumerate(arguments))
    for rule in profile()["syscalls"]:
        here = architecture.value in rule.get("includes", {}).get("arches", [architecture.value])
        if here and name in rule["names"] and all(_holds(a, given[a["index"]]) for a in rule["args"]):
            return str(rule["action"]).removeprefix("SCMP_ACT_")
    return "ERRNO"


def _holds(argument: dict[str, Any], given: int) -> bool:
    if argument["op"] == "SCMP_CMP_EQ":
        return bool(given == argument["value"])
    return bool(given & argument["value"] == argument["valueTwo"])


@pytest.mark.parametrize("bit", [17, 25, 26, 27, 28, 29, 30])
def test_a_process_in_a_new_namespace_is_refused(bit: int) -> None:
    assert answer("clone", 17) == "ALLOW"
    assert answer("clone", 17 | 1 << bit) == "ERRNO"


STREAM, DATAGRAM, RAW, FLAGS = 1, 2, 3, 0o2004000


@pytest.mark.parametrize(
    "socket",
    [(1, STREAM, 0), (1, STREAM | FLAGS, 0), (1, DATAGRAM, 0), (2, STREAM, 6), (2, DATAGRAM, 0), (10, STREAM, 0),
     (10, DATAGRAM | FLAGS, 17), (16, RAW | FLAGS, 0)],
)  # fmt: skip
def test_the_sockets_that_programs_need_are_to_be_had(socket: tuple[int, int, int]) -> None:
    assert answer("socket", *socket) == "ALLOW"


@pytest.mark.parametrize(
    "socket",
    [(1, RAW, 0), (2, RAW, 1), (2, DATAGRAM, 1), (2, STREAM, 132), (2, STREAM, 262), (10, RAW, 58), (10, DATAGRAM, 58),
     (16, RAW, 2), (16, RAW, 15), (17, RAW, 768), (38, 5, 0), (40, STREAM, 0), (2 | 1 << 32, STREAM, 0), (44, RAW, 0)],
)  # fmt: skip
def test_no_other_family_kind_or_protocol_is_to_be_had(socket: tuple[int, int, int]) -> None:
    assert answer("socket", *socket) == "ERRNO"


@pytest.mark.parametrize(("kind", "action"), [(0o010644, "ALLOW"), (0o020666, "ERRNO"), (0o060666, "ERRNO")])
def test_a_pipe_with_a_name_can_be_made_and_a_device_cannot(kind: int, action: str) -> None:
    assert answer("mknod", 0, kind, 0) == action
    assert answer("mknodat", 0, 0, kind, 0, architecture=Architecture.AARCH64) == action


@pytest.mark.parametrize(
    ("command", "action"), [(0, "ALLOW"), (6, "ALLOW"), (1030, "ALLOW"), (1024, "ERRNO"), (1026, "ERRNO")]
)
def test_locks_are_to_be_had_and_leases_and_notices_are_not(command: int, action: str) -> None:
    assert answer("fcntl", 0, command) == action


def test_older_words_are_this_architectures_alone() -> None:
    assert answer("open") == "ALLOW"
    assert answer("open", architecture=Architecture.AARCH64) == "ERRNO"
