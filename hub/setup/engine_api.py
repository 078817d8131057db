"""The few calls to the engine's HTTP API that set-up needs, over its unix socket or plain TCP.

The API and not a client program: Debian ships engine and client in different packages, and image builders differ from
client to client, but creating a container, running it and committing it is the same on every engine.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO, Any
from urllib.parse import quote, urlencode, urlsplit

DEFAULT_ADDRESS = "unix:///var/run/docker.sock"
TAR = "application/x-tar"


class EngineError(Exception):
    """The engine refused a call or cannot be reached."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _error_text(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace").strip()


def split_tag(tag: str) -> tuple[str, str]:
    """Repository and tag of an image's name; a colon before a slash belongs to a registry's port."""
    name, colon, last = tag.rpartition(":")
    return (name, last) if colon and "/" not in last else (tag, "latest")


@dataclass(frozen=True, slots=True)
class Engine:
    """A Docker engine at an address in the form of ``DOCKER_HOST``."""

    address: str = DEFAULT_ADDRESS
    timeout: float = 600

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.address)
        if parts.scheme == "unix":
            return _UnixConnection(parts.path, self.timeout)
        if parts.scheme in ("tcp", "http") and parts.hostname:
            return http.client.HTTPConnection(parts.hostname, parts.port or 2375, timeout=self.timeout)
        raise EngineError(f"an address of the form {self.address} is not understood")

    def _call(
        self, method: str, path: str, body: bytes | IO[bytes] | None = None, kind: str = "application/json"
    ) -> bytes:
        connection = self._connection()
        try:
            connection.request(method, path, body=body, headers={"Content-Type": kind} if body is not None else {})
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise EngineError(f"the engine does not answer ({error})") from error
        finally:
            connection.close()
        if answer.status >= 400:
            raise EngineError(_error_text(text), answer.status)
        return text

    def _json(self, method: str, path: str, body: object = None) -> Any:
        text = self._call(method, path, None if body is None else json.dumps(body).encode())
        return json.loads(text) if text.strip() else None

    def version(self) -> str:
        """The engine's version; raises ``EngineError`` when it does not answer."""
        return str(self._json("GET", "/version")["Version"])

    def image_id(self, tag: str) -> str | None:
        """The digest of an image, or nothing when the engine has no such image."""
        try:
            return str(self._json("GET", f"/images/{quote(tag)}/json")["Id"])
        except EngineError as error:
            if error.status == 404:
                return None
            raise

    def layers(self, tag: str) -> list[str]:
        """The digests of an image's layers: its bytes without the time at which it was made."""
        return list(self._json("GET", f"/images/{quote(tag)}/json")["RootFS"]["Layers"])

    def tag(self, image: str, tag: str) -> None:
        """Gives an image one more name."""
        repository, word = split_tag(tag)
        self._call("POST", f"/images/{quote(image)}/tag?{urlencode({'repo': repository, 'tag': word})}")

    def _stream(self, path: str, body: IO[bytes] | None = None) -> None:
        """A call that answers 200 before it is done, and says in its last line whether it failed."""
        for line in self._call("POST", path, body, TAR).splitlines():
            if line.strip() and "error" in (report := json.loads(line)):
                raise EngineError(str(report["error"]))

    def import_image(self, tar: IO[bytes], tag: str, changes: Sequence[str]) -> None:
        """Makes an image of one layer from an archive of a root file system."""
        repository, word = split_tag(tag)
        query = [("fromSrc", "-"), ("repo", repository), ("tag", word), *(("changes", change) for change in changes)]
        self._stream(f"/images/create?{urlencode(query)}", tar)

    def pull(self, tag: str) -> None:
        """Fetches an image from the registry that its name says."""
        repository, word = split_tag(tag)
        self._stream(f"/images/create?{urlencode({'fromImage': repository, 'tag': word})}")

    def create(self, image: str, command: Sequence[str], labels: Mapping[str, str]) -> str:
        """Makes a container without network, of root, for a build."""
        body = {
            "Image": image,
            "Cmd": list(command),
            "Entrypoint": [],
            "User": "0:0",
            "WorkingDir": "/",
            "Labels": dict(labels),
            "HostConfig": {"NetworkMode": "none", "LogConfig": {"Type": "json-file"}},
        }
        return str(self._json("POST", "/containers/create", body)["Id"])

    def put(self, container: str, tar: IO[bytes]) -> None:
        """Unpacks an archive at the container's root."""
        self._call("PUT", f"/containers/{container}/archive?path=/", tar, TAR)

    def folder(self, container: str, path: str) -> bytes | None:
        """An archive of a folder of a container, or nothing when it has none there."""
        try:
            return self._call("GET", f"/containers/{container}/archive?path={path}")
        except EngineError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def run(self, container: str) -> int:
        """Starts a container, waits for its end and returns its exit code."""
        self._call("POST", f"/containers/{container}/start")
        return int(self._json("POST", f"/containers/{container}/wait")["StatusCode"])

    def output(self, container: str) -> str:
        """What the container wrote."""
        raw = self._call("GET", f"/containers/{container}/logs?stdout=1&stderr=1")
        return b"".join(_frames(raw)).decode(errors="replace")

    def commit(self, container: str, tag: str, changes: Sequence[str]) -> None:
        """Makes an image from what a container changed."""
        repository, word = split_tag(tag)
        query = [
            ("container", container),
            ("repo", repository),
            ("tag", word),
            *(("changes", change) for change in changes),
        ]
        self._json("POST", f"/commit?{urlencode(query)}", {})

    def remove(self, container: str) -> None:
        """Removes a container, running or not."""
        self._call("DELETE", f"/containers/{container}?force=1&v=1")

    def labelled(self, kind: str, label: str) -> list[dict[str, Any]]:
        """Containers or images (``kind``) that carry a label."""
        filters = quote(json.dumps({"label": [label]}))
        return list(self._json("GET", f"/{kind}/json?all=1&filters={filters}"))

    def remove_image(self, image: str) -> None:
        """Removes an image under all its names."""
        self._call("DELETE", f"/images/{quote(image)}?force=1")


def _frames(raw: bytes) -> Iterable[bytes]:
    """The payloads of the engine's log frames: eight bytes of header, of which the last four are the length."""
    at = 0
    while at + 8 <= len(raw):
        length = int.from_bytes(raw[at + 4 : at + 8], "big")
        yield raw[at + 8 : at + 8 + length]
        at += 8 + length
