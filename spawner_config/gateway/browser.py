"""From a browser to a workspace: let in, judged, forwarded, counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import aiohttp
from aiohttp import hdrs, web
from yarl import URL

from hub.domain.errors import InvalidError, LabError, RefusedError, UnavailableError
from spawner_config.gateway import answers
from spawner_config.gateway.access_log import AccessLog, Seen
from spawner_config.gateway.acts import act_of
from spawner_config.gateway.door import Admitted, Door, is_websocket
from spawner_config.gateway.downloads import check_is_no_download, check_is_shown, forwarded, held
from spawner_config.gateway.headers import Headers, request_headers, response_headers
from spawner_config.gateway.meter import Meter, day_is_over
from spawner_config.gateway.origins import Origins
from spawner_config.gateway.static_files import StaticFiles
from spawner_config.gateway.under_way import size_of_frame
from spawner_config.gateway.upstream import Upstream, exact_url
from spawner_config.gateway.websockets import SWITCHED, Told, forward_websocket

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BODILESS = frozenset({204, 304})
KNOWN = frozenset({200, 201, 204, 301, 302, 304, 400, 401, 403, 404, 405, 409, 410, 500, 501, 503})
"""What JupyterLab's server answers with; above the open tier, another number would be one more thing to say by it."""
ANSWER_BYTES = 256
"""What each answer counts beside its headers and its body, and each opening of a websocket: its number or how the
gateway refuses it, a length that is announced and does not come, which headers in which order, how it ends. That is a
few bytes; the line that it leaves in the log has some hundred, and the day's cap bounds those, too."""
PACKED = ("lab/api/settings", "lab/api/translations/")
"""What JupyterLab says of itself at every visit, in long texts that hold no file and no secret."""
PACKED_BYTES = range(2**13, 2**21)
"""Those that are packed on their way to the browser; a longer one would keep this process from others."""


class BrowserSide:
    """The listener that the proxy forwards every workspace's requests to."""

    def __init__(self, door: Door, files: StaticFiles, meter: Meter, access_log: AccessLog, origins: Origins) -> None:
        self._door = door
        self._files = files
        self._meter = meter
        self._log = access_log
        self._origins = origins

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, and leave its line whatever becomes of it."""
        seen = Seen("browser", request.method, request.raw_path)
        try:
            return await self._answer(request, seen)
        except LabError as error:
            seen.status, seen.reason = answers.status_of(error), error.reason
            return answers.refusal(error, as_page=request.headers.get("Sec-Fetch-Mode") == "navigate")
        finally:
            self._log.write(seen)

    async def _answer(self, request: web.BaseRequest, seen: Seen) -> web.StreamResponse:
        self._log.check_writable()
        _check_installs_nothing(request)
        found = await self._door.admit(request, seen)
        if isinstance(found, web.StreamResponse):
            seen.status = found.status
            return found
        upstream = found.upstream
        upstream.use.note()
        self._meter.check_has_left(upstream.server)
        _check_request(request, upstream.bounds.upload)
        check_is_no_download(found.target, upstream.server.tier)
        if not is_websocket(request) and (file := self._files.own(request, found.target, upstream.server)):
            seen.status, seen.reason = file.status, "lab-file"
            return file
        seen.act = act_of(request.method, found.target, websocket=is_websocket(request))
        headers = request_headers(request.headers.items(), upstream.badge, self._origins.scheme)
        url = exact_url(forwarded(found.target, upstream.server.tier))
        if not self._meter.take(upstream.server, ANSWER_BYTES):
            raise day_is_over()
        with upstream.slot():
            self._log.begin(seen)
            if is_websocket(request):
                seen.side = "websocket"
                return await self._websocket(request, url, headers, found, seen)
            async with await _ask(request, url, headers, upstream, seen) as received:
                return await _pass(request, received, found, seen, self._meter)

    async def _websocket(
        self, request: web.BaseRequest, url: URL, headers: Headers, found: Admitted, seen: Seen
    ) -> web.StreamResponse:
        """Leave a line when a websocket opens, too, and count while it is open: it may stay so for days.

        It stays open for as long only as the hub would let its person in.
        """

        def opened() -> None:
            seen.status = SWITCHED
            self._log.write(seen)
            seen.reason = "closed"

        told = Told(
            opened,
            takes=lambda count: seen.takes(count, self._meter, beside=size_of_frame(count, masked=False) - count),
            brings=seen.brings,
            stays=lambda: self._door.still_admits(request, found.target),
            rest=self._door.rest,
        )
        return await forward_websocket(request, url, headers, found.upstream, told)


async def _ask(
    request: web.BaseRequest, url: URL, headers: Headers, upstream: Upstream, seen: Seen
) -> aiohttp.ClientResponse:
    """Ask the workspace, and return its answer as soon as its headers are there."""
    body = _limited(request, upstream.bounds.upload, seen) if request.body_exists else None
    if body is not None and request.content_length is not None:
        headers = [*headers, (hdrs.CONTENT_LENGTH, str(request.content_length))]
    try:
        async with asyncio.timeout(upstream.bounds.header_seconds):
            received = await upstream.session.request(
                request.method, url, headers=headers, data=body, allow_redirects=False
            )
    except TimeoutError:
        raise answers.server_slow() from None
    except aiohttp.ClientConnectorError:
        raise answers.not_ready() from None
    except (aiohttp.ClientError, ValueError, OSError):  # a malformed answer can be any of these
        raise answers.server_broken() from None
    encoding = received.headers.get(hdrs.CONTENT_ENCODING, "identity").strip().lower()
    kinds = received.headers.getall(hdrs.CONTENT_TYPE, ())  # of two, a browser believes another one than was judged
    known = KNOWN if held(upstream.server.tier) else range(200, 600)
    if received.status not in known or encoding != "identity" or len(kinds) > 1:
        received.close()
        raise answers.server_broken()
    return received


async def _pass(
    request: web.BaseRequest,
    received: aiohttp.ClientResponse,
    found: Admitted,
    seen: Seen,
    meter: Meter,
) -> web.StreamResponse:
    """Judge the workspace's answer by its headers, and pass it on."""
    upstream = found.upstream
    kept, kind = received.headers.get(hdrs.CONTENT_DISPOSITION), received.headers.get(hdrs.CONTENT_TYPE)
    check_is_shown(kept, kind, upstream.server.tier)
    cap = upstream.bounds.answer if held(upstream.server.tier) else None
    if cap is not None and (received.content_length or 0) > cap:
        raise _too_large()
    passed = response_headers(received.headers.items(), upstream.server, found.origin, found.frame)
    # What a workspace says in its headers went out, too.
    if not meter.take(upstream.server, sum(len(name) + len(value) for name, value in passed.said)):
        raise day_is_over()
    if request.method != "HEAD" and not meter.would_take(upstream.server, received.content_length or 0):
        raise day_is_over()
    seen.status = received.status
    response = web.StreamResponse(status=received.status)
    for name, value in passed.all():
        response.headers.add(name, value)
    if held(upstream.server.tier):
        response.headers[hdrs.CACHE_CONTROL] = "no-store"
        # Else the library says “application/octet-stream”, which a browser saves.
        response.headers.setdefault(hdrs.CONTENT_TYPE, "text/plain")
    if request.method == "HEAD" or received.status in BODILESS:
        await response.prepare(request)
        return response
    response.content_length = received.content_length
    if found.target.path.startswith(PACKED) and received.content_length in PACKED_BYTES:
        response.headers.add(hdrs.VARY, hdrs.ACCEPT_ENCODING)
        response.enable_compression()
    await response.prepare(request)
    seen.reason = await _pass_body(
        received, response, upstream.bounds.chunk_seconds, cap, lambda count: seen.takes(count, meter)
    )
    if seen.reason:
        # Half an answer must not be taken for a whole one.
        received.close()
        if request.transport is not None:
            request.transport.abort()
    else:
        await response.write_eof()
    return response


