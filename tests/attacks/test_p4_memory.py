"""Promise 4: what is said of the memory of a run that goes on is what the kernel counts, whatever its cells write."""

from __future__ import annotations

from typing import Any

import pytest

from attacks.living import Living, acting, schema_of
from hub.cli.client import Json
from hub.domain.run_memory import STEP
from hub.domain.work import ENDED
from waiting import wait_for_end

MB = 2**20


def lie() -> Any:
    """Say otherwise wherever a cell can write, and use next to nothing."""
    import contextlib
    import json
    import pathlib
    import time

    told = {"memory": 1, "memory_peak": 1, "used": 1 << 31, "memory_allowed": 1 << 40}
    written = []
    places = [*pathlib.Path("/sys/fs/cgroup").glob("**/*memory*"), *pathlib.Path("/proc").glob("*/oom_score_adj")]
    places += [pathlib.Path("/progress") / name for name in ("memory", "memory.json", "report.json", "progress")]
    until = time.monotonic() + 6
    while time.monotonic() < until:
        for place in places:
            with contextlib.suppress(OSError):
                place.write_text(json.dumps(told) if place.parent.name == "progress" else str(1 << 31))
                written.append(str(place))
        time.sleep(0.2)
    return sorted({place for place in written if place.startswith("/sys/")})


def hold() -> Any:
    """Use as much as it is said to."""
    import time

    held = b"x" * 500 * 2**20
    time.sleep(6)
    return len(held)


@pytest.fixture(scope="module")
def notebook(living: Living) -> str:
    return living.approved(acting(lie, hold), schema_of(lie, hold), name="memory")


def seen(living: Living, run: str) -> list[Json]:
    """What was said of a run's memory, look by look, until it ended."""
    told: list[Json] = []

    def look() -> Json | None:
        found = living.look(run)
        if found["memory"] is not None:
            assert found["work"]["state"] == "running"
            told.append(found["memory"])
        return found if found["work"]["state"] in ENDED else None

    assert dict(wait_for_end(look, 90, "the run does not end"))["work"]["state"] == "succeeded"
    return told


def test_a_cell_changes_what_is_said_of_its_memory_by_nothing_that_it_writes(living: Living, notebook: str) -> None:
    told = seen(living, living.start(notebook, act=lie.__name__))
    assert len(told) > 5
    allowed = living.settings.run.memory
    assert {memory["allowed"] for memory in told} == {allowed}
    assert all(STEP <= memory["used"] < 300 * MB for memory in told)


def test_a_cell_changes_what_is_said_of_its_memory_by_using_it(living: Living, notebook: str) -> None:
    """The harmless twin; it is told in steps, and is not told when nothing runs any more."""
    run = living.start(notebook, act=hold.__name__)
    told = seen(living, run)
    assert max(memory["used"] for memory in told) >= 500 * MB
    assert all(memory["used"] % STEP == 0 for memory in told)
    assert living.look(run)["memory"] is None
