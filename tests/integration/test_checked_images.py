"""Facts about images whose blocks the kernel checks, seen on Debian's kernel: it can, whatever this machine's can."""

from __future__ import annotations

import re

from integration.own_kernel import run_there

TESTS = ("tests/integration/checked_images.py", "tests/integration/test_snapshots.py")
OF_THESE = "checked_images or verity or not_what_was_made or killed_process or at_once"


def test_the_kernel_checks_what_is_read_and_every_way_of_harming_it_is_no_mount() -> None:
    python = ".venv/bin/python -m pytest -q -p no:cacheprovider -p no:xdist --color=no --basetemp=/tmp/there"
    ended, said = run_there(f'{python} {" ".join(TESTS)} -k "{OF_THESE}"')
    assert ended == 0, said
    passed = re.search(r"^(\d+) passed", said, re.MULTILINE)
    assert passed, said
    assert int(passed[1]) >= 35, said
    assert "skipped" not in said
    assert "is corrupted" in said, "the kernel itself says what it found"
