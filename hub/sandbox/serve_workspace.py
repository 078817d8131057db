"""``python -P -m hub.sandbox.serve_workspace``: a workspace's single-user server without the half that is the hub.

The server is JupyterHub's own. Importing it also imports what only the hub uses: database, tables and pages. That is
half of its start and a third of its memory. Here names stand for those modules instead, and for those that a server
without a network never uses; they hold what the server's modules ask for when they are imported, and whatever else
were asked of them would fail loudly.

All that takes time and is the same for everybody, the imports, is done first; then the program waits for its claim
(``hub.sandbox.claim``), and only then does it look at its person's home.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import ModuleType

from hub.sandbox.claim import take_over
from hub.sandbox.first_kernel import import_all, made_to_wait, offer
from hub.sandbox.left_out import FORMS

SOCKETS = Path("/run/nb")


class SQLAlchemyError(Exception):
    """What the hub catches from its database; here there is none that could raise it."""


class PyPIExtensionManager:
    """What installs extensions from an index of packages; the image's configuration names the one that does not."""


class HealthCheckHandler:
    """The hub's page for health checks, whose requests are logged with fewer words; here it serves none."""


STAND_INS: dict[str, dict[str, object]] = {
    "sqlalchemy": {},
    "sqlalchemy.exc": {"SQLAlchemyError": SQLAlchemyError},
    "jupyterhub.orm": {},
    "jupyterhub.roles": {},
    "jupyterhub.handlers": {},
    "jupyterhub.handlers.pages": {"HealthCheckHandler": HealthCheckHandler},
    "jupyterlab.extensions.pypi": {"PyPIExtensionManager": PyPIExtensionManager},
    "requests": {},
}
"""Modules that are not used, and what the single-user server's modules take from them when they are imported."""
NOT_THERE = ("aiodns", *FORMS)
"""Modules that their importers do without: for looking up names, and for forms of values that no schema here has."""

SHARED = ("jupyter_client", "tornado.platform.asyncio")
"""What a server and a kernel import, both: it is done once, before there are two."""
IMPORTED = (
    "jupyterhub.singleuser",
    "jupyterlab.labapp",
    "jupyter_server_terminals.app",
    *(f"jupyter_server.services.{name}.handlers" for name in ("api", "config", "contents", "events", "kernels")),
    *(f"jupyter_server.services.{name}.handlers" for name in ("kernelspecs", "nbconvert", "security", "sessions")),
    "jupyter_server.kernelspecs.handlers",
    "jupyter_server.nbconvert.handlers",
    "jupyter_server.view.handlers",
    "jinja2.ext",
)
"""What a server imports until it has shown its page."""
LATER = ("ipykernel.kernelspec",)
"""And what it imports until it has started a kernel."""
ALONE = 0.8
"""The share of its time that a program computes where nobody else wants the machine."""


def leave_out() -> None:
    """Put a name in the place of each module that is not used, and keep away those that need not be there."""
    import jupyterhub  # a small package, whose modules are looked up as its attributes

    sys.modules.update(dict.fromkeys(NOT_THERE))  # type: ignore[arg-type]  # importing them raises ImportError
    for name, values in STAND_INS.items():
        module = ModuleType(name, __doc__)
        module.__dict__.update(values)
        sys.modules[name] = module
        package, _, last = name.rpartition(".")
        if package == jupyterhub.__name__:
            setattr(jupyterhub, last, module)


def main() -> None:
    """Get ready, wait for the claim, and serve until the container ends."""
    began = time.perf_counter() - time.process_time()  # what the interpreter itself took counts, too
    import_all(SHARED)
    kernel = made_to_wait()  # before the names that stand for the hub's modules, which are not the kernel's affair
    leave_out()
    import_all(IMPORTED)
    offer(kernel)

    def meanwhile() -> None:
        kernel.prepare()
        import_all(LATER)

    alone = time.process_time() > ALONE * (time.perf_counter() - began)
    take_over(SOCKETS, meanwhile)
    if alone:  # a core is free, and the first kernel will be wanted as soon as the page is there
        kernel.prepare()
    from jupyterhub.singleuser import main as serve

    serve()


if __name__ == "__main__":
    main()
