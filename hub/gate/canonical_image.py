"""Pictures as they leave: bare pixels on white, five bits for each of three colours, and a PNG without other chunks.

The lowest bits of a picture can carry a message that the eye does not see; so each colour is set to the nearest of 32
steps, from black to white. What is drawn more coarsely than a step is seen, and a steward looks at it.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from io import BytesIO

from PIL import Image

from hub.gate.fragments import MOST_PIXELS, ImageFragment
from hub.gate.refusals import ReadRefusedError, RefusalReason

STEPS = 31
_NEAREST = [(value * STEPS + 127) // 255 * 255 // STEPS for value in range(256)]


def canonical_image(image: ImageFragment) -> ImageFragment:
    """Return the picture laid on white and in few steps, so that nothing stands where the eye does not see it."""
    picture = Image.frombytes("RGBA", (image.width, image.height), unpack(image))
    white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    flat = Image.alpha_composite(white, picture)
    coarse = flat.point(_NEAREST * 4)
    return image.model_copy(update={"pixels": pack(coarse.tobytes()), "left_out": ()})


def write_png(image: ImageFragment) -> bytes:
    """Return the bytes of a picture that is flat already."""
    picture = Image.frombytes("RGBA", (image.width, image.height), unpack(image)).convert("RGB")
    out = BytesIO()
    picture.save(out, format="PNG", optimize=False, compress_level=6)
    return out.getvalue()


def pack(pixels: bytes) -> str:
    """Return pixels as a fragment holds them."""
    return base64.b64encode(zlib.compress(pixels, 1)).decode("ascii")


def unpack(image: ImageFragment) -> bytes:
    """Return the pixels of a fragment; they are exactly as many as its size says, or the file is refused."""
    expected = image.width * image.height * 4
    if expected > 4 * MOST_PIXELS:
        raise ReadRefusedError(RefusalReason.TOO_MANY_PIXELS)
    unpacking = zlib.decompressobj()
    try:
        pixels = unpacking.decompress(base64.b64decode(image.pixels, validate=True), expected + 1)
    except (zlib.error, binascii.Error, ValueError):
        raise ReadRefusedError(RefusalReason.BROKEN_PNG) from None
    if len(pixels) != expected or not unpacking.eof or unpacking.unused_data:
        raise ReadRefusedError(RefusalReason.BROKEN_PNG)
    return pixels
