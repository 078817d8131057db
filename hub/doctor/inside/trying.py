"""The one name that an attempt may have from outside: it is part of every program that runs in a container."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def tried(ways: Mapping[str, Callable[[], object]]) -> Any:
    """Try each way, whatever becomes of the others; what the kernel refuses is an error of its own."""
    done = []
    for name, way in ways.items():
        try:
            way()
        except OSError:
            continue
        done.append(name)
    return {"tried": list(ways), "done": done}
