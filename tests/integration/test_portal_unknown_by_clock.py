"""By the clock, too, what is hidden from somebody looks like what is not there.

``test_portal_unknown.py`` counts questions to the database, which is exact. Here the answers themselves are timed, as
somebody outside would: three kinds in turn, so that a machine that is loaded slows all of them alike. What is hidden is
compared with what is not there, and beside it two names that are both not there: how far these lie apart is the noise.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

import pytest
import requests

from doubles.lab import make_lab
from doubles.portal import served
from integration.test_portal_roles import everything, filled

ROUNDS, TRIES, CALM = 40, 4, 5
SHARE, TIMES_THE_NOISE, LEAST = 0.15, 4, 0.0005
"""How far the medians may lie apart: of the median itself, of the noise, and in seconds."""
ADDRESSES = (
    "/exports/{request}",
    "/exports/{released}/file?path=table.csv",
    "/releases/{released}",
    "/runs/{run}",
    "/notebooks/{notebook}",
    "/sweeps/{sweep}",
    "/api/v1/exports/{request}",
    "/api/v1/releases/{released}",
    "/api/v1/releases/{released}/downloads/{download}/files/table.csv",
    "/api/v1/runs/{run}",
)
Site = tuple[str, dict[str, str]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    lab = make_lab(tmp_path_factory.mktemp("clock"))
    made = everything(lab)
    with served(lab) as base:
        yield base, made


@dataclass(frozen=True)
class Seen:
    """Medians of the seconds that answers took: of what is hidden, and of two names that are not there."""

    hidden: float
    nothing: float
    control: float

    @property
    def bound(self) -> float:
        """How far medians lie apart by chance, generously."""
        noise = abs(self.nothing - self.control)
        return max(TIMES_THE_NOISE * noise, SHARE * min(self.nothing, self.control), LEAST)

    @property
    def apart(self) -> float:
        """How far what is hidden lies from the nearer of the two that are not there."""
        return min(abs(self.hidden - self.nothing), abs(self.hidden - self.control))


def invented(name: str, end: str) -> str:
    """A name as long as a real one that nothing has."""
    return name[: -len(end)] + end


def timed(base: str, who: str, address: str, made: dict[str, str]) -> Seen:
    """Ask for all three in each round, in a new order each time, over one connection."""
    kinds = {
        "hidden": made,
        "nothing": {kind: invented(name, "zzzz") for kind, name in made.items()},
        "control": {kind: invented(name, "yyyy") for kind, name in made.items()},
    }
    order, taken = random.Random(1), {kind: [0.0] * 0 for kind in kinds}
    with requests.Session() as session:
        session.headers["Authorization"] = f"token {who}-token"
        for _ in range(ROUNDS):
            for kind in order.sample(sorted(kinds), len(kinds)):
                began = time.perf_counter()
                session.get(base + filled(address, kinds[kind]), timeout=30)
                taken[kind].append(time.perf_counter() - began)
    return Seen(*(median(taken[kind]) for kind in ("hidden", "nothing", "control")))


def told_apart(base: str, who: str, address: str, made: dict[str, str]) -> bool:
    """Say whether the clock tells them apart each time that it is tried: chance does not do so again and again."""
    return all((seen := timed(base, who, address, made)).apart > seen.bound for _ in range(TRIES))


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_clock_does_not_tell_what_is_hidden_from_what_is_not_there(site: Site, address: str) -> None:
    base, made = site
    assert not told_apart(base, "outsider", address, made)


@pytest.mark.parametrize("address", ["/exports/{request}", "/releases/{released}"])
def test_the_clock_tells_what_is_shown_from_what_is_not_there(site: Site, address: str) -> None:
    """The control: the same comparison sees a difference where there is one, once the machine is calm enough for it."""
    base, made = site
    assert any(told_apart(base, "auditor", address, made) for _ in range(CALM))
