"""What a release is, as a Five Safes RO-Crate: metadata beside its files, for people and programs outside the lab.

Invariants:

* it names no person, and of the lab what the receipt does and the run's identifier: whoever gets a release may hand it
  on to anybody;
* the same release gives the same bytes, which the signed receipt names by their SHA-256;
* conformance to the profile is claimed only of outputs of an approved run: the profile wants a workflow, and work by
  hand in a workspace has none.

Profile: Five Safes RO-Crate 0.4, https://w3id.org/5s-crate/0.4, on RO-Crate 1.2. Its phases are actions: the sign-off
of the run, the run, the disclosure checks by the gate and by stewards, the check of the bytes, and the validation.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from hub.domain.ballots import Decision
from hub.domain.exceptions import GateException
from hub.domain.exports import ExportFile, ExportRequest, contexts_of
from hub.domain.votes import approvals

CRATE_NAME, RECEIPT_NAME = "ro-crate-metadata.json", "receipt.json"
OUTPUTS = "outputs"
RESERVED = frozenset({CRATE_NAME, RECEIPT_NAME, "ro-crate-preview.html", "ro-crate-preview_files", OUTPUTS})
"""First parts of a place that no released file has, however it is called."""
BASE = "https://w3id.org/ro/crate/1.2"
PROFILE = "https://w3id.org/5s-crate/0.4"
WORKFLOW_PROFILE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PHASES = "https://w3id.org/shp#"
SHA_256 = "https://www.iana.org/assignments/named-information#sha-256"
DONE = "http://schema.org/CompletedActionStatus"
PROJECT, LAB, GATE, STEWARDS, REQUESTER, POLICY = "#project", "#lab", "#gate", "#stewards", "#requester", "#policy"
SNAPSHOT = "A version of a dataset behind the release; it stays in the lab"

Entity = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """What the lab says of a release beside its request: its own title and key, and when the run was asked for.

    ``run_asked`` is empty for what was brought from a workspace.
    """

    lab: str
    key: str
    run_asked: datetime | None = None


def place_of(name: str) -> str:
    """Return where a released file lies beside crate and receipt: never in, above or below their place.

    What begins as they do, or as the folder for such files does, lies in that folder, and nothing else: two names have
    two places, also where capitals do not count.
    """
    return f"{OUTPUTS}/{name}" if name.partition("/")[0].casefold() in RESERVED else name


def crate_text(graph: list[Entity]) -> str:
    """Return the one form in which a crate is written."""
    return json.dumps({"@context": f"{BASE}/context", "@graph": graph}, indent=2, ensure_ascii=False) + "\n"


def crate_graph(
    request: ExportRequest,
    origin: Origin,
    now: datetime,
    media_type: Callable[[str], str],
    excepted: Iterable[GateException] = (),
) -> list[Entity]:
    """Return the entities of the crate of an approved request that is released now.

    ``media_type`` tells a released file's by its name.
    """
    files = [_file(f, media_type(f.canonical_name)) for f in request.files]
    snapshots = [_snapshot(name, digest) for name, digest in sorted(request.snapshots.items())]
    workflow = _workflow(request, origin) if origin.run_asked else None
    actions = list(_actions(request, origin, now, [f["@id"] for f in files], list(excepted)))
    receipt = {
        "@id": RECEIPT_NAME,
        "@type": "File",
        "name": "Signed receipt of the release, which names this file and all others by their SHA-256",
        "encodingFormat": "application/json",
    }
    parts = [*files, receipt, *([workflow] if workflow else []), *snapshots]
    root = _root(request, origin, now, parts, actions)
    if workflow:
        root |= {"conformsTo": _to(PROFILE), "mainEntity": _to(workflow["@id"])}
    descriptor = {
        "@id": CRATE_NAME,
        "@type": "CreativeWork",
        "about": _to("./"),
        "conformsTo": _to(BASE),
    }
    return [descriptor, root, *parts, *actions, *_context(request, origin)]


def _to(identifier: str) -> Entity:
    return {"@id": identifier}


def _all(entities: Iterable[Entity]) -> list[Entity]:
    return [_to(entity["@id"]) for entity in entities]


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _own(origin: Origin, name: str) -> str:
    """Return a name for something that stays in the lab: a UUID that its key and identifier give."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"datalab:{origin.key}:{name}").urn


def release_urn(key: str, request: str) -> str:
    """Return the identifier of a release for the world: the same in its crate and in its bag."""
    return _own(Origin("", key), request)


def _root(request: ExportRequest, origin: Origin, now: datetime, parts: list[Entity], actions: list[Entity]) -> Entity:
    return {
        "@id": "./",
        "@type": "Dataset",
        "identifier": [release_urn(origin.key, request.id), request.id],
        "name": f"Release {request.id} of the project {request.project}",
        "description": f"What left {origin.lab} after its disclosure checks and the votes of its data stewards.",
        "datePublished": _moment(now),
        "license": _to("#terms"),
        "publisher": _to(LAB),
        "sourceOrganization": _to(PROJECT),
        "hasPart": _all(parts),
        "mentions": _all(actions),
    }


def _file(file: ExportFile, media_type: str) -> Entity:
    return {
        "@id": quote(place_of(file.canonical_name)),
        "@type": "File",
        "name": file.canonical_name,
        "sha256": file.canonical,
        "contentSize": str(file.canonical_size),
        "encodingFormat": media_type,
    }


