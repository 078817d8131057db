"""Promise 3, and 1, 7 and 9 with it: a workspace made ready in advance is its person's alone, and shut in as any.

The lab is a real one: hub, records, privileged process, gateway and engine. Root on the host plays what would attack:
whoever gets hold of a socket, of a container, or of a process of the lab.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
import requests

from attacks.ready_lab import PEOPLE, READY_SECONDS, WITHIN, ReadyLab, ready_lab
from hub.bench.lab_hub import project_of
from hub.domain.errors import LabError
from hub.domain.workspaces import WorkspaceState
from hub.sandbox.claim import CLAIM_SOCKET, TAKEN
from hub.services import projects
from hub.services.ready import want_workspace
from spawner_config.gateway_client import GatewayClient
from spawner_config.lab_containers import LABEL_PLAN
from waiting import wait_for


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadyLab]:
    with ready_lab(tmp_path_factory.mktemp("ready") / "lab") as made:
        yield made
        # The last one waits when the lab is stopped.
        made.hub.make_wait(PEOPLE[-1])


def test_it_is_opened_by_its_claim_and_each_step_is_recorded(lab: ReadyLab) -> None:
    person = PEOPLE[0]
    with lab.waiting(person, settled=True) as before:
        assert lab.is_in(person, WorkspaceState.READY)
        assert lab.opens(person)["Id"] == before["Id"]
        assert lab.is_in(person, WorkspaceState.OPEN)
        assert not (lab.sockets(person) / CLAIM_SOCKET).exists()
    names = [name.rpartition(":")[2] for name, _ in lab.events(person)]
    assert names[:3] == ["want", "ready", "open"]
    assert "close" in names


def test_it_is_shut_in_exactly_as_one_that_is_made_on_the_spot(lab: ReadyLab) -> None:
    person = PEOPLE[0]
    with lab.waiting(person, settled=True) as ready:
        lab.engine.remove_container(ready["Id"], force=True)
        cold = lab.opens(person)
    assert cold["Id"] != ready["Id"]
    assert shut_in(cold) == shut_in(ready)
    weaker = json.loads(json.dumps(ready))
    weaker["HostConfig"]["Memory"] *= 2
    assert shut_in(cold) != shut_in(weaker)  # the comparison would find it


def shut_in(found: dict[str, Any]) -> dict[str, Any]:
    config = {key: value for key, value in found["Config"].items() if key != "Hostname"}
    return {"config": config, "host": found["HostConfig"], "image": found["Image"], "mounts": by_place(found["Mounts"])}


def by_place(mounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(mounts, key=lambda mount: str(mount["Destination"]))


TRAPS = {
    ".local/lib/python3.11/site-packages/usercustomize.py": "user-site",
    ".local/lib/python3.11/site-packages/sitecustomize.py": "site",
    "jupyterlab.py": "folder",
    "sitecustomize.py": "folder-site",
    ".ipython/profile_default/startup/trap.py": "ipython",
    ".jupyter/jupyter_server_config.py": "config",
    ".jupyter/jupyter_config.py": "config-of-all",
}
"""Files of a home that Python or Jupyter might run, and what each would write."""


def test_no_code_of_its_person_runs_and_no_token_is_there_before_the_claim(lab: ReadyLab) -> None:
    person = PEOPLE[1]
    lab.opens(person)
    home = f"/home/{person}"
    for path, word in TRAPS.items():
        code = f"open('{home}/ran', 'a').write('{word} ')"
        lab.inside(
            person,
            f"import pathlib; p = pathlib.Path({home!r}, {path!r}); p.parent.mkdir(parents=True, exist_ok=True); "
            f"p.write_text({code!r})",
        )
    lab.hub.client.stop(person)
    ran = lab.state / "projects" / project_of(person) / "home" / person / "ran"
    with lab.waiting(person, settled=True) as found:
        assert not ran.exists()
        shown = json.dumps(found)
        memory = Path(f"/proc/{found['State']['Pid']}/environ").read_bytes()
        for word in ("JUPYTERHUB", "TOKEN", f"HOME={home}"):
            assert word not in shown
            assert word.encode() not in memory
        lab.opens(person)
        # The control: the traps are no empty threat, their person's configuration runs in their own server.
        assert "config" in ran.read_text().split()
        assert "site" not in ran.read_text()
        lab.inside(person, f"import shutil; shutil.rmtree('{home}/.jupyter'); shutil.rmtree('{home}/.local')")


def test_it_is_no_running_workspace_to_the_gateway_also_after_its_restart(lab: ReadyLab) -> None:
    person, other, none = PEOPLE[2], PEOPLE[3], PEOPLE[4]
    absent = lab.status(none)
    with lab.waiting(person, settled=True):
        assert [lab.status(person), lab.status(person, asked_by=other)] == [absent, absent]
        lab.kill("gateway")
        lab.back()
        assert [lab.status(person), lab.status(person, asked_by=other)] == [absent, absent]
        assert not (lab.sockets(person) / "nb.sock").exists()
        lab.opens(person)
        assert lab.status(person) == 200
        assert lab.status(person, asked_by=other) == absent


def test_another_member_who_opens_theirs_does_not_get_it(lab: ReadyLab) -> None:
    person, other = PEOPLE[2], PEOPLE[3]
    with lab.waiting(person) as before:
        mine = lab.opens(other)
        assert mine["Id"] != before["Id"]
        assert not {m["Source"] for m in mine["Mounts"]} & {
            m["Source"] for m in before["Mounts"] if m["Destination"] not in ("/project", "/project/runs")
        }
        assert (lab.sockets(person) / CLAIM_SOCKET).exists()
        for asked in (f"{person}/servers/{project_of(person)}", f"{person}/servers/elsewhere"):
            answer = requests.post(
                f"{lab.hub.client.url}/hub/api/users/{asked}",
                headers={"Authorization": f"token {lab.hub.client.tokens[other]}"},
                timeout=60,
            )
            assert answer.status_code in (403, 404)
        assert lab.is_in(person, WorkspaceState.READY)
        lab.hub.client.stop(other)


def test_of_many_who_claim_at_once_one_is_heard(lab: ReadyLab) -> None:
    person = PEOPLE[5]
    with lab.waiting(person):
        claim = json.dumps({"HOME": "/tmp", "JUPYTERHUB_SERVICE_URL": "http://127.0.0.1:8888/"}).encode()

        async def all_at_once() -> list[bytes]:
            return await asyncio.gather(*(asyncio.to_thread(lab.claim, person, claim, 5.0) for _ in range(12)))

        answers = asyncio.run(all_at_once())
        assert answers.count(TAKEN) == 1
        assert set(answers) <= {TAKEN, b""}
        assert not (lab.sockets(person) / CLAIM_SOCKET).exists()


@pytest.mark.parametrize("said", [b"", b"{", b"[]", b'{"HOME": 1}', b"x" * 600_000, b"[" * 60_000])
def test_a_claim_of_another_form_ends_the_container_and_is_not_answered(lab: ReadyLab, said: bytes) -> None:
    person = PEOPLE[5]
    with lab.waiting(person) as before:
        assert lab.claim(person, said) == b""
        wait_for(lambda: not lab.runs(person, before["Id"]))
        assert lab.opens(person)["Id"] != before["Id"]


REPLACE = """
import os, socket, threading, time
place = "/run/nb/claim.sock"
os.unlink(place)
kind = {kind!r}
if kind == "link":
    os.symlink("/run/nb/heard.sock", place)
