"""The worker: a service of the hub's without pages that starts containers, follows them, and clears away."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import FrameType

from hub.domain.errors import LabError
from hub.domain.notices import Channel
from hub.pace import Pace
from hub.services.access_log import fold
from hub.services.health import WORKER
from hub.services.lab import Lab
from hub.services.notices import channels_of, end_claims
from hub.services.outbox import Courier, deliver, give_up
from hub.services.ports import HubServers
from hub.services.reaper import Suspects, reap
from hub.services.schedules import keep_schedules
from hub.services.space import watch_space
from hub.services.work import LastRound, do_round
from hub.settings import load_settings
from hub.wiring import couriers_from, hub_from, lab_from

FAULT_PAUSE = 2.0
BEAT_SECONDS, REAP_SECONDS = 5.0, 5.0
FOLD_SECONDS = 20.0
CLAIM_SECONDS = 10.0
SCHEDULE_SECONDS = 10.0
SEND_SECONDS = 5.0
log = logging.getLogger("datalab.worker")


class Stop:
    """Asked to stop: the round that is under way is finished, containers go on."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


class Turn:
    """Something has its turn every so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0

    def has_come(self) -> bool:
        """Say whether it is time, and if so, when the next is."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True


class Worker:
    """Rounds of work, and now and then a sign of life and a look: at the space, at what nobody owns, at the gateway."""

    def __init__(self, lab: Lab, hub: HubServers) -> None:
        self._lab = lab
        self._hub = hub
        self._suspects: Suspects = {}
        self._beat, self._reap, self._fold = Turn(BEAT_SECONDS), Turn(REAP_SECONDS), Turn(FOLD_SECONDS)
        self._claims, self._schedules = Turn(CLAIM_SECONDS), Turn(SCHEDULE_SECONDS)
        self._pace = Pace()
        self._under_way: frozenset[str] = frozenset()
        self._last = LastRound()

    def do_round(self) -> float:
        """Do one round and return the pause after it; what fails keeps nothing else from its turn."""
        if self._beat.has_come():
            _tried(lambda: self._lab.store.beat(WORKER))
            _tried(lambda: watch_space(self._lab))
        went_well = _tried(self._work)
        if self._reap.has_come():
            _tried(self._clear_away)
            _tried(lambda: self._lab.storage.release_snapshots(self._lab.engine.sources))
        if self._fold.has_come():
            _tried(self._read_access_log)
        if self._claims.has_come():
            _tried(lambda: end_claims(self._lab))
            _tried(lambda: give_up(self._lab))
        if self._schedules.has_come():
            _tried(lambda: keep_schedules(self._lab))
        if not went_well:
            return FAULT_PAUSE
        return self._pace.pause(self._under_way)

    def _work(self) -> None:
        self._under_way = do_round(self._lab, self._last)

    def _read_access_log(self) -> None:
        """What the gateway wrote down meanwhile becomes audit events."""
        while fold(self._lab):
            continue

    def _clear_away(self) -> None:
        self._suspects = reap(self._lab, self._hub, self._suspects)


class Sender(threading.Thread):
    """Sends messages beside the rounds of work, so that a mail server that hangs keeps no work from its turn."""

    def __init__(self, lab: Lab, couriers: Callable[[], Mapping[Channel, Courier]]) -> None:
        super().__init__(name="sender", daemon=True)
        self._lab = lab
        self._couriers = cache(couriers)
        self._over = threading.Event()

    def end(self) -> None:
        """Send nothing more after what is being sent now."""
        self._over.set()

    def run(self) -> None:
        """Try what is due until asked to end; a secret that is missing is looked for again."""
        while not self._over.is_set():
            _tried(lambda: deliver(self._lab, self._couriers()))
            self._over.wait(SEND_SECONDS)


def _tried(act: Callable[[], None]) -> bool:
    """Do it; what the lab rests on may come and go meanwhile, and is said."""
    try:
        act()
    except LabError as error:
        log.warning("%s (%s)", error, error.reason)
        return False
    return True


def main() -> None:
    """Do rounds until asked to stop."""
    parser = argparse.ArgumentParser(prog="python -m hub.worker", description=main.__doc__)
    parser.add_argument("--config", type=Path, default=Path(os.environ.get("DATALAB_CONFIG", "lab.toml")))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    settings = load_settings(parser.parse_args().config)
    lab = lab_from(settings)
    worker = Worker(lab, hub_from(settings))
    if channels_of(settings):
        Sender(lab, lambda: couriers_from(settings)).start()
    stop = Stop()
    log.info("started")
    while not stop.asked:
        time.sleep(worker.do_round())


if __name__ == "__main__":
    main()
