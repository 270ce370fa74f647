"""How the viewer is written to: one blob of a JSON header and raw arrays."""

import json
from typing import Any

import numpy as np

JSON = dict[str, Any]


def pack(header: JSON, arrays: dict[str, np.ndarray]) -> bytes:
    """One blob: the header's length, the header as JSON, the arrays, each part on 4 bytes."""
    places, parts, offset = {}, [], 0
    for name, array in arrays.items():
        places[name] = {
            "dtype": array.dtype.name,
            "shape": list(array.shape),
            "count": array.size,
            "offset": offset,
        }
        parts.append(_padded(np.ascontiguousarray(array).tobytes()))
        offset += len(parts[-1])
    text = _padded(json.dumps({**header, "arrays": places}, allow_nan=False).encode(), b" ")
    return b"".join([len(text).to_bytes(4, "little"), text, *parts])


def _padded(content: bytes, filler: bytes = b"\0") -> bytes:
    return content + filler * (-len(content) % 4)
