"""``python -m spawner_config.gateway --config lab.toml``."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from hub.adapters.secrets import Secret, read_secret
from hub.domain.errors import LabError
from hub.settings import Settings, load_settings
from spawner_config.accepting import allow_many_descriptors
from spawner_config.gateway.app import Gateway, Keys, close_umask


async def serve(settings: Settings) -> None:
    """Serve until the process is asked to end."""
    end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end.set)
    keys = Keys(*(read_secret(settings.secret(name)) for name in (Secret.GATEWAY, Secret.GATEWAY_SEAL)))
    gateway = Gateway(settings, keys)
    await gateway.start()
    logging.getLogger("gateway").info("The gateway listens on port %d.", settings.ports.gateway)
    await end.wait()
    await gateway.stop()


def main() -> int:
    """Read the settings and serve; 1 when it cannot start, with the reason."""
    parser = argparse.ArgumentParser(prog="gateway", description="Between the proxy and the workspaces' sockets.")
    parser.add_argument("--config", type=Path, default=Path(os.environ.get("DATALAB_CONFIG", "lab.toml")))
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    allow_many_descriptors()
    close_umask()
    try:
        asyncio.run(serve(load_settings(chosen.config)))
    except LabError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"The gateway cannot start: {error}. Free the port, or choose another one in lab.toml.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
