"""P1, in the browser: code in a workspace's page, or a hostile server's page, makes the browser speak to another site.

The workspace is a server of the test's own on the socket, behind the real gateway; the browser is Debian's Chromium;
the other site listens on another port of the loopback, and must hear nothing. The weak twin is the same page with the
same scripts from a server without the gateway's headers: there the listener hears every one of them, which shows that
the attacks are real. What stays open is asserted as open, and stands in docs/explanation/security-model.md.
"""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from playwright.sync_api import Browser, BrowserContext, Frame, Page

from attacks.channels import (
    FORMS,
    HEADERS,
    LEAVING,
    MARKUP,
    PRECONNECT,
    SCRIPTS,
    WEBRTC,
    WINDOWS,
    Listener,
    listening,
)
from hub.settings import Server
from hub.web.headers import page_policy
from hub.web.pages.projects import SANDBOX
from integration.gateway_bench import TOKEN, Bench, read_head
from spawner_config.gateway.bounds import Bounds
from spawner_config.gateway.login import COOKIE, Session
from spawner_config.gateway.sealing import Sealer

FRAMED, ALONE, WEAK = "framed", "alone", "weak"
"""In the portal's frame, with subdomains; as a page of its own, without; and without the gateway's headers."""
SETTLE = 2.5
"""Seconds in which what is silent must stay silent; the weak twin hears everything well within them."""
HEADER_NAMES = ("header-link", "header-report")


@dataclass
class Stand:
    """A page of a workspace, wherever it is shown."""

    how: str
    browser: Browser
    listener: Listener
    url: str
    around: str = ""
    cookie: str = ""

    def page(self, context: BrowserContext | None = None) -> Page:
        """A browser without any past that shows the workspace's page."""
        context = context or self.browser.new_context()
        context.set_default_timeout(20_000)
        if self.cookie:
            context.add_cookies([{"name": COOKIE, "value": self.cookie, "url": self.url, "httpOnly": True}])
        page = context.new_page()
        page.goto(self.around or self.url)
        return page

    def shown(self, page: Page) -> Frame:
        """The workspace's own frame."""
        found = [frame for frame in page.frames if frame.url == self.url]
        assert found, [frame.url for frame in page.frames]
        found[0].wait_for_selector("#hostile", state="attached")
        return found[0]

    def run(self, scripts: dict[str, str]) -> None:
        """Run scripts in the workspace's page, each with its own address at the listener."""
        page = self.page()
        shown = self.shown(page)
        for name, script in scripts.items():
            shown.evaluate(_tried(script), self.listener.url + name)
        self._settle([page], scripts)

    def run_each(self, scripts: dict[str, str]) -> None:
        """The same, each in a page of its own."""
        pages = []
        for name, script in scripts.items():
            pages.append(self.page())
            self.shown(pages[-1]).evaluate(_tried(script), self.listener.url + name)
        self._settle(pages, scripts)

    def _settle(self, pages: list[Page], names: dict[str, str]) -> None:
        if self.how == WEAK:
            for _ in range(100):
                if not set(names) - self.listener.heard:
                    break
                pages[-1].wait_for_timeout(100)
        else:
            pages[-1].wait_for_timeout(SETTLE * 1000)
        for page in pages:
            page.context.close()


def _tried(script: str) -> str:
    """A script that is refused by an exception was refused: what counts is what the listener hears."""
    return f"to => {{ setTimeout(() => {{ try {{ ({script})(to) }} catch (error) {{}} }}, 0) }}"


def hostile(listener: Listener) -> Callable[[web.BaseRequest], object]:
    """A workspace's server that serves a page with everything in it."""
    markup = "".join(text.format(to=listener.url + name) for name, text in MARKUP.items())
    headers = {name: value.format(to=listener.url) for name, value in HEADERS.items()}

    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        everything = "" if request.path.endswith("plain") else markup
        text = f"<!doctype html><html><body><p id=hostile>x</p>{everything}</body></html>"
        return web.Response(text=text, content_type="text/html", headers=headers)

    return serve


