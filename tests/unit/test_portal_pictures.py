"""The docs show every page of the portal, in both languages, with pictures that are small and there."""

from __future__ import annotations

import re

import pytest
from PIL import Image

from hub.web.languages import CODES
from portal_pictures import HEADS, LONGEST, NAMES, PARTICULAR, SHOWN, WHOLE, WIDTH

LINKED = re.compile(r"!\[([^]]+)\]\(\.\./images/portal/(\w\w)/([\w-]+)\.png\)")


@pytest.mark.parametrize("code", CODES)
def test_the_docs_show_every_page_and_no_other(code: str) -> None:
    """A new page is opened by the tests, which keep its picture; ``portal_pictures`` then takes it into the docs."""
    page, head = HEADS[code]
    text = page.read_text(encoding="utf-8")
    assert text.startswith(head)
    shown = LINKED.findall(text)
    assert [(language, name) for _, language, name in shown] == [(code, name) for name in NAMES]
    assert re.findall(r"^`(/.*)`$", text, re.MULTILINE) == [*WHOLE, *(address for address, _ in PARTICULAR.values())]
    assert {path.stem for path in (SHOWN / code).iterdir()} == set(NAMES)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_of_a_page_s_width_and_small(code: str, name: str) -> None:
    file = SHOWN / code / f"{name}.png"
    with Image.open(file) as picture:
        assert (picture.width, picture.mode) == (WIDTH, "P")
        assert picture.height <= LONGEST
        assert len(picture.getcolors() or ()) > 4, "an empty page"
    assert file.stat().st_size < 100_000


def test_each_page_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(WHOLE) + len(PARTICULAR)
