"""Promise 1 rests on this: a container has no power, and no way to one, to change what holds it.

Each attack is also run in a container that was weakened on purpose, where it must succeed: so the attack is tested.
"""

from __future__ import annotations

import pytest

from attacks.cells import EVERY, UNFILTERED, Cells, Weaken, host, root
from hub.doctor.inside.power import find_powers
from spawner_config.isolation import Purpose


@EVERY
def test_there_is_no_power_and_no_way_to_one(cells: Cells, purpose: Purpose) -> None:
    assert cells.worked(find_powers, purpose) == []


@pytest.mark.parametrize(
    ("weak", "seen"),
    [
        (root(), ["root"]),
        (host(GroupAdd=["0"]), ["root"]),
        (host(CapDrop=[]), ["CapBnd"]),
        (root(CapAdd=["NET_ADMIN"]), ["CapPrm", "CapEff", "CapBnd", "root"]),
        (host(SecurityOpt=[]), ["new privileges"]),
        (host(**UNFILTERED), ["no filter of system calls"]),
    ],
)
def test_each_power_is_seen_in_a_weak_container(cells: Cells, weak: Weaken, seen: list[str]) -> None:
    assert cells.worked(find_powers, weaken=weak) == seen
