"""The policy in force: the site's rules, those of each dataset, and those of the project, laid over each other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from datasets_mount.catalogue import Dataset, Tier, check_stewards_for
from hub.domain.audit import event
from hub.domain.errors import RefusedError
from hub.domain.exports import ExportRequest
from hub.domain.output_classes import KNOWN, OutputClass
from hub.domain.people import Person, Role, check_has_role
from hub.domain.policy_layers import LayerKind, PolicyLayer, layer_id
from hub.domain.projects import Project, was_ever_member
from hub.domain.quorums import Quorum
from hub.policy.explain import ExplainedPolicy, explain
from hub.policy.layers import Layer, MergedPolicy, check_only_stricter, merge_layers
from hub.policy.load import layer_of, parse_layer, with_votes
from hub.policy.model import ClassVotes, policy_digest
from hub.services.datasets import datasets as seen_datasets
from hub.services.grants import granted_datasets
from hub.services.lab import Lab, found, load_person
from hub.services.ports import Reading
from hub.services.projects import load_project
from hub.settings import Settings
from hub.settings_tables import Gate

SITE_SOURCE = ("lab.toml, [gate]",)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A policy in force, and the layer that its own stewards wrote, if any.

    ``blind_votes`` is whether first votes are sealed, ``other_organisation`` whether those who review are of another
    organisation than the author.
    """

    policy: ExplainedPolicy
    layer: PolicyLayer | None
    blind_votes: bool
    other_organisation: bool


def site_layer(gate: Gate) -> Layer:
    """Return what ``lab.toml`` asks of everything; a fault in it is said, and no lab starts with one."""
    votes = ClassVotes(**{output.value: gate.votes for output in KNOWN} | gate.class_votes)
    return with_votes(layer_of(LayerKind.SITE, "", gate.floor, gate.parameters, SITE_SOURCE), votes)


def _tier_layers(gate: Gate, tiers: Collection[Tier]) -> list[Layer]:
    """Return what ``lab.toml`` asks of outputs from data of some tiers; of unknown data, what it asks of any tier."""
    asked = {tier: gate.tier_votes[tier.value] for tier in Tier if tier.value in gate.tier_votes}
    return [
        with_votes(
            Layer(LayerKind.SITE, f"tier-{tier}", sources=SITE_SOURCE),
            ClassVotes(**{output.value: votes for output in KNOWN}),
        )
        for tier, votes in asked.items()
        if tier in tiers or not tiers
    ]


def check_site(gate: Gate) -> None:
    """The site's own rules are a policy with or without any dataset."""
    merge_layers(_with_start(gate, [site_layer(gate), *_tier_layers(gate, ())]))


def policy_in_force(
    reading: Reading, gate: Gate, project: str, datasets: Iterable[Dataset], *, all_known: bool = True
) -> MergedPolicy:
    """Return the strictest of site, datasets and project; ``gate.profile`` where no dataset is known."""
    known = list(datasets)
    layers = [site_layer(gate), *_tier_layers(gate, {d.tier for d in known} if all_known else ())]
    layers += [layer for d in known for layer in _dataset_layers(reading, d)]
    return merge_layers(_with_start(gate, [*layers, *_own_layers(reading, LayerKind.PROJECT, project)]))


def policy_of(reading: Reading, gate: Gate, request: ExportRequest) -> MergedPolicy:
    """Return the policy in force for a request's outputs; a dataset that is gone may have been of any tier."""
    known = [d for name in request.snapshots if (d := reading.get(Dataset, name)) is not None]
    all_known = len(known) == len(request.snapshots)
    return policy_in_force(reading, gate, request.project, known, all_known=all_known)


def quorum_of(reading: Reading, gate: Gate, request: ExportRequest) -> Quorum:
    """Return how many votes the policy in force asks for; a policy that cannot be read refuses."""
    return quorum_in(policy_of(reading, gate, request))


