"""Facts about pictures: their size is known before they are unpacked, and whatever Pillow says of them refuses them."""

from __future__ import annotations

import base64
import io
import warnings
import zlib

import pytest
from PIL import Image

from hub.gate.readers.pictures import MOST_PIXELS, check_size, decode_picture
from hub.gate.refusals import ReadRefusedError, RefusalReason

BROKEN = RefusalReason.BROKEN_PNG


def png(width: int = 2, height: int = 1) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 40)).save(out, format="PNG")
    return out.getvalue()


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, MOST_PIXELS), (MOST_PIXELS, 1), (3_000, 4_000)])
def test_a_picture_may_have_so_many_pixels(width: int, height: int) -> None:
    check_size(width, height, BROKEN)


@pytest.mark.parametrize(
    ("width", "height", "reason"),
    [
        (0, 1, BROKEN),
        (1, 0, BROKEN),
        (1, MOST_PIXELS + 1, RefusalReason.TOO_MANY_PIXELS),
        (3_001, 4_000, RefusalReason.TOO_MANY_PIXELS),
    ],
)
def test_other_sizes_are_refused(width: int, height: int, reason: RefusalReason) -> None:
    with pytest.raises(ReadRefusedError) as caught:
        check_size(width, height, BROKEN)
    assert caught.value.reason is reason


def refused(content: bytes, form: str = "PNG") -> RefusalReason:
    with pytest.raises(ReadRefusedError) as caught:
        decode_picture(content, form, BROKEN)
    return caught.value.reason


def test_pixels_are_kept_with_their_transparency() -> None:
    assert zlib.decompress(base64.b64decode(decode_picture(png(), "PNG", BROKEN))) == bytes((200, 30, 40, 255)) * 2


def test_a_picture_of_another_form_is_broken() -> None:
    assert refused(png(), "JPEG") is BROKEN
    assert refused(b"no picture") is BROKEN


@pytest.mark.parametrize(
    "error", [OSError, ValueError, SyntaxError, UserWarning, Image.DecompressionBombError, Image.UnidentifiedImageError]
)
def test_what_pillow_stumbles_over_is_broken(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def stumbling(*_: object, **__: object) -> None:
        raise error("no")

    monkeypatch.setattr(Image, "open", stumbling)
    assert refused(png()) is BROKEN


def test_what_pillow_warns_of_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert refused(png(8, 8)) is BROKEN
        assert decode_picture(png(6, 10), "PNG", BROKEN)
