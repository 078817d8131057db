"""A workspace from login to a cell's answer and back to nothing: real hub, proxy, gateway, engine and JupyterLab."""

from __future__ import annotations

import asyncio
import json
import signal
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import docker
import pytest

from integration.lab_harness import Lab
from waiting import wait_for

PERSON = "scientist"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    # A socket's address has 108 bytes; the lab's folder may be longer than that, and have capitals and spaces.
    made = Lab(tmp_path_factory.mktemp("lab") / f"A Lab {'x' * 90}")
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def project(lab: Lab) -> Iterator[str]:
    name = f"p{uuid.uuid4().hex[:6]}"
    lab.project(name)
    yield name
    lab.api("DELETE", f"/users/{PERSON}/servers/{name}", json={"remove": True})
    wait_for(lambda: lab.server(PERSON, name) is None)


def ready(lab: Lab, project: str) -> None:
    answer = lab.spawn(PERSON, project)
    assert answer.status_code in (201, 202), answer.text
    lab.wait_ready(PERSON, project)


def nothing_left(lab: Lab, project: str) -> bool:
    mounts = Path("/proc/mounts").read_text().replace("\\040", " ")
    return (
        lab.container(PERSON, project) is None
        and not list((lab.state / "servers").iterdir())
        and f"{lab.state}/servers/" not in mounts
    )