def quorum_in(merged: MergedPolicy) -> Quorum:
    """Return how many votes a policy asks for, class by class, and the digest by which votes bind to it."""
    votes = merged.policy.votes.model_dump()
    return Quorum(policy_digest(merged.policy), {OutputClass(name): int(number) for name, number in votes.items()})


def _with_start(gate: Gate, layers: list[Layer]) -> list[Layer]:
    """Without a dataset, the site's profile for such outputs is where to start."""
    if any(layer.start for layer in layers if layer.kind is LayerKind.DATASET):
        return layers
    return [layer_of(LayerKind.SITE, "", gate.profile, {}, SITE_SOURCE), *layers]


def _dataset_layers(reading: Reading, dataset: Dataset) -> list[Layer]:
    registered = layer_of(LayerKind.DATASET, dataset.name, dataset.profile)
    return [registered, *_own_layers(reading, LayerKind.DATASET, dataset.name)]


def _own_layers(reading: Reading, kind: LayerKind, subject: str) -> list[Layer]:
    kept = reading.get(PolicyLayer, layer_id(kind, subject))
    return [parse_layer(kept.text, kind, subject)] if kept and kept.text else []


def set_dataset_layer(lab: Lab, actor: str, name: str, text: str) -> PolicyLayer:
    """Ask for stricter rules on outputs from a dataset; its owner's steward does this, and an empty text ends it."""
    layer = parse_layer(text, LayerKind.DATASET, name)
    with lab.store.begin() as records:
        check_has_role(load_person(records, actor), Role.STEWARD)
        dataset = found(records.get(Dataset, name), "dataset", name)
        check_stewards_for(load_person(records, actor), dataset.owner)
        registered = layer_of(LayerKind.DATASET, name, dataset.profile)
        gate = lab.settings.gate
        beneath = merge_layers([site_layer(gate), *_tier_layers(gate, {dataset.tier}), registered])
        check_only_stricter(layer, beneath)
        kept = PolicyLayer(layer_id(layer.kind, name), layer.kind, name, text, actor, lab.now())
        records.save(kept, event("lab:dataset:set-policy", actor, name, **_details(layer)))
        return kept


def set_project_layer(lab: Lab, actor: str, name: str, text: str) -> PolicyLayer:
    """Ask for stricter rules on a project's outputs; a steward who never was its member does this."""
    layer = parse_layer(text, LayerKind.PROJECT, name)
    with lab.store.begin() as records:
        person = load_person(records, actor)
        project = load_project(records, person, name)
        check_sets_project_policy(person, project)
        gate = lab.settings.gate
        granted = granted_datasets(records, name)
        layers = [site_layer(gate), *_tier_layers(gate, {d.tier for d in granted})]
        layers += [own for d in granted for own in _dataset_layers(records, d)]
        check_only_stricter(layer, merge_layers(_with_start(gate, layers)))
        kept = PolicyLayer(layer_id(layer.kind, name), layer.kind, name, text, actor, lab.now())
        records.save(kept, event("lab:project:set-policy", actor, name, name, **_details(layer)))
        return kept


def check_sets_project_policy(person: Person, project: Project) -> None:
    """A project's rules are set by a steward who never was its member."""
    check_has_role(person, Role.STEWARD)
    if was_ever_member(person, project):
        raise RefusedError(
            "You are or were a member of the project {name}, so you cannot set its policy.",
            reason="member-of-project",
            name=project.name,
        )


def _details(layer: Layer) -> dict[str, object]:
    """What the audit log says of a layer: its profile and every parameter that it sets."""
    said = {"profile": layer.start.name} if layer.start else {}
    asked = {"blind_votes": layer.blind_votes, "other_organisation": layer.other_organisation}
    return {**said, **layer.parameters, **{name: "yes" for name, is_asked in asked.items() if is_asked}}


