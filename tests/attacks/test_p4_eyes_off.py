"""Promise 4: a workspace sees a synthetic twin of secret data and nothing else of them; runs see the real rows."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from functools import partial

import pytest

from attacks.living import Living, one_bit, other_bytes
from datasets_mount.synthetic import README
from hub.cli.client import Json, place
from hub.demo.people import HEALTH_STEWARD, JOBS_STEWARD, RESEARCHER, SCIENTIST
from hub.demo.story_stage import refused
from hub.demo.workspace_client import Workspace
from integration.sandbox_container import notebook_of
from spawner_config.names import workspace_container
from waiting import wait_for

PROJECT, DATASET = "ocelot", "eyesoff"
PATH = f"/data/{DATASET}"
ROWS = 1200


def people(first: int = 0, count: int = ROWS) -> str:
    """Persons with a name of their own, an income that is like nobody else's and no round number, and a district."""
    rows = (
        f"Q{n * 7919 % 1_000_003:08d}Z,D{n % 4},{20 + n % 50},{1000.0625 + n * 7919 % 100_003 / 8}"
        for n in range(first, first + count)
    )
    return "person,district,age,income\n" + "\n".join(rows) + "\n"


REAL = people()
NOTEBOOK = f"""
import pathlib
import polars as pl
data = pl.read_parquet(sorted(pathlib.Path({PATH!r}).glob("*.parquet")))
grouped = data.group_by("district").agg(pl.len().alias("rows"), pl.col("person").n_unique().alias("n")).sort("district")
grouped.select("district", "n").write_csv("/outputs/table.csv")
"""
"""The same cell for a workspace and for a run."""
LOOK = """
import os, pathlib, re
import polars as pl
rows = [line[::-1].split(",") for line in pathlib.Path("/tmp/needles").read_text().split()]
people = {row[0].encode() for row in rows}
incomes = {row[3] for row in rows}
found = set()
looked = set()
for folder, inner, names in os.walk("/"):
    if folder == "/":
        inner[:] = [name for name in inner if name not in ("proc", "sys", "usr")]
    looked.add(folder)
    for path in (os.path.join(folder, name) for name in names):
        try:
            held = pathlib.Path(path).read_bytes() if os.path.isfile(path) else b""
        except OSError:
            continue
        if path.endswith(".parquet"):
            table = pl.read_parquet(path)
            held += table.write_csv().encode()
            if "income" in table.columns and incomes & set(table["income"].cast(pl.String)):
                found.add(path)
        if people & set(re.findall(rb"Q[0-9]{8}Z", held)):
            found.add(path)
print(sorted(found) if {"/data", "/home", "/project", "/tmp", "/etc", "/opt"} <= looked else "not looked everywhere")
"""
"""Prints every file that a workspace can read and that names a real person or has a real income.

The kernel's own files and the image's programs below ``/usr`` are left out, and so is what cannot be opened.
What is looked for comes backwards, so that it does not stand where the looking itself leaves a trace.
"""


@pytest.fixture(scope="module")
def secret(living: Living) -> str:
    """A secret dataset that the project may use; returns the digest of its snapshot."""
    living.found_project(PROJECT)
    living.grant_dataset(PROJECT, DATASET, "secret", REAL)
    return newest(living)


@pytest.fixture
def closed(living: Living, secret: str) -> Iterator[None]:
    """Whoever opens a workspace of the project makes a new one, and leaves none."""
    living.close_workspace(PROJECT)
    yield
    living.close_workspace(PROJECT)


def newest(living: Living, dataset: str = DATASET) -> str:
    listed = living.portal(JOBS_STEWARD).get("/datasets")
    return str(next(d["snapshots"][-1]["digest"] for d in listed if d["dataset"]["name"] == dataset))


def book(living: Living, by: str = JOBS_STEWARD) -> Json:
    return dict(living.portal(by).get(place("datasets", DATASET, "twins")))


def decided(living: Living, twin: Json) -> Json:
    """The twin once it was accepted or refused."""

    def look() -> Json | None:
        found = next(t for t in book(living)["twins"] if t["id"] == twin["id"])
        return found if found["state"] != "making" else None

    return dict(wait_for(look, 90, "the twin is not decided on"))


def made(living: Living, epsilon: str = "0.5") -> Json:
    declared = [{"column": "district", "values": ["D0", "D1", "D2", "D3"]}, {"column": "age", "low": 0, "high": 100}]
    asked = {"epsilon": epsilon, "rows": 400, "domains": declared}
    return decided(living, dict(living.portal(JOBS_STEWARD).post(place("datasets", DATASET, "twins"), asked)))