elif kind == "file":
    open(place, "w").write("taken")
elif kind == "pipe":
    os.mkfifo(place)
elif kind == "folder":
    os.mkdir(place)
if kind in ("link", "liar", "mute", "flood"):
    s = socket.socket(socket.AF_UNIX)
    s.bind("/run/nb/heard.sock" if kind == "link" else place)
    s.listen(8)
    if os.fork() == 0:
        os.setsid()
        while True:
            c = s.accept()[0]
            heard = b""
            while kind != "mute" and (piece := c.recv(65536)):
                heard += piece
            open("/tmp/heard", "ab").write(heard + b"!")
            if kind == "mute":
                time.sleep(600)
            c.sendall({{"liar": b"takem", "flood": b"x" * 10_000_000}}.get(kind, b"taken"))
            c.close()
"""


@pytest.mark.parametrize("kind", ["link", "file", "pipe", "folder", "liar", "mute", "flood"])
def test_what_is_put_in_the_place_of_the_socket_costs_no_more_than_a_cold_start(lab: ReadyLab, kind: str) -> None:
    """No code of the person runs before the claim; here some does all the same."""
    person = PEOPLE[6]
    with lab.waiting(person) as before:
        replace(lab, person, before["Id"], kind)
        assert lab.opens(person)["Id"] != before["Id"]
        assert lab.status(person) == 200
        assert lab.events(person)[-1][0] == "lab:workspace:open"


def replace(lab: ReadyLab, person: str, container: str, kind: str) -> None:
    """Put something else in the place of the socket that waits."""
    place = lab.sockets(person) / CLAIM_SOCKET
    waits = place.lstat().st_ctime_ns
    subprocess.run(["docker", "exec", "-d", container, "python", "-c", REPLACE.format(kind=kind)], check=True)
    wait_for(lambda: os.path.lexists(place) and place.lstat().st_ctime_ns != waits)


def test_a_link_in_the_place_of_the_socket_leads_nobody_elsewhere(lab: ReadyLab) -> None:
    """The weak twin is a claim by the path on a folder that follows links: it tells its secret to the link's aim."""
    person = PEOPLE[6]
    with lab.waiting(person) as before:
        replace(lab, person, before["Id"], "link")
        assert lab.claim(person, b"a secret", 2.0) == b""  # the folder follows no link
        assert lab.inside(person, "import os; print(os.path.exists('/tmp/heard'))") == "False"
        script = (
            "import os, socket; os.symlink('/run/nb/heard.sock', '/tmp/way'); s = socket.socket(socket.AF_UNIX); "
            "s.connect('/tmp/way'); s.sendall(b'a secret'); s.shutdown(1); s.recv(9); print(open('/tmp/heard').read())"
        )
        assert lab.inside(person, script) == "a secret!"


