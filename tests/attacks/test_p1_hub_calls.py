"""From inside a real workspace, with its own token: the hub answers what a single-user server needs, and no more.

The same calls are also made to the hub itself with a token that may, where they must succeed: so the attack is tested.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

import pytest

from doubles.hub_addresses import every_address
from integration.lab_harness import Lab

PERSON, PROJECT = "scientist", "health"
PROLOGUE = "from __future__ import annotations\nimport os, json\n"


def call_the_hub(address: Any, token: str, person: str, project: str) -> Any:
    import http.client
    import socket

    class Connection(http.client.HTTPConnection):
        def connect(self) -> None:
            self.sock = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
            self.sock.settimeout(10)
            self.sock.connect(address if isinstance(address, str) else tuple(address))

    own = f"/hub/api/users/{person}"
    calls = [
        ("GET", "/hub/api/users", None),
        ("GET", "/hub/api/users/steward", None),
        ("GET", own, None),
        ("GET", f"{own}/tokens", None),
        ("POST", f"{own}/tokens", "{}"),
        ("POST", "/hub/api/users/steward/tokens", "{}"),
        ("POST", "/hub/api/users/intruder", "{}"),
        ("POST", f"{own}/servers/another", "{}"),
        ("POST", "/hub/api/users/steward/servers/other", "{}"),
        ("DELETE", "/hub/api/users/steward/servers/other", None),
        ("PATCH", own, '{"admin": true}'),
        ("GET", "/hub/api/groups", None),
        ("POST", "/hub/api/groups/intruders", "{}"),
        ("GET", "/hub/api/services", None),
        ("GET", "/hub/api/proxy", None),
        ("GET", "/hub/api/info", None),
        ("POST", "/hub/api/users/steward/activity", '{"last_activity": "2026-01-01T00:00:00Z"}'),
        ("GET", "/hub/api/%75sers", None),
        ("GET", "/hub/api/user/../users", None),
        ("GET", "//hub/api/users", None),
        ("POST", "/hub/api/oauth2/token", "grant_type=authorization_code"),
        ("GET", "/hub/login", None),
        ("GET", "/hub/metrics", None),
        ("GET", f"http://127.0.0.1{own}", None),
    ]
    answered = []
    for method, path, body in calls:
        connection = Connection("hub")
        connection.request(method, path, body=body, headers={"Authorization": f"token {token}"})
        answer = connection.getresponse()
        if answer.status not in (400, 403, 404, 405):
            answered.append([method, path, answer.status])
        connection.close()
    return answered


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab(tmp_path_factory.mktemp("lab") / "state", gateway_program="integration.generous_gateway")
    try:
        made.start()
        made.project(PROJECT)
        made.api("POST", "/users/steward")
        made.spawn(PERSON, PROJECT)
        made.wait_ready(PERSON, PROJECT)
        yield made
    finally:
        made.close()


def inside(lab: Lab, code: str) -> Any:
    """Run code in the running workspace, and return what it prints."""
    code, output = lab.container(PERSON, PROJECT).exec_run(
        ["python", "-c", f"{PROLOGUE}{code}"], environment=lab.told(PERSON, PROJECT)
    )
    assert code == 0, output.decode()
    return json.loads(output.decode().splitlines()[-1])


def test_a_workspace_with_its_own_token_makes_no_call_but_its_three(lab: Lab) -> None:
    source = inspect.getsource(call_the_hub)
    call = f"call_the_hub('/run/hub/api.sock', os.environ['JUPYTERHUB_API_TOKEN'], {PERSON!r}, {PROJECT!r})"
    assert inside(lab, f"{source}\nprint(json.dumps({call}))") == []


def test_the_calls_succeed_where_nothing_stands_between(lab: Lab) -> None:
    answered = call_the_hub(["127.0.0.1", lab.hub], lab.token, PERSON, PROJECT)
    assert ["GET", "/hub/api/users", 200] in answered
    assert ["POST", "/hub/api/users/steward/tokens", 201] in answered
    assert len(answered) > 6


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def ask_all(address: Any, token: str, methods: list[str], addresses: list[str]) -> Any:
    import http.client
    import socket

    answered = []
    for path in addresses:
        for method in methods:
            connection = http.client.HTTPConnection("hub")
            connection.sock = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
            connection.sock.settimeout(20)
            connection.sock.connect(address if isinstance(address, str) else tuple(address))
            connection.request(method, path, headers={"Authorization": f"token {token}"})
            answered.append([method, path, connection.getresponse().status])
            connection.close()
    return answered


def test_of_all_addresses_that_the_hub_has_a_workspace_is_answered_at_two(lab: Lab) -> None:
    """The third call is one that needs a body: a workspace's own activity."""
    addresses = sorted(every_address(PERSON, "steward"))
    source = inspect.getsource(ask_all)
    call = f"ask_all('/run/hub/api.sock', os.environ['JUPYTERHUB_API_TOKEN'], {METHODS!r}, {addresses!r})"
    answered = inside(lab, f"from typing import Any\n{source}\nprint(json.dumps({call}))")
    assert len(answered) == len(addresses) * len(METHODS) > 300
    assert [one for one in answered if one[2] < 400] == [["GET", "/hub/api/", 200], ["GET", "/hub/api/user", 200]]


