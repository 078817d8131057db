"""The first connection to a kernel: it is asked for its state sooner than Jupyter's server does, and no longer."""

from __future__ import annotations

import json

import docker
import pytest

from hub.setup.image import CURRENT
from integration.test_workspace_image import HARDENED

STORY = """
import asyncio, json, sys
from jupyter_server.serverapp import ServerApp
from hub.sandbox import kernel_connection as tried

class Channel:
    closed = False
    def close(self):
        self.closed = True

class Kernel:
    def connect_control(self):
        return channel

class Session:
    def send(self, channel, kind):
        asked.append(kind)
        if len(asked) == heard_after:
            connected.set_result(None)

channel, asked, heard_after = Channel(), [], int(sys.argv[1])

async def story():
    global connected
    connected = asyncio.get_running_loop().create_future()
    tried.ZMQChannelsWebsocketConnection.nudge = lambda self: connected
    tried.PromptConnection.kernel_manager, tried.PromptConnection.session = Kernel(), Session()
    connection = tried.PromptConnection.__new__(tried.PromptConnection)
    if not heard_after:
        connected.set_result(None)
    assert connection.nudge() is connected
    await connection._asking

asyncio.run(story())
app = ServerApp()
app.load_config_file()
used = app.kernel_websocket_connection_class is tried.PromptConnection
print(json.dumps({"asked": asked, "closed": channel.closed, "used": used}))
"""


def told(heard_after: int) -> dict[str, object]:
    engine = docker.from_env()
    try:
        command = ["python", "-c", STORY, str(heard_after)]
        said: bytes = engine.containers.run(CURRENT, command, remove=True, stderr=False, **HARDENED)
    finally:
        engine.close()
    return dict(json.loads(said.decode().strip().splitlines()[-1]))


@pytest.mark.parametrize("heard_after", [0, 1, 3])
def test_a_kernel_is_asked_until_it_is_heard(heard_after: int) -> None:
    said = told(heard_after)
    assert said["asked"] == ["kernel_info_request"] * heard_after
    assert (said["closed"], said["used"]) == (True, True)


def test_a_kernel_that_is_never_heard_is_left_to_the_servers_own_questions() -> None:
    said = told(99)
    assert said["asked"] == ["kernel_info_request"] * 5
    assert said["closed"] is True
