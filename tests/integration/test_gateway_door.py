"""The gateway's door for those who may come in: login, what the hub is asked, and logout.

Who is kept out, and how, is attacked in ``tests/attacks/test_p3_door.py``. The hub is a stand-in with some tokens.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

from aiohttp import web

from integration.gateway_bench import HUBS, QUICK, TOKEN, bench, ok, read_head, says
from integration.gateway_logins import anonymous, begin, callback


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
