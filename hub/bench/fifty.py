"""Fifty workspaces on one machine: how long they take to come up, what they hold, and whether all of them answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hub.bench import lab_hub
from hub.bench.hub_client import OK, HubClient, together
from hub.bench.machine import MIB, containers, median_memory, memory_in_use
from hub.bench.measuring import seconds
from hub.bench.rows import Goal, Of, Row
from hub.bench.workspaces import SETTLES, SMALL
from hub.domain.errors import UnavailableError

COUNT, AT_ONCE = 50, 5
WITHIN_A_SECOND = Goal(Of.LAB, 1)


def rows(folder: Path, rounds: int, tell: Callable[[str], None]) -> Iterator[Row]:
    """Start all, five at a time, ask each, and stop them; ``rounds`` does not count here."""
    everybody = [lab_hub.person(n) for n in range(COUNT)]
    with lab_hub.running(folder, COUNT, tell) as lab:
        before = memory_in_use()
        began = time.perf_counter()
        for first in range(0, COUNT, AT_ONCE):
            tell(f"{first} of {COUNT} workspaces are there")
            lab.client.open_all(everybody[first : first + AT_ONCE])
        yield Row(f"{COUNT} workspaces started, {AT_ONCE} at a time", time.perf_counter() - began)
        time.sleep(SETTLES)
        yield Row(
            f"workspaces that run, of {COUNT}", len(containers(lab.name)), unit="", goal=Goal(Of.LAB, COUNT, least=True)
        )
        yield Row(f"machine's memory for {COUNT} idle workspaces", (memory_in_use() - before) / MIB, unit="MiB")
        yield Row(f"memory of an idle workspace, of {COUNT}", median_memory(lab.name), unit="MiB", goal=SMALL)
        tell("asking all of them at the same time")
        yield Row(f"slowest answer of {COUNT}, asked at once", slowest(lab.client, everybody), goal=WITHIN_A_SECOND)
        tell("stopping them")
        yield Row(f"{COUNT} workspaces stopped, {AT_ONCE} at a time", seconds(lambda: stop(lab.client, everybody)))


def stop(client: HubClient, everybody: Sequence[str]) -> None:
    """Stop all, a few at a time."""
    for first in range(0, COUNT, AT_ONCE):
        client.stop(*everybody[first : first + AT_ONCE])


def slowest(client: HubClient, everybody: Sequence[str]) -> float:
    """Ask every workspace for its status at the same time, and return the seconds of the slowest answer."""
    return max(together(lambda person: seconds(lambda: _ask(client, person)), everybody))


def _ask(client: HubClient, person: str) -> None:
    status = client.ask(person, "api/status")
    if status != OK:
        raise UnavailableError(
            "The workspace of {person} answers with status {status}.",
            reason="bench-answer",
            person=person,
            status=status,
        )
