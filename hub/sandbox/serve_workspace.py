"""``python -P -m hub.sandbox.serve_workspace``: a workspace's single-user server without the half that is the hub.

The server is JupyterHub's own. Importing it also imports what only the hub uses: database, tables and pages. That is
half of its start and a third of its memory. Here names stand for those modules instead; they hold what the server's
modules ask for when they are imported, and whatever else were asked of them would fail loudly.
"""

from __future__ import annotations

import sys
from types import ModuleType


class SQLAlchemyError(Exception):
    """What the hub catches from its database; here there is none that could raise it."""


class HealthCheckHandler:
    """The hub's page for health checks, whose requests are logged with fewer words; here it serves none."""


STAND_INS: dict[str, dict[str, object]] = {
    "sqlalchemy": {},
    "sqlalchemy.exc": {"SQLAlchemyError": SQLAlchemyError},
    "jupyterhub.orm": {},
    "jupyterhub.roles": {},
    "jupyterhub.handlers": {},
    "jupyterhub.handlers.pages": {"HealthCheckHandler": HealthCheckHandler},
}
"""Modules of the hub, and what the single-user server's modules take from them when they are imported."""


def leave_out() -> None:
    """Put a name in the place of each module that only the hub uses."""
    import jupyterhub  # a small package, whose modules are looked up as its attributes

    for name, values in STAND_INS.items():
        module = ModuleType(name, __doc__)
        module.__dict__.update(values)
        sys.modules[name] = module
        package, _, last = name.rpartition(".")
        if package == jupyterhub.__name__:
            setattr(jupyterhub, last, module)


def main() -> None:
    """Serve until the container ends."""
    leave_out()
    from jupyterhub.singleuser import main as serve

    serve()


if __name__ == "__main__":
    main()
