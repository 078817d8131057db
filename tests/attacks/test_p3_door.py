"""Promise 3 at the gateway's door: strangers, other people's cookies, other sites' pages, other logins.

A stranger cannot tell a workspace that runs from one that does not. The hub is a stand-in that knows some tokens; the
same story with the real one is in ``test_p3_gateway`` and ``test_p3_projects``. Each attack has a control, which works,
or a twin at the end, where one look of the door's is taken away and it succeeds.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from integration.gateway_bench import AUTHORIZED, HUBS, QUICK, TOKEN, TOKENS, Bench, bench, ok, read_head, says
from integration.gateway_logins import anonymous, begin, callback
from integration.test_gateway_origins import LOOPBACK, TLS, apart, look
from spawner_config.gateway.askers import Asker
from spawner_config.gateway.login import COOKIE, Session
from spawner_config.gateway.sealing import Sealer
from spawner_config.gateway_client import GatewayClient

PATHS = ["lab", "api", "api/contents", "api/kernels/1/channels", "files/a", "static/x.js", "", "lab?a=1", "%2e%2e/x"]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"]
STRANGERS: dict[str, dict[str, str]] = {
    "nobody": {},
    "nobody's page": {"Sec-Fetch-Mode": "navigate"},
    "nobody's script": {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"},
    "a stranger": {"Authorization": "token strangers"},
    "an administrator": {"Authorization": "token administrators"},
    "a service": {"Authorization": "Bearer services"},
    "the person with a token for other things": {"Authorization": "token weak"},
    "the person with another workspace's token": {"Authorization": "token other-server"},
    "a token of nobody": {"Authorization": "token made-up"},
    "a password": {"Authorization": "Basic eDp5"},
    "a made-up cookie": {"Cookie": f"{COOKIE}=made-up"},
    "another key's cookie": {"Cookie": f"{COOKIE}={Sealer('aa' * 32).seal(Session(token=TOKEN))}"},
    "a stranger's cookie": {"Cookie": f"{COOKIE}={Sealer('5e' * 32).seal(Session(token='strangers'))}"},
    "a websocket": {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"},
}


async def said(session: aiohttp.ClientSession, b: Bench, project: str, *, method: str, path: str, headers: object):
    """All that comes back, but for what is random in a login's address, and the project's own name."""
    async with session.request(
        method,
        b.url(project, path),
        headers=headers,
        allow_redirects=False,  # type: ignore[arg-type]
    ) as answer:
        pairs = [(name, value) for name, value in answer.headers.items() if name not in ("Date", "Content-Length")]
        told = json.dumps([answer.status, pairs, (await answer.read()).decode()]).replace(project, "…")
    return re.sub(r"(state=|code_challenge=|datalab-login-)[\w=.-]+", r"\1", told)


@pytest.mark.parametrize("who", STRANGERS)
def test_whoever_may_not_open_a_workspace_cannot_tell_whether_it_runs(tmp_path: Path, who: str) -> None:
    reached: list[bytes] = []

    async def workspace(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(await read_head(reader))
        writer.write(ok(b"secret"))

    async def story() -> None:
        async with bench(tmp_path) as b, anonymous() as session:
            await b.open("runs", workspace)
            for method in METHODS:
                for path in PATHS:
                    asked = {"method": method, "path": path, "headers": STRANGERS[who]}
                    told = [await said(session, b, project, **asked) for project in ("runs", "away")]
                    assert told[0] == told[1], (method, path)
                    assert "secret" not in told[0]
            assert reached == []
            assert {line["project"] for line in b.lines()} == {""}
            assert (await b.get("runs"))[1] == b"secret"  # the control: the same address, asked by its person

    asyncio.run(story())


def test_a_login_counts_only_where_it_began(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b, anonymous() as session:
            await b.open("health", says(ok()))
            b.token_answer = web.json_response({"access_token": TOKEN})
            asked, cookie, _ = await begin(session, b)
            other, others_cookie, _ = await begin(session, b)
            for state, sent in (
                (asked["state"], ""),
                (asked["state"], others_cookie),
                (asked["state"], cookie.partition("=")[0] + "=" + others_cookie.partition("=")[2]),
                (other["state"], cookie),
                ("made-up", cookie),
                (Sealer("5e" * 32).seal(Session(token="x")), cookie),
            ):
                assert (await callback(session, b, state, sent))[0] == 401
            assert (await callback(session, b, asked["state"], cookie, project="other"))[0] == 401
            assert not [path for _, path, _ in b.asked if path == "/hub/api/oauth2/token"]
            b.token_answer = web.json_response({"error": "invalid_grant"}, status=400)
            assert (await callback(session, b, asked["state"], cookie))[0] == 401

    asyncio.run(story())


async def listens(request: web.BaseRequest) -> web.StreamResponse:
    """A websocket that says nothing."""
    inner = web.WebSocketResponse()
    await inner.prepare(request)
    await inner.receive()
    return inner


def test_a_withdrawn_token_opens_nothing_after_a_while_and_its_websockets_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with bench(tmp_path, replace(QUICK, believed_seconds=0.3, look_seconds=0.2)) as b:
            await b.serve("health", listens)
            async with b.session.ws_connect(b.url("health", "api/kernels/1/channels")) as outer:
                await asyncio.sleep(0.7)
                assert not outer.closed
                monkeypatch.delitem(TOKENS, TOKEN)
                async with asyncio.timeout(3):
                    assert (await outer.receive()).type is aiohttp.WSMsgType.CLOSE
                assert outer.close_code == 4401
            assert (await b.get("health"))[0] == 302

    asyncio.run(story())


def test_after_a_logout_nothing_opens_at_once_and_open_websockets_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub tells the gateway of a logout; it need not wait until it would ask again by itself."""

    async def story() -> None:
        async with bench(tmp_path, replace(QUICK, believed_seconds=600, look_seconds=600)) as b:
            await b.serve("health", listens)
            gateway = GatewayClient(b.settings.state)
            async with b.session.ws_connect(b.url("health", "api/kernels/1/channels")) as outer:
                await gateway.forget("scientist")  # who is still logged in is asked after, and stays
                await gateway.forget("stranger")
                await asyncio.sleep(0.3)
                assert not outer.closed
                monkeypatch.delitem(TOKENS, TOKEN)
                await gateway.forget("scientist")
                async with asyncio.timeout(1):
                    assert (await outer.receive()).type is aiohttp.WSMsgType.CLOSE
                assert outer.close_code == 4401
            assert (await b.get("health"))[0] == 302

    asyncio.run(story())


