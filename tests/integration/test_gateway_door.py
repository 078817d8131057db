"""The gateway's door: who is let in, and that a stranger cannot tell a workspace that runs from one that does not.

The hub is a stand-in that knows some tokens; the same story with the real one is in ``tests/attacks/test_p3_*``.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web

from integration.gateway_bench import AUTHORIZED, HUBS, QUICK, TOKEN, TOKENS, Bench, bench, ok, read_head, says
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


@asynccontextmanager
async def anonymous() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


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


def test_a_stranger_hears_what_the_hub_says_header_by_header(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b, anonymous() as session:
            await b.open("runs", says(ok()))
            headers = {"Authorization": "token strangers"}
            async with session.get(b.url("runs", "lab?x=1"), headers=headers, allow_redirects=False) as answer:
                assert (answer.status, await answer.read()) == HUBS
                assert answer.headers["Location"] == "/hub/user/scientist/runs/lab?x=1"
                assert answer.headers["X-Said-By"] == "hub"
                assert answer.headers["Set-Cookie"] == "hubs=1; Path=/hub/"

    asyncio.run(story())


async def begin(session: aiohttp.ClientSession, b: Bench, rest: str = "lab?reset=1") -> tuple[dict[str, str], str, str]:
    """Begin a login; returns what the hub is asked, and the cookie of the try with its path."""
    async with session.get(b.url("health", rest), allow_redirects=False) as answer:
        assert answer.status == 302
        place = urlsplit(answer.headers["Location"])
        assert place.path == "/hub/api/oauth2/authorize"
        pair, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Lax", "Path=/user/scientist/health/oauth_callback"} <= set(attributes)
    return {name: values[0] for name, values in parse_qs(place.query).items()}, pair, place.query


async def callback(
    session: aiohttp.ClientSession, b: Bench, state: str, cookie: str, project: str = "health"
) -> tuple[int, str, str]:
    root = f"http://127.0.0.1:{b.settings.ports.gateway}"
    url = f"{root}/services/gateway/oauth_callback?code=c0de&state={state}"
    async with session.get(url, allow_redirects=False) as answer:
        if answer.status != 302:
            return answer.status, "", ""
        place = answer.headers["Location"].replace("/health/", f"/{project}/")
    async with session.get(f"{root}{place}", headers={"Cookie": cookie}, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", ""), answer.headers.get("Set-Cookie", "")


def test_a_person_logs_in_through_the_hub_and_no_script_reads_their_cookie(tmp_path: Path) -> None:
    heads: list[bytes] = []

    async def workspace(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await read_head(reader))
        writer.write(ok(b"in", b"Set-Cookie: evil=1"))

    async def story() -> None:
        async with bench(tmp_path) as b, anonymous() as session:
            await b.open("health", workspace)
            asked, cookie, _ = await begin(session, b)
            assert (asked["client_id"], asked["code_challenge_method"]) == ("service-gateway", "S256")
            b.token_answer = web.json_response({"access_token": TOKEN, "expires_in": 100})
            status, place, kept = await callback(session, b, asked["state"], cookie)
            assert (status, place) == (302, "/user/scientist/health/lab?reset=1")
            assert {"HttpOnly", "SameSite=Lax", "Path=/user/", "Max-Age=100"} <= set(kept.split("; "))
            assert TOKEN not in kept
            exchanged = next(body for _, path, body in b.asked if path == "/hub/api/oauth2/token")
            assert "client_secret=gateway-secret" in exchanged
            assert "code_verifier=" in exchanged
            headers = {"Cookie": kept.partition(";")[0] + "; jupyterhub-hub-login=x"}
            for _ in range(2):
                async with session.get(b.url("health"), headers=headers) as answer:
                    assert (answer.status, await answer.read()) == (200, b"in")
                    assert "Set-Cookie" not in answer.headers
                await b.gateway.stop()  # the cookie outlives a restart
                await b.start()
            assert b"ookie" not in heads[0]
            assert TOKEN.encode() not in heads[0]

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


def test_the_hub_is_asked_once_for_a_token_and_again_after_a_while(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path, replace(QUICK, believed_seconds=0.5)) as b:
            await b.open("health", says(ok(b"in")))
            await asyncio.gather(*(b.get("health") for _ in range(5)))
            assert b.looked_up == [TOKEN]
            await asyncio.sleep(0.6)
            assert await b.get("health") == (200, b"in")
            assert b.looked_up == [TOKEN, TOKEN]

    asyncio.run(story())


def test_a_withdrawn_token_opens_nothing_after_a_while_and_its_websockets_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        inner = web.WebSocketResponse()
        await inner.prepare(request)
        await inner.receive()
        return inner

    async def story() -> None:
        async with bench(tmp_path, replace(QUICK, believed_seconds=0.3, look_seconds=0.2)) as b:
            await b.serve("health", handler)
            async with b.session.ws_connect(b.url("health", "api/kernels/1/channels")) as outer:
                await asyncio.sleep(0.7)
                assert not outer.closed
                monkeypatch.delitem(TOKENS, TOKEN)
                async with asyncio.timeout(3):
                    assert (await outer.receive()).type is aiohttp.WSMsgType.CLOSE
                assert outer.close_code == 4401
            assert (await b.get("health"))[0] == 302

    asyncio.run(story())


def test_while_the_hub_is_away_nobody_new_comes_in_and_who_is_known_stays_a_while(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path, replace(QUICK, believed_seconds=1)) as b:
            await b.open("health", says(ok(b"in")))
            assert (await b.get("health"))[0] == 200
            await b.hub_goes()
            assert (await b.get("health"))[0] == 200
            status, body = await b.get("health", headers={"Authorization": "token strangers"})
            assert (status, json.loads(body)["reason"]) == (502, "hub-down")
            await asyncio.sleep(1)
            assert (await b.get("health"))[0] == 502

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


def test_a_logout_forgets_the_cookie_and_leads_to_the_hubs_own(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            bench(tmp_path) as b,
            anonymous() as session,
            session.get(b.url("health", "logout"), allow_redirects=False) as answer,
        ):
            assert (answer.status, answer.headers["Location"]) == (302, "/hub/logout")
            assert "Max-Age=0" in answer.headers["Set-Cookie"]

    asyncio.run(story())
