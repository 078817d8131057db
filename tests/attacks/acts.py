"""What an approved notebook may do that nobody expected; each act is a function without outer names.

They run as cells of one notebook, in the containers of a running lab. The first of them does no harm.
"""

# An attack speaks to the kernel as plainly as it can.

from __future__ import annotations

from typing import Any


def write_words() -> Any:
    import pathlib

    for name in ("words", "more"):
        pathlib.Path(f"/outputs/{name}.txt").write_text("Nothing in here is about anybody.\n")
    return True


ACTS = (write_words,)
