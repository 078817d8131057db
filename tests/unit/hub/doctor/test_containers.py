"""What the engine says of a container is held against what was asked."""

from __future__ import annotations

from typing import Any

import pytest

from hub.doctor.containers import differences

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