async def _pass_body(
    received: aiohttp.ClientResponse,
    response: web.StreamResponse,
    seconds: float,
    cap: int | None,
    takes: Callable[[int], bool],
) -> str:
    """Pass the body on, piece by piece, and return why it broke off, or nothing."""
    total = 0
    while True:
        try:
            # What is there already needs no clock.
            piece = received.content.read_nowait()
            if not piece:
                async with asyncio.timeout(seconds):
                    piece = await received.content.readany()
        except TimeoutError:
            return "server-slow"
        except (aiohttp.ClientError, ValueError, OSError):
            return "server-broken"
        if not piece:
            return ""
        total += len(piece)
        if cap is not None and total > cap:
            return "answer-too-large"
        if not takes(len(piece)):
            return "day-cap"
        try:
            async with asyncio.timeout(seconds):
                await response.write(piece)
        except (TimeoutError, ConnectionError):
            return "browser-gone"


def _check_request(request: web.BaseRequest, upload: int) -> None:
    """A browser asks with a plain method, and sends no more than allowed."""
    if request.method not in METHODS:
        raise InvalidError("A workspace is not asked in this way.", reason="bad-method")
    if (request.content_length or 0) > upload:
        raise _upload_too_large()


def _check_installs_nothing(request: web.BaseRequest) -> None:
    """Nothing of a workspace outlives its page."""
    if "Service-Worker" in request.headers or request.headers.get("Sec-Fetch-Dest") == "serviceworker":
        raise RefusedError("A workspace may not install a service worker in a browser.", reason="service-worker")


async def _limited(request: web.BaseRequest, most: int, seen: Seen) -> AsyncIterator[bytes]:
    """Yield a request's body, up to the bound; a longer one breaks the request to the workspace."""
    async for piece in request.content.iter_any():
        seen.received += len(piece)
        if seen.received > most:
            raise ValueError("the request is longer than allowed")
        yield piece


def _too_large() -> RefusedError:
    return RefusedError(
        "The answer is larger than this workspace may send to a browser, since its data are confidential; "
        "clear large outputs, or work with smaller ones.",
        reason="answer-too-large",
    )


def _upload_too_large() -> UnavailableError:
    return UnavailableError("The file is larger than the lab takes through the browser.", reason="upload-too-large")
