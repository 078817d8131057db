"""The docs show every page of the portal, in both languages, with pictures that are small and there."""

from __future__ import annotations

import re

import pytest
from PIL import Image

from hub.web.languages import CODES
from portal_pictures import HEADS, LONGEST, SHOWN, WHOLE, WIDTH, picture_name

LINKED = re.compile(r"!\[([^]]+)\]\(\.\./images/portal/(\w\w)/([\w-]+)\.png\)")


@pytest.mark.parametrize("code", CODES)
def test_the_docs_show_every_page_and_no_other(code: str) -> None:
    """A new page is opened by the tests, which keep its picture; ``portal_pictures`` then takes it into the docs."""
    page, head = HEADS[code]
    text = page.read_text(encoding="utf-8")
    assert text.startswith(head)
    shown = LINKED.findall(text)
    assert [(language, name) for _, language, name in shown] == [(code, picture_name(path)) for path in WHOLE]
    assert re.findall(r"^`(/.*)`$", text, re.MULTILINE) == WHOLE
    assert {path.stem for path in (SHOWN / code).iterdir()} == {picture_name(path) for path in WHOLE}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("address", WHOLE)
def test_a_picture_is_of_a_page_s_width_and_small(code: str, address: str) -> None:
    file = SHOWN / code / f"{picture_name(address)}.png"
    with Image.open(file) as picture:
        assert (picture.width, picture.mode) == (WIDTH, "P")
        assert picture.height <= LONGEST
        assert len(picture.getcolors() or ()) > 4, "an empty page"
    assert file.stat().st_size < 100_000


def test_each_page_has_a_name_of_its_own() -> None:
    assert len({picture_name(path) for path in WHOLE}) == len(WHOLE)
