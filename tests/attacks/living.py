"""A running lab as its people reach it, and as root on its host sees it."""

from __future__ import annotations

import inspect
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import requests

from hub.adapters.power.places import ENGINE_SOCKET, privileged_folder
from hub.adapters.processes.health import answers
from hub.adapters.processes.records import Record, is_alive, read_records
from hub.adapters.secrets import read_secret
from hub.cli.client import API, Json, Portal, place
from hub.cli.statement import send
from hub.demo.people import ADMINISTRATOR, AUDITOR, HEALTH_STEWARD, JOBS_STEWARD, SCIENTIST
from hub.demo.story_stage import TOKENS, Stage
from hub.demo.web_login import Visitor
from hub.domain.work import ENDED
from hub.settings import Settings
from integration.sandbox_container import code_cell, notebook_of
from spawner_config.names import LABEL_LAB, work_container, workspace_container
from waiting import wait_for, wait_for_end

PROJECT = "quetzal"
"""The attacks' own project: the scientist's alone, with the dataset of jobs; its name stands nowhere else."""
CONTEXT = "Words that a test wrote about nobody at all, to see what the lab does with them on their way out."


def acting(*acts: Callable[[], Any]) -> bytes:
    """A notebook whose one parameter says which of these functions it runs; what that returns is in said.json."""
    names = [act.__name__ for act in acts]
    end = "import json, pathlib\npathlib.Path('/outputs/said.json').write_text(json.dumps(globals()[act]()))"
    sources = ["from __future__ import annotations\n" + inspect.getsource(act) for act in acts]
    return notebook_of(code_cell(f"act = {names[0]!r}", "parameters"), "from typing import Any", *sources, end)


def schema_of(*acts: Callable[[], Any]) -> list[Json]:
    """What a steward approves of such a notebook."""
    names = [act.__name__ for act in acts]
    return [{"name": "act", "type": "choice", "default": names[0], "choices": names}]


