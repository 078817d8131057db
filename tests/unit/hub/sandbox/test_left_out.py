"""A run's program does without what no run uses, and its libraries are content."""

import subprocess
import sys

STORY = """
import gc, sys
from hub.sandbox.left_out import collect_again, leave_out
leave_out()
import hub.sandbox.execute
found = {"numpy", "pyarrow.fs", "arrow", "urllib3"} & set(sys.modules)
while_importing = gc.isenabled()
collect_again()
print(found or "nothing", while_importing, gc.isenabled(), gc.get_freeze_count() > 10_000)
"""


def test_what_is_left_out_is_imported_by_nobody() -> None:
    told = subprocess.run([sys.executable, "-c", STORY], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["nothing", "False", "True", "True"]
