"""Promise 3, and what a tier promises of the browser: a hostile server on a workspace's socket, in a real container.

The person replaces the single-user server by their own program. What that says is asked for twice: through the gateway,
where nothing of the attack may be left, and at the socket itself, where all of it must be there: so the attack is
tested.
"""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import os
import re
import socket
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
import requests

from integration.lab_harness import Lab
from spawner_config.gateway.bounds import Bounds
from spawner_config.lab_files import copies as copies_of_lab
from spawner_config.names import server_id
from spawner_config.server_folder import opened
from waiting import wait_for

PERSON, STRANGER, PROJECT = "scientist", "researcher", "health"
PREFIX = f"/user/{PERSON}/{PROJECT}/"
LOOT = "stolen-row-of-data"
CAP = 3_000_000

SERVER = """
import base64, hashlib, os, socket, sys, threading, time
HALF = b"x" * 15 * 2**20
answers = {k: base64.b64decode(v) for k, v in (pair.split("=", 1) for pair in sys.argv[1].split("&"))}
os.path.lexists("/run/nb/nb.sock") and os.unlink("/run/nb/nb.sock")
s = socket.socket(socket.AF_UNIX)
s.bind("/run/nb/nb.sock")
s.listen(64)

def websocket(c, head):
    key = [l.split(b": ", 1)[1] for l in head.split(b"\\r\\n") if l.lower().startswith(b"sec-websocket-key")][0]
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    c.sendall(b"HTTP/1.1 101 x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n")
    c.sendall(b"Sec-WebSocket-Accept: " + accept + b"\\r\\n\\r\\n")
    if b"/kernels/half/" in head:  # a message of nearly the largest size, whose last byte never comes
        c.sendall(b"\\x82\\x7f" + len(HALF).to_bytes(8, "big"))
        c.sendall(memoryview(HALF)[:-1])
        time.sleep(60)
    while True:
        c.sendall(b"\\x82\\x7e\\xff\\xff" + b"x" * 65535)

def serve(c):
    try:
        head = b""
        while b"\\r\\n\\r\\n" not in head:
            head += c.recv(65536) or sys.exit()
        if b"upgrade: websocket" in head.lower():
            websocket(c, head)
        name = head.split(b" ")[1].split(b"?")[0].rsplit(b"/", 1)[-1].decode()
        if name == "head":
            c.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\n")
            c.sendall(b"Content-Length: %d\\r\\n\\r\\n%b" % (len(head), head))
        elif name == "flood":
            c.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nConnection: close\\r\\n\\r\\n")
            while True:
                c.sendall(b"x" * 65536)
        else:
            c.sendall(answers.get(name, answers["any"]))
    except OSError:
        pass
    finally:
        c.close()

print("listening", flush=True)
while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
"""
SAYS: dict[str, bytes] = {
    "any": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 18\r\n\r\n" + LOOT.encode(),
    "cookies": b"HTTP/1.1 200 OK\r\nSet-Cookie: jupyterhub-hub-login=evil; Path=/hub/\r\n"
    b"Set-Cookie: _xsrf=evil; Path=/\r\nSet-Cookie: datalab-workspace=evil; Path=/user/\r\nContent-Length: 0\r\n\r\n",
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: https://evil.example/?stolen\r\nRefresh: 0; url=//evil.example\r\n"
    b"Content-Length: 0\r\n\r\n",
    "headers": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nClear-Site-Data: \"*\"\r\nService-Worker-Allowed: /\r\n"
    b"Access-Control-Allow-Origin: *\r\nLink: </x>; rel=preload\r\nContent-Security-Policy: default-src *\r\n"
    b"Report-To: {}\r\nAlt-Svc: h2=evil.example\r\nSourceMap: //evil.example\r\nContent-Length: 0\r\n\r\n",
    "smuggled": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirstHTTP/1.1 200 OK\r\nSet-Cookie: evil=1\r\n"
    b"Content-Length: 18\r\n\r\n" + LOOT.encode(),
    "two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 18\r\n\r\n" + LOOT.encode(),
    "both": b"HTTP/1.1 200 OK\r\nContent-Length: 18\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + LOOT.encode(),
    "continues": b"HTTP/1.1 100 Continue\r\nX-Evil: 1\r\n\r\n" * 300,
    "long-header": b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 20_000 + b"\r\nContent-Length: 0\r\n\r\n",
    "no-http": b"220 evil.example ESMTP\r\n",
    "splits": b"HTTP/1.1 200 OK\r\nETag: \"a\rSet-Cookie: evil=1\"\r\nContent-Length: 0\r\n\r\n",
    "packed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 18\r\n\r\n" + LOOT.encode(),
    "attached": b"HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename=data.csv\r\nContent-Length: 18\r\n\r\n"
    + LOOT.encode(),
    "kind": b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 18\r\n\r\n" + LOOT.encode(),
}  # fmt: skip


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab(tmp_path_factory.mktemp("lab") / "state")
    made.toml.write_text(made.toml.read_text() + f"[browser]\nsensitive_soft = {CAP // 2}\nsensitive_hard = {CAP}\n")
    try:
        made.start()
        for person in (PERSON, STRANGER):
            made.api("POST", f"/users/{person}")
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def hostile(lab: Lab) -> Lab:
    """The lab with a running workspace whose server its person replaced by their own."""
    return with_own_server(lab, PROJECT)


