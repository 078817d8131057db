"""Promise 5: nothing unreviewed leaves, and what leaves is byte for byte what was reviewed."""

# An attack speaks to the kernel as plainly as it can.
# ruff: noqa: PTH104, PTH105, PTH108, PTH120, PTH211

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rocrate.rocrate import ROCrate

from attacks.acts import leave_rows, leave_special_files
from attacks.cells import Cells
from attacks.living import CONTEXT, PROJECT, Living, one_bit, other_bytes
from hub.adapters.host import Host
from hub.adapters.storage import LoopStorage
from hub.adapters.vault import FolderVault
from hub.cli.client import Json, place
from hub.cli.files import write_new
from hub.cli.receipt import verified
from hub.cli.release import RECEIPT, fetch
from hub.cli.statement import send
from hub.demo.people import (
    ADMINISTRATOR,
    AUDITOR,
    HEALTH_STEWARD,
    JOBS_STEWARD,
    RESEARCHER,
    SCIENTIST,
    TRANSPORT_STEWARD,
)
from hub.demo.story_stage import refused
from hub.domain.errors import InvalidError, LabError
from hub.domain.five_safes import faults
from hub.domain.release_crate import CRATE_NAME
from hub.settings import Login, Settings
from spawner_config.isolation import Purpose

WHY = {"reason": "because a test wants to"}
NO_NETWORK = ("unshare", "--net", "--")


# What is taken in


@pytest.fixture(scope="module")
def special(living: Living, acts: str) -> Json:
    """A run that left links, pipes and the like."""
    return living.acted(acts, leave_special_files)[0]


def test_of_what_a_run_left_only_plain_files_are_its_outputs(special: Json) -> None:
    assert special["work"]["state"] == "succeeded"
    plain = {"executed.ipynb", "plain.txt", "said.json", f"{'long' * 60}/inside.txt"}
    assert {f["path"] for f in special["run"]["outputs"]} == plain
    assert special["work"]["reason"] == ("Left out of the outputs: 19 that are links, pipes or other special files.")


OFFERED = (
    "link.txt", "root/etc/passwd", "pipe.txt", "socket.txt", "several.txt", "names.txt", "hole.txt", "d/d/d", "root",
    "../../../../etc/passwd", "/etc/passwd", "./plain.txt", "plain.txt/", "d//d", "line\nbreak.txt/inside.txt", "\x00",
    "line", "executed.ipynb\u202e", "nothing.txt",
)  # fmt: skip


@pytest.mark.parametrize("path", OFFERED)
def test_no_special_file_is_taken_in_and_nothing_hangs(living: Living, special: Json, path: str) -> None:
    asked = {"project": PROJECT, "source": special["run"]["id"], "files": {path: {}}, "context": CONTEXT}
    began = time.monotonic()
    made = living.answer(SCIENTIST, "POST", "/exports", json=asked)
    if made.status_code == 200:
        identifier = made.json()["id"]
        submitted = living.answer(
            SCIENTIST, "POST", place("exports", identifier, "submit"), json={"statement": living.statement()}
        )
        assert submitted.status_code in (404, 422), submitted.text
        found = living.portal(SCIENTIST).get(place("exports", identifier))
        assert (found["state"], found["turn"], found["files"][0]["sha256"]) == ("draft", 0, "")
        living.portal(SCIENTIST).post(place("exports", identifier, "withdraw"))
    else:
        assert made.status_code == 422
    assert time.monotonic() - began < 10
    assert not living.vaulted(hashlib.sha256(Path("/etc/passwd").read_bytes()).hexdigest()).exists()


def swap_about(seconds: float, secret: str) -> Any:
    import os
    import pathlib
    import time

    os.chdir("/outputs")
    pathlib.Path("folder").mkdir()
    makers = (
        lambda: pathlib.Path("next").write_text("plain\n"),
        lambda: os.symlink(secret, "next"),
        lambda: os.mkfifo("next"),
        lambda: pathlib.Path("next").write_text("plain\n"),
        lambda: os.link("there.txt", "next"),
    )
    pathlib.Path("folder/secret").write_text("plain\n")
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for make in makers:
            make()
            os.replace("next", "table.txt")
        os.rename("folder", "kept")
        os.symlink(os.path.dirname(secret), "folder")
        os.unlink("folder")
        os.rename("kept", "folder")
        count += 1
    return count


