"""Decodes pictures that a reader has put together from what makes the picture alone."""

from __future__ import annotations

import base64
import warnings
import zlib
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from hub.gate.refusals import ReadRefusedError, RefusalReason

MOST_PIXELS = 12_000_000


def check_size(width: int, height: int, broken: RefusalReason) -> None:
    """A picture has pixels, and no more than the gate reads; this is known before any of them is unpacked."""
    if width == 0 or height == 0:
        raise ReadRefusedError(broken)
    if width * height > MOST_PIXELS:
        raise ReadRefusedError(RefusalReason.TOO_MANY_PIXELS)


def decode_picture(plain: bytes, form: str, broken: RefusalReason) -> str:
    """Return the pixels of a picture as a fragment holds them; what Pillow warns of is refused, too."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(BytesIO(plain), formats=[form]) as picture:
                raw = picture.convert("RGBA").tobytes()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError):
        raise ReadRefusedError(broken) from None
    return base64.b64encode(zlib.compress(raw, 1)).decode("ascii")
