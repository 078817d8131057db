"""A workspace's first kernel, which waits before anybody is known, is a kernel like any other once it begins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import docker
import pytest

from hub.setup.image import CURRENT
from integration.test_workspace_image import HARDENED

STORY = """
import json, os, sys, time
from hub.sandbox.first_kernel import made_to_wait, offer
first = made_to_wait()
if sys.argv[1:] == ["in advance"]:
    first.prepare()
    first.prepare()
    time.sleep(2)
secret = dict(os.environ, SECRET="known since the claim")
from hub.sandbox.serve_workspace import leave_out
leave_out()
from jupyter_client.manager import KernelManager
offer(first)
CODE = '''
import json, os, sys
print(json.dumps({"pid": os.getpid(), "secret": os.environ.get("SECRET"), "folder": os.getcwd(), "argv": sys.argv[0],
    "stand_ins": [n for n in ("jupyterhub", "sqlalchemy") if n in sys.modules], "leader": os.getsid(0) == os.getpid(),
    "parent": os.getppid(), "told": [w for w in open("/proc/self/environ").read().split(chr(0)) if "SECRET" in w]}))
'''

def kernel():
    manager = KernelManager()
    manager.start_kernel(env=secret, cwd="/var")
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    return manager, client

def said(client, code=CODE):
    words = []
    client.execute_interactive(code, timeout=60, output_hook=lambda m: words.append(m["content"].get("text", "")))
    return "".join(words)

manager, client = kernel()
one = json.loads(said(client))
client.execute("import time; time.sleep(600)", stop_on_error=False)
time.sleep(1)
manager.interrupt_kernel()
client.get_shell_msg(timeout=60)
counted = said(client, "print(6 * 7)")
manager.restart_kernel(now=True)
client.wait_for_ready(timeout=60)
again = json.loads(said(client))
other, its_client = kernel()
two = json.loads(said(its_client))
for m in (manager, other):
    m.shutdown_kernel(now=True)
print(json.dumps({"first": first.pid, "server": os.getpid(), "one": one, "counted": counted, "again": again, "two": two,
                  "ended": first.poll()}))
"""
ENDS = """
import os, subprocess, sys, time
server = subprocess.Popen([sys.executable, "-c", "from hub.sandbox.first_kernel import made_to_wait; "
    "print(made_to_wait().pid, flush=True); import time; time.sleep(600)"], stdout=subprocess.PIPE, text=True)
waiting = int(server.stdout.readline())
os.kill(waiting, 0)
server.kill()
server.wait()
for _ in range(100):
    try:
        state = open(f"/proc/{waiting}/stat").read().split()[2]
    except OSError:
        state = "gone"
    if state in ("Z", "gone"):
        break
    time.sleep(0.1)
print(state)
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


def run(engine: docker.DockerClient, code: str, *words: str) -> str:
    command = ["python", "-c", code, *words]
    said: bytes = engine.containers.run(CURRENT, command, remove=True, stderr=False, **HARDENED)
    return said.decode().strip().splitlines()[-1]


@pytest.fixture(scope="module", params=["in advance", "at once"])
def told(engine: docker.DockerClient, request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(json.loads(run(engine, STORY, request.param)))


def test_it_is_the_process_that_waited_and_begins_with_what_the_server_gives(told: dict[str, Any]) -> None:
    one = told["one"]
    assert (one["pid"], one["parent"]) == (told["first"], told["server"])
    assert (one["secret"], one["folder"], one["argv"]) == ("known since the claim", "/var", "ipykernel_launcher")
    assert one["leader"] is True


def test_it_knew_nothing_before_and_has_none_of_the_servers_stand_ins(told: dict[str, Any]) -> None:
    assert told["one"]["told"] == []
    assert told["one"]["stand_ins"] == []


def test_it_is_interrupted_restarted_and_ended_as_any_kernel(told: dict[str, Any]) -> None:
    assert told["counted"] == "42\n"
    assert told["again"]["pid"] != told["first"]
    assert told["ended"] == -9


def test_the_next_kernel_is_a_process_of_its_own(told: dict[str, Any]) -> None:
    assert told["two"]["pid"] not in (told["first"], told["again"]["pid"])
    assert told["two"]["secret"] == told["again"]["secret"] == "known since the claim"


def test_one_that_nobody_used_ends_with_its_server(engine: docker.DockerClient) -> None:
    assert run(engine, ENDS) in ("Z", "gone")
