"""Arrays as they leave: bounded digits, clean names in order, no metadata, and nothing between them."""

from __future__ import annotations

import base64
import json

from hub.gate.arrays import array_of, numbers_of, rounded
from hub.gate.canonical_text import clean_cell
from hub.gate.fragments import ArrayPart, ArraysFragment
from hub.gate.refusals import ReadRefusedError, RefusalReason

ALIGNED = 8


def canonical_arrays(fragment: ArraysFragment, digits: int) -> ArraysFragment:
    """Return the arrays as they leave; two names that become one are refused.

    A fraction keeps the policy's significant digits and its own type: what is beyond them could carry anything, and a
    model needs none of it. Whole numbers stay as they are.
    """
    arrays = {array.name: array for array in (_array(array, digits) for array in fragment.arrays)}
    if len(arrays) != len(fragment.arrays) or "" in arrays:
        raise ReadRefusedError(RefusalReason.REPEATED_KEY)
    return fragment.model_copy(update={"arrays": tuple(arrays[name] for name in sorted(arrays)), "metadata": ()})


def _array(array: ArrayPart, digits: int) -> ArrayPart:
    name = clean_cell(array.name)
    if not array.type.is_fraction:
        return array.model_copy(update={"name": name})
    return array_of(name, rounded(numbers_of(array), digits), array.type) if name else array


def write_safetensors(fragment: ArraysFragment) -> bytes:
    """Return the bytes: sorted keys, types of more bytes first, so that each array lies where its type asks for."""
    header: dict[str, dict[str, object]] = {}
    parts, at = [], 0
    for array in sorted(fragment.arrays, key=lambda a: (-a.type.size, a.name)):
        content = base64.b64decode(array.data)
        header[array.name] = {
            "dtype": array.type.value,
            "shape": array.shape,
            "data_offsets": [at, at + len(content)],
        }
        parts.append(content)
        at += len(content)
    said = json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    said += b" " * (-len(said) % ALIGNED)
    return b"".join([len(said).to_bytes(8, "little"), said, *parts])
