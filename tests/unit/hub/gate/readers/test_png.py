"""Facts about pictures: every byte belongs to the picture, and only its pixels go on."""

from __future__ import annotations

import base64
import contextlib
import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from doubles.pictures import SIGNATURE, chunk
from hub.gate.readers import pictures
from hub.gate.readers.png import read_png
from hub.gate.refusals import ReadRefusedError, RefusalReason


def built(
    pixels: bytes | None = None, width: int = 2, height: int = 2, extra: bytes = b"", interlace: int = 0
) -> bytes:
    """A grey picture, put together by hand."""
    raw = pixels if pixels is not None else b"".join(b"\0" + b"\x80" * width for _ in range(height))
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, interlace])
    return SIGNATURE + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def refusal(content: bytes) -> RefusalReason:
    with pytest.raises(ReadRefusedError) as refused:
        read_png(content)
    return refused.value.reason


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "LA", "I;16"])
def test_every_mode_becomes_plain_pixels(mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (5, 4)).save(out, format="PNG")
    (image,) = read_png(out.getvalue())
    assert len(zlib.decompress(base64.b64decode(image.pixels))) == 5 * 4 * 4


def test_texts_and_profiles_in_the_file_go_no_further() -> None:
    packed = b"x\0\0" + zlib.compress(b"y" * 9_999)
    (noisy,) = read_png(built(extra=chunk(b"tEXt", b"Author\0somebody") + chunk(b"zTXt", packed)))
    assert (noisy.model_copy(update={"left_out": ()}),) == read_png(built())
    assert [(part.kind, part.count, part.size) for part in noisy.left_out] == [
        ("tEXt", 1, 15),
        ("zTXt", 1, len(packed)),
    ]


def test_a_text_chunk_that_is_a_bomb_is_not_unpacked() -> None:
    bomb = chunk(b"zTXt", b"x\0\0" + zlib.compress(b"\0" * 50_000_000))
    (image,) = read_png(built(extra=bomb))
    assert (image.model_copy(update={"left_out": ()}),) == read_png(built())
    assert [(part.kind, part.size) for part in image.left_out] == [("zTXt", len(bomb) - 12)]


def test_an_interlaced_picture_is_read() -> None:
    passes = b"\0\x80" + b"\0\x80" + b"\0\x80\x80"
    (image,) = read_png(built(pixels=passes, interlace=1))
    assert (image.width, image.height) == (2, 2)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (built() + b"more", RefusalReason.TRAILING_DATA),
        (built() + b"PK\x03\x04", RefusalReason.TRAILING_DATA),
        (built(pixels=b"\0\x80\x80" * 2 + b"hidden"), RefusalReason.TRAILING_DATA),
        (built(pixels=b"\0\x80\x80"), RefusalReason.BROKEN_PNG),
        (built()[:-5], RefusalReason.BROKEN_PNG),
        (built()[:40], RefusalReason.BROKEN_PNG),
        (SIGNATURE, RefusalReason.BROKEN_PNG),
        (built().replace(b"IDAT", b"IDAX"), RefusalReason.BROKEN_PNG),
        (built(extra=chunk(b"acTL", bytes(8))), RefusalReason.ANIMATED),
        (built(extra=chunk(b"QQQQ", b"")), RefusalReason.BROKEN_PNG),
        (built(width=0), RefusalReason.BROKEN_PNG),
        (built()[:-12] + chunk(b"IEND", b"hidden"), RefusalReason.TRAILING_DATA),
        (built(extra=chunk(b"IHDR", bytes(13))), RefusalReason.BROKEN_PNG),
        (built(extra=chunk(b"PLTE", bytes(3)) * 2), RefusalReason.BROKEN_PNG),
        (built(extra=chunk(b"IDAT", b"") + chunk(b"tEXt", b"a")), RefusalReason.BROKEN_PNG),
        (built(extra=chunk(b"fdAT", bytes(8))), RefusalReason.ANIMATED),
        (built(interlace=2), RefusalReason.BROKEN_PNG),
        (built(interlace=1), RefusalReason.BROKEN_PNG),
        (built(pixels=b"", width=2**31 - 1, height=2**31 - 1), RefusalReason.TOO_MANY_PIXELS),
    ],
)
def test_what_is_not_plainly_a_picture_is_refused(content: bytes, reason: RefusalReason) -> None:
    assert refusal(content) is reason


def test_a_checksum_that_is_wrong_refuses() -> None:
    content = bytearray(built())
    content[20] ^= 1
    assert refusal(bytes(content)) is RefusalReason.BROKEN_PNG


def test_pixels_that_unpack_without_end_are_stopped() -> None:
    bomb = SIGNATURE + chunk(b"IHDR", (2).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0]))
    bomb += chunk(b"IDAT", zlib.compress(b"\0" * 80_000_000)) + chunk(b"IEND", b"")
    assert refusal(bomb) is RefusalReason.TRAILING_DATA


def test_data_after_the_packed_pixels_is_refused() -> None:
    packed = zlib.compress(b"\0\x80\x80" * 2) + b"hidden"
    head = (2).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    content = SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    assert refusal(content) is RefusalReason.TRAILING_DATA


def test_a_picture_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_PIXELS", 3)
    assert refusal(built()) is RefusalReason.TOO_MANY_PIXELS


@given(st.binary(max_size=60), st.integers(0, 200))
def test_a_damaged_picture_is_read_or_refused(noise: bytes, at: int) -> None:
    content = built()
    with contextlib.suppress(ReadRefusedError):
        read_png(content[:at] + noise + content[at + len(noise) :])
