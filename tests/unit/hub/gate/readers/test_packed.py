"""Facts about packed bytes: what stands behind a stream is kept for whoever reads on."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable

import pytest

from hub.gate.readers.packed import _OPENERS, Budget, _stream

PACKERS = {"gzip": gzip.compress, "zlib": zlib.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("name", PACKERS)
def test_streams_behind_each_other_are_read_and_what_is_none_is_left(name: str) -> None:
    pack: Callable[[bytes], bytes] = PACKERS[name]
    read = _stream(_OPENERS[name], pack(b"first ") + pack(b"second") + b"and words", Budget())
    assert read == (b"first second", b"and words", True)
    assert _stream(_OPENERS[name], pack(b"first "), Budget()) == (b"first ", b"", True)
    assert _stream(_OPENERS[name], pack(bytes(range(256)))[:-3], Budget())[2] is False
