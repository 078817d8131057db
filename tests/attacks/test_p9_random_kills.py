"""Promise 9: processes and containers are killed in random order under a client that goes on, and nothing goes back.

A seed says the order and the pauses; with ``DATALAB_KILL_SEQUENCES=40`` in the environment, forty seeds are tried
instead of three.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from attacks.asking import Asking, Computing, Count, Told, longest_silence, lost, rows, started_twice, steps_back
from attacks.living import PROJECT, Living, wait_for
from attacks.seen import left_words, ownerless, pid_of, tell_fault
from hub.demo.people import SCIENTIST
from hub.domain.work import ENDED
from integration.sandbox_container import notebook_of
from lab_fixture import StoryLab
from spawner_config.names import workspace_container

SEQUENCES = int(os.environ.get("DATALAB_KILL_SEQUENCES", "3"))
KILLS = 6
PROCESSES = ("hub", "proxy", "gateway", "worker", "portal", "privileged", "identity")
CONTAINERS = ("a workspace", "a run")
WITHIN = 60.0
HONEST_ENDS = {"The container was ended from outside or crashed.", "Its container is gone; start it again."}


@pytest.fixture(scope="module")
def short(living: Living) -> str:
    """An approved notebook that takes about a second."""
    return living.approved(notebook_of("import time\ntime.sleep(1)"), name="short")


class Killer:
    """Ends what a seed names, as a crash does, and remembers which containers it ended."""

    def __init__(self, living: Living, lab: StoryLab, seed: int) -> None:
        self.living, self.lab, self.random = living, lab, random.Random(seed)
        self.workspaces, self.runs, self.names = 0, set[str](), list[str]()

    def order(self) -> list[str]:
        """Every process at least now and then, containers as often, and supervisord at most once."""
        chosen = self.random.choices([*PROCESSES, *CONTAINERS], weights=[4] * 6 + [1, 2, 4], k=KILLS - 1)
        chosen.insert(self.random.randrange(KILLS), "supervisord")
        return chosen

    def kill(self, name: str) -> None:
        self.names.append(name)
        match name:
            case "a workspace":
                container = workspace_container(self.living.settings.name, SCIENTIST, PROJECT)
                self.workspaces += self._end(container)
            case "a run":
                ids = rows(self.living.database, "SELECT id FROM work WHERE kind = 'run' AND state = 'running'")
                for (run,) in ids[:1]:
                    self.runs |= {run} if self._end(self.living.container(run)) else set()
            case "supervisord":
                self.living.kill(name)
                # Nobody starts supervisord again but an administrator, or the machine's own manager of services.
                assert self.lab.datalab("admin", "up").code == 0
            case _:
                self.living.kill(name)

    def _end(self, container: str) -> bool:
        pid = pid_of(self.living, container)
        with suppress(ProcessLookupError):
            os.kill(pid or 2**22, signal.SIGKILL)
            return True
        return False


def done(living: Living, told: Told) -> bool:
    """Every run that was accepted has ended."""
    states = dict(rows(living.database, "SELECT id, state FROM work"))
    return all(states[run] in ENDED for run in told.run)


@pytest.mark.parametrize("seed", range(1, SEQUENCES + 1), ids=lambda seed: f"seed {seed}")
def test_a_random_sequence_of_kills_takes_nothing_back_from_a_client_that_goes_on(
    living: Living,
    story_lab: StoryLab,
    written: str,
    short: str,
    seed: int,
    record_property: Callable[[str, object], None],
) -> None:
    voted = living.checked(written, "words.txt")
    killer, starts = Killer(living, story_lab, seed), Counter[str]()
    computing, asking = Computing(living), Asking(living, short, written, voted)
    with computing.going():
        wait_for(lambda: computing.answers, 90, "no kernel counts")
        with living.starts(starts):
            with asking.going():
                for name in killer.order():
                    time.sleep(killer.random.uniform(0.2, 2.5))
                    killer.kill(name)
                print(f"seed {seed}: {', '.join(killer.names)}")
                back = living.up_again(90)
                heard, left = len(computing.answers), left_words(ownerless(living, living.engine))
                wait_for(lambda: len(computing.answers) > heard + 3, WITHIN, "no kernel counts any more")
            wait_for(lambda: done(living, asking.told), WITHIN, "a run does not end")
    assert lost(living.database, asking.told) == []
    assert steps_back(computing.answers, killer.workspaces) == []
    assert started_twice(starts, asking.told, living.container) == []
    check_ends(living, asking.told, killer.runs)
    silence, began = longest_silence(computing.answers), time.monotonic()
    wait_for(lambda: not ownerless(living, living.engine), WITHIN, "something is nobody's")
    assert living.audit_verifies() >= max(asking.told.audit)
    survives = f"{asking.told.count} accepted meanwhile; a kernel that counts (silent for {silence:.1f} s at most)"
    tell_fault(record_property, ", ".join(killer.names), survives, back, left)
    record_property("nothing-ownerless-after-seconds", round(time.monotonic() - began, 1))


def check_ends(living: Living, told: Told, harmed: set[str]) -> None:
    """Runs that nobody harmed succeeded; of the others it is said what became of them."""
    ends = {i: (s, r) for i, s, r in rows(living.database, "SELECT id, state, reason FROM work WHERE kind = 'run'")}
    assert {run: ends[run] for run in told.run - harmed if ends[run][0] != "succeeded"} == {}
    assert {ends[run][1] for run in harmed if ends[run][0] != "succeeded"} <= HONEST_ENDS


# The same checks on a client that lies, and on a lab that forgets


def test_a_counter_that_goes_back_or_begins_anew_is_found() -> None:
    honest = [Count(float(n), n, "a") for n in (1, 2, 5, 6)]
    assert steps_back(honest, killed=0) == []
    assert steps_back([*honest, Count(7.0, 6, "a")], killed=0) == ["a says 6 after 6"]
    assert steps_back([*honest, Count(7.0, 1, "b")], killed=0) == ["2 kernels, though 0 containers were killed"]
    assert steps_back([*honest, Count(7.0, 1, "b")], killed=1) == []


def test_whatever_a_client_says_was_accepted_and_was_not_is_found(living: Living) -> None:
    lies = Told({"upload-lie"}, {"export-lie"}, {"run-lie"}, {("export-lie", "jobs-steward")}, {1: "0" * 64})
    found = lost(living.database, lies)
    for word in ("upload-lie", "export-lie", "run-lie", "run-lie in the log", "entry 1 of the log"):
        assert word in found
    assert "the vote of jobs-steward on export-lie" in found
    assert lost(living.database, replace(Told())) == []
    assert started_twice(Counter({"c-run": 2}), Told(run={"run"}), lambda run: f"c-{run}") == ["run"]
