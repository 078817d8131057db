"""The list of calls as the engine reads it.

Invariants:

* what is not listed is refused, and so is every call of another kind of machine: only the 64-bit ABI of the machine's
  own architecture is named, and whoever enters by another (32-bit, x32) is killed;
* one text serves all machines: the engine takes what is marked for its own architecture.

``python -m spawner_config.seccomp.profile > docs/reference/seccomp.json`` writes it out for people to read.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

from spawner_config.seccomp.allowed import ALLOWED, ANSWERED_AS_MISSING
from spawner_config.seccomp.rules import Argument, Calls

EPERM, ENOSYS = 1, 38
ABIS = ("SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64")


def profile() -> dict[str, Any]:
    """Return the whole profile."""
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": EPERM,
        "archMap": [{"architecture": abi, "subArchitectures": []} for abi in ABIS],
        "syscalls": [
            *(rule for calls in ALLOWED for rule in _rules(calls, {"action": "SCMP_ACT_ALLOW"})),
            *(
                rule
                for calls in ANSWERED_AS_MISSING
                for rule in _rules(calls, {"action": "SCMP_ACT_ERRNO", "errnoRet": ENOSYS})
            ),
        ],
    }


def _rules(calls: Calls, action: dict[str, object]) -> Iterator[dict[str, object]]:
    only = {"includes": {"arches": [calls.only.value]}} if calls.only else {}
    for arguments in calls.when or ((),):
        yield {"names": list(calls.each), **action, "args": [_argument(a) for a in arguments], **only}


def _argument(argument: Argument) -> dict[str, object]:
    if argument.mask is None:
        return {"index": argument.index, "value": argument.value, "op": "SCMP_CMP_EQ"}
    # The engine's words: the mask is the value, and what must be under it the second one.
    return {
        "index": argument.index,
        "value": argument.mask,
        "valueTwo": argument.value,
        "op": "SCMP_CMP_MASKED_EQ",
    }


@cache
def profile_text() -> str:
    """Return the profile as the engine takes it, on one line."""
    return json.dumps(profile(), separators=(",", ":"))


def pretty() -> str:
    """Return the profile as people read it."""
    return json.dumps(profile(), indent=1) + "\n"


if __name__ == "__main__":
    sys.stdout.write(pretty())
