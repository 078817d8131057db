"""The public register: the one page and the one document that anybody reads without a login.

Invariants:

* where the lab does not want a register, these addresses are as unknown as any other;
* nobody is asked who they are: no cookie or token is read for more than a language, and none is set;
* nothing but what was made public, field by field, comes into reach of what is written here; nothing is changed.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from hub.domain.publications import PublicEntry, PublicField, PublicFile, PublicKind
from hub.web.handlers import Portal
from hub.web.headers import BARE_POLICY
from hub.web.languages import CODES, Language, choose_code, language

KEPT_SECONDS = 10.0
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "lab": "urn:datalab:register:",
}
"""Vocabularies of the document: DCAT 3, Dublin Core, FOAF, and SPDX for checksums."""


class KeptRegister:
    """The register as it was a few seconds ago at most, and one look at a time, however many ask."""

    def __init__(self, look: Callable[[], list[PublicEntry]]) -> None:
        self._look = look
        self._pending: asyncio.Future[list[PublicEntry]] | None = None
        self._until = 0.0

    async def entries(self) -> list[PublicEntry]:
        """Return the entries."""
        if self._pending is None or (self._pending.done() and time.monotonic() >= self._until):
            self._pending = asyncio.get_running_loop().run_in_executor(None, self._look)
            self._until = time.monotonic() + KEPT_SECONDS
        return await asyncio.shield(self._pending)


class Public(Portal):
    """What both have in common; of requests, only the wish for a language is read."""

    def initialize(self, register: KeptRegister) -> None:
        """Take the register."""
        self.register = register

    @property
    def spoken(self) -> Language:
        """The language of the address, or the browser's."""
        asked = self.get_query_argument("lang", "")
        return language(asked if asked in CODES else choose_code("", self.request.headers.get("Accept-Language", "")))

    def check_xsrf_cookie(self) -> None:
        """There is nothing here that a request could change."""


class RegisterPage(Public):
    """The register as a page."""

    async def get(self) -> None:
        """Show it."""
        entries = await self.register.entries()
        self.set_header("Content-Security-Policy", POLICY)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        shown = [(kind, [e for e in entries if e.kind is kind]) for kind in PublicKind]
        self.finish(self.parts.render("register.html", self.spoken, {"kinds": shown}))


class RegisterDocument(Public):
    """The register as JSON-LD."""

    async def get(self) -> None:
        """Send it."""
        entries = await self.register.entries()
        self.set_header("Content-Security-Policy", BARE_POLICY)
        self.set_header("Content-Type", "application/ld+json; charset=utf-8")
        self.finish(json.dumps(catalogue(self.parts.lab.settings.title, entries), ensure_ascii=False, indent=1))


def catalogue(title: str, entries: Iterable[PublicEntry]) -> dict[str, Any]:
    """Return the register as a catalogue of DCAT: datasets and releases are datasets of it, projects are projects."""
    made = [_NODES[entry.kind](entry) for entry in entries]
    return {
        "@context": CONTEXT,
        "@type": "dcat:Catalog",
        "dct:title": title,
        "dcat:dataset": [node for node in made if node["@type"] == "dcat:Dataset"],
        "foaf:project": [node for node in made if node["@type"] == "foaf:Project"],
    }


def _node(entry: PublicEntry, kind: str, names: dict[PublicField, str]) -> dict[str, Any]:
    node: dict[str, Any] = {"@id": f"lab:{entry.key}", "@type": kind, "dct:identifier": entry.key}
    return node | {name: entry.texts[field] for field, name in names.items() if field in entry.texts}


def _project(entry: PublicEntry) -> dict[str, Any]:
    names = {
        PublicField.TITLE: "dct:title",
        PublicField.PURPOSE: "dct:description",
        PublicField.ORGANISATION: "dct:creator",
    }
    node = _node(entry, "foaf:Project", names)
    starts, _, ends = entry.texts.get(PublicField.PERIOD, "").partition("/")
    if ends:
        node["dct:temporal"] = {"@type": "dct:PeriodOfTime", "dcat:startDate": _day(starts), "dcat:endDate": _day(ends)}
    node |= {"lab:ended": _day(entry.ended.isoformat())} if entry.ended else {}
    return node | ({"dct:source": list(entry.datasets)} if entry.datasets else {})


def _dataset(entry: PublicEntry) -> dict[str, Any]:
    names = {
        PublicField.TITLE: "dct:title",
        PublicField.OWNER: "dct:publisher",
        PublicField.TIER: "dct:accessRights",
        PublicField.UNIT: "lab:privacyUnit",
    }
    node = _node(entry, "dcat:Dataset", names)
    versions = [v for v in entry.texts.get(PublicField.VERSIONS, "").split(", ") if v]
    return node | ({"dct:issued": _day(versions[0]), "dct:modified": _day(versions[-1])} if versions else {})


def _release(entry: PublicEntry) -> dict[str, Any]:
    names = {
        PublicField.CONTEXT: "dct:description",
        PublicField.PROJECT: "dct:isPartOf",
        PublicField.POLICY: "lab:policy",
    }
    node = _node(entry, "dcat:Dataset", names)
    node |= {"dct:issued": _day(entry.texts[PublicField.RELEASED])} if PublicField.RELEASED in entry.texts else {}
    node |= {"dct:source": list(entry.datasets)} if entry.datasets else {}
    node |= {"dcat:distribution": [_file(f) for f in entry.files]} if entry.files else {}
    return node | ({"lab:revoked": _day(entry.revoked.date().isoformat())} if entry.revoked else {})


def _file(file: PublicFile) -> dict[str, Any]:
    checksum = {"@type": "spdx:Checksum", "spdx:algorithm": "sha256", "spdx:checksumValue": file.sha256}
    about = {"@type": "dcat:Distribution", "dct:title": file.name, "dcat:byteSize": file.size}
    return about | {"spdx:checksum": checksum}


def _day(text: str) -> dict[str, str]:
    return {"@type": "xsd:date", "@value": text}


_NODES: dict[PublicKind, Callable[[PublicEntry], dict[str, Any]]] = {
    PublicKind.PROJECT: _project,
    PublicKind.DATASET: _dataset,
    PublicKind.RELEASE: _release,
}
