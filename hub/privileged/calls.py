"""Which of the engine's calls pass the gate: a table, and a reader of requests that lets nothing else through.

Invariants:

* a request is known by the exact bytes of its target, without decoding: no sign that needs decoding is in any of ours;
* what goes on to the engine is written anew from what was understood, never what came in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qsl

from hub.domain.errors import InvalidError, RefusedError


class Act(StrEnum):
    """What is asked of the engine."""

    PING = "ping"
    VERSION = "version"
    IMAGE = "image"
    LIST = "list"
    CREATE = "create"
    INSPECT = "inspect"
    START = "start"
    STOP = "stop"
    KILL = "kill"
    WAIT = "wait"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One call: its method, the pattern of its path, and of each option of its query."""

    act: Act
    method: str
    path: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was understood; ``subject`` is the container or image that it is about."""

    act: Act
    subject: str
    options: Mapping[str, str]


VERSION = r"/v1\.[0-9]{2}"
CONTAINER = r"[0-9a-f]{64}|[a-z][a-z0-9]{0,19}-[a-z0-9-]{1,120}"
"""A container's whole identifier, or a name as the lab makes them; never the beginning of an identifier."""
_WORDS = r"[a-z0-9]+(?:[._-][a-z0-9]+)*"
IMAGE = rf"sha256:[0-9a-f]{{64}}|{_WORDS}(?:/{_WORDS})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?"
FLAG = r"|0|1|True|False|true|false"
NO = r"|0|False|false"
NUMBER = r"-?[0-9]{1,4}"

ENDPOINTS = (
    Endpoint(Act.PING, "GET", r"/_ping"),
    Endpoint(Act.PING, "HEAD", r"/_ping"),
    Endpoint(Act.VERSION, "GET", r"/version"),
    Endpoint(Act.IMAGE, "GET", rf"/images/(?P<subject>{IMAGE})/json"),
    Endpoint(
        Act.LIST,
        "GET",
        r"/containers/json",
        {"all": FLAG, "size": NO, "trunc_cmd": FLAG, "limit": NUMBER, "filters": r"[\s\S]{0,2000}"},
    ),
    Endpoint(Act.CREATE, "POST", r"/containers/create", {"name": CONTAINER}),
    Endpoint(Act.INSPECT, "GET", rf"/containers/(?P<subject>{CONTAINER})/json", {"size": NO}),
    Endpoint(Act.START, "POST", rf"/containers/(?P<subject>{CONTAINER})/start"),
    Endpoint(Act.STOP, "POST", rf"/containers/(?P<subject>{CONTAINER})/stop", {"t": r"[0-9]{1,3}"}),
    Endpoint(Act.KILL, "POST", rf"/containers/(?P<subject>{CONTAINER})/kill", {"signal": r"SIGKILL|SIGTERM"}),
    Endpoint(
        Act.WAIT,
        "POST",
        rf"/containers/(?P<subject>{CONTAINER})/wait",
        {"condition": r"not-running|next-exit|removed"},
    ),
    Endpoint(Act.REMOVE, "DELETE", rf"/containers/(?P<subject>{CONTAINER})", {"v": FLAG, "force": FLAG, "link": NO}),
)
LONGEST_TARGET = 4096
UPGRADING = ("upgrade", "http2-settings", "transfer-encoding", "trailer", "te", "expect", "content-encoding")


def parse_call(method: str, target: str, headers: Mapping[str, str]) -> Call:
    """Understand a request of the table; RefusedError for any other.

    ``target`` is the request's target as it stood in its first line, with no sign changed.
    """
    if any(name in headers for name in UPGRADING):
        raise RefusedError(
            "The engine gate does not change protocols or take bodies that are packed or of unknown length.",
            reason="gate-protocol",
        )
    path, _, query = target.partition("?")
    for endpoint in ENDPOINTS if len(target) <= LONGEST_TARGET else ():
        found = re.fullmatch(rf"(?:{VERSION})?{endpoint.path}", path)
        if endpoint.method == method and found:
            return Call(endpoint.act, found.groupdict().get("subject") or "", _options(endpoint, query))
    raise RefusedError(
        "The engine gate lets the lab's own containers be made, looked at, started, ended and removed, and nothing "
        "else; this call is none of these.",
        reason="gate-endpoint",
    )


def _options(endpoint: Endpoint, query: str) -> dict[str, str]:
    """Every option is one of the endpoint's, stands there once, and has a value that it can have."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict", max_num_fields=8)
    except ValueError:
        raise InvalidError("The call's options cannot be read in one way only.", reason="gate-options") from None
    options = dict(pairs)
    known = all(key in endpoint.options and re.fullmatch(endpoint.options[key], value) for key, value in pairs)
    if len(options) < len(pairs) or not known:
        raise RefusedError("The engine gate does not pass on this option of the call.", reason="gate-options")
    return options


def is_set(options: Mapping[str, str], name: str) -> bool:
    """Whether a flag of a call is set."""
    return options.get(name, "") in ("1", "True", "true")