def with_own_server(lab: Lab, project: str) -> Lab:
    lab.project(project)
    lab.spawn(PERSON, project)
    lab.wait_ready(PERSON, project)
    packed = "&".join(f"{name}={base64.b64encode(answer).decode()}" for name, answer in SAYS.items())
    container = lab.container(PERSON, project)
    container.exec_run(["python", "-c", SERVER, packed], detach=True)
    wait_for(lambda: LOOT.encode() in direct(lab, "any", project))
    return lab


def direct(lab: Lab, name: str, project: str = PROJECT) -> bytes:
    """What the server says to whoever stands at its socket, as root on the host may."""
    folder = lab.state / "servers" / server_id(PERSON, project) / "nb"
    said = b""
    with opened(folder) as place, socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(2)
        try:
            caller.connect(f"/proc/self/fd/{place}/nb.sock")
            caller.sendall(f"GET /user/x/y/{name} HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\n\r\n".encode())
            while len(said) < 500_000 and (piece := caller.recv(65536)):
                said += piece
        except OSError:
            return said
    return said


def token_of(lab: Lab, person: str) -> str:
    return str(lab.api("POST", f"/users/{person}/tokens", json={"note": "attack"}).json()["token"])


def ask(lab: Lab, path: str, person: str = PERSON, **headers: str) -> requests.Response:
    return requests.get(
        f"http://127.0.0.1:{lab.public}{path}",
        headers={"Authorization": f"token {token_of(lab, person)}", **headers},
        allow_redirects=False,
        timeout=150,
    )


EVIL = re.compile(r"evil|stolen|ESMTP|Clear-Site-Data|Service-Worker-Allowed|Access-Control|Report-To|Alt-Svc", re.I)
CLEANED = {"cookies": 200, "redirect": 302, "headers": 200}
REFUSED = {
    "two-lengths": {502}, "both": {502}, "continues": {502, 504}, "long-header": {502}, "no-http": {502},
    "splits": {200, 502}, "packed": {502}, "attached": {403}, "kind": {403},
}  # fmt: skip


@pytest.mark.parametrize("name", [*CLEANED, *REFUSED])
def test_nothing_evil_of_an_answer_reaches_the_browser(hostile: Lab, name: str) -> None:
    answer = ask(hostile, f"{PREFIX}api/status/{name}")
    assert answer.status_code in ({CLEANED[name]} if name in CLEANED else REFUSED[name])
    told = "\n".join(f"{k}: {v}" for k, v in answer.raw.headers.items()) + answer.text
    assert not EVIL.search(told), told
    assert EVIL.search(direct(hostile, name).decode("latin-1")) or name in ("long-header", "packed", "attached", "kind")
    assert len(direct(hostile, name)) > 20


