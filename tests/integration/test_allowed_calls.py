"""What people run in a workspace needs no call of the kernel that the lab's list refuses.

Run as a program, it prints which refused calls the programs ask for: they then run under a list that lets everything
pass and tells the kernel's log. (``python tests/integration/test_allowed_calls.py``, as root, on a quiet machine.)
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from attacks.cells import UID, Cells, host
from integration.programs import PROGRAMS
from spawner_config.isolation import NO_NEW_PRIVILEGES, Limits
from spawner_config.seccomp.profile import profile

ROOMY = Limits(memory=2**30, cpus=2.0, processes=256, tmp=2**26, seconds=60, file_size=2**28)
AT_HOME = {"HOME": "/home/scientist"}


@pytest.fixture
def cells(tmp_path: Path) -> Iterator[Cells]:
    tmp_path.chmod(0o755)
    made = Cells(tmp_path, environment=AT_HOME, working_dir="/home/scientist")
    yield made
    made.close()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_a_program_runs_under_the_list(cells: Cells, program: Callable[[], Any]) -> None:
    assert cells.run(program, limits=ROOMY).said is True


def refused_calls(cells: Cells, program: Callable[[], Any]) -> Counter[str]:
    """Which refused calls a program asks for, by number, as the kernel's log tells."""
    telling = profile() | {"defaultAction": "SCMP_ACT_LOG"}
    del telling["defaultErrnoRet"]
    subprocess.run(["dmesg", "--read-clear"], check=True, capture_output=True)
    cells.run(program, limits=ROOMY, weaken=host(SecurityOpt=[NO_NEW_PRIVILEGES, f"seccomp={json.dumps(telling)}"]))
    told = subprocess.run(["dmesg"], check=True, capture_output=True, text=True).stdout
    return Counter(re.findall(rf"uid={UID} .* comm=\S+ .*syscall=(\d+)", told))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        made = Cells(Path(folder), environment=AT_HOME, working_dir="/home/scientist")
        for each in PROGRAMS:
            sys.stdout.write(f"{each.__name__}: {dict(refused_calls(made, each))}\n")
        made.close()
