"""Promise 9: the clock of the hub, of the portal or of the gateway jumps, one of them at a time, while a lab is used.

A day is what a lifetime and an allowance are counted by, an hour is less than either, and three days are more.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import requests

from attacks.asking import Told, lost, rows
from attacks.living import Living, wait_for
from attacks.own_clocks import CLOCKS, Clocks
from attacks.seen import computed, left_words, ownerless, started, tell_fault
from hub.adapters.processes import control
from hub.cli.client import Json
from hub.demo.people import AUDITOR, CARE, SCIENTIST
from hub.demo.story import STORY
from hub.demo.story_stage import Stage
from hub.demo.web_login import Visitor
from hub.demo.workspace_client import Workspace
from hub.settings import load_settings
from lab_fixture import make_story_lab, stopped_at_last
from spawner_config.names import workspace_container

JUMPS = {
    "an hour ahead": timedelta(hours=1),
    "an hour back": timedelta(hours=-1),
    "three days ahead": timedelta(days=3),
    "three days back": timedelta(days=-3),
}
FORTY_DAYS = timedelta(days=40)
WITHIN = 60.0
NEAR = timedelta(minutes=10)
LOOKED = {"hub": 12.0, "portal": 2.0, "gateway": 3.0}
"""Longer than what is believed of the hub's word, than it waits between two looks at its servers, than counts wait."""


@pytest.fixture(scope="module")
def clocks(tmp_path_factory: pytest.TempPathFactory) -> Clocks:
    made = Clocks(tmp_path_factory.mktemp("clocks") / "clocks")
    made.make()
    return made