@pytest.fixture
def swapping(cells: Cells) -> Iterator[Path]:
    """A running container that swaps a file, and a folder, for links to the host's secrets as fast as it can."""
    (cells.folder / "secret").write_text("secret of the host\n")
    cells.mounts(Purpose.WORKSPACE)
    thread = threading.Thread(
        target=cells.run, args=(swap_about,), kwargs={"seconds": 3.0, "secret": str(cells.folder / "secret")}
    )
    thread.start()
    while not (cells.folder / "outputs" / "table.txt").exists():
        time.sleep(0.02)
    yield cells.folder / "outputs"
    thread.join()


def taken(take: Callable[[str], str], seconds: float = 2.0) -> set[str]:
    """What was taken in, again and again, under both names."""
    seen, end = set(), time.monotonic() + seconds
    while time.monotonic() < end:
        for path in ("table.txt", "folder/secret"):
            try:
                seen.add(take(path))
            except (LabError, OSError) as error:
                seen.add(getattr(error, "reason", "error"))
    return seen


def test_a_file_that_is_swapped_while_it_is_taken_in_is_the_plain_one_or_none(swapping: Path, tmp_path: Path) -> None:
    settings = Settings(state=tmp_path, login=Login(demo=True))
    storage = LoopStorage(settings, FolderVault(tmp_path / "vault"), Host("none", "datalab"))
    seen = taken(lambda path: storage.copy_in(swapping, path, 1000).sha256)
    plain = hashlib.sha256(b"plain\n").hexdigest()
    # A second name that is taken away between opening and judging leaves a plain file of the outputs' own.
    own = hashlib.sha256((swapping / "there.txt").read_bytes()).hexdigest()
    assert seen <= {plain, own, "not-a-regular-file", "no-output"}
    assert {plain, "not-a-regular-file"} <= seen, "the swapping was not seen"


def test_the_same_swapping_leads_a_careless_reader_to_the_hosts_secret(swapping: Path) -> None:
    def carelessly(path: str) -> str:
        descriptor = os.open(swapping / path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            return os.read(descriptor, 100).decode()
        finally:
            os.close(descriptor)

    assert "secret of the host\n" in taken(carelessly)


def test_outputs_that_changed_after_the_run_are_not_taken_in(living: Living, written: str) -> None:
    file = living.state / "projects" / PROJECT / "runs" / written / "words.txt"
    asked = {"project": PROJECT, "source": written, "files": {"words.txt": {}}, "context": CONTEXT}
    made = living.portal(SCIENTIST).post("/exports", asked)["id"]
    with other_bytes(file, one_bit):
        said = refused(lambda: send(living.portal(SCIENTIST), made), "output-changed")
    assert said == "The file words.txt is not what the run wrote; offer a file of the run's outputs."
    living.portal(SCIENTIST).post(place("exports", made, "withdraw"))


# What is reviewed is what leaves


@pytest.fixture(scope="module")
def two(living: Living, written: str) -> Json:
    """A request of two files that passed the gate."""
    found = living.checked(written, "words.txt", "more.txt")
    assert found["state"] == "submitted", found
    return found


def state(living: Living, request: Json) -> str:
    return next(str(e["state"]) for e in living.portal(AUDITOR).get("/exports") if e["id"] == request["id"])


def test_nothing_is_released_without_votes_or_with_too_few_or_by_whoever_may_not(living: Living, two: Json) -> None:
    path = place("exports", two["id"], "release")
    refused(lambda: living.portal(JOBS_STEWARD).post(path), "not-approved")
    living.vote(JOBS_STEWARD, two)
    refused(lambda: living.portal(JOBS_STEWARD).post(path), "not-approved")
    refused(lambda: living.portal(HEALTH_STEWARD).post(path), "not-approved")
    refused(lambda: living.portal(SCIENTIST).post(path), "own-request")
    refused(lambda: living.portal(AUDITOR).post(path), "not-a-steward")
    assert state(living, two) == "in_review"
    assert living.answer(SCIENTIST, "GET", place("releases", two["id"])).status_code == 404


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda r: {"canonical": {"words.txt": "0" * 64}}, "vote-stale"),
        (lambda r: {"canonical": {"words.txt": r["files"][1]["sha256"][:-1] + "0"}}, "vote-stale"),
        (lambda r: {"canonical": {"other.txt": r["files"][0]["canonical"]}}, "vote-stale"),
        (lambda r: {"canonical": {"words.txt": ""}}, "invalid"),
        (lambda r: {"canonical": {}}, "invalid"),
        (lambda r: {"policy": "0" * 64}, "vote-stale"),
        (lambda r: {"policy": ""}, "invalid"),
        (lambda r: {"decision": "Approve"}, "invalid"),
        (lambda r: {"voter": TRANSPORT_STEWARD}, "invalid"),
    ],
)
def test_a_vote_on_anything_but_the_present_bytes_and_policy_is_refused(
    living: Living, two: Json, change: Callable[[Json], Json], reason: str
) -> None:
    before = living.audit("export:request:vote", subject=two["id"])
    refused(lambda: living.vote(HEALTH_STEWARD, two, **change(two)), reason)
    assert living.audit("export:request:vote", subject=two["id"]) == before