def supplied(living: Living, rows: str) -> Json:
    steward = living.portal(JOBS_STEWARD)
    sent = steward.upload_stream(io.BytesIO(rows.encode()), "people.csv")["id"]
    asked = steward.post(place("datasets", DATASET, "twins", "supplied"), {"uploads": [sent]})
    return decided(living, dict(asked))


def opened(living: Living) -> Workspace:
    workspace = Workspace(living.visitor(SCIENTIST), PROJECT)
    workspace.open()
    return workspace


def mounts(living: Living) -> dict[str, str]:
    """Where the scientist's workspace has a mount of a dataset, wherever that is, and the digest of what is mounted."""
    found = living.engine.inspect_container(workspace_container(living.settings.name, SCIENTIST, PROJECT))
    at = {m["Destination"]: str(m["Source"]) for m in found["Mounts"] if m["Destination"] != "/project/runs"}
    data = {path: source for path, source in at.items() if "/mounts/" in source or path.startswith("/data")}
    return {path: source.rpartition("/")[2] for path, source in data.items()}


def expected(living: Living, digest: str = "") -> dict[str, str]:
    """All the mounts that there should be: a mild dataset as it is, and of the secret one a twin or nothing."""
    return {"/data/jobs": newest(living, "jobs")} | ({PATH: digest} if digest else {})


def told(workspace: Workspace, code: str) -> str:
    return workspace.run([code])[0].text


def test_without_a_twin_a_workspace_has_nothing_where_the_dataset_would_be(
    living: Living, secret: str, closed: None
) -> None:
    workspace = opened(living)
    assert mounts(living) == expected(living)
    assert told(workspace, f"import os\nprint(os.path.exists({PATH!r}))") == "False"


@pytest.fixture(scope="module")
def twin(living: Living, secret: str) -> Json:
    found = made(living)
    assert found["state"] == "accepted", found["reason"]
    return found


def test_a_workspace_sees_the_twin_and_no_real_row_is_readable_anywhere(
    living: Living, secret: str, twin: Json, closed: None
) -> None:
    workspace = opened(living)
    assert mounts(living) == expected(living, twin["digest"])
    assert twin["digest"] != secret == twin["snapshot"]
    names = f"import os\nprint(sorted(os.listdir({PATH!r})))"
    assert told(workspace, names) == f"['{README}', 'manifest.json', 'people.parquet']"
    assert "Synthetic twin" in told(workspace, f"print(open('{PATH}/{README}').read())")
    needles = "\n".join(line[::-1] for line in REAL.splitlines()[1:])
    assert workspace.run([f"open('/tmp/needles', 'w').write({needles!r})", LOOK])[1].text == "[]"
    weak = f"open('/tmp/copy.csv', 'w').write({REAL.splitlines()[5][::-1]!r}[::-1])"
    assert workspace.run([weak, LOOK])[1].text == "['/tmp/copy.csv']", "the walk finds a row that is there"


def test_the_twin_cannot_be_written(living: Living, twin: Json, closed: None) -> None:
    workspace = opened(living)
    write = f"try:\n    open('{PATH}/people.parquet', 'ab')\nexcept OSError as error:\n    print(error.errno)"
    assert told(workspace, write) == "30"


def test_the_same_notebook_runs_on_the_twin_and_as_an_approved_run_on_the_real_rows(
    living: Living, secret: str, twin: Json, closed: None
) -> None:
    workspace = opened(living)
    workspace.run([NOTEBOOK])
    invented = told(workspace, "print(open('/outputs/table.csv').read())").split()
    notebook = living.approved(notebook_of(NOTEBOOK), project=PROJECT, name="eyes-off", datasets=(DATASET,))
    run = living.ended(living.start(notebook))
    assert (run["work"]["state"], run["run"]["snapshots"]) == ("succeeded", {DATASET: secret})

    def look() -> Json | None:
        found = living.look(run["run"]["id"])
        return found if found["run"]["screening"] != "waiting" else None

    shown = dict(wait_for(look, 90, "the outputs are not looked at"))
    assert shown["run"]["screening"] == "shown", shown["run"]["screened_by"]
    stored = {f["path"]: f["sha256"] for f in shown["run"]["outputs"]}
    real = living.vaulted(stored["table.csv"]).read_text().split()
    assert real == ["district,n", *(f"D{n},{ROWS // 4}" for n in range(4))]
    assert invented[0] == real[0]
    assert invented != real


