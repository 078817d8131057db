"""What an order to the engine says, read back: into the container that it describes, and the mounts of one.

Invariant: an order that is not, word for word, what ``isolation.container_body`` makes of the container that it
describes is refused, so nothing that the table of options does not say can be said to the engine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from datasets_mount.mounts import Mount
from hub.domain.errors import InvalidError
from spawner_config import names
from spawner_config.isolation import TMP, ContainerSpec, Limits, container_body
from spawner_config.lab_containers import KINDS, PLACES

MOST = 2**63 - 1
"""The engine's numbers have 64 bits; a larger one is none that it could hold, and none of the lab's."""


def spec_of(body: Mapping[str, Any]) -> ContainerSpec:
    """Read back the container that an order describes; InvalidError when no container of the lab is ordered like that.

    What the order does not hold, the seconds of life, is one. What cannot be written down again, as an endless number
    or lists in lists in lists, is no order.
    """
    try:
        spec = _read(body)
        same = written(container_body(spec)) == written(body)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError):
        raise _not_ours() from None
    if not same:
        raise _not_ours()
    return spec


def _not_ours() -> InvalidError:
    return InvalidError(
        "This is no order for a container of the lab: it differs from what the table of isolation makes of it.",
        reason="order-differs",
    )


def written(body: Mapping[str, Any]) -> str:
    """Return the one text of an order: two orders with this text are the same, type by type."""
    return json.dumps(body, sort_keys=True, allow_nan=False)


def _read(body: Mapping[str, Any]) -> ContainerSpec:
    host = body["HostConfig"]
    labels = {_word(key): _word(value) for key, value in body["Labels"].items()}
    user, _, group = _word(body["User"]).partition(":")
    if user != group:
        raise ValueError(group)
    return ContainerSpec(
        purpose=KINDS[labels[names.LABEL]].purpose,
        image=_word(body["Image"]),
        command=tuple(_word(word) for word in body["Cmd"]),
        uid=_number(int(user)),
        mounts=tuple(mount_of(mount) for mount in host["Mounts"]),
        limits=Limits(
            memory=_number(host["Memory"]),
            cpus=_number(host["NanoCpus"]) / 10**9,
            processes=_number(host["PidsLimit"]),
            tmp=_number(int(_word(host["Tmpfs"][TMP]).rpartition("size=")[2])),
            seconds=1,
            file_size=_number({limit["Name"]: limit["Hard"] for limit in host["Ulimits"]}["fsize"]),
        ),
        environment=dict(_word(variable).split("=", 1) for variable in body["Env"]),
        labels=labels,
        working_dir=_word(body["WorkingDir"]),
        runtime=_word(host["Runtime"]),
    )


def mount_of(mount: Mapping[str, Any]) -> Mount:
    """Read a mount as the engine writes it; where sealed ones stand, a mount that is not made read-only is one."""
    source, target = _word(mount["Source"]), _word(mount["Target"])
    told = mount.get("ReadOnly", False) is not False
    sealed = any(re.fullmatch(place.target, target) for places in PLACES.values() for place in places if place.sealed)
    return Mount(source, target, writable=not told and not sealed, sealed=not told and sealed)


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(type(value).__name__)
    value.encode()  # Half of a character, which UTF-8 cannot write, would reach the engine as something else.
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(type(value).__name__)
    if abs(value) > MOST:
        raise ValueError(MOST)
    return value
