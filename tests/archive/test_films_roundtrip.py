"""Every kind of film comes back as it was, to the bit; bytes that are no film are refused."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from safetensors.numpy import load, save

from xattn.archive import films
from xattn.data.radiograph import Preset, Radiograph, VoiLut, Window
from xattn.errors import ArchiveError

RAMP = np.arange(32 * 40).reshape(32, 40)
TABLE = np.array([0, 1, 4, 9, 16, 25, 36, 63], dtype=np.uint16)
PLAIN = Radiograph(RAMP)
WINDOWS = tuple(
    Window(600.1 + place, 900.7, name, function)
    for place, (name, function) in enumerate(
        (("soft", "LINEAR"), ("", "LINEAR_EXACT"), ("bone ↑", "SIGMOID"))
    )
)
LUTS = (VoiLut(TABLE, first=-3, bits=6, name="mammo"), VoiLut(TABLE[:2], first=7, bits=16))
EVERY = {
    "whole and positive": PLAIN,
    "the largest of uint16": Radiograph(RAMP + (2**16 - RAMP.size)),
    "whole and negative": Radiograph(RAMP - 1000),
    "whole and too large for either": Radiograph(RAMP * 2**10 - 1),
    "fractions": Radiograph(RAMP / 7),
    "fractions with a negative zero": Radiograph(np.where(RAMP == 5, -0.0, RAMP / 7)),
    "yes and no": Radiograph(RAMP % 2 == 0),
    "another byte order": Radiograph(RAMP.astype(">i4") - 8),
    "columns first": Radiograph(np.asfortranarray(RAMP)),
    "inverted": replace(PLAIN, is_inverted=True),
    "three windows": replace(PLAIN, presets=WINDOWS),
    "two tables": replace(PLAIN, presets=LUTS),
    "a table between windows": replace(PLAIN, presets=(WINDOWS[0], LUTS[0], WINDOWS[1])),
    "spacing": replace(PLAIN, spacing_mm=(0.1, 1 / 3)),
    "facts": replace(PLAIN, facts=(("view", "MLO"), ("maker", "Äß "), ("view", "again"))),
    "the hash of its file": replace(PLAIN, file_sha256="ab" * 32),
}


def told(preset: Preset) -> tuple[object, ...]:
    """All that a preset is, in plain values that can be compared."""
    if isinstance(preset, Window):
        return tuple(asdict(preset).values())
    return preset.table.dtype.str, preset.table.tolist(), preset.first, preset.bits, preset.name


@pytest.mark.parametrize("film", EVERY.values(), ids=list(EVERY))
def test_a_film_comes_back_whole(film):
    back = films.unpack(films.pack(film))
    assert back.values.dtype == film.values.dtype
    assert back.values.tobytes() == film.values.tobytes()
    assert not back.values.flags.writeable
    assert [told(preset) for preset in back.presets] == [told(preset) for preset in film.presets]
    assert (back.is_inverted, back.spacing_mm) == (film.is_inverted, film.spacing_mm)
    assert (back.facts, back.file_sha256) == (film.facts, film.file_sha256)
    assert back.pixel_sha256 == film.pixel_sha256


@pytest.mark.parametrize("film", EVERY.values(), ids=list(EVERY))
def test_the_same_film_gives_the_same_bytes(film):
    content = films.pack(film)
    assert films.pack(replace(film)) == content
    assert films.pack(films.unpack(content)) == content


def test_different_films_give_different_bytes():
    packed = [films.pack(film) for name, film in EVERY.items() if name != "columns first"]
    assert len(set(packed)) == len(packed)
    assert films.pack(EVERY["columns first"]) == films.pack(PLAIN)


def test_every_preset_shows_the_same_picture_afterwards():
    for name in ("three windows", "two tables", "inverted", "whole and negative", "fractions"):
        film = EVERY[name]
        back = films.unpack(films.pack(film))
        for preset, kept in zip(film.presets, back.presets, strict=True):
            assert np.array_equal(back.display(kept), film.display(preset))
        assert np.array_equal(back.model_values(), film.model_values())


def test_a_film_without_presets_keeps_the_automatic_one_of_its_first_day():
    # Percentiles may change with a later version; the stored window may not.
    content = _with(films.pack(PLAIN), "presets", [asdict(Window(5.0, 3.0, "automatic"))])
    assert films.unpack(content).presets == (Window(5.0, 3.0, "automatic"),)


@pytest.mark.parametrize("step", [-1, 2])
def test_a_table_that_is_a_view_of_another_is_stored_as_it_reads(step):
    table = np.arange(16, dtype=np.uint16)[::step]
    (back,) = films.unpack(films.pack(replace(PLAIN, presets=(VoiLut(table, 0, 4),)))).presets
    assert back.table.tolist() == table.tolist()


def test_what_is_no_film_is_refused():
    whole = films.pack(EVERY["a table between windows"])
    tensors = load(whole)
    broken = [b"", b"not a film", whole[:-1], whole[: len(whole) // 2], whole + b"\0"]
    broken += [save({name: tensors[name]}) for name in ("values", "header")]
    broken += [_with(whole, name, None) for name in ("presets", "facts")]
    broken += [_with(whole, "presets", [3]), _with(whole, "presets", [{"centre": 1}])]
    broken += [_with(whole, "facts", [["one", "two", "three"]])]
    # Where the table is gone, its facts are none of a window.
    broken += [save({name: array for name, array in tensors.items() if name != "preset 1"})]
    broken += [save({**tensors, "header": np.frombuffer(b"\xff{}", np.uint8)})]
    for content in broken:
        with pytest.raises(ArchiveError, match="stored film cannot be read") as refusal:
            films.unpack(content)
        assert refusal.value.__suppress_context__


def test_what_is_no_picture_is_refused_alike():
    tensors = load(films.pack(PLAIN))
    values = tensors["values"]
    contents = [
        save({**tensors, "values": wrong})
        for wrong in (values[:3], values[None], np.full(values.shape, np.nan, np.float32))
    ]
    for content in [*contents, _with(films.pack(PLAIN), "presets", [{"centre": 1, "width": 0}])]:
        with pytest.raises(ArchiveError, match="stored film cannot be read"):
            films.unpack(content)


def _with(content: bytes, name: str, value: object) -> bytes:
    """The same film with one entry of its header changed."""
    tensors = load(content)
    header = {**json.loads(tensors["header"].tobytes()), name: value}
    return save({**tensors, "header": np.frombuffer(json.dumps(header).encode(), np.uint8)})
