"""What a hostile browser says to the real proxy, and what of it reaches the gateway and, behind it, a workspace.

The proxy and the gateway read HTTP by two programs. Where they read one request in two ways, a part of one person's
request would be another request: of a place that is refused, or before another person's.
"""

from __future__ import annotations

import asyncio
import secrets
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from hub.bench.machine import free_ports
from integration.gateway_bench import TOKEN, Bench, Handler, bench
from integration.lab_harness import can_connect, proxy_command

OWN = b"Authorization: token %b\r\n" % TOKEN.encode()
ALLOWED = "/user/scientist/health/api/"
REFUSED = b"GET /user/scientist/health/files/rows.csv HTTP/1.1\r\nHost: h\r\n%b\r\n" % OWN


@dataclass
class Ends:
    """What two workspaces were asked: the hostile person's own, and another person's."""

    bench: Bench
    port: int
    own: list[str] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)

    def records(self, into: list[str], body: bytes) -> Handler:
        """A workspace that reads each request to its end, and writes down what was asked."""

        async def workspace(request: web.BaseRequest) -> web.StreamResponse:
            await request.read()
            into.append(request.raw_path)
            return web.Response(body=body, content_type="application/json")

        return workspace

    async def says(self, words: bytes) -> bytes:
        """Say something to the proxy, byte for byte, and return all that it answers."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        told = b""
        try:
            writer.write(words)
            with suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(0.7):
                    while piece := await reader.read(65536):
                        told += piece
        finally:
            writer.close()
        return told

    async def other_person(self) -> list[tuple[int, bytes]]:
        """What the other person gets who asks for their own workspace."""
        url, headers = f"http://127.0.0.1:{self.port}/user/stranger/theirs/api", {"Authorization": "token strangers"}
        got = []
        async with aiohttp.ClientSession() as session:
            for _ in range(4):
                async with session.get(url, headers=headers, allow_redirects=False) as answer:
                    got.append((answer.status, await answer.read()))
        return got


@asynccontextmanager
async def ends(tmp_path: Path) -> AsyncIterator[Ends]:
    async with bench(tmp_path) as b:
        port, api = free_ports(2)
        token = secrets.token_hex(16)
        hub, gateway = (f"http://127.0.0.1:{p}" for p in (b.settings.ports.hub, b.settings.ports.gateway))
        command = [proxy_command(), "--ip", "127.0.0.1", "--port", str(port), "--api-ip", "127.0.0.1", "--api-port",
                   str(api), "--default-target", hub]  # fmt: skip
        with (tmp_path / "proxy.log").open("wb") as log:
            proxy = subprocess.Popen(
                command, env={"CONFIGPROXY_AUTH_TOKEN": token, "PATH": "/usr/bin:/bin"}, stdout=log, stderr=log
            )
        try:
            async with asyncio.timeout(20):
                while not can_connect(api):
                    await asyncio.sleep(0.1)
            for place in ("user", "services/gateway"):
                url, words = f"http://127.0.0.1:{api}/api/routes/{place}", {"Authorization": f"token {token}"}
                async with b.session.post(url, json={"target": gateway}, headers=words) as answer:
                    assert answer.status == 201
            made = Ends(b, port)
            await b.serve("health", made.records(made.own, b"own"))
            await b.serve("theirs", made.records(made.theirs, b"theirs"), person="stranger")
            yield made
        finally:
            proxy.terminate()
            proxy.wait(10)


def post(*lines: bytes, body: bytes = b"") -> bytes:
    head = b"".join(line + b"\r\n" for line in lines)
    return b"POST %bstatus HTTP/1.1\r\nHost: h\r\n%b%b\r\n%b" % (ALLOWED.encode(), OWN, head, body)


CHUNKED = b"Transfer-Encoding: chunked"
IN_CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(REFUSED), REFUSED)
SMUGGLED: dict[str, bytes] = {
    "length-and-chunks": post(b"Content-Length: 5", CHUNKED, body=b"0\r\n\r\n" + REFUSED),
    "chunks-and-length": post(CHUNKED, b"Content-Length: %d" % (5 + len(REFUSED)), body=b"0\r\n\r\n" + REFUSED),
    "two-lengths": post(b"Content-Length: 0", b"Content-Length: %d" % len(REFUSED), body=REFUSED),
    "two-lengths-in-one": post(b"Content-Length: 0, %d" % len(REFUSED), body=REFUSED),
    "length-with-a-sign": post(b"Content-Length: +0", body=REFUSED),
    "length-in-octal": post(b"Content-Length: 00", body=REFUSED),
    "length-of-nothing": post(b"Content-Length: ", body=REFUSED),
    "length-with-a-space": post(b"Content-Length : %d" % len(REFUSED), body=REFUSED),
    "chunked-twice": post(CHUNKED, CHUNKED, body=b"0\r\n\r\n" + REFUSED),
    "chunked-and-identity": post(CHUNKED, b"Transfer-Encoding: identity", body=b"0\r\n\r\n" + REFUSED),
    "chunked-not-last": post(b"Transfer-Encoding: chunked, gzip", body=b"0\r\n\r\n" + REFUSED),
    "chunked-by-a-tab": post(b"Transfer-Encoding:\tchunked", body=IN_CHUNKS),
    "chunked-misspelled": post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n" + REFUSED),
    "chunked-with-a-space": post(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n" + REFUSED),
    "chunked-in-folds": post(b"X: y\r\n Transfer-Encoding: chunked", body=b"0\r\n\r\n" + REFUSED),
    "folded": post(b"Transfer-Encoding:\r\n chunked", body=b"0\r\n\r\n" + REFUSED),
    "bare-lines": post(b"X: y\nTransfer-Encoding: chunked", body=b"0\r\n\r\n" + REFUSED),
    "bare-returns": post(b"X: y\rTransfer-Encoding: chunked", body=b"0\r\n\r\n" + REFUSED),
    "chunks-in-bare-lines": post(CHUNKED, body=b"0\n\n" + REFUSED),
    "chunk-extension": post(CHUNKED, body=b"0;a=\"\r\n\r\n\"\r\n\r\n" + REFUSED),
    "chunk-extension-with-a-line": post(CHUNKED, body=b"2;\nxx\r\n0\r\n\r\n" + REFUSED),
    "chunk-of-a-sign": post(CHUNKED, body=b"-1\r\n\r\n" + REFUSED),
    "chunk-of-0x": post(CHUNKED, body=b"0x0\r\n\r\n" + REFUSED),
    "chunk-too-long-a-length": post(CHUNKED, body=b"1" + b"0" * 16 + b"\r\n" + REFUSED),
    "trailer": post(CHUNKED, b"Trailer: Authorization", body=b"0\r\nAuthorization: token strangers\r\n\r\n" + REFUSED),
    "expects": post(b"Expect: 100-continue", b"Content-Length: %d" % len(REFUSED), body=REFUSED),
    "expects-something": post(b"Expect: x", b"Content-Length: 0", body=REFUSED),
    "to-h2c": post(b"Upgrade: h2c", b"Connection: Upgrade, HTTP2-Settings", b"HTTP2-Settings: AAMAAABk", body=REFUSED),
    "to-a-false-websocket": post(b"Upgrade: websocket", b"Connection: Upgrade", body=REFUSED),
    "hop-by-hop-login": post(b"Connection: Authorization, Content-Length", b"Content-Length: 3", body=b"abc" + REFUSED),
    "get-with-a-body": post(b"Content-Length: %d" % len(REFUSED), body=REFUSED).replace(b"POST", b"GET", 1),
    "old-http": post(CHUNKED, body=b"0\r\n\r\n" + REFUSED).replace(b"HTTP/1.1", b"HTTP/1.0", 1),
    "pipelined": post(b"Content-Length: 0") + REFUSED,
}  # fmt: skip


def test_no_part_of_a_request_is_another_one(tmp_path: Path) -> None:
    async def story() -> None:
        async with ends(tmp_path) as e:
            for name, words in SMUGGLED.items():
                await e.says(words)
                assert await e.other_person() == [(200, b"theirs")] * 4, name
                assert set(e.own) <= {f"{ALLOWED}status"}, name
            assert set(e.theirs) == {"/user/stranger/theirs/api"}
            assert len(e.own) >= 5  # the control: some of these are requests that say one thing, and arrive

    asyncio.run(story())


def get(target: bytes, *lines: bytes, host: bytes = b"Host: h") -> bytes:
    head = b"".join(line + b"\r\n" for line in (host, *lines))
    return b"GET %b HTTP/1.1\r\n%b%bConnection: close\r\n\r\n" % (target, head, OWN)


H, T = b"/user/scientist/health/", b"/user/stranger/theirs/"
PLACES = [
    H + b"../../stranger/theirs/api", H + b"%2e%2e/%2e%2e/stranger/theirs/api", H + b"..%2f..%2fstranger/theirs/api",
    H + b"..;/..;/stranger/theirs/api", H + b"..\\..\\stranger\\theirs\\api", H + b"..%5c..%5cstranger/theirs/api",
    H + b"%c0%ae%c0%ae/files/a", H + b"%uff0e%uff0e/files/a", H + b"api/../files/a", H + b"api/%2e%2e/files/a",
    H + b"api/..%252ffiles/a", H + b"/files/a", H + b"api//../files/a", H + b"files%2fa", H + b"%66iles/a",
    H + b"files;/a", H + b"api/status%00/../../files/a",
    H + b"api\\..\\files/a", H + b"api/x?/../../files/a", H + b"api/x#/../../files/a",
    b"//user/scientist/health/files/a", b"/user//scientist/health/files/a", b"/./user/scientist/health/files/a",
    b"/user/stranger/../scientist/health/files/a", b"/USER/scientist/health/files/a",
    b"/user/%73cientist/health/files/a",
    b"/%75ser/scientist/health/files/a", b"/user/scientist%2fhealth/files/a",
    b"/services/gateway/../../user/scientist/health/files/a",
    b"/services/gateway/%2e%2e/%2e%2e/user/stranger/theirs/api",
    b"http://h" + H + b"files/a", b"http://h" + T + b"api",
    b"http://127.0.0.1:1" + H + b"files/a", b"http:/" + H + b"files/a", b"*", b"h:80", T + b"api", T[:-1], T + b"..;/x",
    H + b"files/\xc3\xa9", H + b"files/a b", H + b"files/\x01", H + b"files/" + b"a" * 15_000,
    H + b"api/" + b"%2e" * 3000,
]  # fmt: skip


HOSTS = (b"Host: h", b"Host: a\r\nHost: b", b"Host:", b"Host: h\r\nX-Forwarded-Host: x", b"X: no")


def test_no_spelling_of_a_place_leads_to_another_person_or_a_refused_place(tmp_path: Path) -> None:
    async def story() -> None:
        async with ends(tmp_path) as e:
            for place in PLACES:
                for host in HOSTS:
                    told = await e.says(get(place, host=host))
                    assert b"theirs" not in told.partition(b"\r\n\r\n")[2], (place, host)
                    assert [asked for asked in e.own if not asked.startswith(ALLOWED)] == [], (place, host)
            assert e.theirs == []
            e.own.clear()
            assert b"own" in await e.says(get(H + b"api/status"))  # the control: the same words, another place
            assert e.own == [f"{ALLOWED}status"]

    asyncio.run(story())
