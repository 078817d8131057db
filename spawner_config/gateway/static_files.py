"""JupyterLab's own files from the host's copy of them, so that a container has no say in what runs as JupyterLab."""

from __future__ import annotations

import re
from pathlib import Path

from aiohttp import web

from hub.domain.errors import NotFoundError
from spawner_config.gateway.downloads import held
from spawner_config.gateway.matching import Target
from spawner_config.lab_files import SHARED, lab_files_folder
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
_IMAGE = re.compile(r"[0-9a-f]{64}")


class StaticFiles:
    """Finds files of the copies; what was looked up once is remembered, since a copy never changes."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._files: dict[str, dict[str, Path]] = {}

    def shared(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer below the address that all workspaces share: the same for everybody, so nobody is asked."""
        image, _, name = request.raw_path.partition("?")[0].removeprefix(SHARED).partition("/")
        file = self._of(image).get(f"static/lab/{name}") if _IMAGE.fullmatch(image) else None
        if file is None:
            raise _not_there()
        return _answer(request, file, f"public, max-age={365 * DAY}, immutable")

    def own(self, request: web.BaseRequest, target: Target, server: Server) -> web.StreamResponse | None:
        """Answer for a workspace's own address; None where its container may answer: in the open tier alone."""
        if not target.path.startswith(PLACES):
            return None
        file = self._of(server.image).get(target.path)
        if file is None:
            if held(server.tier):
                raise _not_there()
            return None
        forever = bool(_NAMED_BY_CONTENT.search(file.name))
        return _answer(
            request, file, f"private, max-age={365 * DAY}, immutable" if forever else "private, max-age=3600"
        )

    def _of(self, image: str) -> dict[str, Path]:
        """Return the files of a copy by their path; a copy that is not there yet is looked for again."""
        if image not in self._files:
            folder = lab_files_folder(self._state, image)
            if not image or not folder.is_dir():
                return {}
            files = (p for p in folder.rglob("*") if p.is_file() and p.suffix in TYPES)
            self._files[image] = {p.relative_to(folder).as_posix(): p for p in files}
        return self._files[image]


def _answer(request: web.BaseRequest, file: Path, cache: str) -> web.StreamResponse:
    if request.method not in ("GET", "HEAD"):
        raise _not_there()
    headers = {"Content-Type": TYPES[file.suffix], "Cache-Control": cache} | HEADERS
    return web.FileResponse(file, chunk_size=2**18, headers=headers)


def _not_there() -> NotFoundError:
    return NotFoundError("JupyterLab has no such file.", reason="no-lab-file")
