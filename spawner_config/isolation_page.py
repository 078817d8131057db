"""The reference page of isolation, made from the table of options itself.

``python -m spawner_config.isolation_page > docs/reference/isolation.md`` writes it; a test compares the two.
"""

from __future__ import annotations

import json
import sys

from datasets_mount.mounts import Mount
from spawner_config.isolation import OPTIONS, ContainerSpec, Limits, Purpose
from spawner_config.isolation_paths import MASKED_FOR
from spawner_config.names import LABEL
from spawner_config.seccomp.profile import profile_text

HEAD = """\
# How every container is shut in

This page is made from `spawner_config/isolation.py` by `python -m spawner_config.isolation_page`; a test fails when the
two differ. The values are those of a run with 2 GiB of memory; they differ between purposes in the places that a
container sees and in its limits, and in nothing else.

| engine option | value | why |
| --- | --- | --- |
"""

MASKS = """
## What reads as empty, and why

| why | paths |
| --- | --- |
"""

EXAMPLE = ContainerSpec(
    purpose=Purpose.RUN,
    image="sha256:…",
    command=("python", "-m", "hub.sandbox.execute"),
    uid=200000,
    mounts=(Mount("/…/snapshots/<digest>", "/data/jobs"), Mount("/…/runs/<run>", "/outputs", writable=True)),
    limits=Limits(2 * 2**30, 1.0, 256, 256 * 2**20, 3600, 2**30),
    environment={},
    labels={LABEL: "run"},
    working_dir="/outputs",
)


FOOT = """
## What the engine has no option for

* *Time namespaces.* runc can make them from version 1.2 on; the engine hands it no wish for one. A container therefore
  reads how long the machine has been up.
* *Paths of the host.* `/proc/self/mountinfo` names the folders of the host that stand behind a container's folders and
  layers. It is a file of each process, which cannot be masked.
* *Totals of the machine* in `/proc/stat`, `/proc/meminfo` and `/proc/loadavg`, which common libraries need, and the
  counters under `/proc/sys`. They are a slow channel between projects that work together on it; see
  [what is not promised](../explanation/security-model.md#what-is-not-promised).
"""


def page() -> str:
    """Return the whole page as markdown."""
    rows = (f"| `{o.key}` | `{_shown(o.value(EXAMPLE))}` | {o.reason} |\n" for o in OPTIONS)
    hidden = (f"| {reason} | {' '.join(f'`{p}`' for p in paths.split())} |\n" for reason, paths in MASKED_FOR.items())
    return "".join((HEAD, *rows, MASKS, *hidden, FOOT))


def _shown(value: object) -> str:
    shown = json.dumps(value, ensure_ascii=False)
    # The list of calls has a page of its own.
    return shown.replace(json.dumps(profile_text())[1:-1], "…").replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(page())