def test_one_of_another_plan_is_not_claimed(lab: ReadyLab) -> None:
    """What runs under the workspace's name, and waits as it should, was made from something else."""
    person = PEOPLE[0]
    with lab.waiting(person) as before:
        body = {
            "Image": before["Image"],
            "Cmd": before["Config"]["Cmd"],
            "User": before["Config"]["User"],
            "Labels": before["Config"]["Labels"] | {LABEL_PLAN: "0" * 64},
            "HostConfig": {"NetworkMode": "none", "Binds": [f"{lab.sockets(person)}:/run/nb"]},
        }
        lab.engine.remove_container(before["Id"], force=True)
        (lab.sockets(person) / CLAIM_SOCKET).unlink()
        other = lab.engine.create_container_from_config(body, lab.name(person))["Id"]
        lab.engine.start(other)
        wait_for(lambda: (lab.sockets(person) / CLAIM_SOCKET).exists())
        assert lab.opens(person)["Id"] not in (other, before["Id"])
        with pytest.raises(docker.errors.NotFound):
            lab.engine.inspect_container(other)


def test_one_whose_person_leaves_the_project_is_removed_and_opened_for_nobody(lab: ReadyLab) -> None:
    person, lead = PEOPLE[7], PEOPLE[0]
    with lab.waiting(person):
        projects.remove_member(lab.hub.lab, lead, project_of(person), person)
        with pytest.raises(LabError):
            lab.hub.client.open(person)
        wait_for(lambda: lab.gone(person), WITHIN, lambda: "it is left")
        wait_for(lambda: lab.is_in(person, WorkspaceState.CLOSED))
    assert ("lab:workspace:unused", {"person": person, "reason": "not-allowed"}) in lab.events(person)
    projects.add_member(lab.hub.lab, lead, project_of(person), person)


def test_one_that_nobody_opens_ends_by_itself(lab: ReadyLab) -> None:
    person = PEOPLE[4]
    lab.hub.make_wait(person)
    wait_for(lambda: lab.gone(person), READY_SECONDS + WITHIN, lambda: "it is left")
    assert lab.events(person)[-1] == ("lab:workspace:unused", {"person": person, "reason": "unused"})


def test_one_that_was_made_by_a_hub_that_was_killed_is_claimed_by_the_next(lab: ReadyLab) -> None:
    person = PEOPLE[0]
    with lab.waiting(person) as before:
        lab.kill("hub")
        lab.back()
        assert lab.opens(person)["Id"] == before["Id"]


@pytest.mark.parametrize("after", [0.0, 0.1, 0.3, 0.6])
def test_a_hub_that_is_killed_while_it_makes_one_leaves_one_or_none(lab: ReadyLab, after: float) -> None:
    """Wherever the kill meets it, there is never a second one, it opens, and what nobody claims is gone in the end."""
    person = PEOPLE[5]
    want_workspace(lab.hub.lab, person, project_of(person))
    wait_for(lambda: not lab.is_in(person, WorkspaceState.WANTED))
    time.sleep(after)
    lab.kill("hub")
    lab.back()
    found = lab.engine.containers(all=True, filters={"label": f"datalab.server={lab.server(person)}"})
    assert len(found) <= 1
    if after:
        lab.opens(person)
        lab.hub.client.stop(person)

    def nothing_is_left() -> bool:
        """Whoever stopped theirs may want the next one, which then waits, too, until nobody came."""
        return not lab.is_in(person, WorkspaceState.READY) and lab.gone(person)

    wait_for(nothing_is_left, READY_SECONDS + 2 * WITHIN, lambda: "it is left")


def test_a_hub_that_is_killed_while_it_claims_leaves_nothing_that_nobody_owns(lab: ReadyLab) -> None:
    person = PEOPLE[5]
    lab.hub.make_wait(person)
    asked = subprocess.Popen(
        ["curl", "-s", "-X", "POST", "-H", f"Authorization: token {lab.hub.client.token}",
         f"{lab.hub.client.url}/hub/api/users/{person}/servers/{project_of(person)}"],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    wait_for(lambda: lab.is_in(person, WorkspaceState.OPEN))
    lab.kill("hub")
    asked.wait(60)
    lab.back()
    wait_for(lambda: lab.gone(person) or lab.status(person) == 200, WITHIN, lambda: "it is neither there nor gone")
    lab.opens(person)
    lab.hub.client.stop(person)
    wait_for(lambda: lab.gone(person), READY_SECONDS + WITHIN, lambda: "it is left")


def test_what_is_wrong_with_the_gateway_at_the_claim_is_said_and_leaves_nothing(lab: ReadyLab) -> None:
    person = PEOPLE[1]

    async def claimed_without_opening() -> str:
        return await GatewayClient(lab.state).claim(lab.server(person), {})

    with lab.waiting(person):
        assert asyncio.run(claimed_without_opening()) == ""
        assert (lab.sockets(person) / CLAIM_SOCKET).exists()
