"""The gateway between real sockets: what it forwards, refuses, counts and writes down."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
import stat
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from datasets_mount.catalogue import Tier
from hub.domain.errors import InvalidError
from integration.gateway_bench import (
    HUBS,
    QUICK,
    TOKEN,
    bench,
    hub_session,
    ok,
    plain_neighbour,
    read_head,
    refuses,
    says,
)
from spawner_config.gateway.browser import ANSWER_BYTES
from spawner_config.gateway.under_way import size_of_frame
from spawner_config.gateway.upstream import exact_url
from spawner_config.gateway_client import GatewayClient
from spawner_config.server_folder import access_log_folder, opened


def test_a_request_reaches_the_workspace_byte_for_byte_and_its_answer_the_browser(tmp_path: Path) -> None:
    heads: list[bytes] = []

    async def workspace(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await read_head(reader))
        writer.write(ok(b'{"a": 1}', b"X-Evil: 1", b"Set-Cookie: jupyterhub-hub-login=x; Path=/", b"Refresh: 0; url=/"))

    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("health", workspace)
            target = "api/contents/%C3%A9(1)%20!~*'.ipynb?content=1&type=notebook&x=%5B%7B"
            headers = {"Cookie": "jupyterhub-hub-login=secret; _xsrf=1", "X-Forwarded-For": "198.51.100.1"}
            async with b.session.get(b.url("health", target), headers=headers) as answer:
                assert answer.status == 200
                assert await answer.read() == b'{"a": 1}'
                names = {n.lower() for n in answer.headers}
                assert not names & {"x-evil", "set-cookie", "refresh"}
                assert answer.headers["Cache-Control"] == "no-store"
                assert (
                    "/user/scientist/health/lab/extensions/ 'unsafe-eval'" in answer.headers["Content-Security-Policy"]
                )
            head = heads[0].decode()
            assert head.startswith(f"GET /user/scientist/health/{target}&format=text HTTP/1.1\r\n")
            assert "secret" not in head
            assert "198.51.100.1" not in head
            assert "cookie" not in head.lower()
            assert "Authorization: token " in head
            assert TOKEN not in head

    asyncio.run(story())


def test_bodies_are_passed_on_as_they_come_in_both_directions(tmp_path: Path) -> None:
    async def workspace(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await read_head(reader)
        assert b"content-length: 7" in head.lower()
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(7):
            writer.write(b"1\r\n%b\r\n" % await reader.readexactly(1))  # each byte is answered before the next is read
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def slowly() -> AsyncIterator[bytes]:
        for letter in b"streams":
            yield bytes([letter])
            await asyncio.sleep(0.02)

    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("health", workspace)
            url, headers = b.url("health", "api/contents/a"), {"Content-Length": "7"}
            async with b.session.put(url, data=slowly(), headers=headers) as answer:
                assert await answer.read() == b"streams"

    asyncio.run(story())


def test_what_jupyterlab_says_of_itself_is_packed_for_browsers_that_unpack_and_counted_as_it_is(tmp_path: Path) -> None:
    text = json.dumps({"settings": ["as ever"] * 5000}).encode()

    async def story() -> None:
        async with bench(tmp_path) as b:
            folder = await b.open("health", says(ok(text)))

            async def encoding(target: str, accepted: str = "gzip") -> str | None:
                before = b.total(folder.name)
                async with b.session.get(b.url("health", target), headers={"Accept-Encoding": accepted}) as answer:
                    body, encoding = await answer.read(), answer.headers.get("Content-Encoding")
                assert (gzip.decompress(body) if encoding == "gzip" else body) == text
                assert b.total(folder.name) - before >= len(text)
                return encoding

            assert await encoding("lab/api/settings?1") == "gzip"
            assert await encoding("lab/api/translations/fr_FR") == "gzip"
            assert await encoding("lab/api/settings?1", "identity") is None
            assert await encoding("api/contents/lab/api/settings") is None
            assert await encoding("lab/api/workspaces/settings") is None

    asyncio.run(story())


def test_websockets_carry_text_bytes_protocol_and_closing_code(tmp_path: Path) -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        inner = web.WebSocketResponse(protocols=["v1.kernel.websocket.jupyter.org"])
        await inner.prepare(request)
        async for message in inner:
            if message.data == "bye":
                await inner.close(code=4321)
            elif message.type is aiohttp.WSMsgType.TEXT:
                await inner.send_str(message.data.upper())
            else:
                await inner.send_bytes(message.data[::-1])
        return inner

    async def story() -> None:
        async with bench(tmp_path) as b:
            folder = await b.serve("health", handler)
            url = b.url("health", "api/kernels/1/channels?session_id=2")
            protocols = ("other", "v1.kernel.websocket.jupyter.org")
            async with b.session.ws_connect(url, protocols=protocols) as outer:
                assert outer.protocol == "v1.kernel.websocket.jupyter.org"
                await outer.send_str("été")
                assert await outer.receive_str() == "ÉTÉ"
                await outer.send_bytes(b"\x00\x01\xff")
                assert await outer.receive_bytes() == b"\xff\x01\x00"
                await outer.send_str("bye")
                assert (await outer.receive()).type is aiohttp.WSMsgType.CLOSE
                assert outer.close_code == 1011  # a number that a workspace chose would say something by it
            async with b.session.ws_connect(url) as outer:
                await outer.send_str("x" * 90_000)
                assert len(await outer.receive_str()) == 90_000
                await outer.send_bytes(b"x" * 150_000)
                assert (await outer.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
            await asyncio.sleep(0.1)
            lines = [line for line in b.lines() if line["side"] == "websocket"]
            assert {line["status"] for line in lines} == {101}
            assert [(line["reason"], line["bytes"]) for line in lines] == [
                ("", 0), ("closed", 8), ("", 0), ("closed", 90_000),
            ]  # fmt: skip
            frames = sum(size_of_frame(size, masked=False) for size in (5, 3, 90_000))
            assert b.total(folder.name) == frames + 2 * ANSWER_BYTES

    asyncio.run(story())


def test_the_open_tier_has_no_cap_and_downloads_pass_there(tmp_path: Path) -> None:
    body = b"x" * (QUICK.answer + 1)
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)

    async def story() -> None:
        async with bench(tmp_path) as b:
            folder = await b.open("open", says(answer), Tier.OPEN)
            assert await b.get("open", "files/a.csv") == (200, body)
            assert b.total(folder.name) == len(body) + len("Content-Typetext/csv") + ANSWER_BYTES
            await b.open("held", says(answer), Tier.SECRET)
            assert (await b.get("held", "files/a.csv"))[0] == 403
            assert (await b.get("held", "api"))[0] == 403

    asyncio.run(story())


@pytest.mark.parametrize("rest", ["../neighbour/api", "%2e%2e/neighbour/api", "..%2fneighbour/api", "a//b", "a%00"])
def test_an_ambiguous_address_reaches_no_workspace(tmp_path: Path, rest: str) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await plain_neighbour(b)
            await b.open("health", says(ok(b"own")))
            reader, writer = await asyncio.open_connection("127.0.0.1", b.settings.ports.gateway)
            writer.write(f"GET /user/scientist/health/{rest} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
            assert answer.startswith(b"HTTP/1.1 400")
            assert b"ambiguous-address" in answer

    asyncio.run(story())


def test_a_service_worker_an_odd_method_and_a_long_upload_are_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("health", says(ok()))
            assert (await b.get("health", "static/sw.js", headers={"Service-Worker": "script"}))[0] == 403
            async with b.session.request("TRACE", b.url("health")) as answer:
                assert answer.status == 400
            async with b.session.put(b.url("health", "api/contents/a"), data=b"x" * 400_000) as answer:
                assert answer.status == 413

    asyncio.run(story())


def test_of_a_workspace_that_is_not_open_the_hub_speaks(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            assert await b.get("nowhere") == HUBS
            await b.open("health")
            status, body = await b.get("health")
            assert (status, json.loads(body)["reason"]) == (503, "server-not-ready")
            async with b.session.get(b.url("health", "lab"), headers={"Sec-Fetch-Mode": "navigate"}) as page:
                assert page.content_type == "text/html"

    asyncio.run(story())


def test_a_gateway_that_comes_back_opens_what_stands_on_disk_and_goes_on_counting(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            folder = await b.open("health", says(ok(b"12345")))
            await b.get("health")
            (folder.parent / "0123456789abcdef").mkdir()
            (folder.parent / "not-a-server").write_text("x")
            await b.gateway.stop()
            with pytest.raises(aiohttp.ClientError):
                await b.get("health")
            await b.start()
            assert await b.get("health") == (200, b"12345")
            assert b.total(folder.name) == 2 * (len(b"12345Content-Typeapplication/json") + ANSWER_BYTES)
            async with hub_session(folder) as inside, inside.get("http://x/hub/api") as answer:
                assert answer.status == 200

    asyncio.run(story())


def test_a_closed_server_answers_no_more_and_its_connections_are_dropped(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            folder = await b.open("health", says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", hold=True))
            async with b.session.get(b.url("health")) as answer:
                await GatewayClient(b.settings.state).close(folder.name)
                with pytest.raises(aiohttp.ClientError):
                    await answer.read()
            assert await refuses(b)
            with opened(folder / "hub") as place, socket.socket(socket.AF_UNIX) as caller, pytest.raises(OSError):  # noqa: PT011
                caller.connect(f"/proc/self/fd/{place}/api.sock")

    asyncio.run(story())


def test_only_the_lab_reaches_the_control_socket(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            place = b.settings.state / "run"
            assert stat.S_IMODE(place.stat().st_mode) == 0o700
            assert stat.S_IMODE((place / "gateway.sock").stat().st_mode) == 0o660
            folder = await b.open("health", says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
            client = GatewayClient(b.settings.state)
            assert await client.is_ready(folder.name)
            assert not await client.is_ready("0" * 16)
            assert not await client.is_ready("..%2f..")
            remaining = {line["side"] for line in b.lines()}
            assert remaining == set()  # asking whether it is ready leaves no line

    asyncio.run(story())


def test_every_response_leaves_a_line_without_query_or_body(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("health", says(ok(b"confidential")))
            await b.get("health", "api/status?token=hush")
            await b.get("health", "files/a.csv")
            shown, refused = b.lines()
            assert (shown["method"], shown["path"], shown["status"], shown["bytes"]) == (
                "GET", "/user/scientist/health/api/status", 200, 12,
            )  # fmt: skip
            assert (refused["status"], refused["reason"], refused["bytes"]) == (403, "download", 0)
            text = json.dumps(b.lines())
            assert "hush" not in text
            assert "confidential" not in text

    asyncio.run(story())


@pytest.mark.parametrize("raw", ["/user/a/b/x#y", "/user/a/b/?x#y"])
def test_an_address_that_the_library_would_change_is_not_sent(raw: str) -> None:
    with pytest.raises(InvalidError):
        exact_url(raw)


def test_an_upload_without_length_ends_at_the_bound(tmp_path: Path) -> None:
    received: list[int] = []

    async def workspace(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        while piece := await reader.read(65_536):
            received.append(len(piece))

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(2000):
            yield b"x" * 10_000
            await asyncio.sleep(0)

    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("health", workspace)
            with contextlib.suppress(aiohttp.ClientError):
                async with b.session.put(b.url("health", "api/contents/a"), data=endless()) as answer:
                    assert answer.status in (413, 502)
            assert sum(received) <= QUICK.upload + 50_000

    asyncio.run(story())


@pytest.mark.parametrize("token", [TOKEN, "made-up"])
def test_a_packed_body_is_passed_on_or_refused_as_it_is(tmp_path: Path, token: str) -> None:
    """Unpacking it, for whoever sends it, would cost all others time: a thousand bytes for each of them."""
    packed, reached = gzip.compress(bytes(300_000_000))[:250_000], []

    async def workspace(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        reached.append(await reader.readexactly(len(packed)))
        writer.write(ok(b"done"))

    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("health", workspace)
            headers = {"Content-Encoding": "gzip", "Authorization": f"token {token}"}
            spent = time.process_time()
            url = b.url("health", "api/contents/a")
            async with b.session.put(url, data=packed, headers=headers, allow_redirects=False) as answer:
                assert answer.status == (200 if token == TOKEN else 401)
            await asyncio.sleep(0.5)  # what is refused is read to its end all the same
            assert reached == ([packed] if token == TOKEN else [])
            assert time.process_time() - spent < 0.12

    asyncio.run(story())


def test_when_the_disk_is_full_nothing_is_shown_that_leaves_no_line(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("health", says(ok(b"fine")))
            log = access_log_folder(b.settings.state)
            place = log / f"gateway-access-{datetime.now(UTC).date().isoformat()}.jsonl"
            place.mkdir()
            await b.get("health")
            status, body = await b.get("health")
            assert (status, json.loads(body)["reason"]) == (503, "log-full")
            place.rmdir()
            await b.get("health")
            assert await b.get("health") == (200, b"fine")

    asyncio.run(story())


def test_metrics_count_answers_bytes_and_refusals_and_name_nobody(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("health", says(ok(b"12345")))
            await b.get("health", "api/contents/secret-name.csv")
            await b.get("health", "files/secret-name.csv")
            await b.get("nowhere")
            with opened(b.settings.state / "run") as place:
                connector = aiohttp.UnixConnector(path=f"/proc/self/fd/{place}/gateway.sock")
                async with aiohttp.ClientSession(connector=connector) as s, s.get("http://gateway/metrics") as answer:
                    text = await answer.text()
            assert 'datalab_gateway_answers_total{kind="2xx",side="browser"} 1.0' in text
            assert 'datalab_gateway_bytes_total{side="browser"} 5.0' in text
            assert 'datalab_gateway_refusals_total{reason="download"} 1.0' in text
            assert 'datalab_gateway_seconds_count{side="browser"} 3.0' in text
            assert "datalab_gateway_servers 1.0" in text
            assert not [word for word in ("scientist", "health", "secret-name", "nowhere", "/user/") if word in text]

    asyncio.run(story())
