"""A radiograph as bytes and back, without identity: values, presets, polarity, spacing, facts."""

import json
from dataclasses import asdict

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from xattn.data.radiograph import Preset, Radiograph, VoiLut, Window
from xattn.errors import ArchiveError, IntakeError


def pack(film: Radiograph) -> bytes:
    """The film as bytes; the same film gives the same bytes."""
    tables = {
        f"preset {place}": np.ascontiguousarray(preset.table)
        for place, preset in enumerate(film.presets)
        if isinstance(preset, VoiLut)
    }
    facts = {
        "presets": [_plain(preset) for preset in film.presets],
        "is_inverted": film.is_inverted,
        "spacing_mm": film.spacing_mm,
        "facts": film.facts,
        "file_sha256": film.file_sha256,
    }
    header = np.frombuffer(json.dumps(facts, sort_keys=True).encode(), dtype=np.uint8)
    return save({"values": np.ascontiguousarray(film.values), "header": header, **tables})


def unpack(content: bytes) -> Radiograph:
    """The film that `pack` wrote.

    Raises:
        ArchiveError: if the bytes are not one.
    """
    try:
        tensors = load(content)
        facts = json.loads(tensors["header"].tobytes())
        presets = tuple(
            _preset(plain, tensors.get(f"preset {place}"))
            for place, plain in enumerate(facts["presets"])
        )
        return Radiograph(
            tensors["values"],
            presets=presets,
            is_inverted=facts["is_inverted"],
            spacing_mm=tuple(facts["spacing_mm"]) if facts["spacing_mm"] else None,
            facts=tuple((name, value) for name, value in facts["facts"]),
            file_sha256=facts["file_sha256"],
        )
    except (SafetensorError, IntakeError, KeyError, ValueError, TypeError):
        raise ArchiveError("A stored film cannot be read; restore it from a backup.") from None


def _plain(preset: Preset) -> dict[str, object]:
    if isinstance(preset, Window):
        return asdict(preset)
    return {"first": preset.first, "bits": preset.bits, "name": preset.name}


def _preset(plain: dict[str, object], table: np.ndarray | None) -> Preset:
    if table is None:
        return Window(**plain)  # type: ignore[arg-type]  # as `_plain` wrote it
    return VoiLut(table=table, **plain)  # type: ignore[arg-type]  # as `_plain` wrote it
