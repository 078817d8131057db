"""The server at the end of both ways, and a stand-in for the hub: ``python -m hub.bench.far_end PORT SOCKET HUB``."""

from __future__ import annotations

import asyncio
import json
import sys

from aiohttp import WSMsgType, web

NOTEBOOK = 50 * 2**20
STATUS = json.dumps({"started": "2026-01-01T00:00:00Z", "kernels": 1, "connections": 1}).encode()
WHO = {"kind": "user", "name": "scientist", "scopes": ["access:servers!user=scientist"]}


async def answer(request: web.BaseRequest) -> web.StreamResponse:
    """Answer as a single-user server would, as far as the measurement goes."""
    path = request.path
    if path.endswith("/channels"):
        return await _echo(request)
    if path.endswith("/large.ipynb"):
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.content_length = NOTEBOOK
        await response.prepare(request)
        for _ in range(NOTEBOOK // 2**18):
            await response.write(b"x" * 2**18)
        return response
    if path.endswith("/hub/api/user"):
        return web.json_response(WHO)
    return web.Response(body=STATUS, content_type="application/json")


async def _echo(request: web.BaseRequest) -> web.StreamResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
    return socket


async def main(port: int, path: str, hub: int) -> None:
    """Listen on both."""
    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.UnixSite(runner, path).start()
    for number in (port, hub):
        await web.TCPSite(runner, "127.0.0.1", number).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
