"""The worker: a JupyterHub-managed service without pages that starts containers and follows them."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import time
from pathlib import Path
from types import FrameType

from hub.domain.errors import LabError
from hub.services.work import do_round
from hub.settings import load_settings
from hub.wiring import lab_from

BUSY_PAUSE, IDLE_PAUSE, FAULT_PAUSE = 0.1, 0.3, 2.0
log = logging.getLogger("datalab.worker")


class Stop:
    """Asked to stop: the round that is under way is finished, containers go on."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def main() -> None:
    """Do rounds until asked to stop; what the lab rests on may come and go meanwhile."""
    parser = argparse.ArgumentParser(prog="python -m hub.worker", description=main.__doc__)
    parser.add_argument("--config", type=Path, default=Path(os.environ.get("DATALAB_CONFIG", "lab.toml")))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    lab = lab_from(load_settings(parser.parse_args().config))
    stop = Stop()
    log.info("started")
    while not stop.asked:
        try:
            pause = BUSY_PAUSE if do_round(lab) else IDLE_PAUSE
        except LabError as error:
            log.warning("%s (%s)", error, error.reason)
            pause = FAULT_PAUSE
        time.sleep(pause)


if __name__ == "__main__":
    main()
