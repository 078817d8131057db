"""P3, in the browser: a page of one project turns to another workspace of the same person, in the same browser.

Both workspaces are servers of the test's own behind the real gateway, and the browser holds its person's login for
both: the worst page there is, with nothing but the gateway between. The other workspace writes down what reaches it,
and must hear nothing. The weak twin is the same gateway without the rules that it tells the browser: there the other
workspace hears what can be sent. What stays open is asserted as open, and stands in the security model.
"""

from __future__ import annotations

import threading
from asyncio import Event
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import WSMsgType, web
from playwright.sync_api import Browser, BrowserContext, Frame

from attacks.channels import FORMS, LEAVING, MARKUP, SCRIPTS, WINDOWS
from attacks.test_p1_browser_channels import ALONE, FRAMED, SETTLE, _tried, in_a_thread, portals_page
from datasets_mount.catalogue import Tier
from hub.settings import Server
from integration.gateway_bench import TOKEN, Bench
from spawner_config.gateway import headers
from spawner_config.gateway.bounds import Bounds
from spawner_config.gateway.login import COOKIE, Session
from spawner_config.gateway.sealing import Sealer

LED = {
    "led-fetch": "to => fetch(`led?${to}`).catch(() => 0)",
    "led-image": "to => { new Image().src = `led?${to}` }",
    "led-frame": "to => { const f = document.createElement('iframe'); f.src = `led?${to}`; document.body.append(f) }",
}
"""Ways by an address of the page's own that leads on: a browser's policy forgets paths after a redirect."""
FIELD = "f.append(Object.assign(document.createElement('input'), {name: 'x', value: 'y'}));"
"""A form without a field asks for an address that ends in “?”, which the gateway takes for ambiguous anyway."""
OPAQUE = {"data-frame"}
"""What has no origin is another site to the gateway, which refuses it also without the browser's rules."""


@dataclass
class Two:
    """A hostile workspace, and another one of the same person that listens."""

    bench: Bench
    browser: Browser
    how: str
    heard: set[str] = field(default_factory=set)
    awaited: set[str] = field(default_factory=set)

    def address(self, project: str, rest: str) -> str:
        settings = self.bench.settings
        port = settings.ports.gateway
        origin = settings.origin_of("scientist", project) if self.how == FRAMED else f"http://127.0.0.1:{port}"
        return f"{origin}/user/scientist/{project}/{rest}"

    @property
    def hostile(self) -> str:
        return self.address("health", "lab/plain")

    def context(self) -> BrowserContext:
        """A browser whose person is logged in at both."""
        context = self.browser.new_context()
        context.set_default_timeout(20_000)
        cookie = Sealer("5e" * 32).seal(Session(token=TOKEN))
        context.add_cookies(
            [
                {"name": COOKIE, "value": cookie, "url": self.address(p, ""), "httpOnly": True}
                for p in ("health", "jobs")
            ]
        )
        return context

    def shown(self, context: BrowserContext) -> Frame:
        """The hostile page, in the portal's frame where there is one."""
        page = context.new_page()
        page.goto(f"{self.bench.settings.public_url}/services/portal/" if self.how == FRAMED else self.hostile)
        found = next(frame for frame in page.frames if frame.url == self.hostile)
        found.wait_for_selector("#hostile", state="attached")
        return found

    def run(self, scripts: dict[str, str], *, apart: bool = False) -> None:
        """Run scripts in one page, or each in a page of its own, towards the other workspace."""
        contexts = []
        for group in [{name: script} for name, script in scripts.items()] if apart else [scripts]:
            contexts.append(self.context())
            frame = self.shown(contexts[-1])
            for name, script in group.items():
                filled = script.replace("f.submit()", f"{FIELD} f.submit()")
                frame.evaluate(_tried(filled), self.address("jobs", f"lab/{name}"))
        self.settle(frame)
        for context in contexts:
            context.close()

    def settle(self, frame: Frame) -> None:
        """Give what must stay silent its time, and what must be heard as long as it takes."""
        for _ in range(100 if self.awaited else 1):
            frame.page.wait_for_timeout(SETTLE * 1000 if not self.awaited else 100)
            if not self.awaited - self.heard:
                return

    async def attacks(self, request: web.BaseRequest) -> web.StreamResponse:
        """The hostile server: a page, all the markup there is, and addresses that lead elsewhere."""
        if request.path.endswith("/led"):
            return web.Response(status=302, headers={"Location": request.query_string})
        markup = "".join(text.format(to=self.address("jobs", f"lab/{name}")) for name, text in MARKUP.items())
        shown = "" if request.path.endswith("plain") else markup
        text = f"<!doctype html><html><body><p id=hostile>x</p>{shown}</body></html>"
        return web.Response(text=text, content_type="text/html")

    async def listens(self, request: web.BaseRequest) -> web.StreamResponse:
        """The other server: whatever reaches it is written down by the last word of its path."""
        self.heard.add(request.path.rpartition("/")[2])
        if request.headers.get("Upgrade", "").lower() == "websocket":
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            async for message in socket:
                assert message.type is WSMsgType.TEXT
            return socket
        return web.Response(text="<!doctype html><p id=other>x</p>", content_type="text/html")


