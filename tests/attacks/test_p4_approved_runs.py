"""Promise 4: only approved bytes run in batch, with parameters inside the approved schema; they are still not trusted.

The attacks on a run's container are also made in one that was weakened on purpose, where they must succeed.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from attacks.acts import ACTS, break_out, end_as_if_well, forge
from attacks.cells import UID, Body, Cells, root
from attacks.living import CONTEXT, PROJECT, Living, acting, other_bytes
from hub.cli.client import Json, place
from hub.demo.people import ADMINISTRATOR, AUDITOR, JOBS_STEWARD, SCIENTIST
from hub.demo.story_stage import refused
from hub.domain.work import ENDED
from integration.sandbox_container import code_cell, notebook_of
from spawner_config.isolation import Purpose
from waiting import wait_for

CHANGED = "A file of the vault is missing or was changed after it was registered; it is not used."
PORT = 18998
"""Which the act breaks out to."""
WHY = {"reason": "because a test wants to"}


def runs_of(living: Living, notebook: str) -> list[str]:
    return [r["run"]["id"] for r in living.portal(SCIENTIST).get("/runs") if r["run"]["notebook"] == notebook]


# What may run


@pytest.fixture(scope="module")
def newcomer(living: Living) -> Json:
    """A notebook that was inspected and not decided on."""
    return living.submitted(notebook_of("open('/outputs/ran.txt', 'w')"), name="newcomer")


def test_nothing_runs_that_nobody_approved(living: Living, newcomer: Json) -> None:
    said = refused(lambda: living.start(newcomer["id"]), "notebook-not-approved")
    assert said == f"The notebook {newcomer['id']} is submitted; only an approved one runs."
    assert runs_of(living, newcomer["id"]) == []


@pytest.mark.parametrize(
    ("person", "reason"),
    [(SCIENTIST, "not-an-approver"), (AUDITOR, "not-an-approver"), (ADMINISTRATOR, "not-an-approver")],
)
def test_nobody_approves_who_may_not(living: Living, newcomer: Json, person: str, reason: str) -> None:
    refused(lambda: living.portal(person).post(place("notebooks", newcomer["id"], "approve")), reason)
    refused(lambda: living.start(newcomer["id"]), "notebook-not-approved")


def test_what_was_refused_withdrawn_or_superseded_does_not_run(living: Living) -> None:
    steward = living.portal(JOBS_STEWARD)
    turned_down = living.submitted(notebook_of("1"), name="decided")["id"]
    steward.post(place("notebooks", turned_down, "refuse"), WHY)
    first, second = (living.approved(notebook_of(str(n)), name="decided") for n in (2, 3))
    steward.post(place("notebooks", second, "withdraw"), WHY)
    states = {n["id"]: n["state"] for n in steward.get("/notebooks")}
    assert [states[n] for n in (turned_down, first, second)] == ["refused", "superseded", "withdrawn"]
    for notebook in (turned_down, first, second):
        refused(partial(living.start, notebook), "notebook-not-approved")
        refused(partial(steward.post, place("notebooks", notebook, "approve")), "notebook-state")
        assert runs_of(living, notebook) == []


def test_bytes_that_were_swapped_after_the_approval_do_not_run(living: Living, acts: str) -> None:
    digest = next(n["digest"] for n in living.portal(SCIENTIST).get("/notebooks") if n["id"] == acts)
    assert hashlib.sha256(acting(*ACTS)).hexdigest() == digest
    swapped = acting(*ACTS).replace(b"about anybody", b"as approved!!")
    with other_bytes(living.vaulted(digest), lambda _: swapped):
        found = living.ended(living.start(acts))
    assert (found["work"]["state"], found["work"]["reason"].startswith(CHANGED)) == ("failed", True)
    assert found["run"]["outputs"] == []


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_bytes_that_are_not_what_was_sent_are_not_shown_for_approval(living: Living, harm: str) -> None:
    worker = living.process("worker")
    sent = living.sent(notebook_of(f"print('{harm}')"))
    path = living.vaulted(sent["sha256"])
    kept = path.read_bytes()
    path.write_bytes(kept.replace(b"print", b"other")) if harm == "changed" else path.unlink()
    try:
        found = living.submitted(sent, name="swapped")
    finally:
        path.write_bytes(kept)
    assert (found["state"], found["cells"], found["reason"].startswith(CHANGED)) == ("refused", [], True)
    assert living.process("worker") == worker


def test_a_withdrawal_ends_what_runs_and_what_waits(living: Living) -> None:
    """The code goes on for ever and takes no signal; its container is gone all the same."""
    endless = "import signal, time\nif open('/in/request.json').read().count('parameters'):\n"
    endless += "    signal.pthread_sigmask(2, range(1, 65))\n    while True: time.sleep(0.1)"
    notebook = living.approved(notebook_of(endless), name="endless")
    started = [living.start(notebook) for _ in range(4)]
    wait_for(lambda: living.look(started[0])["work"]["state"] == "running", 60)
    living.portal(JOBS_STEWARD).post(place("notebooks", notebook, "withdraw"), WHY)
    works = [living.ended(run)["work"] for run in started]
    assert {(w["state"], w["reason"]) for w in works} == {("cancelled", "The approval of its notebook was withdrawn.")}
    left = [living.container(run) for run in started]
    wait_for(lambda: not set(left) & set(living.work_containers()), 10, "a container stays")
    refused(partial(living.start, notebook), "notebook-not-approved")


def test_what_does_not_run_to_its_end_is_not_approved_whoever_asks(living: Living) -> None:
    made = living.submitted(notebook_of("1", "1 / 0"), name="failing")
    seen = {key: made["validation"][key] for key in ("result", "cell", "error")}
    assert (made["state"], seen) == ("submitted", {"result": "failed", "cell": 2, "error": "ZeroDivisionError"})
    steward = living.portal(JOBS_STEWARD)
    refused(lambda: steward.post(place("notebooks", made["id"], "approve")), "notebook-validation-failed")
    refused(partial(living.start, made["id"]), "notebook-not-approved")


SPYING = """import polars as pl
table = pl.read_parquet('/data/jobs/*.parquet')
assert table.height == 420 and table['nr'].n_unique() < 20 and table['year'].max() < 20, 'these are real people'"""


def test_before_its_approval_a_notebook_sees_invented_rows_alone(living: Living) -> None:
    """It passes on the twin, and fails on the real rows, since it looks whether they are invented."""
    notebook = living.approved(notebook_of(SPYING), name="spying")
    found = living.ended(living.start(notebook))
    assert (found["work"]["state"], found["work"]["exit_code"]) == ("failed", 15)


HIDING = {
    "a tag that papermill acts on": ({"cells": [code_cell("1", "injected-parameters")]}, "papermill would act on"),
    "an attachment": ({"cells": [code_cell("1") | {"attachments": {"a.png": {"image/png": "aGk="}}}]}, "not a valid"),
    "turned words": ({"cells": [code_cell("x = 1 # \u202e tac \u202c")]}, "not a valid"),
    "another kernel": (
        {"cells": [code_cell("1")], "metadata": {"kernelspec": {"language": "R", "name": "ir"}}},
        "not a",
    ),
    "a key twice": (None, "not a valid"),
}


def test_a_notebook_that_hides_what_it_would_do_is_refused_with_a_sentence(living: Living) -> None:
    whole = {"metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    twice = b'{"cells": [], "cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}'
    bodies = {hidden: json.dumps(whole | body).encode() if body else twice for hidden, (body, _) in HIDING.items()}
    with ThreadPoolExecutor(2) as pool:
        made = pool.map(lambda hidden: living.submitted(bodies[hidden], name="hiding"), bodies)
    told = {hidden: (found["state"], found["reason"]) for hidden, found in zip(bodies, made, strict=True)}
    assert {state for state, _ in told.values()} == {"refused"}
    assert [hidden for hidden, (_, reason) in told.items() if HIDING[hidden][1] not in reason] == [], told


# Parameters


SCHEMA: list[Json] = [
    {"name": "count", "type": "integer", "default": 5, "minimum": 1, "maximum": 10},
    {"name": "share", "type": "number", "default": 0.5, "minimum": 0, "maximum": 1},
    {"name": "flag", "type": "boolean", "default": True},
    {"name": "kind", "type": "choice", "default": "a", "choices": ["a", "b {count}"]},
]
TYPED = notebook_of(
    code_cell("count = 5\nshare = 0.5\nflag = True\nkind = 'a'", "parameters"),
    "import json, pathlib\n"
    "values = [[type(v).__name__, v] for v in (count, share, flag, kind)]\n"
    "pathlib.Path('/outputs/said.json').write_text(json.dumps(values))",
)


@pytest.fixture(scope="module")
def undecided(living: Living) -> Json:
    """A notebook with parameters of each type that nobody has decided on."""
    return living.submitted(TYPED, name="undecided")


def other(number: int, **change: object) -> list[Json]:
    """The schema with one parameter described in another way."""
    return [p | change if n == number else p for n, p in enumerate(SCHEMA)]


@pytest.mark.parametrize(
    "schema",
    [
        [],
        SCHEMA[:3],
        [*SCHEMA, {"name": "more", "type": "boolean", "default": True}],
        [*SCHEMA, SCHEMA[0]],
        other(0, name="count = 5; import os #"),
        other(0, name="__import__"),
        other(0, name="с" + "ount"),
        other(0, name="class"),
        other(0, name="count\n"),
        other(0, default=11),
        other(0, default="5"),
        other(0, default=True),
        other(0, type="text"),
        other(1, default=2),
        other(3, choices=[]),
        other(3, default="c"),
        other(3, choices=[{"a": 1}]),
    ],
    ids=lambda schema: json.dumps(schema)[:60],
)
def test_a_schema_that_is_not_the_notebooks_own_is_not_approved(
    living: Living, undecided: Json, schema: list[Json]
) -> None:
    path = place("notebooks", undecided["id"], "approve")
    answer = living.answer(JOBS_STEWARD, "POST", path, json={"parameters": schema})
    assert answer.status_code == 422, answer.text
    assert next(n["state"] for n in living.portal(SCIENTIST).get("/notebooks") if n["id"] == undecided["id"]) == (
        "submitted"
    )


@pytest.fixture(scope="module")
def typed(living: Living) -> str:
    """An approved notebook with parameters of each type."""
    return living.approved(TYPED, SCHEMA, name="typed")


VALUES = [
    *[("count", text) for text in (
        "0", "11", "-1", "1e1", "5.0", "5.5", "1e400", "1" + "0" * 400, "NaN", "Infinity", "-Infinity", "true", "null",
        '"5"', '"5; import os"', '"{count}"', '"٥"', "[5]", '{"$gt": 0}',
    )],
    *[("share", text) for text in ("1.1", "-0.1", "NaN", "1e400", "true", '"0.5"', '"0.5\\n"', "null", "[]")],
    *[("flag", text) for text in ("0", "1", '"true"', '"True or __import__(\'os\')"', "null")],
    *[("kind", text) for text in (
        '"c"', '"A"', '"b 5"', '"a "', '"а"', '"a\\u0000"', '"a\\u200b"', '"\\ud800"', '"{0.__class__}"', '"%s"',
        '"__import__(\'os\').system(\'id\')"', '"' + "a" * 5000 + '"', "1", "true", '["a"]',
    )],
    *[(name, "1") for name in (
        "Count", "count ", " count", "count\\n", "сount", "count; import os", "__class__", "{count}", "count=5", "cell",
        "act", "", "c" * 500, "papermill",
    )],
]  # fmt: skip


@pytest.mark.parametrize(("name", "text"), VALUES, ids=lambda text: text[:24])
def test_a_name_or_a_value_outside_of_the_schema_is_refused_and_nothing_is_queued(
    living: Living, typed: str, name: str, text: str
) -> None:
    before = runs_of(living, typed)
    body = f'{{"notebook": "{typed}", "parameters": {{"{name}": {text}}}}}'.encode()
    answer = living.answer(SCIENTIST, "POST", "/runs", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["reason"] in ("invalid", "parameter-value", "parameter-unknown")
    assert runs_of(living, typed) == before


TEXTS = [
    "__import__('os').system('id')", "'; import os; os._exit(0) #", "{text}", "{0.__class__}", "%(text)s", "a\nb",
    "a\\", "a\u200b", "Rеnnes", "\u202eab", "Ａ", "a" * 201, " a", 1, None, True, ["a"],
]  # fmt: skip


def test_free_text_is_approved_knowingly_and_takes_no_code(living: Living) -> None:
    body = notebook_of(
        code_cell("text = 'a'", "parameters"), "import json\njson.dump(text, open('/outputs/said.json', 'w'))"
    )
    notebook = living.submitted(body, name="free")["id"]
    asked: Json = {"parameters": [{"name": "text", "type": "text", "default": "a"}]}
    steward, path = living.portal(JOBS_STEWARD), place("notebooks", notebook, "approve")
    refused(lambda: steward.post(path, asked), "free-text-not-accepted")
    steward.post(path, asked | {"accept_free_text": True})
    for text in TEXTS:
        answer = living.answer(SCIENTIST, "POST", "/runs", json={"notebook": notebook, "parameters": {"text": text}})
        assert answer.status_code == 422, text
    assert runs_of(living, notebook) == []
    found = living.ended(living.start(notebook, text="L'Haÿ-les-Roses, 3/4"))
    assert (found["work"]["state"], living.said(found)) == ("succeeded", "L'Haÿ-les-Roses, 3/4")


def test_values_inside_the_schema_arrive_as_they_are_and_are_no_format(living: Living, typed: str) -> None:
    found = living.ended(living.start(typed, count=7, share=1, flag=False, kind="b {count}"))
    assert found["work"]["state"] == "succeeded"
    assert living.said(found) == [["int", 7], ["int", 1], ["bool", False], ["str", "b {count}"]]


# Approved code is still not trusted


def test_approved_code_changes_nothing_but_its_outputs_and_reaches_nothing(living: Living, acts: str) -> None:
    found, done = living.acted(acts, break_out)
    assert (found["work"]["state"], done) == ("succeeded", [])


BROKEN_OUT = {
    "network", "device", "data", "data file", "request", "notebook", "notebook's place", "code of the lab",
    "runner's memory", "runner's output", "runner's files", "runner's limits", "ptrace",
}  # fmt: skip


def weak(body: Body) -> None:
    """Let the container have what no run has: the host's network, all folders writable, powers, no filter."""
    root(
        Init=True,
        NetworkMode="host",
        ReadonlyRootfs=False,
        CapAdd=["DAC_OVERRIDE", "SYS_PTRACE"],
        SecurityOpt=["seccomp=unconfined"],
    )(body)
    for mount in body["HostConfig"]["Mounts"]:
        mount["ReadOnly"] = False


