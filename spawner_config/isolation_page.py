"""The reference page of isolation, made from the table of options itself.

``python -m spawner_config.isolation_page > docs/reference/isolation.md`` writes it; a test compares the two.
"""

from __future__ import annotations

import json
import sys

from datasets_mount.mounts import Mount
from spawner_config.isolation import OPTIONS, ContainerSpec, Limits, Purpose
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


def page() -> str:
    """Return the whole page as markdown."""
    rows = (f"| `{o.key}` | `{_shown(o.value(EXAMPLE))}` | {o.reason} |\n" for o in OPTIONS)
    return HEAD + "".join(rows)


def _shown(value: object) -> str:
    shown = json.dumps(value, ensure_ascii=False)
    # The list of calls has a page of its own.
    return shown.replace(json.dumps(profile_text())[1:-1], "…").replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(page())
