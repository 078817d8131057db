"""The API's table and the document that is made from it."""

from __future__ import annotations

import json
import re

from hub.web.api.handlers import ARGUMENT, attachment, pattern_of
from hub.web.api.routes import JSON, Download
from hub.web.api.table import ROUTES
from hub.web.live import EVENTS
from hub.web.openapi import DOCUMENT, document, text


def test_no_two_rows_have_the_same_address_or_function() -> None:
    assert len({(r.method, r.path) for r in ROUTES}) == len(ROUTES)
    assert len({r.call for r in ROUTES}) == len(ROUTES)


def test_reading_is_a_get_and_only_a_get_reads() -> None:
    """A login cookie needs the page's token for all but reading, so nothing that writes may be a GET."""
    reading = re.compile(r"(list|get)_|me$")
    for route in ROUTES:
        assert (route.method == "GET") == bool(reading.match(route.call.__name__)), route.path


def test_every_row_says_what_it_does() -> None:
    assert all(8 <= len(route.summary) <= 100 for route in ROUTES)


def test_the_document_in_the_docs_is_the_one_that_the_table_gives() -> None:
    """``python -m hub.web.openapi`` writes it."""
    assert DOCUMENT.read_text(encoding="utf-8") == text()


def test_every_row_stands_in_the_document() -> None:
    paths = document()["paths"]
    assert {(m.upper(), p) for p, operations in paths.items() for m in operations} == {
        (r.method, r.path) for r in ROUTES
    }
    for route in ROUTES:
        operation = paths[route.path][route.method.lower()]
        named = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert named == set(ARGUMENT.findall(route.path))
        assert {"200", "401", "403", "404", "409", "422", "503"} == set(operation["responses"])
        content = operation["responses"]["200"]["content"]
        media = route.media if route.answer is Download else JSON if route.until is None else EVENTS
        assert set(content) == {media.partition(";")[0]}


def test_every_reference_in_the_document_leads_somewhere() -> None:
    schemas = document()["components"]["schemas"]
    for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document())):
        assert name in schemas


def test_bodies_take_no_key_that_they_do_not_know() -> None:
    schemas = document()["components"]["schemas"]
    for name, schema in schemas.items():
        if name.endswith("Body"):
            assert schema["additionalProperties"] is False


def test_an_address_is_matched_whole_and_by_its_parts() -> None:
    pattern = re.compile(pattern_of("/releases/{id}/downloads/{download}/files/{name}") + "$")
    found = pattern.match("/releases/export-x/downloads/d/files/a%2Fb.csv")
    assert found
    assert found["name"] == "a%2Fb.csv"
    assert not pattern.match("/releases/export-x/downloads/d/files/a/b.csv")


def test_a_downloads_name_cannot_end_its_header() -> None:
    header = attachment('../a"b\r\nSet-Cookie: x=é.csv')
    assert "\r" not in header
    assert "\n" not in header
    assert header.startswith('attachment; filename="a_b__Set-Cookie__x__.csv"; filename*=UTF-8')