def test_what_a_real_run_said_of_rows_is_seen_by_nobody(living: Living, secret: str, twin: Json) -> None:
    """A traceback with a row in it stands in the executed notebook, which is held back with all else."""
    fails = (
        NOTEBOOK
        + "if data['person'].str.starts_with('Q').any():\n    print(data.rows())\n    raise ValueError(data.row(0))"
    )
    notebook = living.approved(notebook_of(fails), project=PROJECT, name="eyes-off-fails", datasets=(DATASET,))
    run = living.ended(living.start(notebook))
    assert run["work"]["state"] == "failed"
    row = REAL.splitlines()[1].split(",")[0]
    said = json.dumps(living.look(run["run"]["id"])) + json.dumps(living.portal(RESEARCHER).get("/runs"))
    assert row not in said
    assert not (living.state / "projects" / PROJECT / "runs" / run["run"]["id"]).exists()


def test_a_supplied_twin_that_copies_rows_or_identifiers_is_refused_and_not_seen(
    living: Living, secret: str, twin: Json, closed: None
) -> None:
    before = book(living)["in_use"]
    head, *rows = REAL.splitlines()
    invented = people(330_000).splitlines()[1:]
    copied = supplied(living, "\n".join([head, *invented[:800], *rows[:40]]))
    assert (copied["state"], copied["digest"], copied["files"]) == ("refused", "", [])
    assert "row-leak" in copied["reason"]
    last = [f"N{n},{row.partition(',')[2]}" for n, row in enumerate(rows[:300])]
    hidden = supplied(living, people(330_000, 5000) + "\n".join(last))
    assert (hidden["state"], "row-leak" in hidden["reason"]) == ("refused", True), hidden["reason"]
    named = [f"{real.split(',')[0]},{other.partition(',')[2]}" for real, other in zip(rows, invented, strict=True)]
    assert "direct-identifiers" in supplied(living, "\n".join([head, *named]))["reason"]
    assert (
        "columns"
        in supplied(living, "\n".join(["person,district,age", *(r.rpartition(",")[0] for r in invented)]))["reason"]
    )
    assert book(living)["in_use"] == before
    assert book(living, SCIENTIST)["twins"] == [t for t in book(living)["twins"] if t["state"] == "accepted"]
    opened(living)
    assert mounts(living) == expected(living, before)


def test_a_harmless_supplied_twin_is_accepted_and_costs_nothing(living: Living, twin: Json) -> None:
    found = supplied(living, people(650_000))
    assert (found["state"], float(found["epsilon"])) == ("accepted", 0.0), found["reason"]


def test_nobody_but_the_owners_steward_makes_a_twin_and_the_budget_holds(living: Living, twin: Json) -> None:
    address = place("datasets", DATASET, "twins")
    for person, reason in ((SCIENTIST, "role-missing"), (HEALTH_STEWARD, "not-the-owner")):
        refused(partial(living.portal(person).post, address, {"epsilon": "0.1"}), reason)
    refused(lambda: living.portal(JOBS_STEWARD).post(address, {"epsilon": "2.501"}), "privacy-budget")
    assert float(book(living)["budget"]["spent"]) == 0.5


def test_a_twin_with_a_flipped_bit_opens_no_workspace_and_the_page_says_so(
    living: Living, twin: Json, closed: None
) -> None:
    used = next(t for t in book(living)["twins"] if t["digest"] == book(living)["in_use"])
    with other_bytes(living.vaulted(used["files"][0]["sha256"]), one_bit):
        visitor = living.visitor(SCIENTIST)
        visitor.get("/hub/home")
        answer = visitor.post(f"/hub/api/users/{SCIENTIST}/servers/{PROJECT}", {}, "/hub/")
        assert answer.status_code == 403
        assert book(living)["broken"]
        page = living.visitor(JOBS_STEWARD).get(f"/services/portal/datasets/{DATASET}").text
        assert "is not what was accepted" in page or "n’est pas ce qui a été accepté" in page
    opened(living)
    assert mounts(living) == expected(living, used["digest"])


def test_a_twin_of_another_snapshot_is_not_mounted(living: Living, secret: str, twin: Json, closed: None) -> None:
    steward = living.portal(JOBS_STEWARD)
    sent = steward.upload_stream(io.BytesIO(people(3).encode()), "people.csv")["id"]
    steward.post(place("datasets", DATASET, "offers"), {"uploads": [sent]})
    wait_for(lambda: newest(living) != secret, 90, "the snapshot is not made")
    assert book(living)["in_use"] == ""
    opened(living)
    assert mounts(living) == expected(living)
    asked = living.audit("lab:dataset:twin-ask", "lab:dataset:twin-accept", "lab:dataset:twin-refuse", subject=DATASET)
    assert [name for name, *_ in asked][:2] == ["lab:dataset:twin-ask", "lab:dataset:twin-accept"]
    assert living.audit_verifies() > 0
