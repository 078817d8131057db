"""The gateway where workspaces have origins of their own: what is asked at which host, and who may frame it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web

from datasets_mount.catalogue import Tier
from hub.settings import Server
from integration.gateway_bench import TOKEN, Bench, ok, says
from spawner_config.gateway.login import COOKIE, Session
from spawner_config.gateway.sealing import Sealer

LOOPBACK = Server(subdomains=True)
TLS = Server(subdomains=True, url="https://lab.example.org")
OWN = {"Cookie": f"{COOKIE}={Sealer('5e' * 32).seal(Session(token=TOKEN))}"}


@asynccontextmanager
async def apart(tmp_path: Path, server: Server = LOOPBACK) -> AsyncIterator[Bench]:
    made = Bench(tmp_path / "state")
    made.settings = made.settings.model_copy(update={"server": server})
    async with made:
        yield made


async def look(b: Bench, path: str, at: str = "scientist/health", **headers: str) -> tuple[int, dict[str, str]]:
    """Ask for a path at a workspace's host, or at the lab's; returns the status and the headers."""
    origin = b.settings.origin_of(*at.split("/")) if at else b.settings.public_url
    asked = {"Host": urlsplit(origin).netloc} | headers
    url = f"http://127.0.0.1:{b.settings.ports.gateway}{path}"
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.get(url, headers=asked, allow_redirects=False) as answer,
    ):
        await answer.read()
        return answer.status, dict(answer.headers)


def policy(headers: dict[str, str]) -> dict[str, str]:
    return dict(part.partition(" ")[::2] for part in headers["Content-Security-Policy"].split("; "))


@pytest.mark.parametrize("tier", [Tier.SENSITIVE, Tier.SECRET])
def test_a_held_workspace_is_shown_in_the_portals_frame_alone(tmp_path: Path, tier: Tier) -> None:
    async def story() -> None:
        async with apart(tmp_path) as b:
            await b.open("health", says(ok()), tier)
            status, headers = await look(b, "/user/scientist/health/lab", **OWN, **{"Sec-Fetch-Dest": "document"})
            assert (status, headers["Location"]) == (
                302,
                f"{b.settings.public_url}/services/portal/projects/health/workspace",
            )
            status, headers = await look(b, "/user/scientist/health/lab", **OWN, **{"Sec-Fetch-Dest": "iframe"})
            assert status == 200
            assert policy(headers)["frame-ancestors"] == b.settings.public_url
            assert policy(headers)["sandbox"] == "allow-scripts allow-same-origin allow-forms allow-modals"
            assert "X-Frame-Options" not in headers

    asyncio.run(story())


def test_an_open_workspace_may_be_a_page_of_its_own(tmp_path: Path) -> None:
    async def story() -> None:
        async with apart(tmp_path) as b:
            await b.open("health", says(ok()), Tier.OPEN)
            status, headers = await look(b, "/user/scientist/health/lab", **OWN, **{"Sec-Fetch-Dest": "document"})
            assert status == 200
            assert "sandbox" not in policy(headers)

    asyncio.run(story())


def test_a_workspace_is_at_its_own_origin_alone_whether_it_runs_or_not(tmp_path: Path) -> None:
    async def story() -> None:
        async with apart(tmp_path) as b:
            await b.open("health", says(ok()))
            for project in ("health", "away"):
                path = f"/user/scientist/{project}/lab?a=1"
                for host in ("", "stranger/health", f"stranger/{project}", "scientist/jobs"):
                    status, headers = await look(b, path, host, **OWN)
                    assert (status, headers["Location"]) == (302, b.settings.origin_of("scientist", project) + path)
                    status, _ = await look(b, path, host, **OWN, **{"Sec-Fetch-Mode": "cors"})
                    assert status == 403

    asyncio.run(story())


def test_no_page_of_hub_or_portal_is_in_a_workspaces_origin(tmp_path: Path) -> None:
    async def story() -> None:
        async with apart(tmp_path) as b:
            for path in ("/", "/hub/home", "/services/portal/projects?x=1"):
                status, headers = await look(b, path)
                assert (status, headers["Location"]) == (302, b.settings.public_url + path)
                status, headers = await look(b, path, **{"Sec-Fetch-Mode": "cors"})
                assert status == 404
            assert b.asked == []

    asyncio.run(story())


@pytest.mark.parametrize(("server", "prefix", "path"), [(LOOPBACK, "", "/user/"), (TLS, "__Host-", "/")])
def test_a_login_goes_from_the_workspaces_origin_to_the_labs_and_back(
    tmp_path: Path, server: Server, prefix: str, path: str
) -> None:
    async def story() -> None:
        async with apart(tmp_path, server) as b:
            b.token_answer = web.json_response({"access_token": TOKEN, "expires_in": 60})
            lab, own = b.settings.public_url, b.settings.origin_of("scientist", "health")
            _, headers = await look(b, "/user/scientist/health/lab")
            began, query = headers["Set-Cookie"].partition(";")[0], parse_qs(urlsplit(headers["Location"]).query)
            assert headers["Location"].startswith(f"{lab}/hub/api/oauth2/authorize?")
            assert began.startswith(f"{prefix}datalab-login-")
            assert query["redirect_uri"] == [f"{lab}/services/gateway/oauth_callback"]
            _, headers = await look(b, f"/services/gateway/oauth_callback?code=c&state={query['state'][0]}", "")
            assert headers["Location"].startswith(f"{own}/user/scientist/health/oauth_callback?")
            place = headers["Location"].removeprefix(own)
            status, headers = await look(b, place, Cookie=began)
            assert (status, headers["Location"]) == (302, "/user/scientist/health/lab")
            kept = headers["Set-Cookie"]
            assert kept.startswith(f"{prefix}{COOKIE}=")
            assert f"Path={path};" in kept
            assert ("Secure" in kept) is bool(prefix)
            assert "Domain" not in kept

    asyncio.run(story())
