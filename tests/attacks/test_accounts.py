"""Each process of the lab has an account of its own: taken over, it has what that account needs, and nothing more.

Each attack runs in a process that was made as the lab makes that account's own, beside a running lab. The weak twin is
the lab as it was, all of it one account's: the same attack works there.
"""

from __future__ import annotations

import json
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from attacks import accounts
from hub.accounts import Account, Group, groups_of
from hub.adapters.accounts.applied import apply_layout
from hub.adapters.accounts.entering import REPOSITORY, entering
from hub.adapters.accounts.layout import SECRETS
from hub.adapters.power import verbs
from hub.adapters.power.places import ENGINE_SOCKET, VERBS_SOCKET, privileged_folder
from hub.adapters.processes.records import is_alive, read_records
from hub.adapters.secrets import Secret, make_once
from hub.privileged.permissions import VERBS
from lab_fixture import StoryLab
from spawner_config.server_folder import CONTROL_SOCKET, control_folder

Ways = list[list[str]]
ENGINE = "/var/run/docker.sock"
ACCOUNTS = [pytest.param(account, id=account.removeprefix("datalab-")) for account in Account]
PROCESS = {account: account.removeprefix("datalab-") for account in Account}
"""The process of each account, by the name that its record has."""
RECORDS = frozenset({Account.HUB, Account.PORTAL, Account.WORKER})
UID = 234_999
PLACE = {"kind": "member", "project": "care", "name": "scientist"}
SNAPSHOT = {"digest": "a" * 64, "dataset": "none", "files": []}
BODIES: dict[type, dict[str, object]] = {
    verbs.OpenProject: {"project": "attack", "uid": UID},
    verbs.OpenMember: {"project": "attack", "uid": UID, "part": "home", "person": "attacker"},
    verbs.OpenRun: {"project": "attack", "uid": UID, "run": "run-attack"},
    verbs.HoldRun: {"project": "attack", "uid": UID, "run": "run-attack"},
    verbs.ShowRun: {"project": "attack", "uid": UID, "run": "run-attack"},
    verbs.OpenWork: {"work": "attack", "uid": UID},
    verbs.OpenRunFolders: {"work": "attack", "uid": UID},
    verbs.ShowFragments: {"work": "attack"},
    verbs.GrowProject: {"project": "care", "uid": UID, "size": 2**40},
    verbs.ProjectRoom: {"project": "care"},
    verbs.WorkMemory: {"work": "attack"},
    verbs.ForgetWork: {"work": "attack"},
    verbs.ListFiles: {"place": PLACE},
    verbs.OpenFile: {"place": PLACE, "path": "x"},
    verbs.OpenServer: {"person": "attacker", "project": "care", "tier": "open", "uid": UID},
    verbs.ShowServer: {"person": "attacker", "project": "care", "tier": "open", "uid": UID},
    verbs.CloseServer: {"server": "0" * 16},
    verbs.SnapshotKind: {},
    verbs.BuildSnapshot: {"snapshot": SNAPSHOT},
    verbs.MountSnapshot: {
        "snapshot": SNAPSHOT,
        "kind": "erofs",
        "sha256": "",
        "root": "",
        "size": 1,
        "project": "care",
    },
    verbs.ReleaseSnapshots: {},
    verbs.LooseLoops: {},
    verbs.ReleaseLoop: {"device": "/dev/loop0", "image": "/x"},
}
ASK = """
import json, sys
from pathlib import Path
from hub.adapters.power.channel import LONGEST_DEED, _exchange
from hub.adapters.power.verbs import VERBS
said = {}
for body in json.loads(sys.argv[2]):
    try:
        text, _ = _exchange(Path(sys.argv[1]), VERBS.validate_json(json.dumps(body)), LONGEST_DEED)
        said[body["verb"]] = json.loads(text)["reason"] or "done"
    except Exception as error:
        said[body["verb"]] = type(error).__name__
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def lab(story_lab: StoryLab) -> StoryLab:
    """The lab of the story, with the secrets that an administrator brings, as the lab's next start leaves them."""
    assert story_lab.first.code == 0, story_lab.first.err
    for name in (Secret.MAIL, Secret.WEBHOOK):
        make_once(story_lab.settings.secret(name), lambda: "brought" * 8)
    apply_layout(story_lab.settings)
    return story_lab


def run(lab: StoryLab, account: Account | None, command: list[str]) -> str:
    """Run a program as an account of the lab, or, for the weak twin, as root, who had all of it once."""
    words = entering(lab.settings, account, command, (lab.config,)) if account else command
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout


