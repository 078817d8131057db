"""Which requests are acts that the audit log tells of: contents of files, kernels and terminals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from spawner_config.gateway.matching import Target

LONGEST_NAME = 300
_FILE_PLACES = ("files/", "view/", "nbconvert/", "api/nbconvert/")
_CHANNEL = re.compile(r"(?:api/(kernel)s/([^/]+)/channels|(terminal)s/websocket/([^/]+))")


@dataclass(frozen=True, slots=True)
class Act:
    """What is done, and to what."""

    kind: str
    name: str


def act_of(method: str, target: Target, *, websocket: bool) -> Act | None:
    """Return the act that a request is; None for what only draws JupyterLab.

    A question for the contents of what is not said to be a folder counts as reading a file.
    """
    if websocket:
        found = _CHANNEL.fullmatch(target.path)
        return Act(found[1] or found[3], (found[2] or found[4])[:LONGEST_NAME]) if found else None
    for place in _FILE_PLACES:
        if target.path.startswith(place):
            return Act("read", target.path.removeprefix(place)[:LONGEST_NAME])
    if not target.path.startswith("api/contents"):
        return None
    name = target.path.removeprefix("api/contents").strip("/")[:LONGEST_NAME]
    if method in ("PUT", "POST", "PATCH"):
        return Act("write", name)
    if method == "DELETE":
        return Act("delete", name)
    return Act("read", name) if _asks_for_contents(method, name, target.query) else None


def _asks_for_contents(method: str, name: str, query: str) -> bool:
    asked = dict(parse_qsl(query, keep_blank_values=True))
    return method == "GET" and bool(name) and asked.get("content") != "0" and asked.get("type") != "directory"