def test_a_second_answer_behind_the_first_reaches_nobody(hostile: Lab) -> None:
    token = token_of(hostile, PERSON)
    connection = http.client.HTTPConnection("127.0.0.1", hostile.public, timeout=20)
    for _ in range(3):
        connection.request("GET", f"{PREFIX}api/status/smuggled", headers={"Authorization": f"token {token}"})
        answer = connection.getresponse()
        assert (answer.status, answer.read(), answer.headers["Set-Cookie"]) == (200, b"first", None)
    connection.close()
    assert LOOT.encode() in direct(hostile, "smuggled")


def test_a_container_learns_no_login_and_no_address(hostile: Lab) -> None:
    cookie = "jupyterhub-hub-login=hubs; jupyterhub-session-id=s; _xsrf=x; datalab-workspace=y"
    token = token_of(hostile, PERSON)
    answer = requests.get(
        f"http://127.0.0.1:{hostile.public}{PREFIX}api/status/head",
        headers={"Authorization": f"token {token}", "Cookie": cookie, "X-Forwarded-For": "198.51.100.7"},
        timeout=20,
    )
    head = answer.text.lower()
    assert head.startswith("get /user/scientist/health/api/status/head")
    assert not [w for w in ("cookie", "hubs", token.lower(), "198.51.100.7") if w in head]
    assert b"cookie: a=b" in direct(hostile, "head").lower()  # the control: it shows what it is sent


DOWNLOADS = ["files/a.csv", "view/a.csv", "nbconvert/html/a", "api/nbconvert", "proxy/80/", "lsp/x", "custom/x.js",
             "api/contents/a?download=1", "api/contents/a?x=1&download", "api/contents/a?format=base64",
             "api/contents/a?x=1;download=1", "api/metrics", "metrics", "tree", "notebooks/a"]  # fmt: skip


def spellings(path: str) -> list[str]:
    """The same address in other words that some program on the way could take for it."""
    first, _, query = path.partition("?")
    one = f"%{ord(first[0]):02x}"
    made = [path, first.upper(), f"{one}{first[1:]}", f"%25{one[1:]}{first[1:]}", f"./{path}", f"x/../{path}"]
    made += [f"/{path}", f"x%2f..%2f{path}", f"x/%2e%2e/{path}", f"{first}%00", f"{first}%20"]
    if not query:
        return [*made, f"{first};a=b", f"{first}/"]
    hidden = [f"{first}?{quote(query, safe='=&')}", f"{first}?%64ownload=1", f"{first}?%2564ownload=1"]
    return [spelled for spelled in made if "?" in spelled] + hidden


@pytest.mark.parametrize("path", DOWNLOADS)
def test_no_spelling_of_a_download_reaches_the_server(hostile: Lab, path: str) -> None:
    token = token_of(hostile, PERSON)
    for spelled in spellings(path):
        connection = http.client.HTTPConnection("127.0.0.1", hostile.public, timeout=20)
        connection.putrequest("GET", PREFIX + spelled, skip_accept_encoding=True)
        connection.putheader("Authorization", f"token {token}")
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert LOOT.encode() not in body, spelled
        assert answer.status in (302, 400, 403, 404), (spelled, answer.status)
    assert (
        ask(hostile, f"{PREFIX}api/status/any").text == LOOT
    )  # the control: the same server through an address that is open


def test_a_container_changes_no_script_of_jupyterlab(hostile: Lab) -> None:
    for path in ("static/lab/main.js", "static/x.js", "lab/extensions/x/static/remoteEntry.js"):
        answer = ask(hostile, PREFIX + path)
        assert (answer.status_code, LOOT in answer.text) == (404, False)
    copies = list(copies_of_lab().glob("*/static/lab/main.*.js"))
    newest = max(copies, key=lambda p: p.parents[2].stat().st_mtime)
    page = ask(hostile, f"{PREFIX}lab")
    assert page.text == LOOT  # the page itself may be anything,
    scripts = page.headers["Content-Security-Policy"].split("script-src ")[1].split(";")[0].split()
    root = f"http://127.0.0.1:{hostile.public}"
    assert scripts == [  # but it runs no script of its own
        f"{root}/services/gateway/lab/", f"{root}{PREFIX}static/", f"{root}{PREFIX}lab/extensions/", "'unsafe-eval'",
    ]  # fmt: skip
    served = ask(hostile, f"{PREFIX}static/lab/{newest.name}")
    assert served.content == newest.read_bytes()


