"""A figure beside the earlier one in Chromium: what does not differ is black, and the page is accessible and whole."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from doubles.lab import make_lab
from doubles.people import checked_request, found_consortium, play, registered_dataset
from doubles.portal import served
from hub.domain.audit import event
from hub.domain.file_cards import FigureTable, FileCard, ModelCard, ModelFamily, RemovedPart, Vocabulary
from hub.services.lab import Lab
from hub.web.languages import CODES
from integration.test_portal_accessible import DRAWN, SIDEWAYS, ZOOMED, faults, opened

WIDTH, HEIGHT = 900, 300
HALF = (0, 0, WIDTH // 2, HEIGHT)
CARD = FileCard(
    ModelCard(ModelFamily.DECISION_TREE, 22, features=7, leaves=8, smallest_leaf=43),
    (Vocabulary("jobs", "year", 3, 20),),
    (RemovedPart("tEXt", 1, 9), RemovedPart("other", 2, 30)),
    FigureTable("plot.csv", 3, 5),
)
"""All that a card can tell, so that the page is looked at with every part of it."""


def stored(lab: Lab, half: str) -> tuple[str, int]:
    """Keep a wide white picture whose left half has that colour."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    picture.paste(half, HALF)
    out = io.BytesIO()
    picture.save(out, "PNG")
    content = out.getvalue()
    return lab.vault.add(io.BytesIO(content), len(content)).sha256, len(content)


@pytest.fixture(scope="module")
def figure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The portal's address and the page of a figure whose left half was another colour when it was sent before."""
    lab = make_lab(Path(tmp_path_factory.mktemp("figures")))
    found_consortium(lab)
    play(lab)
    registered_dataset(lab)
    request = checked_request(lab)
    earlier, _ = stored(lab, "black")
    now, size = stored(lab, "red")
    said = {"canonical": now, "canonical_size": size, "canonical_name": "plot.png", "earlier": earlier, "card": CARD}
    file = replace(request.files[0], kind="png", **said)
    with lab.store.begin() as records:
        records.save(replace(request, files=(file,)), event("test:request:write", "test", request.id))
    with served(lab) as base:
        yield base, f"/exports/{request.id}/file?path={file.path}&beside=submission"


@pytest.mark.parametrize("code", CODES)
def test_both_figures_and_their_difference_are_shown_at_full_size_and_accessible(
    figure: tuple[str, str], chromium: Browser, code: str
) -> None:
    base, address = figure
    page = opened(chromium, base, "health-steward", code, address)
    try:
        page.wait_for_load_state("networkidle")
        widths = page.evaluate("[...document.querySelectorAll('.figures img')].map(it => [it.naturalWidth, it.width])")
        assert widths == [[WIDTH, WIDTH]] * 4
        assert faults(page) == []
        page.set_viewport_size({"width": 2000, "height": 1200})
        page.evaluate(DRAWN)
        drawn = Image.open(io.BytesIO(page.locator(".difference").screenshot())).convert("RGB")
        assert drawn.getpixel((20, 20)) == (255, 0, 0)
        assert page.locator(".figures [tabindex='0']").count() == 3
        page.set_viewport_size(ZOOMED)  # type: ignore[arg-type]
        page.evaluate(DRAWN)
        assert page.evaluate(SIDEWAYS) == []
    finally:
        page.context.close()


def test_what_is_the_same_in_both_is_black(figure: tuple[str, str], chromium: Browser) -> None:
    base, address = figure
    page = opened(chromium, base, "health-steward", "en", address)
    try:
        page.wait_for_load_state("networkidle")
        region = page.locator(".figures .scroll").last
        region.evaluate("it => { it.scrollLeft = it.scrollWidth }")
        page.evaluate(DRAWN)
        drawn = Image.open(io.BytesIO(region.screenshot())).convert("RGB")
        assert drawn.getpixel((drawn.width // 2, 100)) == (0, 0, 0)
    finally:
        page.context.close()
