"""Facts about base85 and ASCII85: what they hold comes out as it was, also where one character stands for five."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from hub.gate.readers.eighty_five import base_85
from hub.gate.readers.encodings import is_telling


@pytest.mark.parametrize("mark", [b"PAR1\x15\x04", b"\x89PNG\r\n\x1a\n"])
@pytest.mark.parametrize(("name", "encode"), [("ascii85", base64.a85encode), ("base85", base64.b85encode)])
@pytest.mark.parametrize("after", ["", " there", "\nand so on"])
def test_a_file_of_many_zeros_comes_out_whole(
    mark: bytes, name: str, encode: Callable[[bytes], bytes], after: str
) -> None:
    for zeros in range(10, 40):
        for more in range(6):
            content = mark + bytes(range(1, 9)) + bytes(zeros) + bytes(range(1, 1 + more))
            run = encode(content).decode()
            found = [read for code, _, read in base_85(f"see {run}{after}", is_telling) if code == name]
            assert any(read.startswith(content) for read in found), (zeros, more)
