"""Tornado handlers of the API: read the request, call the row's function in a thread, write its answer."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from functools import cache
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast
from urllib.parse import quote

from pydantic import TypeAdapter
from tornado.httputil import HTTPHeaders
from tornado.web import HTTPError, stream_request_body

from hub.domain.errors import InvalidError, NotFoundError
from hub.domain.space import not_writable
from hub.services.space import check_space
from hub.web.api.routes import JSON, Download, Request, Route, checked, checked_path
from hub.web.faults import Fault
from hub.web.handlers import SignedIn
from hub.web.headers import BARE_POLICY
from hub.web.live import Seen, follow
from hub.web.models.texts import Model

ARGUMENT = re.compile(r"\{([a-z_]+)\}")


def pattern_of(path: str) -> str:
    """Return a route's path as tornado's pattern; a file's name may hold encoded slashes."""
    return ARGUMENT.sub(r"(?P<\1>[^/]+)", path)


@cache
def adapter_of(answer: Any) -> TypeAdapter[Any]:
    """Return what writes an answer of this type as JSON."""
    return TypeAdapter(answer)


def is_json(headers: HTTPHeaders) -> bool:
    """Say whether a body is said to be JSON: a form of another site cannot say so."""
    return headers.get("Content-Type", "").split(";")[0].strip().lower() == "application/json"


class Api(SignedIn):
    """One path of the API, with a row for each method."""

    SUPPORTED_METHODS = ("GET", "POST", "PUT", "DELETE")
    SENDS_FILE = False

    def initialize(self, routes: Mapping[str, Route[Any]]) -> None:  # type: ignore[override]
        """Take the rows of this path."""
        super().initialize()
        self.routes = routes

    async def _answer(self, **path: str) -> None:
        route = self._route()
        request = Request(checked_path(path), self._model(route))
        await self.answer(route, request)

    get = post = put = delete = _answer

    def _route(self) -> Route[Any]:
        route = self.routes.get(self.request.method or "")
        if route is None:
            raise HTTPError(405)
        return route

    def _model(self, route: Route[Any]) -> Model:
        """Read the row's model from the query or the body."""
        model: type[Model] = route.model
        if route.in_query:
            names = [name for name in self.request.query_arguments if name != "_xsrf"]
            given = {name: self.get_query_argument(name, strip=False) for name in names}
            return checked(lambda: model.model_validate_strings(given))
        if not self.request.body:
            return checked(lambda: model.model_validate({}))
        if not is_json(self.request.headers):
            raise InvalidError("The API takes JSON (Content-Type: application/json).", reason="not-json")
        return checked(lambda: model.model_validate_json(self.request.body))

    async def answer(self, route: Route[Any], request: Request[Any]) -> None:
        """Call the row's function and write what it returns."""
        lab, actor = self.parts.lab, self.actor
        self.set_header("Content-Security-Policy", BARE_POLICY)
        if route.until is not None:
            is_over = route.until

            def look() -> Seen:
                answer = route.call(lab, actor, request)
                return Seen(adapter_of(route.answer).dump_json(answer).decode(), is_over(answer))

            await follow(self, look)
            return
        answer = await self.use(lambda: route.call(lab, actor, request))
        if isinstance(answer, Download):
            self.set_header("Content-Type", route.media)
            self.set_header("Content-Disposition", attachment(answer.name))
            self.finish(answer.content)
            return
        self.set_header("Content-Type", JSON)
        self.finish(adapter_of(route.answer).dump_json(answer))


def attachment(name: str) -> str:
    """Return the header that has a browser keep bytes under a name instead of showing them (RFC 6266)."""
    bare = name.rpartition("/")[2]
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", bare)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(bare, safe='')}"


@stream_request_body
class Upload(Api):
    """The one path that takes files: a body goes to disk as it comes, and nothing of it is looked at."""

    is_read = False

    async def prepare(self) -> None:
        """Refuse before the first byte what would be refused anyway."""
        await super().prepare()
        if self._finished:
            return
        limit = self.parts.lab.settings.storage.upload
        length = self.request.headers.get("Content-Length", "")
        if not length.isdecimal() or len(length) > 18:
            raise InvalidError("A file is sent with its length (Content-Length).", reason="length-missing")
        if int(length) > limit:
            raise InvalidError(
                "The file is larger than the lab accepts ({limit} bytes).", reason="too-large", limit=limit
            )
        await self.use(lambda: check_space(self.parts.lab))
        self.request.connection.set_max_body_size(limit)  # type: ignore[union-attr]
        self._received = await self.use(self._open)

    def _open(self) -> BinaryIO:
        """A file without a name, so that nothing is left of it whatever happens."""
        folder = self.parts.lab.settings.state / "incoming"
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            return cast("BinaryIO", TemporaryFile(dir=folder))
        except OSError as error:
            raise not_writable(error.errno) from error

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Write a piece to disk; the next is read from the network when this one is written."""
        if self._finished or not hasattr(self, "_received"):
            return None
        return self.use(lambda: self._write(chunk))

    def _write(self, chunk: bytes) -> None:
        try:
            self._received.write(chunk)
        except (OSError, ValueError) as error:  # the disk is full, or the sender is gone and the file closed
            self._fault = error

    def _rewind(self) -> None:
        """Go back to the first byte, which writes what was kept back of the last piece."""
        try:
            self._received.seek(0)
        except (OSError, ValueError) as error:
            self._fault = error

    def say(self, fault: Fault) -> None:
        """Say that a connection ends on which the rest of a file would come, where it is refused before its end."""
        if not self.is_read:
            self.set_header("Connection", "close")
        super().say(fault)

    async def _answer(self, **path: str) -> None:
        self.is_read = True
        route = self._route()
        if not hasattr(self, "_fault"):
            await self.use(self._rewind)
        if hasattr(self, "_fault"):
            raise not_writable(getattr(self._fault, "errno", None)) from self._fault
        await self.answer(route, Request(checked_path(path), self._model(route), self._received))

    get = post = put = delete = _answer

    def on_finish(self) -> None:
        """Let go of the file."""
        if hasattr(self, "_received"):
            with suppress(OSError):  # what could not be written is not wanted any more
                self._received.close()

    def on_connection_close(self) -> None:
        """Let go of the file of a sender who is gone."""
        super().on_connection_close()
        self.on_finish()


class UnknownApi(Api):
    """Whatever has no row."""

    async def prepare(self) -> None:
        """Refuse after the login."""
        await super().prepare()
        raise NotFoundError("There is nothing at this address.", reason="unknown-address")
