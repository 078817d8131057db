"""Routes of uploads and datasets: how they are described, offered, guarded by canaries and by policy."""

from __future__ import annotations

from typing import Any

from datasets_mount.catalogue import Dataset, Offer
from hub.domain.canaries import CanaryCount
from hub.domain.errors import InvalidError
from hub.domain.policy_layers import PolicyLayer
from hub.domain.uploads import Upload
from hub.services import canaries, datasets, policies, snapshots
from hub.services.lab import Lab
from hub.web.api.answers import DatasetAnswer, OfferAnswer
from hub.web.api.routes import Request, Route
from hub.web.models.records import (
    CanaryBody,
    DatasetBody,
    OfferBody,
    PolicyBody,
    UploadQuery,
)
from hub.web.models.texts import Nothing


def post_upload(lab: Lab, actor: str, request: Request[UploadQuery]) -> Upload:
    """Keep the bytes of the body."""
    if request.source is None:
        raise InvalidError("There is no file in the request; send it as the body.", reason="no-files")
    return datasets.upload(lab, actor, request.body.name, request.source)


def list_datasets(lab: Lab, actor: str, _request: Request[Nothing]) -> list[DatasetAnswer]:
    """List datasets with their snapshots."""
    broken = snapshots.found_broken(lab, actor)
    known = datasets.datasets(lab, actor)
    return [DatasetAnswer(d, tuple(s), tuple(v.digest for v in s if v.digest in broken)) for d, s in known]


def put_dataset(lab: Lab, actor: str, request: Request[DatasetBody]) -> Dataset:
    """Register a dataset, or change its description."""
    body = request.body
    described = Dataset(
        request.path["name"],
        body.title,
        body.owner,
        body.tier,
        body.privacy_unit,
        body.direct_identifiers,
        body.profile,
        body.group_columns,
        body.structural_zeros,
        approvers=body.approvers,
        approver_organisations=body.approver_organisations,
        owner_approves=body.owner_approves,
    )
    return datasets.register_dataset(lab, actor, described)


def get_canaries(lab: Lab, actor: str, request: Request[Nothing]) -> CanaryCount:
    """Say how many canaries a dataset has."""
    return canaries.canary_count(lab, actor, request.path["name"])


def put_canaries(lab: Lab, actor: str, request: Request[CanaryBody]) -> CanaryCount:
    """Declare what was planted in a dataset."""
    body = request.body
    return canaries.declare_canaries(lab, actor, request.path["name"], body.canaries, body.canary_rows)


def get_dataset_policy(lab: Lab, actor: str, request: Request[Nothing]) -> policies.Explanation:
    """Return the policy on outputs from one dataset."""
    return policies.explain_dataset(lab, actor, request.path["name"])


def put_dataset_policy(lab: Lab, actor: str, request: Request[PolicyBody]) -> PolicyLayer:
    """Ask for stricter rules on outputs from a dataset."""
    return policies.set_dataset_layer(lab, actor, request.path["name"], request.body.text)


def post_offer(lab: Lab, actor: str, request: Request[OfferBody]) -> Offer:
    """Offer uploads as a new snapshot."""
    return datasets.offer_snapshot(lab, actor, request.path["name"], request.body.uploads)


def get_offer(lab: Lab, actor: str, request: Request[Nothing]) -> OfferAnswer:
    """Return an offer, and how far its conversion has come."""
    offer, work = datasets.offer(lab, actor, request.path["id"])
    return OfferAnswer(offer, work)


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "POST", "/uploads", "Send a file for what is submitted next", post_upload, UploadQuery, Upload, takes_file=True
    ),
    Route("GET", "/datasets", "Datasets with their snapshots", list_datasets, Nothing, list[DatasetAnswer]),
    Route("PUT", "/datasets/{name}", "Register a dataset (a steward of its owner)", put_dataset, DatasetBody, Dataset),
    Route(
        "POST",
        "/datasets/{name}/offers",
        "Offer uploads as a new snapshot (a steward of the owner)",
        post_offer,
        OfferBody,
        Offer,
    ),
    Route(
        "GET",
        "/datasets/{name}/canaries",
        "How many values and rows were planted in a dataset (a steward of its owner)",
        get_canaries,
        Nothing,
        CanaryCount,
    ),
    Route(
        "PUT",
        "/datasets/{name}/canaries",
        "Declare what was planted in a dataset, which the gate alone is told (a steward of its owner)",
        put_canaries,
        CanaryBody,
        CanaryCount,
    ),
    Route(
        "GET",
        "/datasets/{name}/policy",
        "The policy on outputs from a dataset, and where each value comes from",
        get_dataset_policy,
        Nothing,
        policies.Explanation,
    ),
    Route(
        "PUT",
        "/datasets/{name}/policy",
        "Ask for stricter rules on outputs from a dataset (a steward of its owner)",
        put_dataset_policy,
        PolicyBody,
        PolicyLayer,
    ),
    Route("GET", "/offers/{id}", "How far an offer has come", get_offer, Nothing, OfferAnswer),
)