def test_a_file_that_nobody_looked_at_does_not_leave_with_those_that_were_approved(living: Living, two: Json) -> None:
    one = {two["files"][0]["path"]: two["files"][0]["canonical"]}
    for steward in (HEALTH_STEWARD, TRANSPORT_STEWARD):
        assert living.vote(steward, two, canonical=one)["state"] == "in_review"
    refused(lambda: living.portal(TRANSPORT_STEWARD).post(place("exports", two["id"], "release")), "not-approved")


def test_canonical_bytes_that_changed_after_the_votes_are_neither_shown_nor_released(living: Living, two: Json) -> None:
    assert living.vote(HEALTH_STEWARD, two)["state"] == "approved"
    canonical = living.vaulted(two["files"][0]["canonical"])
    with other_bytes(canonical, one_bit):
        for steward in (HEALTH_STEWARD, TRANSPORT_STEWARD):
            release = partial(living.portal(steward).post, place("exports", two["id"], "release"))
            assert refused(release, "vault-changed").startswith("A file of the vault is missing or was changed")
        shown = partial(living.portal(JOBS_STEWARD).download, place("exports", two["id"], "canonical"))
        refused(lambda: shown(path=two["files"][0]["path"]), "vault-changed")
    assert state(living, two) == "approved"
    assert living.portal(HEALTH_STEWARD).post(place("exports", two["id"], "release"))["id"] == two["id"]


def test_what_the_gate_blocks_is_neither_voted_on_nor_released(living: Living, acts: str) -> None:
    blocked = living.checked(living.acted(acts, leave_rows)[0]["run"]["id"], "rows.csv")
    assert blocked["state"] == "blocked"
    refused(lambda: living.vote(JOBS_STEWARD, blocked, policy=blocked["policy"]), "not-in-review", "invalid")
    refused(lambda: living.portal(JOBS_STEWARD).post(place("exports", blocked["id"], "release")), "not-approved")


