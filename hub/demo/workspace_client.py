"""A person in a workspace: opens it through the hub, and runs cells through the gateway's websocket."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import requests

from hub.adapters.loopback_resolver import LoopbackResolver
from hub.demo.web_login import Visitor
from hub.domain.errors import UnavailableError

LONGEST_START, LONGEST_CELL, PAUSE = 90.0, 120.0, 0.2
MOST_FAULTS = 100
"""So many pages in a row may fail while a server starts; a start that failed fails for longer."""
ASK_AGAIN = 5
"""Every so many pages that say that the server does not run, its start is asked for anew: it ended meanwhile."""
OK, CREATED, BAD_REQUEST, NOT_RUNNING = 200, 201, 400, 424
LARGEST_MESSAGE = 16 * 2**20
OUTPUTS = frozenset({"stream", "execute_result", "display_data", "error"})


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell gave: its outputs in the notebook format, its printed text, and the name of its error."""

    source: str
    outputs: tuple[dict[str, Any], ...]

    @property
    def text(self) -> str:
        """What it printed, or showed last."""
        shown = (o["text"] if o["output_type"] == "stream" else _plain(o) for o in self.outputs)
        return "".join(shown).strip()

    @property
    def error(self) -> str:
        """The name of its error; empty without one."""
        return next((str(o["ename"]) for o in self.outputs if o["output_type"] == "error"), "")


def _plain(output: dict[str, Any]) -> str:
    return str(output.get("data", {}).get("text/plain", ""))


class Workspace:
    """One member's server in one project."""

    def __init__(self, visitor: Visitor, project: str) -> None:
        self._visitor = visitor
        self._project = project
        self.path = f"/user/{visitor.name}/{project}/"

    def open(self) -> float:
        """Start the server unless it runs, log in to it, and return the seconds that it took."""
        began = time.monotonic()
        start = f"/hub/spawn/{self._visitor.name}/{self._project}"
        page = self._visitor.get(start)
        faults = MOST_FAULTS if page.status_code >= BAD_REQUEST else 0
        while not self._is_labs(page):
            faults = faults + 1 if page.status_code >= BAD_REQUEST else 0
            if faults > MOST_FAULTS or time.monotonic() - began > LONGEST_START:
                raise UnavailableError(
                    "The workspace {path} does not open (status {status}); the hub's log says why.",
                    reason="spawn",
                    path=self.path,
                    status=page.status_code,
                )
            time.sleep(PAUSE)
            ended = page.status_code == NOT_RUNNING and faults % ASK_AGAIN == 0
            page = self._visitor.get(start if ended else f"{self.path}lab")
        return time.monotonic() - began

    def _is_labs(self, page: requests.Response) -> bool:
        """JupyterLab's page comes from the server itself, after its own login at the hub."""
        return page.status_code == OK and page.url.startswith(self._visitor.origin(self.path) + self.path)

    def save(self, name: str, notebook: dict[str, Any]) -> None:
        """Save a notebook into the home folder, as JupyterLab does."""
        body = {"type": "notebook", "format": "json", "content": notebook}
        answer = self._visitor.send("PUT", f"{self.path}api/contents/{name}", self.path, body)
        if answer.status_code not in (OK, CREATED):
            raise UnavailableError(
                "The notebook could not be saved in the workspace (status {status}).",
                reason="save",
                status=answer.status_code,
            )

    def run(self, sources: Sequence[str]) -> list[Cell]:
        """Run cells one after the other in a fresh kernel, which is ended afterwards."""
        answer = self._visitor.send("POST", f"{self.path}api/kernels", self.path, {"name": "python3"})
        if answer.status_code != CREATED:
            raise UnavailableError("No kernel starts (status {status}).", reason="kernel", status=answer.status_code)
        kernel = str(answer.json()["id"])
        try:
            return self._execute(kernel, sources)
        finally:
            self._visitor.send("DELETE", f"{self.path}api/kernels/{kernel}", self.path, None)

    def _execute(self, kernel: str, sources: Sequence[str]) -> list[Cell]:
        origin = self._visitor.origin(self.path)
        url = f"{origin}{self.path}api/kernels/{kernel}/channels"
        cookies = self._visitor.session.cookies
        sent = "; ".join(f"{c.name}={c.value}" for c in cookies if self.path.startswith(c.path))
        return execute(url, {"Cookie": sent, "Origin": origin}, sources)


def execute(url: str, headers: Mapping[str, str], sources: Sequence[str]) -> list[Cell]:
    """Run cells one after the other through the websocket of a kernel."""
    return asyncio.run(_talk(url, headers, sources))


async def _talk(url: str, headers: Mapping[str, str], sources: Sequence[str]) -> list[Cell]:
    try:
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=LoopbackResolver())) as session,
            session.ws_connect(url, headers=headers, max_msg_size=LARGEST_MESSAGE) as socket,
        ):
            return [await asyncio.wait_for(_execute(socket, source), LONGEST_CELL) for source in sources]
    except (aiohttp.ClientError, TimeoutError) as error:
        raise UnavailableError(
            "The kernel's websocket failed ({why}).", reason="websocket", why=type(error).__name__
        ) from None


async def _execute(socket: aiohttp.ClientWebSocketResponse, source: str) -> Cell:
    """Run one cell, and gather its outputs until the kernel is idle again."""
    request = uuid.uuid4().hex
    header = {"msg_id": request, "msg_type": "execute_request", "username": "", "session": request, "version": "5.3"}
    content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    await socket.send_json(message)
    outputs: list[dict[str, Any]] = []
    async for kind, body in _answers(socket, request):
        if kind == "status" and body["execution_state"] == "idle":
            return Cell(source, tuple(outputs))
        if kind in OUTPUTS:
            outputs.append(_output(kind, body))
    raise UnavailableError("The kernel's websocket closed before the cell ended.", reason="websocket-closed")


async def _answers(socket: aiohttp.ClientWebSocketResponse, request: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """What the kernel says about one request."""
    async for message in socket:
        if message.type is not aiohttp.WSMsgType.TEXT:
            continue
        body = json.loads(message.data)
        if body["parent_header"].get("msg_id") == request and body["channel"] == "iopub":
            yield body["msg_type"], body["content"]


def _output(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """A message of the kernel as an output of the notebook format."""
    fields = {
        "stream": ("name", "text"),
        "execute_result": ("data", "metadata", "execution_count"),
        "display_data": ("data", "metadata"),
        "error": ("ename", "evalue", "traceback"),
    }
    return {"output_type": kind} | {field: body[field] for field in fields[kind]}


def executed(notebook: dict[str, Any], cells: Sequence[Cell]) -> dict[str, Any]:
    """Put outputs into a notebook's code cells, in order, as JupyterLab saves it."""
    given = iter(cells)
    filled = [
        cell | {"outputs": list(next(given).outputs), "execution_count": number}
        if cell["cell_type"] == "code"
        else cell
        for number, cell in enumerate(notebook["cells"], 1)
    ]
    return notebook | {"cells": filled}


def code_cells(notebook: dict[str, Any]) -> list[str]:
    """The sources of a notebook's code cells."""
    return ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
