"""What the engine says of a container is held against what was asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.doctor.attacks import ATTACKS, OWN_KERNEL, judged
from hub.doctor.containers import cells_of, differences
from hub.doctor.inside.power import meet_the_kernel
from hub.doctor.program import Said
from hub.domain.examinations import Promise, Verdict
from spawner_config.isolation import OTHER_RUNTIME

ASKED: dict[str, Any] = {"User": "200000:200000", "HostConfig": {"NetworkMode": "none", "Runtime": "", "Dns": []}}
TOLD: dict[str, Any] = {
    "Config": {"User": "200000:200000", "StopTimeout": 10},
    "HostConfig": {"NetworkMode": "none", "Runtime": "runc", "Dns": None},
}


def test_what_the_engine_took_over_and_what_it_adds_are_no_difference() -> None:
    assert differences(ASKED, TOLD) == ([], 3)


@pytest.mark.parametrize(("key", "value"), [("NetworkMode", "bridge"), ("Dns", ["192.0.2.1"])])
def test_an_option_that_the_engine_tells_otherwise_is_named(key: str, value: object) -> None:
    assert differences(ASKED, TOLD | {"HostConfig": TOLD["HostConfig"] | {key: value}})[0] == [key]


def test_a_runtime_that_was_named_is_the_one_that_must_run() -> None:
    named = ASKED | {"HostConfig": ASKED["HostConfig"] | {"Runtime": "runsc"}}
    assert differences(named, TOLD) == (["Runtime"], 4)


def test_the_kernel_inside_is_looked_at_where_another_runtime_is_named_and_only_there() -> None:
    wanted = frozenset({Promise.NETWORK})
    asked = {cell.where for cell in cells_of(wanted, other_runtime=True) if OWN_KERNEL in cell.attacks}
    assert asked == set(OTHER_RUNTIME)
    assert not any(OWN_KERNEL in cell.attacks for cell in cells_of(wanted))


def test_the_machines_kernel_is_known_by_its_version_and_another_is_not() -> None:
    own = Path("/proc/version").read_text().strip()
    assert meet_the_kernel(own)["done"] == ["its version", "its release"]
    assert meet_the_kernel("Linux version 4.4.0 #1 SMP")["done"] == []


WORKED = Said(tried=["a", "b"], done=["a"])


def test_what_a_kernel_of_its_own_lets_be_done_is_a_note_and_all_else_stays_broken() -> None:
    verdicts = {a.name: judged(a, "reader", WORKED, apart=True).verdict for a in ATTACKS}
    notes = {name for name, verdict in verdicts.items() if verdict is Verdict.NOTE}
    assert notes == {a.name for a in ATTACKS if a.of_the_kernel}
    assert not notes & {"devices", "connections", "doors", "writing", "opening", "changes", "digest", "neighbour"}
    assert set(verdicts.values()) == {Verdict.NOTE, Verdict.BROKEN}


@pytest.mark.parametrize("said", ["killed", None, Said(tried=[], done=[])])
def test_silence_is_broken_also_where_the_kernel_is_another(said: Said | str | None) -> None:
    assert {judged(a, "reader", said, apart=True).verdict for a in ATTACKS} == {Verdict.BROKEN}


def test_on_the_machines_kernel_what_worked_is_broken() -> None:
    assert {judged(a, "reader", WORKED).verdict for a in ATTACKS} == {Verdict.BROKEN}
