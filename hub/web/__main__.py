"""The portal: ``python -m hub.web --config lab.toml``."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
from contextlib import suppress
from pathlib import Path

from tornado.httpserver import HTTPServer

from hub.domain.errors import LabError, UnavailableError
from hub.settings import load_settings
from hub.wiring import hub_environment, lab_from

FORGETS_LOGIN_AFTER = 10
"""Seconds that the hub's word about a login or token is believed; a withdrawn token works no longer than that."""
LAST_REQUESTS = 3.0
log = logging.getLogger("datalab.portal")


def main() -> None:
    """Serve the portal until asked to stop."""
    parser = argparse.ArgumentParser(prog="python -m hub.web", description=main.__doc__)
    parser.add_argument("--config", type=Path, default=Path(os.environ.get("DATALAB_CONFIG", "lab.toml")))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    # The hub's client logs people, cookies and states of logins below this level.
    logging.getLogger("tornado.application").setLevel(logging.ERROR)
    try:
        asyncio.run(serve(parser.parse_args().config))
    except LabError as error:
        log.critical("%s (%s)", error, error.reason)
        raise SystemExit(1) from None


async def serve(config: Path) -> None:
    """Listen on loopback; only the proxy is meant to come here."""
    settings = load_settings(config)
    if "JUPYTERHUB_API_TOKEN" not in os.environ:  # A hub that starts its services tells them all of this itself.
        os.environ.update(hub_environment(settings, "portal"))
    # Late: JupyterHub's client reads its environment when it is imported.
    from jupyterhub.services.auth import HubOAuth

    from hub.web.app import LARGEST_BODY, make_app

    login = HubOAuth(cache_max_age=FORGETS_LOGIN_AFTER, cookie_host_prefix_enabled=settings.host_cookies)
    app = make_app(lab_from(settings), login)
    server = HTTPServer(app, xheaders=True, max_body_size=LARGEST_BODY, trusted_downstream=["127.0.0.1", "::1"])
    try:
        server.listen(settings.ports.portal, "127.0.0.1")
    except OSError as error:
        raise UnavailableError(
            "The portal cannot listen on port {port}: {why}. Free it, or name another in lab.toml.",
            reason="port-in-use",
            port=settings.ports.portal,
            why=error.strerror,
        ) from None
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    log.info("listening on port %s", settings.ports.portal)
    await stop.wait()
    server.stop()
    with suppress(TimeoutError):
        await asyncio.wait_for(server.close_all_connections(), LAST_REQUESTS)


if __name__ == "__main__":
    main()