def worked(lab: StoryLab, account: Account | None, ways: Ways) -> Ways:
    program = Path(accounts.__file__).read_text()
    said = json.loads(run(lab, account, [sys.executable, "-I", "-c", program, json.dumps(ways)]))
    if account:
        assert int(said["powers"], 16) == 0
        assert said["bound"] == "1"
    return said["done"]  # type: ignore[no-any-return]


def asked(lab: StoryLab, account: Account | None, kinds: list[type]) -> dict[str, str]:
    bodies = [{"verb": kind.model_fields["verb"].default, **BODIES[kind]} for kind in kinds]  # type: ignore[attr-defined]
    return dict(json.loads(run(lab, account, [sys.executable, "-c", ASK, str(lab.settings.state), json.dumps(bodies)])))


def secrets_not_of(lab: StoryLab, account: Account) -> Ways:
    others = [name for name, readers in SECRETS.items() if account not in readers]
    kept = [Secret(name) for name in others]
    return [["read", str(lab.settings.secret(name))] for name in [*kept, "demo-tokens.json"]]


def records_not_of(lab: StoryLab, account: Account) -> Ways:
    """Databases, logs and counts of others."""
    state = lab.settings.state
    readers: dict[str, frozenset[Account]] = {
        "records/database.sqlite": RECORDS,
        "hub/jupyterhub.sqlite": frozenset({Account.HUB}),
        "identity/canaille.toml": frozenset({Account.IDENTITY}),
        "identity/data/canaille.sqlite": frozenset({Account.IDENTITY}),
        "gateway/gateway-bytes.json": frozenset({Account.GATEWAY}),
        "access-log": frozenset({Account.GATEWAY, Account.PORTAL, Account.WORKER}),
        "processes/supervisord.conf": frozenset(),
        **{f"logs/{log.name}": frozenset() for log in (state / "logs").iterdir()},
    }
    return [
        [way, str(state / name)] for name, own in readers.items() if account not in own for way in ("read", "write")
    ]


def data_not_of(lab: StoryLab, account: Account) -> Ways:
    """People's files, datasets, works, the vault's files, and the sockets of workspaces."""
    state = lab.settings.state
    found = [state / name for name in ("projects", "mounts", "snapshots", "projects/care.img", "projects/care")]
    found += [next((state / "snapshots").glob("*.erofs"))]
    found += [] if account is Account.WORKER else [state / "scratch"]
    found += [] if Group.VAULT in groups_of(account) else [*(state / "vault").glob("??/*")][:2]
    found += [] if Group.SERVERS in groups_of(account) else [state / "servers"]
    return [["read", str(path)] for path in found]


def places_of_root(lab: StoryLab, account: Account) -> Ways:
    """Code, settings, and folders where root's processes write: nothing is made, changed or linked there."""
    state = lab.settings.state
    code = [REPOSITORY / name for name in ("hub", "hub/wiring.py", "jupyterhub_config.py", ".venv/bin")]
    code += [lab.config, REPOSITORY / "spawner_config/isolation_enter.py"]
    own = ("", "logs", "processes", "privileged", "secrets", "servers", "projects", "scratch", "identity")
    return [["write", str(path)] for path in [*code, *(state / name for name in own)]]


def database(lab: StoryLab, account: Account) -> Ways:
    return [["move", str(lab.settings.state / "records/database.sqlite")]]


def sockets_not_of(lab: StoryLab, account: Account) -> Ways:
    state = lab.settings.state
    found = [[ENGINE], [str(state / "processes/supervisord.sock")]]
    if account not in RECORDS:
        found += [[str(privileged_folder(state) / name)] for name in (ENGINE_SOCKET, VERBS_SOCKET)]
    if account is not Account.GATEWAY and Group.CONTROL not in groups_of(account):
        found += [[str(control_folder(state) / CONTROL_SOCKET)]]
    return [["connect", *path] for path in found]


def processes_of_others(lab: StoryLab, account: Account) -> Ways:
    found: Ways = []
    for record in read_records(lab.settings):
        if is_alive(record) and record.name != PROCESS[account]:
            pid = str(record.pid)
            found += [["signal", pid], ["trace", pid], ["write", f"/proc/{pid}/mem"]]
            found += [["read", f"/proc/{pid}/environ"], ["read", f"/proc/{pid}/root/etc/passwd"]]
    assert len(found) >= 6 * 5
    return found


def accounts_of_others(lab: StoryLab, account: Account) -> Ways:
    others = ["root", *(other for other in Account if other != account)]
    found = [["become", str(pwd.getpwnam(name).pw_uid)] for name in others]
    return [*found, *(["join", str(pwd.getpwnam(name).pw_gid)] for name in others)]