@pytest.fixture(scope="module")
def living(clocks: Clocks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    made = make_story_lab(tmp_path_factory.mktemp("apart") / "Lab of many clocks")
    with stopped_at_last(made), pytest.MonkeyPatch.context() as patch:
        patch.setattr(control, "lab_programs", clocks.programs)
        found = Living(Stage(load_settings(made.config), made.config))
        for step in STORY[:3]:
            step.act(found.stage)
        for name in (SCIENTIST, AUDITOR):
            found.token(name)
        yield found
        found.engine.close()


@pytest.fixture
def right(clocks: Clocks) -> Iterator[None]:
    """Whatever fails, the clocks are right again for who comes next."""
    yield
    for name in CLOCKS:
        clocks.set(name, timedelta())


pytestmark = pytest.mark.usefixtures("right")


def visiting(living: Living) -> Visitor:
    """A person who logs in now."""
    return Stage(living.settings, living.stage.config).visitor(SCIENTIST)


@pytest.fixture
def visitor(living: Living) -> Visitor:
    return visiting(living)


@pytest.fixture
def opened(visitor: Visitor) -> Workspace:
    made = Workspace(visitor, CARE)
    made.open()
    made.run(["import pathlib; pathlib.Path('kept.txt').write_text('kept')"])
    return made


def upload(living: Living) -> requests.Response:
    head = {"Content-Type": "application/octet-stream"}
    body = f"words {time.time_ns()}".encode()
    return living.answer(SCIENTIST, "POST", "/uploads?name=words.txt", data=body, headers=head)


def entries(living: Living) -> list[Json]:
    found: list[Json] = []
    while more := living.portal(AUDITOR).get(f"/audit?after={found[-1]['seq'] if found else 0}&limit=1000"):
        found += more
    return found


def accepted(living: Living) -> Told:
    answer = upload(living)
    assert answer.status_code == 200, answer.text
    return Told({answer.json()["id"]}, audit={e["seq"]: e["digest"] for e in entries(living)})


def running(living: Living) -> str:
    """The container of the workspace, if it is the one that was started first; empty when there is none."""
    name = workspace_container(living.settings.name, SCIENTIST, CARE)
    there = living.engine.containers(filters={"name": f"^/{name}$"})
    return started(living, name)[1] if there else ""


def says(living: Living, name: str) -> datetime:
    """What time a program's clock shows, by something that it alone writes."""
    if name == "portal":
        made = upload(living).json()["id"]
        found = [e for e in entries(living) if e["event"]["subject"] == made]
        return datetime.fromisoformat(found[-1]["at"])
    if name == "gateway":
        lines = sorted((living.state / "access-log").glob("*.jsonl"))[-1].read_text().splitlines()
        return datetime.fromisoformat(lines[-1].partition('"at": "')[2].partition('"')[0])
    answer = living.plain("GET", "/hub/api/")
    return datetime.strptime(answer.headers["Date"], "%a, %d %b %Y %H:%M:%S %Z").replace(tzinfo=UTC)


def counts(living: Living) -> Path:
    return living.state / "gateway" / "gateway-bytes.json"


def sent_on(living: Living, day: date) -> int:
    """Bytes that the gateway's count says were sent on a day from the workspace."""
    kept = json.loads(counts(living).read_text())["bytes"]
    return int(kept.get(day.isoformat(), {}).get(f"{SCIENTIST}/{CARE}", 0))


def first_sent(living: Living, day: date) -> int:
    """What the count says of an open workspace; the gateway writes it some time after the first bytes were sent."""
    wait_for(counts(living).exists, WITHIN, "no count is written")
    return int(wait_for(lambda: sent_on(living, day), WITHIN, "nothing is counted"))


@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize("name", CLOCKS)
def test_a_clock_that_jumps_in_one_process_loses_nothing_and_when_it_is_right_again_all_is_as_before(
    living: Living,
    clocks: Clocks,
    visitor: Visitor,
    opened: Workspace,
    name: str,
    jump: str,
    record_property: Callable[[str, object], None],
) -> None:
    told, before, day = accepted(living), running(living), datetime.now(UTC).date()
    sent, said = first_sent(living, day), says(living, name)
    clocks.set(name, JUMPS[jump])
    visitor.get(f"{opened.path}api/status")

    def shows_it() -> bool:  # a line of the gateway's log is written after its answer
        shown = says(living, name)
        if name == "gateway" and JUMPS[jump] < timedelta():  # its log follows no clock that goes back
            return said <= shown <= said + NEAR
        return abs(shown - datetime.now(UTC) - JUMPS[jump]) < NEAR

    wait_for(shows_it, WITHIN, "it shows another time")
    # Its lifetime is over, or its project, which began yesterday, has not begun.
    ends = name == "hub" and abs(JUMPS[jump]) > timedelta(days=1)
    time.sleep(LOOKED[name])
    if ends:
        wait_for(lambda: not running(living), WITHIN, "it does not end")
    assert upload(living).status_code == 200
    clocks.set(name, timedelta())
    began = time.monotonic()
    living.up_again(WITHIN)
    if ends:  # and so may a login that was used meanwhile
        opened = Workspace(visiting(living), CARE)
    assert wait_for(lambda: computed(opened), WITHIN, "the workspace does not answer") == "42"
    seconds = time.monotonic() - began
    assert (running(living) == before) is not ends
    assert opened.run(["print(open('kept.txt').read())"])[0].text == "kept"
    assert sent_on(living, day) >= sent
    assert lost(living.database, told) == []
    wait_for(lambda: not ownerless(living, living.engine), WITHIN, "something is nobody's")
    kept = "files of a workspace, which ended" if ends else "workspaces"
    left = left_words(ownerless(living, living.engine))
    tell_fault(
        record_property, f"the {name}'s clock {jump}, and right again", f"all that was accepted; {kept}", seconds, left
    )
    assert living.audit_verifies() >= max(told.audit)


def test_a_hub_whose_clock_went_back_goes_on_looking_at_its_workspaces(
    living: Living, clocks: Clocks, opened: Workspace
) -> None:
    """Tornado's own callbacks would be silent for an hour; see ``tests/unit/spawner_config/test_even_time.py``."""
    clocks.set("hub", JUMPS["an hour ahead"])
    time.sleep(LOOKED["hub"])
    clocks.set("hub", timedelta())
    time.sleep(LOOKED["hub"])
    living.engine.kill(workspace_container(living.settings.name, SCIENTIST, CARE))
    look = "SELECT state FROM workspace WHERE project = 'care' AND person = 'scientist'"
    wait_for(lambda: rows(living.database, look)[-1] == ("closed",), 30, "the hub does not see that it ended")
    assert wait_for(lambda: computed(opened), WITHIN, "the workspace does not open") == "42"


def test_the_audit_log_was_in_order_all_the_time_and_shows_what_the_portals_clock_showed(living: Living) -> None:
    found = entries(living)
    assert all(late["seq"] == early["seq"] + 1 for early, late in pairwise(found))
    moments = [entry["at"] for entry in found]
    assert moments != sorted(moments)


def test_a_hubs_clock_that_is_ahead_of_a_tokens_end_ends_it_for_good_and_its_person_logs_in_again(
    living: Living, clocks: Clocks, record_property: Callable[[str, object], None]
) -> None:
    """What does follow the clock: the hub forgets logins and tokens that are over, and nothing else is lost."""
    told = accepted(living)
    clocks.set("hub", FORTY_DAYS)
    wait_for(lambda: upload(living).status_code == 401, WITHIN, "the token still counts")
    clocks.set("hub", timedelta())
    began = time.monotonic()
    time.sleep(LOOKED["hub"])
    fresh = Living(Stage(living.settings, living.stage.config))
    assert upload(fresh).status_code == 200
    assert wait_for(lambda: computed(Workspace(fresh.visitor(SCIENTIST), CARE)), WITHIN) == "42"
    assert lost(living.database, told) == []
    wait_for(lambda: not ownerless(living, living.engine), WITHIN, "something is nobody's")
    tell_fault(
        record_property,
        "the hub's clock forty days ahead, and right again",
        "all that was accepted; logins and tokens that would be over by then do not",
        time.monotonic() - began,
        "nothing",
    )
    assert fresh.audit_verifies() >= max(told.audit)
    fresh.engine.close()
