"""The three calls of the hub's API that a single-user server needs, with its own names, and no other.

The gateway logs people in, so a server never changes a code for a token: ``oauth2/token`` is not among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from hub.domain.errors import InvalidError, RefusedError
from spawner_config.server_folder import Server

LONGEST_BODY = 16 * 1024
LONGEST_ANSWER = 256 * 1024
JSON = "application/json"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _ServerActivity(_Strict):
    last_activity: AwareDatetime


class _Activity(_Strict):
    servers: Annotated[dict[str, _ServerActivity], Field(max_length=1)] = {}
    last_activity: AwareDatetime


class _User(BaseModel):
    """What a single-user server reads of who a token belongs to; groups and other servers are not among it."""

    kind: str
    name: str
    scopes: list[str]
    session_id: str | None = None
    token_id: str | None = None


@dataclass(frozen=True, slots=True)
class HubCall:
    """A call as it goes to the hub."""

    method: str
    path: str
    content_type: str = ""
    body: bytes = b""


def judge(method: str, raw: str, body: bytes, server: Server, used: datetime) -> HubCall:
    """Return the call to make in a server's name; RefusedError for any other, InvalidError for a wrong body."""
    if (method, raw) in (("GET", "/hub/api"), ("GET", "/hub/api/")):
        return HubCall("GET", "/hub/api/")
    if (method, raw) == ("GET", "/hub/api/user"):
        return HubCall("GET", raw)
    try:
        if (method, raw) == ("POST", f"/hub/api/users/{server.person}/activity"):
            return HubCall("POST", raw, JSON, _activity_body(body, server, used))
    except (ValueError, UnicodeDecodeError):  # pydantic's ValidationError is a ValueError
        raise InvalidError("The hub does not take a call of this form.", reason="hub-call-body") from None
    raise RefusedError("A workspace may not make this call to the hub.", reason="hub-call")


def _activity_body(body: bytes, server: Server, used: datetime) -> bytes:
    """A server tells of its own activity, which is never later than the gateway saw."""
    activity = _Activity.model_validate_json(body)
    if set(activity.servers) - {server.project}:
        raise RefusedError("A workspace may not speak for another one.", reason="hub-call-other-server")
    told = {name: _ServerActivity(last_activity=min(s.last_activity, used)) for name, s in activity.servers.items()}
    true = _Activity(servers=told, last_activity=min(activity.last_activity, used))
    return true.model_dump_json().encode()


def answer(call: HubCall, status: int, body: bytes) -> bytes:
    """Return what a workspace may read of the hub's answer."""
    if call.path != "/hub/api/user" or status != 200:
        return body
    try:
        return TypeAdapter(_User).validate_json(body).model_dump_json().encode()
    except ValidationError:
        raise InvalidError("The hub's answer has no known form.", reason="hub-answer") from None


def badge_answer(server: Server) -> bytes:
    """Return what a server is told of its own gateway's badge: it is its person, and opens this server alone."""
    scope = f"access:servers!server={server.person}/{server.project}"
    return _User(kind="user", name=server.person, scopes=[scope]).model_dump_json().encode()
