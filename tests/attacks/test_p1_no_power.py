"""Promise 1 rests on this: a container has no power, and no way to one, to change what holds it.

Each attack is also run in a container that was weakened on purpose, where it must succeed: so the attack is tested.
"""

from __future__ import annotations

from typing import Any

import pytest

from attacks.cells import EVERY, Cells, Weaken, host, root
from spawner_config.isolation import Purpose


def read_powers() -> Any:
    import os
    import pathlib

    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    status = {line.split(":")[0]: line.split(":")[1].strip() for line in lines}
    keys = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
    return {
        "root": 0 in (os.getuid(), os.geteuid(), os.getgid(), os.getegid(), *os.getgroups()),
        "capabilities": [key for key in keys if int(status[key], 16)],
        "new_privileges": status["NoNewPrivs"] != "1",
        "no_filter": status["Seccomp"] != "2",
    }


POWERLESS = {"root": False, "capabilities": [], "new_privileges": False, "no_filter": False}


@EVERY
def test_there_is_no_power_and_no_way_to_one(cells: Cells, purpose: Purpose) -> None:
    assert cells.run(read_powers, purpose).said == POWERLESS


@pytest.mark.parametrize(
    ("weak", "seen"),
    [
        (root(), {"root": True}),
        (host(GroupAdd=["0"]), {"root": True}),
        (host(CapDrop=[]), {"capabilities": ["CapBnd"]}),
        (root(CapAdd=["NET_ADMIN"]), {"root": True, "capabilities": ["CapPrm", "CapEff", "CapBnd"]}),
        (host(SecurityOpt=[]), {"new_privileges": True}),
        (host(SecurityOpt=["no-new-privileges:true", "seccomp=unconfined"]), {"no_filter": True}),
    ],
)
def test_each_power_is_seen_in_a_weak_container(cells: Cells, weak: Weaken, seen: dict[str, object]) -> None:
    said = cells.run(read_powers, weaken=weak).said
    assert said == POWERLESS | seen