def test_the_same_code_breaks_out_of_a_weak_container(cells: Cells, listener: int) -> None:
    cells.mounts(Purpose.RUN)
    for name in ("request.json", "notebook.ipynb"):
        (cells.folder / "in" / name).write_text("{}")
    (cells.folder / "data-rand" / "there.parquet").write_text("PAR1")
    done = cells.run(break_out, Purpose.RUN, weaken=weak).said
    assert set(done) >= BROKEN_OUT
    assert listener


@pytest.fixture
def listener() -> Iterator[int]:
    """Something on the host that a container could reach."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", PORT))
        server.listen()
        yield PORT


def processes_of(uid: int) -> list[str]:
    """Processes of a user number on the host."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            text = status.read_text()
            found += [text.splitlines()[0]] if f"\nUid:\t{uid}\t" in text else []
    return found


def test_what_a_run_leaves_running_ends_with_it_and_changes_nothing_afterwards(living: Living, acts: str) -> None:
    run = living.start(acts, act=forge.__name__)
    uid = int(living.portal(ADMINISTRATOR).get(place("projects", PROJECT))["project"]["uid"])
    told = []
    while (found := living.look(run))["work"]["state"] not in ENDED:
        told.append(found["progress"])
    assert found["work"]["state"] == "succeeded"
    assert processes_of(uid) == []
    wait_for(lambda: living.container(run) not in living.work_containers(), 10, "its container stays")
    recorded = {f["path"]: f["sha256"] for f in found["run"]["outputs"]}
    folder = living.state / "projects" / PROJECT / "runs" / run
    time.sleep(0.5)
    assert {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in recorded} == recorded
    executed = json.loads(living.vaulted(recorded["executed.ipynb"]).read_bytes())
    assert executed["metadata"]["papermill"] == {"exception": False, "parameters": {"act": "forge"}}
    assert [c["metadata"]["papermill"]["status"] for c in executed["cells"]] == ["completed"] * len(executed["cells"])
    assert {tuple(t) for t in told if t} <= {(n, len(executed["cells"])) for n in range(len(executed["cells"]) + 1)}


