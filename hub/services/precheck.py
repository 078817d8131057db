"""What the gate's checker and a workspace's pre-check are told of datasets and policy."""

from __future__ import annotations

from collections.abc import Sequence

from datasets_mount.catalogue import Dataset
from hub.domain.canaries import Canaries
from hub.gate.exchange import LONGEST_PRECHECK, CheckRequest, DatasetDescription
from hub.services.policies import policy_in_force
from hub.services.ports import Reading
from hub.settings_tables import Gate


def dataset_entry(dataset: Dataset, planted: Canaries | None = None) -> DatasetDescription:
    """Return what a check has to know of a mounted dataset; what was ``planted`` in it, the gate's checker alone."""
    return DatasetDescription(
        name=dataset.name,
        folder=f"/data/{dataset.name}",
        privacy_unit=dataset.privacy_unit,
        direct_identifiers=dataset.direct_identifiers,
        profile=dataset.profile,
        group_columns=dataset.group_columns,
        structural_zeros=dataset.structural_zeros,
        canaries=planted.canaries if planted else (),
        canary_rows=planted.canary_rows if planted else (),
    )


def precheck_text(reading: Reading, gate: Gate, project: str, datasets: Sequence[Dataset]) -> str:
    """Return the policy and the datasets of a project as its workspaces are told; empty where it is too much."""
    policy = policy_in_force(reading, gate, project, datasets).policy
    told = CheckRequest(files=(), datasets=tuple(map(dataset_entry, datasets)), policy=policy).model_dump_json()
    return told if len(told.encode()) <= LONGEST_PRECHECK else ""
