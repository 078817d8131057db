"""Facts about JPEG: every byte belongs to the picture or is left behind, and only pixels go on."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from hub.domain.exports import Severity
from hub.gate.canonical import canonical
from hub.gate.readers import jpeg as reader
from hub.gate.readers import pictures
from hub.gate.readers.files import read_file
from hub.gate.readers.jpeg import read_jpeg
from hub.gate.refusals import ReadRefusedError, RefusalReason
from hub.policy.load import load_profile

POLICY = load_profile("uk-sacro")


def jpeg(mode: str = "RGB", size: tuple[int, int] = (16, 9), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(out, format="JPEG", **options)
    return out.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def with_segment(content: bytes, marker: int, body: bytes) -> bytes:
    return content[:2] + segment(marker, body) + content[2:]


def refusal(content: bytes) -> RefusalReason:
    with pytest.raises(ReadRefusedError) as refused:
        read_jpeg(content)
    return refused.value.reason


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}, {"quality": 100, "subsampling": 0}])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_every_usual_picture_is_read_as_pillow_reads_it(mode: str, options: dict[str, Any]) -> None:
    content = jpeg(mode, **options)
    (image,) = read_jpeg(content)
    from hub.gate.canonical_image import unpack

    with Image.open(io.BytesIO(content)) as picture:
        assert unpack(image) == picture.convert("RGBA").tobytes()


@pytest.mark.parametrize(
    ("marker", "body"),
    [
        (0xE1, b"Exif\0\0MM\0*secret place"),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x>secret</x>"),
        (0xE2, b"ICC_PROFILE\0\1\1secret"),
        (0xE0, b"JFXX\0\x10secret thumbnail"),
        (0xED, b"Photoshop 3.0\0secret"),
        (0xFE, b"secret comment"),
        (0xFE, b"PK\3\4 and a whole archive"),
    ],
)
def test_what_programs_add_stays_behind(marker: int, body: bytes) -> None:
    (image,) = read_jpeg(with_segment(jpeg(), marker, body))
    (plain,) = read_jpeg(jpeg())
    assert image.model_copy(update={"left_out": ()}) == plain.model_copy(update={"left_out": ()})
    more = sum(part.size for part in image.left_out) - sum(part.size for part in plain.left_out)
    assert more == len(body)
    assert "secret" not in repr(image.left_out)


def test_a_picture_leaves_as_png_without_its_name_of_before() -> None:
    made = canonical(read_file(1, "figure.JPG", with_segment(jpeg(), 0xFE, b"secret")), POLICY)
    assert made.name == "figure.JPG.png"
    assert made.content.startswith(b"\x89PNG")
    assert b"secret" not in made.content
    assert [(f.check, f.severity) for f in made.fixes] == [("released-as-png", Severity.FIXED)]


PLAIN = jpeg()
FRAME = PLAIN.index(b"\xff\xc0")
SCAN = PLAIN.index(b"\xff\xda")


def with_frame(at: int, new: bytes) -> bytes:
    return PLAIN[: FRAME + at] + new + PLAIN[FRAME + at + len(new) :]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (PLAIN + b"more", RefusalReason.TRAILING_DATA),
        (PLAIN + PLAIN, RefusalReason.TRAILING_DATA),
        (PLAIN[:-2] + b"\xff\xfe\x00\x03x" + b"\xff\xd9" + b"PK\x03\x04", RefusalReason.TRAILING_DATA),
        (PLAIN[:-2], RefusalReason.BROKEN_JPEG),
        (PLAIN[:-1], RefusalReason.BROKEN_JPEG),
        (PLAIN[:SCAN], RefusalReason.BROKEN_JPEG),
        (PLAIN[:SCAN] + b"\xff\xd9", RefusalReason.BROKEN_JPEG),
        (b"\xff\xd8\xff\xd9", RefusalReason.BROKEN_JPEG),
        (b"\xff\xd8\xff", RefusalReason.BROKEN_JPEG),
        (b"GIF89a", RefusalReason.BROKEN_JPEG),
        (with_segment(PLAIN, 0xFE, b"")[:4] + b"\x00\x01" + PLAIN[2:], RefusalReason.BROKEN_JPEG),
        (with_segment(PLAIN, 0xC9, b"arithmetic"), RefusalReason.BROKEN_JPEG),
        (PLAIN[:2] + b"between" + PLAIN[2:], RefusalReason.BROKEN_JPEG),
        (PLAIN[:2] + b"\xff\xff" + PLAIN[2:], RefusalReason.BROKEN_JPEG),
        (with_frame(4, b"\x0c"), RefusalReason.BROKEN_JPEG),
        (with_frame(9, b"\x04"), RefusalReason.BROKEN_JPEG),
        (with_frame(5, b"\x00\x00"), RefusalReason.BROKEN_JPEG),
        (with_frame(5, b"\xff\xff\xff\xff"), RefusalReason.TOO_MANY_PIXELS),
        (with_segment(PLAIN, 0xC0, PLAIN[FRAME + 4 : FRAME + 19]), RefusalReason.BROKEN_JPEG),
        (jpeg("CMYK"), RefusalReason.BROKEN_JPEG),
    ],
)
def test_what_is_not_plainly_a_picture_is_refused(content: bytes, reason: RefusalReason) -> None:
    assert refusal(content) is reason


def test_a_picture_of_too_many_scans_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_SCANS", 3)
    assert refusal(jpeg(progressive=True)) is RefusalReason.BROKEN_JPEG


def test_a_picture_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_PIXELS", 3)
    assert refusal(PLAIN) is RefusalReason.TOO_MANY_PIXELS


@pytest.mark.parametrize("name", ["a.png", "a.csv", "a.txt", "a.xlsx"])
def test_a_picture_under_another_name_is_a_mismatch(name: str) -> None:
    (only,) = read_file(1, name, PLAIN).fragments
    assert getattr(only, "reason", None) is RefusalReason.KIND_MISMATCH


def test_the_form_of_a_picture_is_the_plain_one_whatever_its_file_said() -> None:
    told = b"JFIF\0\x01\x02\x01\x00\x99\x00\x88\x00\x00"
    assert reader._kept(0xE0, b"\xff\xe0\x00\x10" + told) == reader._PLAIN_JFIF
    assert reader._kept(0xE0, b"\xff\xe0\x00\x10" + told.replace(b"JFIF", b"JFXX")) == b""


def test_bytes_between_two_segments_are_refused() -> None:
    content = jpeg()
    end = 4 + int.from_bytes(content[4:6], "big")
    assert refusal(content[:end] + b"hidden" + content[end:]) is RefusalReason.BROKEN_JPEG
