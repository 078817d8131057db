"""The gateway as it is, but for how many calls a workspace may make to the hub: a test asks for all there are."""

from __future__ import annotations

import sys
from functools import partial

from spawner_config.gateway import __main__ as program
from spawner_config.gateway.app import Gateway
from spawner_config.gateway.bounds import Bounds

CALLS = 5_000

if __name__ == "__main__":
    program.Gateway = partial(Gateway, bounds=Bounds(hub_burst=CALLS))  # type: ignore[attr-defined, assignment, misc]
    sys.exit(program.main())
