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


@pytest.mark.parametrize("promise", [Promise.DATASETS, Promise.PROJECTS])
def test_the_kernel_inside_is_asked_also_where_another_promise_is_wanted(promise: Promise) -> None:
    cells = cells_of(frozenset({promise}), other_runtime=True)
    assert {cell.where for cell in cells if OWN_KERNEL in cell.attacks} == {c.where for c in cells} & set(OTHER_RUNTIME)
    assert all(a.promise is promise for cell in cells for a in cell.attacks if a is not OWN_KERNEL)


def test_the_machines_kernel_is_known_by_its_version_and_another_is_not() -> None:
    own = Path("/proc/version").read_text().strip()
    assert meet_the_kernel(own)["done"] == ["its version", "its release"]
    assert meet_the_kernel("Linux version 4.4.0 #1 SMP")["done"] == []


WORKED = Said(tried=["a", "b"], done=["a"])
THE_KERNELS = {
    "kinds-of-sockets": ["raw"],
    "powers": ["new privileges", "no filter of system calls"],
    "name-spaces": ["one of its own"],
    "told-of-others": ["/proc/cmdline"],
    "system-calls": ["bpf"],
    "other-doors": ["int 0x80"],
    "host-devices": ["fuse", "net/tun", "made mem"],
    "mounts": ["mounted over"],
}
"""What the kernel inside alone answers for, as an attack says it."""


def by_name(done: list[str], *, apart: bool = True) -> dict[str, Verdict]:
    said = Said(tried=["a", *done], done=done)
    return {a.name: judged(a, "reader", said, apart=apart).verdict for a in ATTACKS}


def test_what_a_kernel_of_its_own_lets_be_done_is_a_note() -> None:
    notes = {name for name, done in THE_KERNELS.items() if by_name(done)[name] is Verdict.NOTE}
    assert notes == set(THE_KERNELS) == {a.name for a in ATTACKS if a.of_the_kernel}


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("powers", "root"),
        ("powers", "CapEff"),
        ("host-devices", "sda"),
        ("host-devices", "fuse2"),
        ("devices", "eth0"),
        ("opening", "a"),
    ],
)
def test_what_no_kernel_of_its_own_excuses_stays_broken(name: str, way: str) -> None:
    """One way that reaches further than the kernel inside is enough, beside others that do not."""
    for done in ([way], [*THE_KERNELS.get(name, []), way]):
        assert by_name(done)[name] is Verdict.BROKEN


@pytest.mark.parametrize("said", ["killed", None, Said(tried=[], done=[])])
def test_silence_is_broken_also_where_the_kernel_is_another(said: Said | str | None) -> None:
    assert {judged(a, "reader", said, apart=True).verdict for a in ATTACKS} == {Verdict.BROKEN}


def test_on_the_machines_kernel_what_worked_is_broken() -> None:
    assert {judged(a, "reader", WORKED).verdict for a in ATTACKS} == {Verdict.BROKEN}