def test_the_hub_itself_answers_many_of_those_addresses(lab: Lab) -> None:
    addresses = sorted(every_address(PERSON, "steward"))
    answered = ask_all(["127.0.0.1", lab.hub], lab.token, ["GET"], addresses)
    assert len([path for _, path, status in answered if status < 400]) > 20


def test_the_three_calls_are_answered_and_tell_nothing_of_others(lab: Lab) -> None:
    code = """
import http.client, socket
def ask(method, path, body=None):
    c = http.client.HTTPConnection("hub")
    c.sock = socket.socket(socket.AF_UNIX)
    c.sock.connect("/run/hub/api.sock")
    c.request(method, path, body, {"Authorization": "token " + os.environ["JUPYTERHUB_API_TOKEN"]})
    a = c.getresponse()
    return [a.status, a.read().decode()]
at = {"last_activity": "2026-01-01T00:00:00Z"}
own = json.dumps({"servers": {"health": at}} | at)
calls = ("GET", "/hub/api"), ("GET", "/hub/api/user"), ("POST", "/hub/api/users/scientist/activity", own)
print(json.dumps([ask(*call) for call in calls]))
"""
    version, user, activity = inside(lab, code)
    assert (version[0], user[0], activity[0]) == (200, 200, 200)
    told = json.loads(user[1])
    assert set(told) == {"kind", "name", "scopes", "session_id", "token_id"}
    assert told["name"] == PERSON


def test_what_a_workspace_was_refused_stands_in_the_access_log(lab: Lab) -> None:
    inside(
        lab, f"{inspect.getsource(call_the_hub)}\nprint(json.dumps(call_the_hub('/run/hub/api.sock', 'x', 'a', 'b')))"
    )
    lines = [json.loads(x) for f in (lab.state / "access-log").glob("*.jsonl") for x in f.read_text().splitlines()]
    refused = [line for line in lines if line["side"] == "hub" and line["reason"] == "hub-call"]
    assert {"/hub/api/users", "/hub/api/proxy", "/hub/login"} <= {line["path"] for line in refused}
    assert {(line["person"], line["project"]) for line in refused} == {(PERSON, PROJECT)}


def test_no_socket_but_its_own_two_is_found_in_a_workspace(lab: Lab) -> None:
    code = """
import stat
found = []
for folder, folders, files in os.walk("/"):
    if folder == "/":
        folders.remove("proc")
    found += [os.path.join(folder, f) for f in files if stat.S_ISSOCK(os.lstat(os.path.join(folder, f)).st_mode)]
print(json.dumps(sorted(found)))
"""
    assert inside(lab, code) == ["/run/hub/api.sock", "/run/nb/nb.sock"]