def everything(answer: requests.Response) -> tuple[int, list[tuple[str, str]], str]:
    volatile = {"date", "content-length", "etag", "set-cookie"}
    headers = sorted((k, v) for k, v in answer.headers.items() if k.lower() not in volatile)
    return answer.status_code, headers, answer.text


@pytest.mark.parametrize("path", ["lab", "api", "api/status/any", "api/contents/a", "files/a", "static/x.js", ""])
def test_to_a_stranger_a_running_workspace_is_as_one_that_does_not_run(hostile: Lab, path: str) -> None:
    def told(who: str | None, project: str) -> str:
        address = f"/user/{PERSON}/{project}/{path}"
        root = f"http://127.0.0.1:{hostile.public}"
        mode = {"Sec-Fetch-Mode": "cors"}
        answer = (
            ask(hostile, address, who)
            if who
            else requests.get(root + address, headers=mode, allow_redirects=False, timeout=20)
        )
        return str(everything(answer)).replace(project, "…")

    for who in (STRANGER, None):
        assert told(who, PROJECT) == told(who, "ghosts")
    assert LOOT in told(PERSON, PROJECT) or path in ("files/a", "static/x.js")


def medians(root: str, headers: dict[str, str]) -> list[float]:
    """How long it takes to be told of a server that runs and of one that does not, in seconds."""
    taken: dict[str, list[float]] = {PROJECT: [], "ghosts": []}
    with requests.Session() as session:
        for _ in range(60):
            for project, seconds in taken.items():
                began = time.perf_counter()
                session.get(f"{root}/{project}/api", headers=headers, allow_redirects=False)
                seconds.append(time.perf_counter() - began)
    return [statistics.median(seconds) for seconds in taken.values()]


def test_nor_is_there_a_difference_in_time(hostile: Lab) -> None:
    """A difference that tells something is there each time; what other tests take of the machine is not."""
    headers = {"Authorization": f"token {token_of(hostile, STRANGER)}"}
    root = f"http://127.0.0.1:{hostile.public}/user/{PERSON}"
    seen = (medians(root, headers) for _ in range(3))
    assert any(abs(running - stopped) < max(0.2 * stopped, 0.002) for running, stopped in seen)


def test_the_hub_does_not_tell_by_the_servers_own_login_whether_it_runs(hostile: Lab) -> None:
    """A client's name that could be guessed would exist at the hub as long as the server runs."""
    identifier = server_id(PERSON, PROJECT)
    clients = {hostile.told(PERSON, PROJECT)["JUPYTERHUB_CLIENT_ID"]}
    guesses = (f"jupyterhub-user-{identifier}", f"jupyterhub-user-{PERSON}-{PROJECT}", f"jupyterhub-user-{PERSON}")
    assert not clients & set(guesses)
    assert len(clients) == 1


def test_the_servers_own_token_opens_no_workspace_from_outside(hostile: Lab) -> None:
    environment = hostile.told(PERSON, PROJECT)
    answer = requests.get(
        f"http://127.0.0.1:{hostile.public}{PREFIX}api/status/any",
        headers={"Authorization": f"token {environment['JUPYTERHUB_API_TOKEN']}"},
        allow_redirects=False,
        timeout=20,
    )
    assert (answer.status_code, LOOT in answer.text) == (302, False)
    assert ask(hostile, f"{PREFIX}api/status/any").text == LOOT


