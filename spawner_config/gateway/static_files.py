"""JupyterLab's own files from the host's copy of them, so that a container has no say in what runs as JupyterLab."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

from hub.domain.errors import NotFoundError
from spawner_config.gateway.downloads import held
from spawner_config.gateway.matching import Target
from spawner_config.lab_files import SHARED
from spawner_config.server_folder import Server

PLACES = ("static/", "lab/extensions/")
DAY = 24 * 3600
TYPES = {
    ".css": "text/css",
    ".eot": "application/vnd.ms-fontobject",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Opened by itself, a file of JupyterLab does nothing.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Vary": "Accept-Encoding",
}
_NAMED_BY_CONTENT = re.compile(r"[.\-]?[0-9a-f]{16,64}\.\w+$")


class StaticFiles:
    """Finds files of the copies.

    JupyterLab names its files by their content, so that copies of several images go together; where two have a file of
    one name all the same, the newest counts.
    """

    def __init__(self, copies: Path) -> None:
        self._copies = copies
        self._made = -1
        self._files: dict[str, Path] = {}

    def shared(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer below the address that all workspaces share: the same for everybody, so nobody is asked."""
        file = self._find("static/lab/" + request.raw_path.partition("?")[0].removeprefix(SHARED))
        if file is None:
            raise _not_there()
        return _answer(request, file, "public")

    def own(self, request: web.BaseRequest, target: Target, server: Server) -> web.StreamResponse | None:
        """Answer for a workspace's own address; None where its container may answer: in the open tier alone."""
        if not target.path.startswith(PLACES):
            return None
        file = self._find(target.path)
        if file is not None:
            return _answer(request, file, "private")
        if held(server.tier):
            raise _not_there()
        return None

    def _find(self, path: str) -> Path | None:
        """Return the file of a path; what the copies hold is looked up again when one was added."""
        made = self._copies.stat().st_mtime_ns if self._copies.is_dir() else -1
        if made != self._made:
            self._made = made
            self._files = {path: file for copy in _copies(self._copies) for path, file in _files(copy)}
        return self._files.get(path)


def _copies(folder: Path) -> list[Path]:
    """The copies, oldest first."""
    found = [p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")] if folder.is_dir() else []
    return sorted(found, key=lambda p: p.stat().st_mtime)


def _files(copy: Path) -> Iterator[tuple[str, Path]]:
    for file in copy.rglob("*"):
        if file.suffix in TYPES and file.is_file():
            yield file.relative_to(copy).as_posix(), file


def _answer(request: web.BaseRequest, file: Path, who: str) -> web.StreamResponse:
    forever = bool(_NAMED_BY_CONTENT.search(file.name))
    cache = f"{who}, max-age={365 * DAY}, immutable" if forever else f"{who}, max-age=3600"
    if request.method not in ("GET", "HEAD"):
        raise _not_there()
    headers = {"Content-Type": TYPES[file.suffix], "Cache-Control": cache} | HEADERS
    return web.FileResponse(file, chunk_size=2**18, headers=headers)


def _not_there() -> NotFoundError:
    return NotFoundError("JupyterLab has no such file.", reason="no-lab-file")