ATTACKS = (
    secrets_not_of,
    records_not_of,
    data_not_of,
    places_of_root,
    database,
    sockets_not_of,
    processes_of_others,
    accounts_of_others,
)


def test_each_process_runs_as_its_own_account_with_its_groups_and_no_power(lab: StoryLab) -> None:
    found = {record.name: record.pid for record in read_records(lab.settings) if is_alive(record)}
    assert set(found) == {"supervisord", "privileged", *PROCESS.values()}
    for account, name in PROCESS.items():
        known = pwd.getpwnam(account)
        status = Path(f"/proc/{found[name]}/status").read_text()
        lines = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert {int(n) for n in lines["Uid"].split()} == {known.pw_uid}
        assert {int(n) for n in lines["Gid"].split()} == {known.pw_gid}
        assert len(lines["Groups"].split()) == len(groups_of(account))
        assert {lines[f"Cap{which}"].strip("0") for which in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {""}
        assert lines["NoNewPrivs"].strip() == "1"


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_a_taken_over_process_has_nothing_of_anothers(lab: StoryLab, attack, account: Account) -> None:
    ways = attack(lab, account)
    assert ways
    assert worked(lab, account, ways) == []


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_the_same_works_where_one_account_has_all(lab: StoryLab, attack) -> None:
    ways = attack(lab, Account.PROXY)
    assert worked(lab, None, ways) == ways


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_verb_that_is_anothers_is_refused(lab: StoryLab, account: Account) -> None:
    kinds = [kind for kind, allowed in VERBS.items() if account not in allowed]
    said = asked(lab, account, kinds)
    assert len(said) == len(kinds) > 3
    # Who has no business with the privileged process does not even get to its door.
    assert set(said.values()) == ({"gate-account"} if account in RECORDS else {"PermissionError"}), said
    assert not (lab.settings.state / "projects/attack").exists()


def test_the_same_verbs_are_done_for_root(lab: StoryLab) -> None:
    said = asked(lab, None, [verbs.SnapshotKind, verbs.ProjectRoom, verbs.LooseLoops, verbs.CloseServer])
    assert set(said.values()) == {"done"}


@pytest.mark.parametrize("kind", ["out", "progress", "run", "held", "member"])
@pytest.mark.parametrize("account", [Account.PORTAL, Account.WORKER])
def test_what_a_reader_made_is_the_workers_and_what_a_member_wrote_is_the_portals(
    lab: StoryLab, account: Account, kind: str
) -> None:
    own = {Account.PORTAL: ("progress", "run", "member"), Account.WORKER: ("out", "progress", "run", "held")}[account]
    body = {"verb": "list-files", "place": {"kind": kind, "project": "care", "name": "none"}}
    said = run(lab, account, [sys.executable, "-c", ASK, str(lab.settings.state), json.dumps([body])])
    assert (json.loads(said)["list-files"] == "gate-account") == (kind not in own)


def test_what_root_writes_the_accounts_can_write(lab: StoryLab) -> None:
    """The administrator's own commands, given as root, leave no file beside the database that is closed to others."""
    assert (
        lab.datalab("admin", "add-administrator", "administrator", "--organisation", "hospital", "--title", "x").code
        == 0
    )
    assert lab.datalab("admin", "status").code == 0
    folder = lab.settings.state / "records"
    for path in folder.iterdir():
        assert oct(path.stat().st_mode & 0o777) == "0o660", path
        assert path.group() == Group.RECORDS
    ways = [["write", str(path)] for path in folder.iterdir()]
    for account in RECORDS:
        assert worked(lab, account, ways) == ways


def test_a_link_beside_the_database_is_not_followed_by_root(lab: StoryLab, tmp_path: Path) -> None:
    """Root opens the database in a folder where accounts make files."""
    target = tmp_path / "of-root"
    target.write_text("kept")
    folder = tmp_path / "records"
    folder.mkdir()
    script = (
        "import sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('PRAGMA journal_mode=WAL')\n"
        "c.execute('CREATE TABLE t (x)')\n"
    )
    made = folder / "database.sqlite"
    subprocess.run([sys.executable, "-c", script, str(made)], check=True)
    for part in ("-wal", "-shm", "-journal"):
        Path(f"{made}{part}").unlink(missing_ok=True)
        Path(f"{made}{part}").symlink_to(target)
    again = subprocess.run(
        [sys.executable, "-c", script.replace(" t ", " u "), str(made)], check=False, capture_output=True
    )
    assert again.returncode != 0
    assert target.read_text() == "kept"