def test_the_days_cap_is_met_over_http(lab: Lab) -> None:
    with_own_server(lab, "capped")
    prefix = f"/user/{PERSON}/capped/"
    address = f"http://127.0.0.1:{lab.public}{prefix}api/status/flood"
    headers = {"Authorization": f"token {token_of(lab, PERSON)}"}
    pieces: list[bytes] = []
    # The gateway breaks off in the middle, and half of an answer must not be taken for a whole one. The proxy passes no
    # break on: whoever asks through it hears nothing more, and gives up.
    broken = pytest.raises(requests.RequestException)
    with requests.get(address, headers=headers, stream=True, timeout=(20, 6)) as answer, broken:
        pieces.extend(answer.iter_content(65536))
    got = sum(map(len, pieces))
    assert CAP // 2 < got <= CAP
    answer = ask(lab, f"{prefix}api/status/any")
    assert (answer.status_code, answer.json()["reason"]) == (429, "day-cap")
    assert len(direct(lab, "flood", "capped")) >= 500_000  # the control: it would go on for ever
    lines = [json.loads(x) for f in (lab.state / "access-log").glob("*.jsonl") for x in f.read_text().splitlines()]
    assert [x["reason"] for x in lines if x["side"] == "alarm" and x["project"] == "capped"] == ["day-alarm"]


def test_the_days_cap_is_met_by_a_websocket(lab: Lab) -> None:
    with_own_server(lab, "talkative")
    address = f"http://127.0.0.1:{lab.public}/user/{PERSON}/talkative/api/kernels/1/channels"
    headers = {"Authorization": f"token {token_of(lab, PERSON)}"}

    async def received() -> tuple[int, int | None]:
        got = 0
        async with aiohttp.ClientSession() as session, session.ws_connect(address, headers=headers) as outer:
            while (message := await outer.receive()).type is aiohttp.WSMsgType.BINARY:
                got += len(message.data)
            return got, outer.close_code

    got, code = asyncio.run(received())
    assert CAP - 70_000 < got <= CAP
    assert code == 4429


def test_after_a_stop_nothing_opens_it_any_more(lab: Lab) -> None:
    with_own_server(lab, "stopped")
    prefix = f"/user/{PERSON}/stopped/"
    token = token_of(lab, PERSON)
    own = lab.told(PERSON, "stopped")["JUPYTERHUB_API_TOKEN"]
    assert ask(lab, f"{prefix}api/status/any").text == LOOT
    assert lab.api("DELETE", f"/users/{PERSON}/servers/stopped").status_code in (202, 204)
    wait_for(lambda: lab.server(PERSON, "stopped") is None)
    for held in (token, own):
        answer = requests.get(
            f"http://127.0.0.1:{lab.public}{prefix}api/status/any",
            headers={"Authorization": f"token {held}"},
            allow_redirects=False,
            timeout=20,
        )
        assert (answer.status_code, LOOT in answer.text) == (302, False)
    said = requests.get(
        f"http://127.0.0.1:{lab.hub}/hub/api/user", headers={"Authorization": f"token {own}"}, timeout=20
    )
    assert said.status_code == 403


@pytest.mark.parametrize("kernel", ["1", "half"])
def test_a_flood_of_connections_leaves_the_gateway_with_descriptors_and_memory(hostile: Lab, kernel: str) -> None:
    token = token_of(hostile, PERSON)
    pid = hostile.processes["gateway"].pid
    held: list[socket.socket] = []

    def memory() -> int:
        words = Path(f"/proc/{pid}/status").read_text().split()
        return int(words[words.index("VmRSS:") + 1])

    def descriptors() -> int:
        return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208

    before, open_before, most = memory(), descriptors(), 0
    try:
        for _ in range(300):
            caller = socket.create_connection(("127.0.0.1", hostile.gateway), timeout=5)
            caller.sendall(
                f"GET {PREFIX}api/kernels/{kernel}/channels HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n"
                f"Authorization: token {token}\r\n\r\n".encode()
            )
            held.append(caller)  # and never reads
            most = max(most, memory())
        for _ in range(30):
            began = time.monotonic()
            assert requests.get(f"http://127.0.0.1:{hostile.gateway}/", timeout=5).status_code == 404
            assert time.monotonic() - began < 2
            most = max(most, memory())
            time.sleep(0.1)
        # Callers, and the workspace's end of those requests that it may have open at the same time.
        assert descriptors() <= open_before + 300 + Bounds().requests + 10
        # Kilobytes; a message is held once while it comes and once more while it goes. Without the bound: 2 GB.
        assert most - before < 2.5 * Bounds().under_way / 1024
    finally:
        for caller in held:
            caller.close()