@contextmanager
def in_a_thread(main: Callable[[threading.Event, asyncio.Event], object]) -> Iterator[None]:
    """Run an event loop beside Playwright's own."""
    ready = threading.Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def run() -> None:
        end = asyncio.Event()
        loops.append((asyncio.get_running_loop(), end))
        await main(ready, end)  # type: ignore[misc]

    running = threading.Thread(target=lambda: asyncio.run(run()))
    running.start()
    try:
        assert ready.wait(30)
        yield
    finally:
        loop, end = loops[0]
        if running.is_alive():
            loop.call_soon_threadsafe(end.set)
        running.join()


@contextmanager
def gateway(tmp_path: Path, listener: Listener, *, apart: bool) -> Iterator[Bench]:
    """The real gateway before the hostile server."""
    made = Bench(tmp_path / "state", Bounds())
    if apart:
        made.settings = made.settings.model_copy(update={"server": Server(subdomains=True)})

    async def main(ready: threading.Event, end: asyncio.Event) -> None:
        async with made:
            await made.serve("health", hostile(listener))  # type: ignore[arg-type]
            ready.set()
            await end.wait()

    with in_a_thread(main):
        yield made


@contextmanager
def portals_page(b: Bench, url: str) -> Iterator[None]:
    """What the proxy does by host: the portal's page with the frame, or the way to the gateway."""
    policy = page_policy(
        f"lab.localhost:{b.settings.ports.public}", "/services/portal/", f"{url.rpartition('health/')[0]}health/"
    )
    body = f'<!doctype html><iframe src="{url}" sandbox="{" ".join(SANDBOX)}"></iframe>'
    answer = (
        f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Security-Policy: {policy}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    )

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ends = [writer]
        try:
            head = await read_head(reader)
            if f"Host: lab.localhost:{b.settings.ports.public}".encode() in head:
                writer.write(answer.encode())
                await writer.drain()
            else:
                far_reader, far = await asyncio.open_connection("127.0.0.1", b.settings.ports.gateway)
                open_ends.append(far)
                far.write(head)
                await asyncio.gather(pipe(reader, far), pipe(far_reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            for end in open_ends:
                end.close()

    async def main(ready: threading.Event, end: asyncio.Event) -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", b.settings.ports.public)
        ready.set()
        await end.wait()
        server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    with in_a_thread(main):
        yield


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on until one end closes."""
    with suppress(ConnectionError, asyncio.CancelledError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.close()


@contextmanager
def plain(listener: Listener) -> Iterator[int]:
    """The hostile server alone, as a page of any site."""
    port: list[int] = []

    async def main(ready: threading.Event, end: asyncio.Event) -> None:
        runner = web.ServerRunner(web.Server(hostile(listener)))  # type: ignore[arg-type]
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port.append(runner.addresses[0][1])
        ready.set()
        await end.wait()
        await runner.cleanup()

    with in_a_thread(main):
        yield port[0]


@contextmanager
def stand(how: str, browser: Browser, tmp_path: Path, page: str) -> Iterator[Stand]:
    """Show the hostile page in one of three ways."""
    with listening() as listener:
        if how == WEAK:
            with plain(listener) as port:
                yield Stand(how, browser, listener, f"http://127.0.0.1:{port}/user/scientist/health/{page}")
            return
        with gateway(tmp_path, listener, apart=how == FRAMED) as b:
            cookie = Sealer("5e" * 32).seal(Session(token=TOKEN))
            port = b.settings.ports.gateway
            if how == ALONE:
                url = f"http://127.0.0.1:{port}/user/scientist/health/{page}"
                yield Stand(how, browser, listener, url, cookie=cookie)
                return
            url = f"{b.settings.origin_of('scientist', 'health')}/user/scientist/health/{page}"
            with portals_page(b, url):
                yield Stand(how, browser, listener, url, f"{b.settings.public_url}/services/portal/", cookie)


@pytest.mark.parametrize("how", [FRAMED, ALONE])
def test_a_hostile_servers_page_and_its_headers_reach_no_other_site(
    chromium: Browser,
    tmp_path: Path,
    how: str,
) -> None:
    with stand(how, chromium, tmp_path, "lab") as s:
        s.run({})
        assert s.listener.heard == set()


@pytest.mark.parametrize("how", [FRAMED, ALONE])
def test_code_in_a_workspaces_page_reaches_no_other_site(chromium: Browser, tmp_path: Path, how: str) -> None:
    with stand(how, chromium, tmp_path, "lab/plain") as s:
        s.run(SCRIPTS)
        s.run_each(FORMS)
        assert s.listener.heard == set()


def test_a_framed_workspace_opens_no_window_and_leads_nobody_elsewhere(chromium: Browser, tmp_path: Path) -> None:
    with stand(FRAMED, chromium, tmp_path, "lab/plain") as s:
        s.run(WINDOWS)
        s.run_each(LEAVING)
        assert s.listener.heard == set()


@pytest.mark.open_channel
def test_without_subdomains_a_workspace_can_lead_its_own_page_and_new_windows_elsewhere(
    chromium: Browser,
    tmp_path: Path,
) -> None:
    """Said in the security model: no header stops a page from leaving; a frame of another origin does."""
    scripts = {name: LEAVING[name] for name in ("location", "top-location", "meta-refresh")} | {"open": WINDOWS["open"]}
    with stand(ALONE, chromium, tmp_path, "lab/plain") as s:
        s.run_each(scripts)
        assert s.listener.heard == set(scripts)


@pytest.mark.parametrize("how", [FRAMED, ALONE])
def test_a_workspace_installs_nothing_in_the_browser(chromium: Browser, tmp_path: Path, how: str) -> None:
    register = "() => navigator.serviceWorker.register('static/w.js').then(() => 'installed', e => e.name)"
    with stand(how, chromium, tmp_path, "lab/plain") as s:
        page = s.page()
        assert s.shown(page).evaluate(register) in ("SecurityError", "TypeError")
        page.context.close()


@contextmanager
def lasting(browser: Browser, folder: Path) -> Iterator[BrowserContext]:
    """A browser with a profile, as people have it: without one, Chromium connects to nothing in advance."""
    path = shutil.which("chromium")
    context = browser.browser_type.launch_persistent_context(folder, executable_path=path, args=["--no-sandbox"])
    yield context
    context.close()


@pytest.mark.open_channel
@pytest.mark.parametrize("how", [FRAMED, ALONE, WEAK])
def test_preconnect_and_webrtc_stay_open(chromium: Browser, tmp_path: Path, how: str) -> None:
    """No policy of Chromium 156 names them; a connection or a datagram tells little, but it tells."""
    with stand(how, chromium, tmp_path, "lab/plain") as s, listening() as other, lasting(chromium, tmp_path / "p") as c:
        page = s.page(c)
        shown = s.shown(page)
        shown.evaluate(PRECONNECT, other.url)
        shown.evaluate(WEBRTC, other.port)
        page.wait_for_timeout(4000)
        assert other.heard == set()
        assert other.connections > 0
        assert other.datagrams > 0


def test_the_same_page_without_the_gateways_headers_reaches_the_listener(chromium: Browser, tmp_path: Path) -> None:
    with stand(WEAK, chromium, tmp_path, "lab") as s:
        page = s.page()
        page.wait_for_timeout(6000)
        page.context.close()
        assert {*MARKUP, *HEADER_NAMES} - s.listener.heard == set()


def test_the_same_code_without_the_gateways_headers_reaches_the_listener(chromium: Browser, tmp_path: Path) -> None:
    with stand(WEAK, chromium, tmp_path, "lab/plain") as s:
        s.run(SCRIPTS | WINDOWS)
        s.run_each(LEAVING | FORMS)
        assert {*SCRIPTS, *WINDOWS, *LEAVING, *FORMS} - s.listener.heard == set()