@pytest.fixture(scope="module")
def carried(living: Living, two: Json, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a member carries out of the lab: both files, the receipt and the lab's key."""
    folder = tmp_path_factory.mktemp("carried")
    if state(living, two) != "released":
        living.released(two, JOBS_STEWARD, HEALTH_STEWARD)
    lab = living.portal(SCIENTIST)
    fetch(lab, two["id"], folder)
    write_new(folder, "lab.pub", lab.get("/key")["pem"].encode())
    return folder


def test_what_left_is_byte_for_byte_what_was_reviewed_and_what_the_receipt_says(
    living: Living, two: Json, carried: Path
) -> None:
    receipt = json.loads((carried / RECEIPT).read_bytes())
    named = {f["name"]: (f["sha256"], f["size"], f["approvals"]) for f in receipt["files"]}
    for file in two["files"]:
        reviewed = living.portal(JOBS_STEWARD).download(place("exports", two["id"], "canonical"), path=file["path"])
        assert (carried / file["canonical_name"]).read_bytes() == reviewed
        digest = hashlib.sha256(reviewed).hexdigest()
        assert named[file["canonical_name"]][:2] == (digest, len(reviewed)) == (file["canonical"], len(reviewed))
        assert named[file["canonical_name"]][2] >= 2
    assert (receipt["policy"], receipt["snapshots"]) == (two["policy"], two["snapshots"])
    head = living.audit("export:release:begin", subject=two["id"])
    assert len(head) == 1


def verify(living: Living, folder: Path, *more: str) -> tuple[int, str]:
    """Let the real command verify what was carried out, on a machine without any network."""
    words = (
        "receipt",
        "verify",
        str(folder / RECEIPT),
        "--key",
        str(folder / "lab.pub"),
        "--files",
        str(folder),
        *more,
    )
    done = living.command(*words, before=NO_NETWORK)
    return done.returncode, done.stderr + done.stdout


def test_the_receipt_is_verified_without_a_network(living: Living, carried: Path) -> None:
    code, said = verify(living, carried)
    assert code == 0, said
    assert said.count("as released") == 2


def put_another_key(folder: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from hub.adapters.signer import public_pem

    (folder / "lab.pub").write_text(public_pem(Ed25519PrivateKey.generate().public_key().public_bytes_raw()))


def change_file(folder: Path) -> None:
    (folder / "words.txt").write_bytes(one_bit((folder / "words.txt").read_bytes()))


def lengthen_file(folder: Path) -> None:
    with (folder / "more.txt").open("ab") as file:
        file.write(b"\n")


def take_file_away(folder: Path) -> None:
    (folder / "more.txt").unlink()


def change_crate(folder: Path) -> None:
    """Say in the crate that five people approved the files."""
    crate = (folder / CRATE_NAME).read_text()
    changed = crate.replace("each file by 2 people", "each file by 5 people")
    assert changed != crate
    (folder / CRATE_NAME).write_text(changed)


def take_crate_away(folder: Path) -> None:
    (folder / CRATE_NAME).unlink()


def add_file(folder: Path) -> None:
    (folder / "one-more.txt").write_text("This was released, too.\n")


def name_other_bytes(folder: Path) -> None:
    change_file(folder)
    receipt = json.loads((folder / RECEIPT).read_text())
    named = next(f for f in receipt["files"] if f["name"] == "words.txt")
    named["sha256"] = hashlib.sha256((folder / "words.txt").read_bytes()).hexdigest()
    (folder / RECEIPT).write_text(json.dumps(receipt, sort_keys=True, indent=2) + "\n")


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (change_file, "The file words.txt is not the one that was released: its bytes differ."),
        (lengthen_file, "The file more.txt is not the one that was released: its bytes differ."),
        (take_file_away, "The released file more.txt is not in the folder."),
        (change_crate, "The file ro-crate-metadata.json is not the one that was released: its bytes differ."),
        (take_crate_away, "The released file ro-crate-metadata.json is not in the folder."),
        (add_file, "The folder holds one-more.txt, which is not of this release."),
        (name_other_bytes, "The receipt was changed, or another key signed it: do not trust it."),
        (put_another_key, "The receipt was changed, or another key signed it: do not trust it."),
    ],
)
def test_what_was_changed_on_its_way_is_refused_by_the_command(
    living: Living, carried: Path, tmp_path: Path, harm: Callable[[Path], None], sentence: str
) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(carried, folder)
    harm(folder)
    code, said = verify(living, folder)
    assert (code, sentence in said.replace("\n", " ")) == (1, True), said


