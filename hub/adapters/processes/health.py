"""Whether a process answers, asked directly: no proxy that the environment names stands between."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from hub.adapters.processes.programs import Program
from hub.adapters.secrets import Secret, read_secret
from hub.settings import Settings
from spawner_config.server_folder import opened

PATIENCE = 2.0
SERVER_ERROR = 500


def answers(url: str, listener: Path | None = None) -> bool:
    """Something speaks HTTP there, or on a unix socket, and is not in trouble; a refusal is an answer."""
    return _get(url, listener=listener) is not None


def has_route(settings: Settings, programs: Sequence[Program]) -> bool:
    """The proxy knows the way to the portal; true of a lab without one."""
    if "portal" not in {program.name for program in programs}:
        return True
    token = read_secret(settings.secret(Secret.PROXY))
    body = _get(f"http://127.0.0.1:{settings.ports.proxy_api}/api/routes", {"Authorization": f"token {token}"})
    host = f"/{urlsplit(settings.public_url).hostname}" if settings.server.subdomains else ""
    return body is not None and f"{host}/services/portal" in json.loads(body)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket, whose path may be longer than a socket's address."""

    def __init__(self, listener: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._listener = listener

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE)
        try:
            with opened(self._listener.parent) as folder:
                self.sock.connect(f"/proc/self/fd/{folder}/{self._listener.name}")
        except OSError:
            self.sock.close()
            raise


def _get(url: str, headers: dict[str, str] | None = None, listener: Path | None = None) -> bytes | None:
    place = urlsplit(url)
    connection = _UnixConnection(listener) if listener else http.client.HTTPConnection(place.netloc, timeout=PATIENCE)
    try:
        connection.request("GET", place.path, headers=headers or {})
        response = connection.getresponse()
        return response.read() if response.status < SERVER_ERROR else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
