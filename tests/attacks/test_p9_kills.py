"""Promise 9: whichever process or container is killed, what was accepted goes on, and nothing is left behind.

Processes of a running lab are killed by their number, with what a crash gives them no chance to catch, while a run, a
check and a vote are under way. How long each takes to come back is printed, and stands in the report of the tests.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import pytest
import requests

from attacks.acts import wait_for_a_word
from attacks.living import CONTEXT, PROJECT, Living, wait_for
from attacks.seen import computed, folder_of, left_on_disk, left_words, ownerless, pid_of, started, tell_fault
from hub.cli.client import Json, place
from hub.cli.statement import send
from hub.demo.people import AUDITOR, CARE, JOBS_STEWARD, SCIENTIST
from hub.demo.workspace_client import Workspace
from spawner_config.names import workspace_container

WITHIN = 60.0
SURVIVES = "a run, a workspace, a check, a vote, as they were"


# Processes of a running lab


@pytest.fixture(scope="module")
def waiting(living: Living, acts: str) -> str:
    """A run that is under way until it is told to end."""
    run = living.start(acts, act=wait_for_a_word.__name__)
    wait_for(lambda: (folder_of(living, run) / "started.txt").exists(), 60, "the run does not start")
    return run


@pytest.fixture(scope="module")
def at_work(living: Living) -> Workspace:
    """A workspace that is open."""
    workspace = Workspace(living.visitor(SCIENTIST), CARE)
    workspace.open()
    return workspace


class Voting(threading.Thread):
    """A steward's vote that is on its way when something is killed."""

    def __init__(self, living: Living, request: Json) -> None:
        super().__init__()
        self.living, self.request, self.accepted = living, request, False
        living.token(JOBS_STEWARD)

    def run(self) -> None:
        body = {
            "decision": "approve",
            "canonical": {f["path"]: f["canonical"] for f in self.request["files"]},
            "policy": self.request["policy"],
        }
        with suppress(requests.RequestException):
            answer = self.living.answer(JOBS_STEWARD, "POST", place("exports", self.request["id"], "votes"), json=body)
            self.accepted = answer.status_code == 200


@pytest.mark.parametrize("name", ["privileged", "worker", "portal", "gateway", "proxy", "hub"])
def test_whatever_is_killed_comes_back_by_itself_and_nothing_accepted_is_lost(
    living: Living,
    written: str,
    waiting: str,
    at_work: Workspace,
    name: str,
    record_property: Callable[[str, object], None],
) -> None:
    names = [living.container(waiting), workspace_container(living.settings.name, SCIENTIST, CARE)]
    before = [started(living, container) for container in names]
    voted = living.checked(written, "words.txt")
    asked = {"project": PROJECT, "source": written, "files": {"more.txt": {}}, "context": CONTEXT}
    submitted = living.portal(SCIENTIST).post("/exports", asked)["id"]
    voting, starts = Voting(living, voted), Counter[str]()
    with living.starts(starts):
        send(living.portal(SCIENTIST), submitted)
        voting.start()
        living.kill(name)
        seconds = living.up_again()
        voting.join()
        judged = living.judged(submitted)
    left = ownerless(living, living.engine)
    tell_fault(record_property, f"{name} killed", SURVIVES, seconds, left_words(left))
    print(f"{name}: back after {seconds:.1f} s; left behind: {left}")
    assert (judged["state"], judged["turn"]) == ("submitted", 1)
    assert [starts[living.container(f"{submitted}-{kind}-1")] for kind in ("read", "check")] == [1, 1]
    assert [started(living, container) for container in names] == before
    assert living.look(waiting)["work"]["state"] == "running"
    stands = voters(living, voted)
    assert stands == [JOBS_STEWARD] if voting.accepted else stands in ([], [JOBS_STEWARD])
    assert [v["steward"] for v in living.vote(JOBS_STEWARD, voted)["votes"]] == [JOBS_STEWARD]
    assert wait_for(lambda: computed(at_work), 30, "the workspace does not answer") == "42"
    assert living.audit_verifies() > 0
    wait_for(lambda: not ownerless(living, living.engine), WITHIN, "something is nobody's")


def voters(living: Living, request: Json) -> list[str]:
    found = next(e for e in living.portal(AUDITOR).get("/exports") if e["id"] == request["id"])
    return [v["steward"] for v in found["votes"]]


def test_the_run_that_outlived_them_all_ran_once_and_ended_well(living: Living, waiting: str) -> None:
    (folder_of(living, waiting) / ".word").touch()
    found = living.ended(waiting)
    assert (found["work"]["state"], living.said(found)) == ("succeeded", True)
    recorded = {f["path"]: f["sha256"] for f in found["run"]["outputs"]}
    assert living.vaulted(recorded["started.txt"]).read_text() == "started\n"
    assert [details["end"] for *_, details in living.audit("lab:run:end", subject=waiting)] == ["succeed"]
    wait_for(lambda: living.work_containers() == [], 10, "a container is left")


# Containers


ENDED_FROM_OUTSIDE = ("failed", "The container was ended from outside or crashed.")
GONE = ("lost", "Its container is gone; start it again.")


@pytest.mark.parametrize("harm", ["kill", "remove"])
def test_a_run_whose_container_ends_is_said_to_have_and_leaves_nothing(living: Living, acts: str, harm: str) -> None:
    run = living.start(acts, act=wait_for_a_word.__name__)
    wait_for(lambda: (folder_of(living, run) / "started.txt").exists(), 60, "the run does not start")
    if harm == "kill":
        os.kill(pid_of(living, living.container(run)), signal.SIGKILL)
    else:
        living.engine.remove_container(living.container(run), force=True)
    found = living.ended(run, seconds=20)
    told = (found["work"]["state"], found["work"]["reason"])
    # The worker may look between the end and the removal.
    assert told in ([ENDED_FROM_OUTSIDE] if harm == "kill" else [ENDED_FROM_OUTSIDE, GONE])
    assert [f["path"] for f in found["run"]["outputs"]] == ["started.txt"]
    wait_for(lambda: living.work_containers() == [], 10, "a container is left")


def test_a_check_whose_container_is_killed_fails_and_passes_when_it_is_submitted_again(
    living: Living, written: str
) -> None:
    asked = {"project": PROJECT, "source": written, "files": {"words.txt": {}}, "context": CONTEXT}
    made = living.portal(SCIENTIST).post("/exports", asked)["id"]
    send(living.portal(SCIENTIST), made)
    os.kill(wait_for(lambda: pid_of(living, living.container(f"{made}-check-1")), 30), signal.SIGKILL)
    failed = living.judged(made)
    assert (failed["state"], failed["files"][0]["canonical"]) == ("failed", "")
    assert failed["reason"] == "The container was ended from outside or crashed."
    wait_for(lambda: [w for w in left_on_disk(living) if w.startswith(made)] == [], 10, "a folder is left")
    send(living.portal(SCIENTIST), made)
    assert living.judged(made)["state"] == "submitted"
    wait_for(lambda: [w for w in left_on_disk(living) if w.startswith(made)] == [], 10, "a folder is left")


def test_a_workspace_whose_container_is_killed_is_cleared_away_and_opens_again(
    living: Living, at_work: Workspace
) -> None:
    name = workspace_container(living.settings.name, SCIENTIST, CARE)
    killed = started(living, name)[0]
    os.kill(pid_of(living, name), signal.SIGKILL)
    wait_for(lambda: living.engine.containers(all=True, filters={"id": killed}) == [], 30, "the container is left")
    assert wait_for(lambda: computed(at_work), 30, "the workspace does not answer") == "42"