def _snapshot(name: str, digest: str) -> Entity:
    """Return a dataset behind the release as the receipt names it; its bytes stay in the lab."""
    ni = "ni:///sha-256;" + base64.urlsafe_b64encode(bytes.fromhex(digest)).decode().rstrip("=")
    return {
        "@id": f"{ni}?name={quote(name)}",
        "@type": "Dataset",
        "name": name,
        "description": SNAPSHOT,
        "identifier": f"sha256:{digest}",
    }


def _workflow(request: ExportRequest, origin: Origin) -> Entity:
    return {
        "@id": _own(origin, f"workflow-of-{request.source}"),
        "@type": "Dataset",
        "name": f"Approved notebook of {request.source}; its Workflow RO-Crate stays in the lab",
        "conformsTo": _to(WORKFLOW_PROFILE),
    }


def _actions(
    request: ExportRequest, origin: Origin, now: datetime, files: list[str], excepted: list[GateException]
) -> Iterator[Entity]:
    """The run and the phases of its review, in the order in which they happened."""
    snapshots = _all(_snapshot(name, digest) for name, digest in sorted(request.snapshots.items()))
    made: Entity = {
        "@id": "#work",
        "@type": "CreateAction",
        "name": "Work by hand in a workspace of the project: the lab does not attest which steps led to the files",
        "agent": _to(REQUESTER),
        "object": snapshots,
        "result": [_to(file) for file in files],
        "actionStatus": DONE,
    }
    if origin.run_asked:
        workflow = _to(_own(origin, f"workflow-of-{request.source}"))
        yield _assess(
            "SignOff",
            "Sign-off of the run by the lab's rules: approved",
            LAB,
            [workflow, _to(PROJECT)],
            "#rules",
            origin.run_asked,
        )
        name = f"Run {request.source} of an approved notebook, in a container without a network"
        made |= {"@id": f"#{request.source}", "name": name, "instrument": workflow}
    yield made
    whole = [_to(file) for file in files]
    yield _assess("DisclosureCheck", _gate_said(excepted), GATE, whole, POLICY, now) | (
        {"startTime": _moment(request.submitted)} if request.submitted else {}
    )
    yield _assess("DisclosureCheck", _stewards_said(request), STEWARDS, whole, POLICY, _last_vote(request) or now)
    yield _assess("CheckValue", "Files of the release hashed again: as they were reviewed", GATE, whole, SHA_256, now)
    if origin.run_asked:
        yield _assess(
            "ValidationCheck", "Validation against the Five Safes RO-Crate profile: approved", GATE, [], PROFILE, now
        )


def _assess(phase: str, name: str, agent: str, beside: list[Entity], instrument: str, end: datetime) -> Entity:
    return {
        "@id": f"#{phase.lower()}-{agent.removeprefix('#')}",
        "@type": "AssessAction",
        "additionalType": _to(PHASES + phase),
        "name": name,
        "agent": _to(agent),
        "object": [_to("./"), *beside],
        "instrument": _to(instrument),
        "endTime": _moment(end),
        "actionStatus": DONE,
    }


def _gate_said(excepted: list[GateException]) -> str:
    name = "Disclosure checks of the files by the lab's gate: nothing keeps them from leaving"
    checks = sorted({exception.check for exception in excepted})
    return f"{name}; findings that stewards granted an exception from: {', '.join(checks)}" if checks else name


def _stewards_said(request: ExportRequest) -> str:
    contexts = contexts_of(request)
    fewest = min((len(approvals(request, file, contexts)) for file in request.files), default=0)
    return f"Disclosure check of the files by data stewards: approved, each file by {fewest} people or more"


def _last_vote(request: ExportRequest) -> datetime | None:
    return max((vote.at for vote in request.votes if vote.decision is Decision.APPROVE), default=None)


def _context(request: ExportRequest, origin: Origin) -> Iterator[Entity]:
    """Who and what the actions speak of: roles in place of people."""
    if origin.run_asked:
        yield {"@id": PROFILE, "@type": "Profile", "name": "Five Safes RO-Crate profile"}
        yield {"@id": "#rules", "@type": "CreativeWork", "name": "Approved notebook, granted data, membership in force"}
    yield {"@id": PROJECT, "@type": "Project", "name": request.project, "identifier": _to("#project-in-the-lab")}
    yield {"@id": "#project-in-the-lab", "@type": "PropertyValue", "name": origin.lab, "value": request.project}
    member = "A member of the project, known to the lab by name"
    yield {"@id": REQUESTER, "@type": "Person", "name": member, "memberOf": _to(PROJECT)}
    yield {"@id": LAB, "@type": "Organization", "name": origin.lab, "identifier": _to("#key")}
    yield {"@id": "#key", "@type": "PropertyValue", "name": "SHA-256 of the lab's public key", "value": origin.key}
    stewards = f"Data stewards of {origin.lab} who never were members of the project"
    yield {"@id": STEWARDS, "@type": "Organization", "name": stewards, "parentOrganization": _to(LAB)}
    gate = {"name": "Disclosure gate", "softwareVersion": request.engine, "provider": _to(LAB)}
    yield {"@id": GATE, "@type": "SoftwareApplication", **gate}
    policy = {"name": "Disclosure policy that the files were checked under", "identifier": f"sha256:{request.policy}"}
    yield {"@id": POLICY, "@type": "CreativeWork", **policy}
    yield {"@id": SHA_256, "@type": "DefinedTerm", "name": "SHA-256"}
    terms = "As agreed between the lab and the project; the lab states no licence"
    yield {"@id": "#terms", "@type": "CreativeWork", "name": terms}
