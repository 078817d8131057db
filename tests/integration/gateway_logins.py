"""A browser's login at a gateway of the bench, step by step."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import aiohttp

from integration.gateway_bench import Bench


@asynccontextmanager
async def anonymous() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


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