def test_another_sites_page_changes_nothing_with_a_persons_cookie(tmp_path: Path) -> None:
    reached: list[bytes] = []

    async def workspace(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(await read_head(reader))
        writer.write(ok(b"done"))

    async def story() -> None:
        async with bench(tmp_path) as b, anonymous() as session:
            await b.open("health", workspace)
            cookie = {"Cookie": f"{COOKIE}={Sealer('5e' * 32).seal(Session(token=TOKEN))}"}
            own = {"Origin": f"http://127.0.0.1:{b.settings.ports.gateway}"}
            for evil in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}, {}):
                async with session.post(b.url("health", "api/kernels"), headers=cookie | evil) as answer:
                    assert (answer.status, (await answer.json())["reason"]) == (403, "cross-site")
                with pytest.raises(aiohttp.WSServerHandshakeError):
                    await session.ws_connect(b.url("health", "api/kernels/1/channels"), headers=cookie | evil)
            assert reached == []
            async with session.post(b.url("health", "api/kernels"), headers=cookie | own) as answer:
                assert answer.status == 200  # the control: a page of the workspace itself
            async with session.post(b.url("health", "api/kernels"), headers=AUTHORIZED) as answer:
                assert answer.status == 200  # and a program with a token

    asyncio.run(story())


def test_after_a_stop_the_cookie_leads_to_the_hub(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b, anonymous() as session:
            folder = await b.open("health", says(ok(b"in")))
            cookie = {"Cookie": f"{COOKIE}={Sealer('5e' * 32).seal(Session(token=TOKEN))}"}
            async with session.get(b.url("health"), headers=cookie) as answer:
                assert await answer.read() == b"in"
            await GatewayClient(b.settings.state).close(folder.name)
            async with session.get(b.url("health"), headers=cookie, allow_redirects=False) as answer:
                assert (answer.status, await answer.read()) == HUBS
            assert b.looked_up == [TOKEN, TOKEN]  # what the hub had said was forgotten with the stop

    asyncio.run(story())


def test_without_tls_a_cookie_of_that_name_means_nothing_and_with_it_no_other_does(tmp_path: Path) -> None:
    async def story() -> None:
        for server, name, status in ((TLS, COOKIE, 302), (TLS, f"__Host-{COOKIE}", 200), (LOOPBACK, COOKIE, 200)):
            async with apart(tmp_path / f"{status}{name}{server.url[:5]}", server) as b:
                await b.open("health", says(ok()))
                cookie = f"{name}={Sealer('5e' * 32).seal(Session(token=TOKEN))}"
                assert (await look(b, "/user/scientist/health/lab", Cookie=cookie))[0] == status

    asyncio.run(story())


# The weak twins: the same attacks where one look of the door's is taken away.


def test_a_stranger_who_is_not_looked_at_reaches_a_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Asker, "may_open", lambda *_: True)

    async def story() -> None:
        async with bench(tmp_path) as b, anonymous() as session:
            await b.open("runs", says(ok(b"secret")))
            asked = {"method": "GET", "path": "api", "headers": STRANGERS["a stranger"]}
            told = [await said(session, b, project, **asked) for project in ("runs", "away")]
            assert "secret" in told[0]
            assert told[0] != told[1]

    asyncio.run(story())


def test_a_login_that_another_browser_began_counts_where_nobody_compares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spawner_config.gateway.login.secrets.compare_digest", lambda *_: True)

    async def story() -> None:
        async with bench(tmp_path) as b, anonymous() as session:
            await b.open("health", says(ok()))
            b.token_answer = web.json_response({"access_token": TOKEN})
            asked, cookie, _ = await begin(session, b)
            _, others, _ = await begin(session, b)
            sent = cookie.partition("=")[0] + "=" + others.partition("=")[2]
            assert (await callback(session, b, asked["state"], sent))[0] == 302

    asyncio.run(story())


def test_a_withdrawn_token_opens_for_as_long_as_the_hubs_word_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with bench(tmp_path, replace(QUICK, believed_seconds=60)) as b:
            await b.open("health", says(ok(b"in")))
            assert (await b.get("health"))[0] == 200
            monkeypatch.delitem(TOKENS, TOKEN)
            assert await b.get("health") == (200, b"in")

    asyncio.run(story())


def test_another_sites_page_writes_where_the_gateway_does_not_look_whence_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spawner_config.gateway.door.check_is_same_site", lambda *_, **__: None)

    async def story() -> None:
        async with bench(tmp_path) as b, anonymous() as session:
            await b.open("health", says(ok(b"done")))
            sent = {
                "Cookie": f"{COOKIE}={Sealer('5e' * 32).seal(Session(token=TOKEN))}",
                "Origin": "https://evil.example",
            }
            async with session.post(b.url("health", "api/kernels"), headers=sent) as answer:
                assert (answer.status, await answer.read()) == (200, b"done")

    asyncio.run(story())