def explain_project(lab: Lab, actor: str, name: str) -> Explanation:
    """Return the policy on a project's outputs from all its datasets, for whoever may know of the project."""
    with lab.store.read() as reading:
        load_project(reading, load_person(reading, actor), name)
        merged = policy_in_force(reading, lab.settings.gate, name, granted_datasets(reading, name))
        layer = reading.get(PolicyLayer, layer_id(LayerKind.PROJECT, name))
        return _explanation(reading, lab.settings, merged, layer, name, granted_datasets(reading, name))


def explain_dataset(lab: Lab, actor: str, name: str) -> Explanation:
    """Return the policy on outputs from one dataset, for whoever may know of it."""
    known = {d.name: d for d, _ in seen_datasets(lab, actor)}
    dataset = found(known.get(name), "dataset", name)
    with lab.store.read() as reading:
        merged = policy_in_force(reading, lab.settings.gate, "", [dataset])
        layer = reading.get(PolicyLayer, layer_id(LayerKind.DATASET, name))
        return _explanation(reading, lab.settings, merged, layer, "", [dataset])


def _explanation(
    reading: Reading,
    settings: Settings,
    merged: MergedPolicy,
    layer: PolicyLayer | None,
    project: str,
    datasets: list[Dataset],
) -> Explanation:
    blind = _asks(reading, project, datasets, *_blind(settings))
    return Explanation(explain(merged), layer, blind, _asks(reading, project, datasets, *_others(settings)))


def has_changed(reading: Reading, gate: Gate, request: ExportRequest) -> bool:
    """Whether another policy is in force than the one that the request was checked under."""
    return quorum_of(reading, gate, request).policy != request.policy


def site_quorum(gate: Gate) -> Quorum:
    """Return how many votes outputs of unknown datasets need, by the site's rules alone."""
    return quorum_in(merge_layers(_with_start(gate, [site_layer(gate), *_tier_layers(gate, ())])))


def site_digest(gate: Gate) -> str:
    """The digest of the policy on outputs of unknown datasets."""
    return site_quorum(gate).policy


def votes_are_blind(reading: Reading, settings: Settings, request: ExportRequest) -> bool:
    """Whether the first votes on a request are sealed: the site says so, or the layer of its project or of a dataset.

    Where a dataset is not known any more, the strictest that the site says of any tier holds.
    """
    kinds = {file.kind for file in request.files}
    return bool(kinds & set(settings.review.blind_kinds)) or _is_asked(reading, request, *_blind(settings))


def barred_from(reading: Reading, settings: Settings, request: ExportRequest) -> str:
    """Return the organisation whose stewards do not review a request: its author's, where it is asked for so."""
    author = reading.get(Person, request.author)
    return author.organisation if author and _is_asked(reading, request, *_others(settings)) else ""


def _blind(settings: Settings) -> tuple[Collection[str], Callable[[Layer], bool]]:
    return settings.review.blind_tiers, lambda layer: layer.blind_votes


def _others(settings: Settings) -> tuple[Collection[str], Callable[[Layer], bool]]:
    return settings.review.other_organisation_tiers, lambda layer: layer.other_organisation


def _is_asked(reading: Reading, request: ExportRequest, tiers: Collection[str], says: Callable[[Layer], bool]) -> bool:
    """Whether the site asks for something by the tier of the data behind a request, or a layer does."""
    known = [d for name in request.snapshots if (d := reading.get(Dataset, name)) is not None]
    is_gone = len(known) < len(request.snapshots)
    return (is_gone and bool(tiers)) or _asks(reading, request.project, known, tiers, says)


def _asks(
    reading: Reading, project: str, datasets: list[Dataset], tiers: Collection[str], says: Callable[[Layer], bool]
) -> bool:
    """Of outputs whose data nobody knows, the strictest that the site says of any tier holds."""
    if any(d.tier.value in tiers for d in datasets) or (tiers and not datasets):
        return True
    layers = [layer for d in datasets for layer in _own_layers(reading, LayerKind.DATASET, d.name)]
    return any(map(says, (*layers, *_own_layers(reading, LayerKind.PROJECT, project))))