@contextmanager
def two(how: str, browser: Browser, tmp_path: Path, tier: Tier = Tier.SENSITIVE) -> Iterator[Two]:
    """Both workspaces behind the gateway, with origins of their own or without."""
    bench = Bench(tmp_path / "state", Bounds())
    if how == FRAMED:
        bench.settings = bench.settings.model_copy(update={"server": Server(subdomains=True)})
    made = Two(bench, browser, how)

    async def main(ready: threading.Event, end: Event) -> None:
        async with bench:
            await bench.serve("health", made.attacks)
            await bench.serve("jobs", made.listens, tier)
            ready.set()
            await end.wait()

    with in_a_thread(main):
        if how == FRAMED:
            with portals_page(bench, made.hostile):
                yield made
        else:
            yield made


@pytest.fixture
def weak(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that tells the browser no rules."""
    monkeypatch.setattr(headers, "browser_rules", lambda *_: {})


@pytest.mark.parametrize("how", [FRAMED, ALONE])
def test_code_in_one_projects_page_reaches_no_other_workspace_of_its_person(
    chromium: Browser,
    tmp_path: Path,
    how: str,
) -> None:
    with two(how, chromium, tmp_path) as t:
        t.run(SCRIPTS | LED)
        t.run(FORMS, apart=True)
        assert t.heard == set()


@pytest.mark.parametrize("how", [FRAMED, ALONE])
def test_a_hostile_servers_page_reaches_no_other_workspace_of_its_person(
    chromium: Browser,
    tmp_path: Path,
    how: str,
) -> None:
    with two(how, chromium, tmp_path) as t:
        context = t.context()
        page = context.new_page()
        if how == FRAMED:
            page.goto(f"{t.bench.settings.public_url}/services/portal/")
            page.frames[1].goto(t.address("health", "lab"))
        else:
            page.goto(t.address("health", "lab"))
        shown = next(frame for frame in page.frames if frame.url == t.address("health", "lab"))
        shown.wait_for_selector("#hostile", state="attached")
        page.wait_for_timeout(SETTLE * 1000)
        context.close()
        assert t.heard == set()


def test_a_framed_page_opens_no_other_workspace_and_leads_to_none(chromium: Browser, tmp_path: Path) -> None:
    with two(FRAMED, chromium, tmp_path) as t:
        t.run(WINDOWS)
        t.run(LEAVING, apart=True)
        assert t.heard == set()


@pytest.mark.open_channel
def test_without_subdomains_a_page_can_open_another_workspace_as_a_link_does(
    chromium: Browser,
    tmp_path: Path,
) -> None:
    """It is a page that is looked at, whose window is out of reach."""
    reach = "to => { window.opened = window.open(to) }"
    read = "() => { try { return window.opened.document.body.innerHTML } catch (error) { return error.name } }"
    with two(ALONE, chromium, tmp_path) as t:
        context = t.context()
        frame = t.shown(context)
        frame.evaluate(reach, t.address("jobs", "lab/open"))
        frame.page.wait_for_timeout(SETTLE * 1000)
        assert t.heard == {"open"}
        assert "other" not in str(frame.evaluate(read))
        context.close()


def told_by_storage_and_channel(t: Two) -> set[str | None]:
    """What another project's page is told by storage and by a broadcast that a hostile page leaves."""
    context = t.context()
    other = context.new_page()
    other.goto(t.address("jobs", "lab"))
    other.evaluate("() => { new BroadcastChannel('c').onmessage = m => { window.told = m.data } }")
    frame = t.shown(context)
    frame.evaluate("() => { localStorage.setItem('note', 'x'); new BroadcastChannel('c').postMessage('x') }")
    other.wait_for_timeout(1000)
    told = {other.evaluate(f"() => {what}") for what in ("localStorage.getItem('note')", "window.told ?? null")}
    context.close()
    return told


def test_with_subdomains_two_projects_share_no_storage(chromium: Browser, tmp_path: Path) -> None:
    with two(FRAMED, chromium, tmp_path, Tier.OPEN) as t:
        assert told_by_storage_and_channel(t) == {None}


@pytest.mark.open_channel
def test_without_subdomains_two_projects_share_storage(chromium: Browser, tmp_path: Path) -> None:
    """It is open: said in the security model."""
    with two(ALONE, chromium, tmp_path, Tier.OPEN) as t:
        assert told_by_storage_and_channel(t) == {"x"}


@pytest.mark.usefixtures("weak")
def test_the_same_code_behind_a_gateway_that_tells_no_rules_reaches_the_other_workspace(
    chromium: Browser,
    tmp_path: Path,
) -> None:
    with two(ALONE, chromium, tmp_path) as t:
        t.awaited = {*SCRIPTS, *WINDOWS} - OPAQUE
        t.run(SCRIPTS | WINDOWS)
        assert t.awaited - t.heard == set()
        t.awaited = set(FORMS)
        t.run(FORMS, apart=True)
        assert t.awaited - t.heard == set()
        assert not OPAQUE & t.heard


@pytest.mark.usefixtures("weak")
def test_the_same_pages_markup_and_redirects_behind_such_a_gateway_reach_the_other_workspace(
    chromium: Browser,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(headers, "_own_place", lambda value, *_: value)
    with two(ALONE, chromium, tmp_path) as t:
        t.awaited = {*MARKUP, "below"} - {"base", *OPAQUE}  # the base's picture has that name
        context = t.context()
        page = context.new_page()
        page.goto(t.address("health", "lab"))
        t.settle(page.main_frame)
        context.close()
        assert t.awaited - t.heard == set()
        t.awaited = set(LED)
        t.run(LED)
        assert t.awaited - t.heard == set()
        t.awaited = set(LEAVING)
        t.run(LEAVING, apart=True)
        assert t.awaited - t.heard == set()
