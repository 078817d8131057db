"""Whether a process answers, asked directly: no proxy that the environment names stands between."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from urllib.parse import urlsplit

from hub.adapters.processes.programs import Program
from hub.adapters.secrets import Secret, read_secret
from hub.settings import Settings

PATIENCE = 2.0
SERVER_ERROR = 500


def answers(url: str) -> bool:
    """Something speaks HTTP there, and is not in trouble; a refusal is an answer."""
    return _get(url) is not None


def has_route(settings: Settings, programs: Sequence[Program]) -> bool:
    """The proxy knows the way to the portal; true of a lab without one."""
    if "portal" not in {program.name for program in programs}:
        return True
    token = read_secret(settings.secret(Secret.PROXY))
    body = _get(f"http://127.0.0.1:{settings.ports.proxy_api}/api/routes", {"Authorization": f"token {token}"})
    return body is not None and "/services/portal" in json.loads(body)


def _get(url: str, headers: dict[str, str] | None = None) -> bytes | None:
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.netloc, timeout=PATIENCE)
    try:
        connection.request("GET", place.path, headers=headers or {})
        response = connection.getresponse()
        return response.read() if response.status < SERVER_ERROR else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