def test_the_crate_has_all_that_its_profile_asks_and_names_nobody(carried: Path) -> None:
    text = (carried / CRATE_NAME).read_text()
    assert faults(json.loads(text)["@graph"]) == []
    crate = ROCrate(str(carried))
    named = {e["name"]: (e["sha256"], int(e["contentSize"])) for e in crate.data_entities if "sha256" in e}
    receipt = json.loads((carried / RECEIPT).read_bytes())
    assert named == {f["name"]: (f["sha256"], f["size"]) for f in receipt["files"]}
    assert not any(person in text for person in (SCIENTIST, JOBS_STEWARD, HEALTH_STEWARD, TRANSPORT_STEWARD))


def test_every_single_changed_byte_of_a_receipt_is_refused(carried: Path, tmp_path: Path) -> None:
    receipt, changed = (carried / RECEIPT).read_bytes(), tmp_path / RECEIPT
    trusted = []
    for number, byte in enumerate(receipt):
        others = {byte ^ 1} | ({0x09} if byte == 0x20 else set()) | ({0x20} if byte == 0x0A else set())
        for other in others:
            changed.write_bytes(receipt[:number] + bytes([other]) + receipt[number + 1 :])
            with suppress(InvalidError):
                trusted.append((number, other, verified(changed, carried / "lab.pub", None)))
    assert trusted == []


def twice(receipt: str) -> str:
    """What a person reads first is another digest."""
    return receipt.replace(
        '{\n  "audit"', '{\n  "files": [{"name": "words.txt", "sha256": "0", "size": 1}],\n  "audit"', 1
    )


def longer(receipt: str) -> str:
    return receipt.replace("{\n", '{\n  "zzz": "more",\n', 1)


def spaced(receipt: str) -> str:
    return json.dumps(json.loads(receipt), indent=4)


def resigned(receipt: str) -> str:
    body = json.loads(receipt)
    body["signature"] = base64.b64encode(bytes(64)).decode()
    return json.dumps(body, sort_keys=True, indent=2) + "\n"


@pytest.mark.parametrize(
    "forge", [twice, longer, spaced, resigned, lambda r: "", lambda r: "[" * 100_000, lambda r: r * 2]
)
def test_a_receipt_that_is_not_as_the_lab_wrote_it_is_refused(
    carried: Path, tmp_path: Path, forge: Callable[[str], str]
) -> None:
    forged = tmp_path / RECEIPT
    forged.write_text(forge((carried / RECEIPT).read_text()))
    with pytest.raises(InvalidError):
        verified(forged, carried / "lab.pub", None)


def test_a_revoked_release_is_no_longer_downloaded_and_its_downloads_are_recorded(
    living: Living, two: Json, carried: Path, tmp_path: Path
) -> None:
    file, others = living.download(SCIENTIST, two["id"]), living.download(HEALTH_STEWARD, two["id"])
    assert living.portal(SCIENTIST).download(file) == (carried / "words.txt").read_bytes()
    refused(lambda: living.portal(SCIENTIST).post(place("releases", two["id"], "revoke"), WHY), "own-request")
    living.portal(HEALTH_STEWARD).post(place("releases", two["id"], "revoke"), WHY)
    done = living.command("release", "revocations", "--to", str(tmp_path / "revoked.json"), actor=RESEARCHER)
    assert done.returncode == 0, done.stderr
    code, said = verify(living, carried, "--revoked", str(tmp_path / "revoked.json"))
    assert (code, f"The release {two['id']} was revoked by the lab" in said.replace("\n", " ")) == (1, True)
    for person, own in ((SCIENTIST, file), (HEALTH_STEWARD, others)):
        refused(partial(living.portal(person).download, own), "release-revoked")
    refused(partial(living.download, AUDITOR, two["id"]), "release-revoked")
    assert living.answer(RESEARCHER, "GET", file).status_code == 404
    assert living.answer(ADMINISTRATOR, "GET", file).status_code == 404
    refused(lambda: living.portal(HEALTH_STEWARD).post(place("releases", two["id"], "revoke"), WHY), "not-approved")
    downloads = living.audit("export:release:download", subject=two["id"])
    assert {(actor, details["name"]) for _, actor, _, details in downloads} == {
        (SCIENTIST, "words.txt"),
        (SCIENTIST, "more.txt"),
    }
    assert len(downloads) == 3
