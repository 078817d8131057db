"""A workspace's server starts without the modules of the hub, and with the same server."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import json, sys
from hub.sandbox import serve_workspace
serve_workspace.leave_out()
import jupyterhub.services.auth, jupyterhub.utils, jupyterhub.log
from jupyterhub.scopes import _intersect_expanded_scopes
both = _intersect_expanded_scopes({"access:servers!user=a"}, {"access:servers"})
try:
    jupyterhub.orm.User
except AttributeError:
    missing = True
modules = sorted(name for name, module in sys.modules.items() if module is not None)
print(json.dumps({"modules": modules, "both": sorted(both), "missing": missing}))
"""


def test_the_database_and_its_tables_are_not_imported_and_scopes_are_compared_as_ever() -> None:
    done = subprocess.run([sys.executable, "-P", "-c", PROGRAM], capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    unused = {"alembic", "sqlalchemy.orm", "jupyterhub.handlers.base", "aiodns", "requests.api"}
    assert not unused & set(said["modules"])
    assert said["both"] == ["access:servers!user=a"]
    assert said["missing"] is True