class Person:
    """A browser, as far as HTTP goes."""

    def __init__(self, lab: Lab, session: aiohttp.ClientSession) -> None:
        self.root = f"http://127.0.0.1:{lab.public}"
        self.session = session
        self.lab = lab

    async def log_in(self, name: str = PERSON) -> None:
        async with self.session.get(f"{self.root}/hub/login"):
            form = {"username": name, "password": self.lab.password, "_xsrf": self.xsrf("/hub/")}
        async with self.session.post(f"{self.root}/hub/login", data=form) as answer:
            assert answer.status == 200

    def xsrf(self, path: str) -> str:
        found = [c for c in self.session.cookie_jar if c.key == "_xsrf" and c["path"].rstrip("/") == path.rstrip("/")]
        return found[-1].value

    async def run_cell(self, prefix: str, code: str) -> list[dict]:
        """Start a kernel, run code through the websocket, and return the messages of its output."""
        headers = {"Origin": self.root}
        async with self.session.post(f"{self.root}{prefix}api/kernels", json={}, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
            kernel = (await answer.json())["id"]
        message = {
            "header": {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "username": "", "session": "s",
                       "version": "5.3"},
            "parent_header": {}, "metadata": {}, "channel": "shell",
            "content": {"code": code, "silent": False, "store_history": True, "user_expressions": {},
                        "allow_stdin": False},
        }  # fmt: skip
        address = f"{self.root.replace('http', 'ws', 1)}{prefix}api/kernels/{kernel}/channels"
        async with self.session.ws_connect(address, origin=self.root) as socket:
            await socket.send_str(json.dumps(message))
            output = []
            async with asyncio.timeout(60):
                async for received in socket:
                    said = json.loads(received.data)
                    if said["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                        continue
                    output.append(said)
                    if said["msg_type"] == "status" and said["content"]["execution_state"] == "idle":
                        break
        return output


@asynccontextmanager
async def browser(lab: Lab) -> AsyncIterator[Person]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Person(lab, session)


def printed(messages: list[dict]) -> str:
    return "".join(m["content"].get("text", "") for m in messages if m["msg_type"] == "stream")


def test_a_member_logs_in_opens_jupyterlab_and_runs_a_cell_and_nothing_is_left(lab: Lab, project: str) -> None:
    ready(lab, project)

    async def story() -> str:
        async with browser(lab) as person:
            await person.log_in()
            async with person.session.get(f"{person.root}/user/{PERSON}/{project}/lab") as page:
                assert page.status == 200
                assert "jupyter-config-data" in await page.text()
                assert "default-src http://127.0.0.1" in page.headers["Content-Security-Policy"]
                assert "Server" not in page.headers or "Tornado" not in page.headers["Server"]
            code = "import os; print(6 * 7, os.listdir('/sys/class'), os.getuid(), os.getcwd())"
            return printed(await person.run_cell(f"/user/{PERSON}/{project}/", code))

    assert asyncio.run(story()).split() == ["42", "[]", "200777", f"/home/{PERSON}"]
    assert lab.api("DELETE", f"/users/{PERSON}/servers/{project}").status_code == 204
    assert nothing_left(lab, project)
    assert (lab.state / "projects" / project / "log").read_text() == f"open {PERSON}\nclose {PERSON}\n"


def test_another_person_does_not_reach_a_workspace_and_a_stranger_is_sent_to_the_login(lab: Lab, project: str) -> None:
    ready(lab, project)
    page = f"/user/{PERSON}/{project}/lab"

    async def statuses() -> tuple[int, str]:
        async with browser(lab) as other:
            await other.log_in("other-scientist")
            async with other.session.get(f"{other.root}{page}") as answer:
                refused = answer.status
        async with browser(lab) as stranger, stranger.session.get(f"{stranger.root}{page}") as answer:
            return refused, answer.url.path

    assert asyncio.run(statuses()) == (404, "/hub/login")


def test_a_workspace_without_a_project_is_refused_with_a_sentence(lab: Lab) -> None:
    lab.api("POST", f"/users/{PERSON}")
    answer = lab.api("POST", f"/users/{PERSON}/server")
    assert answer.status_code == 400
    assert answer.json()["message"] == "Open a workspace from the page of a project."


def test_the_refusal_of_the_rule_is_the_refusal_that_the_person_reads(lab: Lab) -> None:
    answer = lab.spawn(PERSON, "elsewhere")
    assert answer.status_code == 403
    assert answer.json()["message"] == "Only members of the project elsewhere can do this; ask its lead."
    assert not (lab.state / "projects/elsewhere").exists()  # what was never opened is never closed


def test_a_missing_image_is_said_with_what_mends_it(lab: Lab) -> None:
    lab.project("imageless", image="datalab/none:t")
    answer = lab.spawn(PERSON, "imageless")
    assert answer.status_code == 503
    assert "run “make setup”" in answer.json()["message"]
    assert nothing_left(lab, "imageless")


def test_a_container_killed_from_outside_is_noticed_and_cleared_away(lab: Lab, project: str) -> None:
    ready(lab, project)
    lab.container(PERSON, project).kill()
    wait_for(lambda: lab.server(PERSON, project) is None)
    wait_for(lambda: nothing_left(lab, project))


def test_a_container_removed_from_outside_is_noticed_and_cleared_away(lab: Lab, project: str) -> None:
    ready(lab, project)
    lab.container(PERSON, project).remove(force=True)
    wait_for(lambda: lab.server(PERSON, project) is None)
    wait_for(lambda: nothing_left(lab, project))


def test_a_workspace_survives_the_hubs_and_the_gateways_death_and_can_then_be_stopped(lab: Lab, project: str) -> None:
    ready(lab, project)
    before = lab.container(PERSON, project).id
    for name in ("hub", "gateway"):
        lab.end(name, signal.SIGKILL)
    lab.start("gateway")
    lab.start("hub")
    lab.wait_ready(PERSON, project)

    async def story() -> str:
        async with browser(lab) as person:
            await person.log_in()
            async with person.session.get(f"{person.root}/user/{PERSON}/{project}/lab") as page:
                assert page.status == 200
            return printed(await person.run_cell(f"/user/{PERSON}/{project}/", "print('alive')"))

    assert asyncio.run(story()) == "alive\n"
    assert lab.container(PERSON, project).id == before
    assert lab.api("DELETE", f"/users/{PERSON}/servers/{project}").status_code == 204
    assert nothing_left(lab, project)


def test_a_workspace_that_died_while_the_hub_was_down_is_cleared_away(lab: Lab, project: str) -> None:
    ready(lab, project)
    lab.end("hub", signal.SIGKILL)
    lab.container(PERSON, project).remove(force=True)
    lab.start("hub")
    wait_for(lambda: nothing_left(lab, project))
    assert lab.server(PERSON, project) is None


def test_a_workspace_can_be_stopped_while_the_gateway_is_down(lab: Lab, project: str) -> None:
    ready(lab, project)
    lab.end("gateway", signal.SIGKILL)
    try:
        assert lab.api("DELETE", f"/users/{PERSON}/servers/{project}").status_code == 204
        assert nothing_left(lab, project)
    finally:
        lab.start("gateway")


def forget(lab: Lab, project: str) -> None:
    """Make the hub forget a server whose container runs, as a kill before the first commit would."""
    import sqlite3

    lab.end("hub", signal.SIGKILL)
    with sqlite3.connect(lab.state / "jupyterhub.sqlite") as hub:
        hub.execute("UPDATE spawners SET server_id = NULL, state = '{}' WHERE name = ?", (project,))
    hub.close()
    lab.start("hub")


def test_a_running_container_that_the_hub_forgot_is_taken_over_when_nothing_changed(lab: Lab, project: str) -> None:
    ready(lab, project)
    before = lab.container(PERSON, project).id
    forget(lab, project)
    ready(lab, project)
    assert lab.container(PERSON, project).id == before

    async def story() -> str:
        async with browser(lab) as person:
            await person.log_in()
            async with person.session.get(f"{person.root}/user/{PERSON}/{project}/lab") as page:
                assert page.status == 200
            return printed(await person.run_cell(f"/user/{PERSON}/{project}/", "print('same')"))

    assert asyncio.run(story()) == "same\n"


def test_a_forgotten_container_of_another_plan_is_replaced(lab: Lab, project: str) -> None:
    ready(lab, project)
    before = lab.container(PERSON, project).id
    config = lab.config.read_text()
    lab.config.write_text(config.replace('"/data/rand"', '"/data/wages"'))
    try:
        forget(lab, project)
        ready(lab, project)
        assert lab.container(PERSON, project).id != before
    finally:
        lab.end("hub")
        lab.config.write_text(config)
        lab.start("hub")


def test_a_server_that_never_answers_fails_with_a_sentence_and_leaves_nothing(lab: Lab, project: str) -> None:
    config = lab.config.read_text()
    lab.end("hub")
    lab.config.write_text(f"{config}\nc.LabSpawner.cmd = ['false']\n")
    try:
        lab.start("hub")
        answer = lab.spawn(PERSON, project)
        assert answer.status_code == 503
        assert "ended while it was starting" in answer.json()["message"]
        assert nothing_left(lab, project)
    finally:
        lab.end("hub")
        lab.config.write_text(config)
        lab.start("hub")


ENDING = """
from hub.domain.workspaces import due_end
from datetime import UTC, datetime
opened = {{}}
def why_ends(person, project, active):
    since = opened.setdefault((person, project), datetime.now(UTC))
    with (settings.state / "projects" / project / "active").open("a") as log:
        log.write(f"{{active.isoformat()}}\\n")
    return due_end(since, active, datetime.now(UTC), idle={idle}, lifetime={lifetime})
def close_workspace(person, project, reason):
    (settings.state / "projects" / project / "why").write_text(str(reason))
c.LabSpawner.why_ends, c.LabSpawner.close_workspace = why_ends, close_workspace
c.LabSpawner.poll_interval = 1
c.JupyterHub.last_activity_interval = 1
"""


@contextmanager
def ending(lab: Lab, idle: int, lifetime: int) -> Iterator[None]:
    """A hub whose workspaces end soon."""
    config = lab.config.read_text()
    lab.end("hub")
    lab.config.write_text(config + ENDING.format(idle=idle, lifetime=lifetime))
    lab.start("hub")
    try:
        yield
    finally:
        lab.end("hub")
        lab.config.write_text(config)
        lab.start("hub")


LIE = """
import json, socket, sys
person, project, token = sys.argv[1:]
body = json.dumps({"servers": {project: {"last_activity": "2099-01-01T00:00:00Z"}}} | {
    "last_activity": "2099-01-01T00:00:00Z"})
with socket.socket(socket.AF_UNIX) as s:
    s.connect("/run/hub/api.sock")
    place = f"/hub/api/users/{person}/activity"
    head = [f"POST {place} HTTP/1.1", "Host: hub", f"Authorization: token {token}",
            "Content-Type: application/json", f"Content-Length: {len(body)}", "", body]
    s.sendall("\\r\\n".join(head).encode())
    print(s.recv(100).split()[1].decode())
"""


def lie(lab: Lab, project: str) -> str:
    """The container says to the hub that it will be in use for ever; returns the status of the answer."""
    token = lab.told(PERSON, project)["JUPYTERHUB_API_TOKEN"]
    command = ["python", "-c", LIE, PERSON, project, token]
    return lab.container(PERSON, project).exec_run(command).output.decode().strip()


def test_a_workspace_in_use_goes_on_and_one_that_only_says_so_once_ends_as_idle(lab: Lab, project: str) -> None:
    lab.project("lying")
    used, lying = lab.state / "projects" / project, lab.state / "projects/lying"
    with ending(lab, idle=15, lifetime=10_000):
        ready(lab, project)
        ready(lab, "lying")
        assert lie(lab, "lying") == "200"

        async def story() -> str:
            async with browser(lab) as person:
                await person.log_in()
                async with person.session.get(f"{person.root}/user/{PERSON}/{project}/lab") as page:
                    assert page.status == 200
                for _ in range(300):
                    async with person.session.get(f"{person.root}/user/{PERSON}/{project}/api/status") as page:
                        assert page.status == 200
                    if (lying / "why").exists():
                        return (lying / "why").read_text()
                    await asyncio.sleep(0.5)
            return "it goes on"

        assert asyncio.run(story()) == "idle"
        assert not (used / "why").exists()
        wait_for(lambda: lab.container(PERSON, "lying") is None)
        told = max(datetime.fromisoformat(line) for line in (lying / "active").read_text().split())
        assert told < datetime.now(UTC)


def test_a_workspace_that_says_all_the_time_that_it_is_used_ends_as_idle_all_the_same(lab: Lab, project: str) -> None:
    with ending(lab, idle=8, lifetime=10_000):
        ready(lab, project)
        why = lab.state / "projects" / project / "why"
        began = time.monotonic()
        while not why.exists() and time.monotonic() - began < 150:
            with suppress(AttributeError, docker.errors.APIError):  # it ends meanwhile
                lie(lab, project)
            time.sleep(1)
        assert why.read_text() == "idle"
        wait_for(lambda: nothing_left(lab, project))


def test_a_workspace_that_its_person_uses_all_the_time_ends_with_its_lifetime(lab: Lab, project: str) -> None:
    why = lab.state / "projects" / project / "why"

    async def story() -> None:
        async with browser(lab) as person:
            await person.log_in()
            for _ in range(300):
                async with person.session.get(f"{person.root}/user/{PERSON}/{project}/api/status"):
                    pass
                if why.exists():
                    return
                await asyncio.sleep(0.5)

    with ending(lab, idle=12, lifetime=24):
        ready(lab, project)
        asyncio.run(story())
        assert why.read_text() == "lifetime"
        wait_for(lambda: nothing_left(lab, project))


def test_two_projects_of_one_person_are_two_servers_with_nothing_in_common(lab: Lab, project: str) -> None:
    lab.project("other")
    ready(lab, project)
    ready(lab, "other")
    try:
        first, second = (lab.container(PERSON, name) for name in (project, "other"))
        sources = [{m["Source"] for m in c.attrs["Mounts"]} for c in (first, second)]
        assert not sources[0] & sources[1]
        environments = [lab.told(PERSON, name) for name in (project, "other")]
        shown = json.dumps([first.attrs, second.attrs])
        assert not [value for told in environments for value in told.values() if value in shown]
        assert environments[0]["JUPYTERHUB_API_TOKEN"] != environments[1]["JUPYTERHUB_API_TOKEN"]
        assert environments[0]["JUPYTERHUB_CLIENT_ID"] != environments[1]["JUPYTERHUB_CLIENT_ID"]
    finally:
        lab.api("DELETE", f"/users/{PERSON}/servers/other")


def test_a_workspace_is_ready_within_seconds(lab: Lab, project: str) -> None:
    started = time.monotonic()
    ready(lab, project)
    assert time.monotonic() - started < 15
