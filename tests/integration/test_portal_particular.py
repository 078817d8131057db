"""Pages once more in Chromium, where they show what only some datasets and files have: a twin, a model, a figure."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser

from datasets_mount.catalogue import Tier
from doubles.lab import make_lab
from doubles.people import JOBS, checked_request, found_consortium, play, registered_dataset, send, work_off
from doubles.portal import served
from hub.domain.audit import event
from hub.domain.exports import ExportFile, ExportRequest
from hub.domain.file_cards import FigureTable, FileCard, ModelCard, ModelFamily, RemovedPart
from hub.services import datasets, synthetic_twins
from hub.services.lab import Lab
from hub.web.languages import CODES
from integration.test_portal_accessible import check_opened_and_zoomed, opened
from portal_pictures import PARTICULAR, keep_picture

YEARS = {1980: 545, 1981: 530, 1982: 512, 1983: 498}
TABLE = "year,persons\r\n" + "".join(f"{year},{persons}\r\n" for year, persons in YEARS.items())
TREE = {"family": "decision_tree", "feature": [0, -2, -2], "threshold": [1981.5, -2, -2], "value": [11, 9, 13]}
MODEL = FileCard(ModelCard(ModelFamily.DECISION_TREE, 5, features=1, classes=2, leaves=2, depth=1, smallest_leaf=1010))
FIGURE = FileCard(
    removed=(RemovedPart("tEXt", 2, 61), RemovedPart("eXIf", 1, 230)), table=FigureTable("plot.csv", 4, 8)
)


def drawn() -> bytes:
    """A figure with a bar for each year."""
    picture = Image.new("RGB", (480, 240), "white")
    pen = ImageDraw.Draw(picture)
    for place, persons in enumerate(YEARS.values()):
        pen.rectangle((40 + 110 * place, 220 - persons // 3, 110 + 110 * place, 220), fill="#2f5d7c")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def file_of(lab: Lab, like: ExportFile, name: str, kind: str, content: bytes, card: FileCard | None) -> ExportFile:
    """A file as the gate would have written it."""
    sha256 = lab.vault.add(io.BytesIO(content), len(content)).sha256
    said = {"sha256": sha256, "canonical": sha256, "canonical_size": len(content), "size": len(content)}
    return replace(like, path=name, canonical_name=name, kind=kind, card=card, **said)


def with_cards(lab: Lab, request: ExportRequest) -> ExportRequest:
    """The request with a model, a figure and the figure's table."""
    like = request.files[0]
    files = (
        file_of(lab, like, "plot.csv", "csv", TABLE.encode(), None),
        file_of(lab, like, "plot.png", "png", drawn(), FIGURE),
        file_of(lab, like, "tree.json", "json", json.dumps(TREE, indent=1).encode(), MODEL),
    )
    with lab.store.begin() as records:
        records.save(made := replace(request, files=files), event("test:request:write", "test", request.id))
    return made


@pytest.fixture(scope="module")
def particular(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """The portal's address, and those of the pages by the names of their pictures."""
    lab = make_lab(tmp_path_factory.mktemp("particular"))
    found_consortium(lab)
    play(lab)
    registered_dataset(lab)
    datasets.register_dataset(lab, "jobs-steward", replace(JOBS, name="health", title="Health panel", tier=Tier.SECRET))
    datasets.offer_snapshot(lab, "jobs-steward", "health", (send(lab, "jobs-steward", "health.csv"),))
    work_off(lab)
    synthetic_twins.ask_twin(lab, "jobs-steward", "health", epsilon=Decimal("0.5"), rows=545)
    work_off(lab)
    request = with_cards(lab, checked_request(lab)).id
    with served(lab) as base:
        file = f"/exports/{request}/file?path="
        yield base, {"twin": "/datasets/health", "model": f"{file}tree.json", "figure": f"{file}plot.png"}


SHOWN = {
    "twin": {"en": "Synthetic twin", "fr": "Jumeau synthétique"},
    "model": {"en": "The model", "fr": "Le modèle"},
    "figure": {"en": "Behind the figure", "fr": "Derrière la figure"},
}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", PARTICULAR)
def test_what_only_some_have_is_shown_accessible_and_whole(
    particular: tuple[str, dict[str, str]], chromium: Browser, name: str, code: str
) -> None:
    base, addresses = particular
    page = opened(chromium, base, "jobs-steward", code, addresses[name])
    try:
        page.wait_for_load_state("networkidle")
        assert page.get_by_role("heading", name=SHOWN[name][code]).count() == 1
        keep_picture(page, code, name)
        check_opened_and_zoomed(page)
    finally:
        page.context.close()