@dataclass
class Living:
    """One running lab; what it starts belongs to the test that started it."""

    stage: Stage
    engine: Any = field(default_factory=docker.APIClient)

    @property
    def settings(self) -> Settings:
        return self.stage.settings

    @property
    def state(self) -> Path:
        return self.stage.settings.state

    def found_project(self, name: str = PROJECT) -> None:
        """Make a project for attacks through the API, unless it is there."""
        if name not in {p["name"] for p in self.portal(ADMINISTRATOR).get("/projects")}:
            dates = {"starts": "2020-01-01", "ends": "2099-12-31"}
            about = {"name": name, "title": "What others must not see", "purpose": "Attacks", "lead": SCIENTIST}
            self.portal(ADMINISTRATOR).post("/projects", about | dates)
        self.portal(JOBS_STEWARD).put(place("projects", name, "datasets", "jobs"))

    def register_dataset(self, dataset: str, tier: str, people: str) -> None:
        """Register a dataset of persons, and wait for its first snapshot."""
        steward = self.portal(JOBS_STEWARD)
        about = {"title": dataset.capitalize(), "owner": "jobs-institute", "tier": tier, "profile": "uk-sacro"}
        steward.put(place("datasets", dataset), about | {"privacy_unit": "person", "direct_identifiers": ["person"]})
        sent = steward.upload_stream(io.BytesIO(people.encode()), "people.csv")["id"]
        offer = steward.post(place("datasets", dataset, "offers"), {"uploads": [sent]})["id"]

        def converted() -> bool:
            return bool(steward.get(place("offers", offer))["work"]["state"] == "succeeded")

        wait_for_end(converted, 90, "the snapshot is not made")

    def grant_dataset(self, project: str, dataset: str, tier: str, people: str) -> None:
        """Register a dataset of persons, whose steward grants it to a project; its lead accepts where that is asked."""
        steward, lead = self.portal(JOBS_STEWARD), self.portal(SCIENTIST)
        self.register_dataset(dataset, tier, people)
        steward.put(place("projects", project, "datasets", dataset))
        if lead.get(place("projects", project))["waiting_grants"]:
            lead.post(place("projects", project, "datasets", dataset, "accept"))

    def portal(self, name: str) -> Portal:
        return self.stage.portal(name)

    def visitor(self, name: str) -> Visitor:
        return self.stage.visitor(name)

    def token(self, name: str) -> str:
        self.stage.portal(name)
        return str(json.loads(read_secret(self.settings.secret(TOKENS)))[name])

    def answer(self, name: str, method: str, path: str, **options: Any) -> requests.Response:
        """What the API says to a person's token, unread."""
        headers = {"Authorization": f"token {self.token(name)}"} | options.pop("headers", {})
        return self.plain(method, API + path, headers=headers, **options)

    def plain(self, method: str, path: str, **options: Any) -> requests.Response:
        """What the lab says to whoever asks, without a login of ours."""
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method, self.settings.public_url + path, timeout=60, allow_redirects=False, **options
            )

    def command(self, *words: str, actor: str = "", before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run the command-line tool as somebody would on their own machine."""
        own = {"DATALAB_URL": self.settings.public_url, "DATALAB_TOKEN": self.token(actor)} if actor else {}
        path = os.environ.get("PATH", os.defpath)
        call = [*before, str(Path(sys.executable).with_name("datalab")), *words]
        environment = {"PATH": path, "HOME": "/nonexistent", "LANG": "C.UTF-8"} | own
        return subprocess.run(call, env=environment, capture_output=True, text=True, check=False, timeout=60)

    def download(self, name: str, release: str, file: str = "words.txt") -> str:
        """The address of a released file in a download that a person makes for themselves."""
        own = self.portal(name).post(place("releases", release, "downloads"))["id"]
        return place("releases", release, "downloads", own, "files", file)

    # Notebooks and runs

    def sent(self, body: bytes, author: str = SCIENTIST) -> Json:
        """Send bytes; returns the upload."""
        return self.portal(author).upload_stream(io.BytesIO(body), "attack.ipynb")

    def submitted(
        self,
        body: bytes | Json,
        project: str = PROJECT,
        author: str = SCIENTIST,
        datasets: tuple[str, ...] = ("jobs",),
        name: str = "attack",
    ) -> Json:
        """Submit a notebook, or an upload, and wait until it was inspected and validated."""
        sent = self.sent(body, author) if isinstance(body, bytes) else body
        asked = {"project": project, "upload": sent["id"], "name": name, "purpose": "To see what the lab does with it"}
        made = self.portal(author).post("/notebooks", asked | {"datasets": list(datasets)})["id"]
        return dict(wait_for_end(lambda: self._inspected(self.portal(author), made), 120, "it is not inspected"))

    def _inspected(self, lab: Portal, identifier: str) -> Json | None:
        found = next(n for n in lab.get("/notebooks") if n["id"] == identifier)
        return None if found["state"] == "inspecting" else found

    def approved(self, body: bytes, schema: list[Json] | None = None, **about: Any) -> str:
        """The same, approved by a steward; returns its identifier."""
        made = self.submitted(body, **about)
        assert made["state"] == "submitted", made["reason"]
        given = {} if schema is None else {"parameters": schema}
        self.portal(JOBS_STEWARD).post(place("notebooks", made["id"], "approve"), given)
        return str(made["id"])

    def start(self, notebook: str, by: str = SCIENTIST, **values: object) -> str:
        found = self.portal(by).post("/runs", {"notebook": notebook, "parameters": values})
        return str(found["run"]["id"])

    def look(self, run: str, by: str = SCIENTIST) -> Json:
        return dict(self.portal(by).get(place("runs", run)))

    def ended(self, run: str, by: str = SCIENTIST, seconds: float = 90.0) -> Json:
        """Wait until a run has ended; returns it with its work."""

        def look() -> Json | None:
            found = self.look(run, by)
            return found if found["work"]["state"] in ENDED else None

        return dict(wait_for_end(look, seconds, f"the run {run} does not end"))

    def acted(self, notebook: str, act: Callable[[], Any], by: str = SCIENTIST) -> tuple[Json, Any]:
        """Run one act of an ``acting`` notebook to its end; returns the run and what the act said, if it did."""
        found = self.ended(self.start(notebook, by, act=act.__name__), by)
        return found, self.said(found)

    def said(self, found: Json) -> Any:
        """What stands in a run's said.json, as the lab took it in."""
        stored = {f["path"]: f["sha256"] for f in found["run"]["outputs"]}
        return json.loads(self.vaulted(stored["said.json"]).read_bytes()) if "said.json" in stored else None

    # Exports

    def checked(
        self, source: str, *paths: str, by: str = SCIENTIST, project: str = PROJECT, tables: Json | None = None
    ) -> Json:
        """Make a request and wait for what the gate says of it."""
        files = {path: (tables or {}).get(path, {}) for path in paths}
        asked = {"project": project, "source": source, "files": files, "context": CONTEXT}
        made = self.portal(by).post("/exports", asked)["id"]
        send(self.portal(by), made)
        return self.judged(made, by)

    def statement(self) -> str:
        """The digest of the statement that goes with each submission."""
        return str(self.portal(SCIENTIST).get("/statement")[0]["digest"])

    def judged(self, identifier: str, by: str = SCIENTIST) -> Json:
        def look() -> Json | None:
            found = next(e for e in self.portal(by).get("/exports") if e["id"] == identifier)
            return found if found["state"] not in ("checking", "rechecking") else None

        return dict(wait_for_end(look, 90, "the gate comes to no end"))

    def vote(self, steward: str, request: Json, **other: object) -> Json:
        """Approve every canonical file of a request, unless ``other`` says something else."""
        body = {
            "decision": "approve",
            "canonical": {f["path"]: f["canonical"] for f in request["files"]},
            "policy": request["policy"],
            "reason": "looked at by a test",
        }
        return dict(self.portal(steward).post(place("exports", request["id"], "votes"), body | other))

    def released(self, request: Json, *stewards: str) -> Json:
        """Let stewards approve a request, and the last of them release it."""
        for steward in stewards or (JOBS_STEWARD, HEALTH_STEWARD):
            self.vote(steward, request)
        return dict(self.portal((stewards or (HEALTH_STEWARD,))[-1]).post(place("exports", request["id"], "release")))

    # What root on the host sees

    def vaulted(self, sha256: str) -> Path:
        """A file of the vault."""
        return self.state / "vault" / sha256[:2] / sha256

    @property
    def database(self) -> Path:
        return self.state / "records" / "database.sqlite"

    def audit(self, *names: str, subject: str = "") -> list[tuple[str, str, str, dict[str, str]]]:
        """Entries of the log of these names: (name, actor, subject, details), in order."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT name, actor, subject, details FROM audit ORDER BY seq").fetchall()
        kept = [(n, a, s, dict(json.loads(d))) for n, a, s, d in rows]
        return [row for row in kept if (not names or row[0] in names) and subject in ("", row[2])]

    def audit_verifies(self) -> int:
        """Let the auditor's command walk the chain; returns how many entries it has."""
        done = self.command("audit", "verify", "--json", actor=AUDITOR)
        assert done.returncode == 0, done.stderr + done.stdout
        return int(json.loads(done.stdout)["entries"])

    # Processes and containers

    def process(self, name: str) -> Record | None:
        """A process of this lab that runs now, by the record that it wrote."""
        found = [r for r in read_records(self.settings) if r.name == name and is_alive(r)]
        return found[0] if found else None

    def kill(self, name: str) -> Record:
        """End one process of this lab as a crash would."""
        record = wait_for(lambda: self.process(name), 30, f"{name} does not run")
        os.kill(record.pid, signal.SIGKILL)
        wait_for(lambda: not is_alive(record), 10)
        return record

    def is_up(self) -> bool:
        """The whole lab answers: API, hub, gateway and engine gate, and the worker runs."""
        with suppress(requests.RequestException):
            me = self.answer(SCIENTIST, "GET", "/me").status_code == 200
            hub = self.plain("GET", "/hub/api/").status_code == 200
            gateway = requests.get(f"http://127.0.0.1:{self.settings.ports.gateway}/", timeout=5).status_code < 500
            return me and hub and gateway and self._gate_answers() and self.process("worker") is not None
        return False

    def _gate_answers(self) -> bool:
        return answers("http://engine/_ping", privileged_folder(self.state) / ENGINE_SOCKET)

    def up_again(self, seconds: float = 45.0) -> float:
        """Wait until the whole lab answers, twice in a row; returns how long that took."""
        began = time.monotonic()
        wait_for(self.is_up, seconds, "the lab does not come back")
        return time.monotonic() - began

    def close_workspace(self, project: str = PROJECT, by: str = SCIENTIST) -> None:
        """Stop a person's workspace as their browser does, if it is open, and wait until its container is gone."""
        address = f"/hub/api/users/{by}/servers/{project}"
        self.visitor(by).send("DELETE", address, "/hub/", {"remove": False})
        name = workspace_container(self.settings.name, by, project)
        there = {"name": [f"^/{name}$"]}
        wait_for(lambda: not self.engine.containers(all=True, filters=there), 30, f"{name} does not stop")

    def container(self, work: str) -> str:
        return work_container(self.settings.name, work)

    def work_containers(self) -> list[str]:
        """Names of this lab's containers that serve work, running or not."""
        found = self.engine.containers(all=True, filters={"label": [f"{LABEL_LAB}={self.settings.name}"]})
        names = [name.lstrip("/") for entry in found for name in entry["Names"]]
        return [name for name in names if name.startswith(f"{self.settings.name}-work-")]

    @contextmanager
    def starts(self, seen: dict[str, int]) -> Iterator[None]:
        """Count, by the engine's own events, how often each container of this lab was started meanwhile."""
        began = self._engine_seconds()
        yield
        until = self._engine_seconds() + 1
        filters = {"label": f"{LABEL_LAB}={self.settings.name}", "event": "start"}
        for event in self.engine.events(since=began, until=until, filters=filters, decode=True):
            name = event["Actor"]["Attributes"]["name"]
            seen[name] = seen.get(name, 0) + 1

    def _engine_seconds(self) -> int:
        return int(time.time())


@contextmanager
def other_bytes(path: Path, change: Callable[[bytes], bytes]) -> Iterator[None]:
    """Root changes a file of the vault in place, and puts its bytes back afterwards."""
    kept = path.read_bytes()
    path.write_bytes(change(kept))
    try:
        yield
    finally:
        path.write_bytes(kept)


def one_bit(content: bytes) -> bytes:
    """The same but for one bit in the middle."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
