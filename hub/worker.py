"""The worker: a service of the hub's without pages that starts containers, follows them, and clears away."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from hub.domain.errors import LabError
from hub.services.access_log import fold
from hub.services.health import WORKER
from hub.services.lab import Lab
from hub.services.ports import HubServers
from hub.services.reaper import Suspects, reap
from hub.services.space import watch_space
from hub.services.work import do_round
from hub.settings import load_settings
from hub.wiring import hub_from, lab_from

BUSY_PAUSE, IDLE_PAUSE, FAULT_PAUSE = 0.1, 0.3, 2.0
BEAT_SECONDS, REAP_SECONDS = 5.0, 5.0
FOLD_SECONDS = 20.0
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
        self._under_way = 0

    def do_round(self) -> float:
        """Do one round and return the pause after it; what fails keeps nothing else from its turn."""
        if self._beat.has_come():
            _tried(lambda: self._lab.store.beat(WORKER))
            _tried(lambda: watch_space(self._lab))
        went_well = _tried(self._work)
        if self._reap.has_come():
            _tried(self._clear_away)
        if self._fold.has_come():
            _tried(self._read_access_log)
        if not went_well:
            return FAULT_PAUSE
        return BUSY_PAUSE if self._under_way else IDLE_PAUSE

    def _work(self) -> None:
        self._under_way = do_round(self._lab)

    def _read_access_log(self) -> None:
        """What the gateway wrote down meanwhile becomes audit events."""
        while fold(self._lab):
            continue

    def _clear_away(self) -> None:
        self._suspects = reap(self._lab, self._hub, self._suspects)


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
    worker = Worker(lab_from(settings), hub_from(settings))
    stop = Stop()
    log.info("started")
    while not stop.asked:
        time.sleep(worker.do_round())


if __name__ == "__main__":
    main()
