"""The reference page of the kernel's calls, made from the lists themselves.

``python -m spawner_config.seccomp.page > docs/reference/seccomp.md`` writes it; a test compares the two.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from spawner_config.seccomp.allowed import ALLOWED, ANSWERED_AS_MISSING
from spawner_config.seccomp.refused import REFUSED
from spawner_config.seccomp.rules import Calls

HEAD = """\
# Which calls of the kernel a container may make

This page is made from `spawner_config/seccomp/` by `python -m spawner_config.seccomp.page`; a test fails when the two
differ, and another one when a call that the kernel has stands in none of the tables. [seccomp.json](seccomp.json) is
the same list as the engine takes it, for x86_64 and aarch64 alike; every container of the lab gets it, whatever it is
for.

* What is not allowed is answered with `EPERM`. What is newer than the list is answered with `ENOSYS` by runc, so that
  programs take their older way.
* A program that enters the kernel by another ABI (32-bit `int 0x80`, x32) is killed. The kernel writes a line of type
  1326 into its log when that happens.
* {count} calls are allowed.

## To add a call

1. Find the call that a program lacks: add the program to `tests/integration/programs.py`, and run
   `python tests/integration/test_allowed_calls.py`. It uses the list in a mode that lets everything pass and tells the
   kernel's log, and prints the numbers of what would have been refused. (Today these are `mbind` and `cachestat`, which
   NumPy and Polars ask for and can do without.)
2. Ask what else the call opens: whether it reaches another container, the machine, or a part of the kernel with a past
   of faults. Prefer the arguments that are needed over the whole call.
3. Move it from `refused.py` to `allowed.py` with a reason that a steward understands, write the pages anew
   (`spawner_config.seccomp.page`, `spawner_config.seccomp.profile`, `spawner_config.isolation_page`), and run
   `tests/integration/test_allowed_calls.py` and `tests/attacks/test_p1_*.py`.
"""


def page() -> str:
    """Return the whole page as markdown."""
    count = sum(len(calls.each) for calls in ALLOWED)
    parts = [HEAD.format(count=count), *_table("Allowed", ALLOWED)]
    parts += _table("Answered as if the kernel did not have it", ANSWERED_AS_MISSING)
    parts += _table("Refused on purpose", REFUSED)
    return "".join(parts)


def _table(title: str, rows: tuple[Calls, ...]) -> Iterator[str]:
    yield f"\n## {title}\n\n| calls | why | when |\n| --- | --- | --- |\n"
    for calls in rows:
        names = ", ".join(f"`{name}`" for name in calls.each)
        yield f"| {names} | {calls.reason} | {_when(calls)} |\n"


def _when(calls: Calls) -> str:
    only = f"{calls.only.name.lower()} only" if calls.only else ""
    return ": ".join(part for part in (only, _alternatives(calls)) if part) or "always"


def _alternatives(calls: Calls) -> str:
    whole = [" and ".join(str(argument) for argument in all_of) for all_of in calls.when]
    first, _, _ = whole[0].rpartition(" ") if whole else ("", "", "")
    if all(word.startswith(f"{first} ") and " and " not in word for word in whole):
        return f"{first} {', '.join(word.removeprefix(first).strip() for word in whole)}" if whole else ""
    return "; or ".join(whole)


if __name__ == "__main__":
    sys.stdout.write(page())
