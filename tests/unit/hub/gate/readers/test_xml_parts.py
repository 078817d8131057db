"""Facts about the XML of a spreadsheet: an element and an attribute are told by the standard that they are of."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from hub.gate.readers.xml_parts import read_xml

SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


class Names:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def begin(self, path: list[str], attributes: Mapping[str, str]) -> None:
        self.seen += [path[-1], *attributes]

    def end(self, path: list[str], text: str) -> None:
        pass


@pytest.mark.parametrize(
    ("xml", "names"),
    [
        (f'<t xmlns="{SPREADSHEET}" xml:space="preserve"/>', ["t", "xml:space"]),
        (f'<Types xmlns="{PACKAGE}/content-types"/>', ["types:Types"]),
        (f'<Relationships xmlns="{PACKAGE}/relationships"/>', ["rels:Relationships"]),
        ('<t xmlns="urn:mine"/>', ["other:t"]),
    ],
)
def test_names_tell_their_standard(xml: str, names: list[str]) -> None:
    heard = Names()
    read_xml(xml.encode(), heard)
    assert heard.seen == names
