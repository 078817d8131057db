"""What the profile Five Safes RO-Crate 0.4 asks of a crate (its MUSTs), and what a crate lacks of it.

Section by section of https://w3id.org/5s-crate/0.4; what it asks of the bag around a crate is not here.
"""

from __future__ import annotations

from collections.abc import Iterator

from hub.domain.release_crate import CRATE_NAME, DONE, PHASES, PROFILE, WORKFLOW_PROFILE, Entity


def faults(graph: list[Entity]) -> list[str]:
    """Return what a crate lacks of the profile; nothing where it conforms."""
    known = {str(entity.get("@id", "")): entity for entity in graph}
    if len(known) != len(graph):
        return ["two entities have one identifier"]
    root = known.get("./", {})
    return [
        *_of_metadata(known, root),
        *_of_run(known, root),
        *_of_assessments(known, root),
        *(f"{target} is pointed to and not described" for target in sorted(_dangling(known))),
    ]


def _of_metadata(known: dict[str, Entity], root: Entity) -> Iterator[str]:
    descriptor = known.get(CRATE_NAME, {})
    if not str(_one(descriptor, "conformsTo")).startswith("https://w3id.org/ro/crate/1.2"):
        yield "the metadata file does not conform to RO-Crate 1.2"
    if _one(descriptor, "about") != "./" or not _is(root, "Dataset"):
        yield "the root is no Dataset ./"
    if PROFILE not in _all(root, "conformsTo"):
        yield "the root does not conform to the profile"
    for needed in ("name", "description", "datePublished", "license", "publisher"):
        if not root.get(needed):
            yield f"the root has no {needed}"
    if not _is(known.get(_one(root, "sourceOrganization"), {}), "Project"):
        yield "sourceOrganization is no Project"
    workflow = known.get(_one(root, "mainEntity"), {})
    if not _is(workflow, "Dataset") or WORKFLOW_PROFILE not in _all(workflow, "conformsTo"):
        yield "mainEntity is no Workflow RO-Crate"


def _of_run(known: dict[str, Entity], root: Entity) -> Iterator[str]:
    runs = [known[name] for name in _all(root, "mentions") if _is(known.get(name, {}), "CreateAction")]
    if len(runs) != 1:
        yield "the root mentions not one CreateAction"
        return
    if _one(runs[0], "instrument") != _one(root, "mainEntity"):
        yield "the run's instrument is not the workflow"
    if not _is(known.get(_one(runs[0], "agent"), {}), "Person"):
        yield "the run's agent is no Person"
    if runs[0].get("actionStatus") != DONE:
        yield "the run is not completed"
    if missing := set(_all(runs[0], "result")) - set(_all(root, "hasPart")):
        yield f"{len(missing)} results of the run are no parts of the root"


def _of_assessments(known: dict[str, Entity], root: Entity) -> Iterator[str]:
    actions = [entity for entity in known.values() if _is(entity, "AssessAction")]
    if missing := {str(a["@id"]) for a in actions} - set(_all(root, "mentions")):
        yield f"{len(missing)} assessments are not mentioned by the root"
    phases = {_one(action, "additionalType") for action in actions}
    for phase in ("CheckValue", "ValidationCheck", "SignOff", "DisclosureCheck"):
        if PHASES + phase not in phases:
            yield f"there is no {phase}"
    for action in actions:
        if not action.get("name") or "./" not in _all(action, "object") or not action.get("endTime"):
            yield f"{action['@id']} lacks name, object or time"
        agent = known.get(_one(action, "agent"), {})
        if _is(agent, "SoftwareApplication") and not _is(known.get(_one(agent, "provider"), {}), "Organization"):
            yield f"the software of {action['@id']} has no provider"
        if not agent.get("name") or action.get("actionStatus") != DONE:
            yield f"{action['@id']} has no named agent, or is not completed"


def _dangling(known: dict[str, Entity]) -> set[str]:
    """Identifiers within the crate that nothing describes; addresses of the world describe themselves."""
    pointed = {t for entity in known.values() for name in entity if name != "@id" for t in _all(entity, name)}
    return {t for t in pointed if t not in known and not t.startswith("https://w3id.org/")}


def _is(entity: Entity, kind: str) -> bool:
    kinds = entity.get("@type", ())
    return kind == kinds or (isinstance(kinds, list) and kind in kinds)


def _all(entity: Entity, name: str) -> list[str]:
    """The identifiers that a property points to."""
    held = entity.get(name, ())
    values = held if isinstance(held, list) else [held]
    return [str(value["@id"]) for value in values if isinstance(value, dict) and "@id" in value]


def _one(entity: Entity, name: str) -> str:
    found = _all(entity, name)
    return found[0] if len(found) == 1 else ""
