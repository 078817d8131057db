"""The record of a run as a Workflow Run RO-Crate: metadata alone, for people and programs outside the lab.

Invariants:

* it names what was approved, the data and each output by digest, and holds not a byte of any of them: a notebook that
  was sent may carry outputs, and what leaves goes through the gate;
* the same run gives the same bytes once it has ended.

Profiles: Process Run Crate and Workflow Run Crate 0.5, https://www.researchobject.org/workflow-run-crate/profiles/.
Digests are named information (RFC 6920): ``ni:///sha-256;`` and the digest in base64url.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from urllib.parse import quote

from rocrate.model import ContextEntity, DataEntity
from rocrate.rocrate import ROCrate

from hub.domain.notebooks import Parameter, ParameterType
from hub.domain.reproductions import Repetition
from hub.domain.runs import seeds
from hub.domain.work import ENDED, WorkState
from hub.services.run_record import RunRecord

FILE_NAME = "ro-crate-metadata.json"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
CONTEXT = "https://w3id.org/ro/terms/workflow-run/context"
TYPES = {
    ParameterType.INTEGER: "Integer",
    ParameterType.NUMBER: "Float",
    ParameterType.BOOLEAN: "Boolean",
    ParameterType.CHOICE: "Text",
    ParameterType.TEXT: "Text",
}
PYTHON = "https://www.python.org/"
UNITS = {"memory_allowed": "byte", "memory_peak": "byte", "cpus_allowed": "processor", "cpu_seconds": "second"}

Reference = dict[str, str]


def run_crate(record: RunRecord) -> bytes:
    """Return the text of ``ro-crate-metadata.json`` for a run."""
    return _Crate(record).text()


def named(sha256: str) -> str:
    """Return the name of bytes by their digest."""
    return "ni:///sha-256;" + base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")


class _Crate:
    """One crate while it is put together."""

    def __init__(self, record: RunRecord) -> None:
        self._record = record
        self._crate = ROCrate(version="1.1")
        self._crate.metadata.extra_contexts.append(CONTEXT)

    def text(self) -> bytes:
        """Put all of it together and write it down."""
        action = self._action(self._workflow())
        self._describe(action)
        whole = self._crate.metadata.generate()
        return (json.dumps(whole, indent=2, ensure_ascii=False) + "\n").encode()

    def _describe(self, action: Reference) -> None:
        record, root = self._record, self._crate.root_dataset
        root["name"] = f"Run {record.run.id} of {record.notebook.name}"
        root["description"] = f"Record of a run in {record.lab}: {record.notebook.purpose}"
        root["license"] = "The record alone; it gives no right to the data or outputs that it names."
        root["datePublished"] = _moment(record.work.ended or record.run.created)
        root["conformsTo"] = [
            self._context(url, {"@type": "CreativeWork", "name": name}) for url, name in PROFILES.items()
        ]
        root["mentions"] = [action, *self._approval(), *map(self._repetition, self._record.repetitions)]

    def _context(self, identifier: str, properties: dict[str, Any]) -> Reference:
        """Add something that the crate speaks of, and return what points to it."""
        return {"@id": self._crate.add(ContextEntity(self._crate, identifier, properties=properties)).id}

    def _data(self, identifier: str, properties: dict[str, Any]) -> Reference:
        """Add bytes that are named and not in the crate, and return what points to them."""
        return {"@id": self._crate.add(DataEntity(self._crate, identifier, properties=properties)).id}

    def _person(self, name: str) -> Reference:
        return self._context(f"#person-{name}", {"@type": "Person", "name": name})

    def _workflow(self) -> Reference:
        notebook = self._record.notebook
        language = self._context(PYTHON, {"@type": "ComputerLanguage", "name": "Python", "url": PYTHON})
        inputs = [*map(self._parameter, notebook.parameters), *map(self._dataset_parameter, notebook.datasets)]
        packages = [self._package(package) for package in self._record.packages]
        workflow = self._data(
            named(notebook.digest),
            {
                "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
                "name": notebook.name,
                "version": notebook.id,
                "encodingFormat": "application/x-ipynb+json",
                "sha256": notebook.digest,
                "identifier": [notebook.id, *self._canonical()],
                "programmingLanguage": language,
                "creator": self._person(notebook.author),
                "input": inputs,
                **({"softwareRequirements": packages} if packages else {}),
            },
        )
        self._crate.root_dataset["mainEntity"] = workflow
        return workflow

    def _canonical(self) -> list[str]:
        """The digest of what is read of the notebook, where the lab knows it."""
        canonical = self._record.notebook.canonical
        return [f"canonical:sha256:{canonical}"] if canonical else []

    def _parameter(self, parameter: Parameter) -> Reference:
        bounds = {"minValue": parameter.minimum, "maxValue": parameter.maximum}
        properties: dict[str, Any] = {
            "@type": "FormalParameter",
            "name": parameter.name,
            "additionalType": TYPES[parameter.type],
            "valueRequired": False,
            "defaultValue": _written(parameter.default),
            **{key: value for key, value in bounds.items() if value is not None},
        }
        if parameter.choices:
            properties["valuePattern"] = " | ".join(parameter.choices)
        return self._context(f"#parameter-{parameter.name}", properties)

    def _dataset_parameter(self, name: str) -> Reference:
        properties = {"@type": "FormalParameter", "name": name, "additionalType": "Dataset", "valueRequired": True}
        return self._context(f"#dataset-{name}", properties)

    def _action(self, workflow: Reference) -> Reference:
        run, work = self._record.run, self._record.work
        properties: dict[str, Any] = {
            "@type": "CreateAction",
            "name": f"Run {run.id}",
            "instrument": workflow,
            "agent": self._person(run.requester),
            "object": [*self._values(), *self._snapshots()],
            "result": list(self._outputs()),
            "actionStatus": {"@id": _status(work.state)},
            "containerImage": self._image(),
            "description": "An approved notebook, run in a container without network",
            "startTime": _moment(work.started or run.created),
        }
        if usage := list(self._resources()):
            properties["resourceUsage"] = usage
        if work.ended:
            properties["endTime"] = _moment(work.ended)
        if work.state in ENDED and work.state is not WorkState.SUCCEEDED:
            properties["error"] = f"{work.state.replace('_', ' ')}: {work.reason or 'no reason was kept'}"
        return self._context(f"#{run.id}", properties)

    def _package(self, package: str) -> Reference:
        """One package of the image, as the run found it there."""
        name, _, version = package.partition("==")
        properties = {"@type": "SoftwareApplication", "name": name, "softwareVersion": version}
        return self._context(f"#package-{name}-{version}", properties)

    def _resources(self) -> Iterable[Reference]:
        """What the run was allowed and what it used; what the kernel did not say is left out."""
        resources = self._record.run.resources
        for name, value in (asdict(resources) if resources else {}).items():
            if value is not None:
                properties = {"@type": "PropertyValue", "name": name, "value": str(value), "unitText": UNITS[name]}
                yield self._context(f"#resource-{name}", properties)

    def _values(self) -> Iterable[Reference]:
        seeding = seeds(self._record.run.parameters)
        for name, value in self._record.run.parameters.items():
            of = {"@id": f"#parameter-{name}"}
            properties = {"@type": "PropertyValue", "name": name, "value": _written(value), "exampleOfWork": of}
            if name in seeding:
                properties["description"] = "Seed of random numbers"
            yield self._context(f"#value-{name}", properties)

    def _snapshots(self) -> Iterable[Reference]:
        """A snapshot is named by the digest of its manifest."""
        for name, digest in self._record.run.snapshots.items():
            of = {"@id": f"#dataset-{name}"}
            properties = {"@type": "Dataset", "name": name, "identifier": f"sha256:{digest}", "exampleOfWork": of}
            yield self._context(f"#snapshot-{digest}", properties)

    def _outputs(self) -> Iterable[Reference]:
        """Two outputs may be the same bytes under two names, so each is named by its path, too."""
        for output in self._record.run.outputs:
            properties = {
                "@type": "File",
                "name": output.path,
                "sha256": output.sha256,
                "contentSize": str(output.size),
            }
            yield self._data(f"{named(output.sha256)}?path={quote(output.path, safe='')}", properties)

    def _image(self) -> Reference:
        digest = self._record.notebook.image.removeprefix("sha256:")
        kind = {"@id": "https://w3id.org/ro/terms/workflow-run#DockerImage"}
        properties = {"@type": "ContainerImage", "additionalType": kind, "name": "workspace image", "sha256": digest}
        return self._context(f"#image-{digest}", properties)

    def _approval(self) -> list[Reference]:
        """Who approved these bytes with this schema, and when."""
        notebook = self._record.notebook
        if notebook.decided is None:
            return []
        properties = {
            "@type": "AuthorizeAction",
            "name": f"Approval of {notebook.id}",
            "agent": self._person(notebook.decided_by),
            "object": {"@id": named(notebook.digest)},
            "endTime": _moment(notebook.decided),
            "description": f"Parameter schema sha256:{self._record.schema_digest}",
        }
        return [self._context(f"#approval-{notebook.id}", properties)]

    def _repetition(self, repetition: Repetition) -> Reference:
        """A repetition of the run, and whether the same outputs came of it."""
        properties: dict[str, Any] = {
            "@type": "CreateAction",
            "name": f"Repetition {repetition.run}",
            "instrument": {"@id": named(self._record.notebook.digest)},
            "actionStatus": {"@id": _status(repetition.state)},
            "description": _compared(repetition),
        }
        return self._context(f"#{repetition.run}", properties)


def _compared(repetition: Repetition) -> str:
    if repetition.state is not WorkState.SUCCEEDED:
        return "No outputs to compare"
    return "Equal outputs" if repetition.equal else f"Other outputs: {', '.join(repetition.differing)}"


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _written(value: object) -> str:
    """Return a value as JSON has it, so that 1, 1.0, true and "1" stay apart; a text as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _status(state: WorkState) -> str:
    if state is WorkState.SUCCEEDED:
        return "http://schema.org/CompletedActionStatus"
    if state in ENDED:
        return "http://schema.org/FailedActionStatus"
    return "http://schema.org/ActiveActionStatus"