def test_a_background_process_outlives_and_forges_in_a_weak_container(cells: Cells) -> None:
    """The same code without the runner around it: what it left is what stands in the folder."""
    cells.mounts(Purpose.RUN)
    progress = cells.folder / "progress" / "progress"
    progress.write_text("0/1")
    os.chown(progress, UID, UID)
    assert cells.run(forge, Purpose.RUN).said is True
    assert (cells.folder / "outputs" / "executed.ipynb").read_text() in ("forged", "")  # it was ended while it wrote
    assert progress.read_text() == "1/9999; DROP TABLE run"


def test_a_run_that_ends_as_if_well_has_failed_and_its_outputs_are_not_taken(living: Living, acts: str) -> None:
    found, said = living.acted(acts, end_as_if_well)
    assert (found["work"]["state"], found["work"]["reason"]) == ("failed", "The notebook's kernel died before the end.")
    assert (found["work"]["exit_code"], said) == (16, True)
    recorded = {f["path"]: f["sha256"] for f in found["run"]["outputs"]}
    executed = json.loads(living.vaulted(recorded["executed.ipynb"]).read_bytes())
    assert executed["metadata"]["papermill"]["exception"] is True
    asked = {"project": PROJECT, "source": found["run"]["id"], "files": {"said.json": {}}, "context": CONTEXT}
    refused(lambda: living.portal(SCIENTIST).post("/exports", asked), "run-not-succeeded")
