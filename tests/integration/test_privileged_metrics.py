"""Numbers of a privileged process that lives, over its socket: who reads them, and that they name nobody."""

from __future__ import annotations

import json
import re
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from attacks.gated import PERSON, PROJECT, UID, Gated, call, gated_lab
from hub.adapters.power.channel import LENGTH
from hub.adapters.power.places import VERBS_SOCKET
from hub.privileged.calls import Act
from hub.privileged.metrics import METRICS_SOCKET, DoorName
from hub.privileged.permissions import VERBS

PAGES = [
    Path(__file__).parents[2] / f"docs/how-to/{name}.md" for name in ("watch-the-lab", "surveiller-le-laboratoire")
]
SECRET = "a-name-of-nobodys"
ASK = """
import os, socket, sys
place = os.open(sys.argv[1], os.O_PATH)
os.setgid(65534); os.setuid(65534)
s = socket.socket(socket.AF_UNIX); s.connect(f'/proc/self/fd/{place}/metrics.sock')
s.sendall(b'GET /metrics HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n')
print(s.recv(4096).split(b' ')[1].decode())
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gated]:
    with gated_lab(tmp_path_factory.mktemp("watched")) as made:
        yield made


@pytest.fixture(scope="module")
def told(lab: Gated) -> str:
    """What is told after calls and verbs that name people, projects, files and images."""
    name, body = lab.order()
    assert lab.create(lab.gate, name, body).status == 201
    call(lab.gate, "GET", f"/containers/{name}/json")
    call(lab.gate, "DELETE", f"/containers/{name}?force=1")
    lab.create(lab.gate, SECRET, body)
    call(lab.gate, "GET", f"/images/{SECRET}/json")
    call(lab.gate, "GET", f"/{SECRET}")
    ask(lab, {"verb": "snapshot-kind"})
    ask(lab, {"verb": "project-room", "project": PROJECT})
    ask(lab, {"verb": "open-file", "place": {"kind": "member", "project": PROJECT, "name": PERSON}, "path": SECRET})
    ask(lab, {"verb": SECRET})
    said = call(place(lab), "GET", "/metrics")
    assert said.status == 200
    return said.body.decode()


def place(lab: Gated) -> Path:
    return lab.gate.parent / METRICS_SOCKET


def ask(lab: Gated, verb: dict[str, object]) -> None:
    text = json.dumps(verb).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(str(lab.gate.parent / VERBS_SOCKET))
        connection.sendall(LENGTH.pack(len(text)) + text)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answer:
            assert json.loads(answer.read()[LENGTH.size :])


def labels(told: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(told):
        for sample in family.samples:
            for name, value in sample.labels.items():
                found.setdefault(name, set()).add(value)
    return found


def test_calls_verbs_refusals_and_the_process_itself_are_told(told: str) -> None:
    assert 'datalab_engine_calls_total{act="create",kind="2xx"} 1.0' in told
    assert 'datalab_verbs_total{verb="snapshot-kind"} 1.0' in told
    assert 'datalab_verb_seconds_count{verb="snapshot-kind"} 1.0' in told
    assert re.search(r'datalab_privileged_refusals_total\{door="engine",reason="order-[a-z-]+"\} 1.0', told)
    assert 'datalab_privileged_refusals_total{door="verbs",reason="verb"} 1.0' in told
    assert "datalab_privileged_process_resident_memory_bytes" in told


def test_a_label_is_a_word_of_the_lab_and_no_name_path_or_identifier(lab: Gated, told: str) -> None:
    found = labels(told)
    assert found.pop("verb") <= {kind.model_fields["verb"].default for kind in VERBS}
    assert found.pop("act") <= {str(act) for act in Act}
    assert found.pop("door") <= {str(door) for door in DoorName}
    assert found.pop("process") == {"hub", "portal", "worker", "gateway", "proxy", "identity"}
    assert all(re.fullmatch(r"\dxx", kind) for kind in found.pop("kind"))
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", reason) for reason in found.pop("reason"))
    assert set(found) <= {"le"}
    for name in (SECRET, PERSON, PROJECT, lab.settings.name, str(lab.settings.state), str(UID), lab.image):
        assert name not in told


def test_whoever_is_not_root_does_not_read_them_by_the_sockets_mode_nor_without_it(lab: Gated) -> None:
    """The socket is closed to others; opened to all on purpose, the kernel still says who asks."""
    assert stat.S_IMODE(place(lab).stat().st_mode) == 0o600
    command = ["/usr/bin/python3", "-c", ASK, str(lab.gate.parent)]
    mode = stat.S_IMODE(lab.gate.parent.stat().st_mode)
    lab.gate.parent.chmod(0o711)
    try:
        closed = subprocess.run(command, capture_output=True, text=True, check=False)
        place(lab).chmod(0o666)
        opened = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        place(lab).chmod(0o600)
        lab.gate.parent.chmod(mode)
    assert "PermissionError" in closed.stderr
    assert opened.stdout.strip() == "403", opened.stderr


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("POST", "/metrics"), ("GET", "/metrics/../containers/json")]
)
def test_there_is_nothing_else_on_that_socket(lab: Gated, method: str, path: str) -> None:
    assert call(place(lab), method, path).status == 404


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_page_names_every_metric(told: str, page: Path) -> None:
    given = {name for name in re.findall(r"^# TYPE (\w+)", told, re.MULTILINE) if not name.endswith("_created")}
    own = {name for name in given if not name.startswith("datalab_privileged_process")}
    assert len(own) >= 8
    named = set(re.findall(r"`(datalab_\w+)", page.read_text(encoding="utf-8")))
    assert own <= named
    assert "datalab_privileged_process_" in page.read_text(encoding="utf-8")
