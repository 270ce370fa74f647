"""Predictions and attributions of every shape come back; equal records are equal bytes."""

import json
from dataclasses import asdict, fields, replace

import numpy as np
import pytest
from safetensors.numpy import load, save

from tests.archive import bare
from xattn.archive import packing
from xattn.data.placement import Placement
from xattn.errors import ArchiveError
from xattn.records import Attribution, Map, Prediction, Target

SAID = bare.prediction(bare.case())
SOURCE = replace(
    SAID.provenance, settings=(("samples", "64"), ("samples", "twice")), versions=(), threads=16
)
PREDICTIONS = {
    "a probability": SAID,
    "a number": replace(SAID, probability=None, prevalence=None),
    "moved boxes": replace(SAID, jitter=(0.1, -0.2, 1 / 3)),
    "many targets": replace(SAID, every=(("malignant", 0.5), ("T-score ≤ −2.5", -1e-300))),
    "no targets": replace(SAID, every=()),
    "a difference": replace(
        SAID,
        target=Target(
            name="left − right", unit="SD", output=3, minus=0, sign=-1, scale=0.1, offset=-2.5
        ),
    ),
    "a negative zero": replace(SAID, value=-0.0),
    "other provenance": replace(SAID, provenance=SOURCE),
}


def bare_attribution() -> Attribution:
    """A method that says nothing: every field that may be empty is."""
    return Attribution(
        method="none",
        kind="relative",
        unit="",
        target=SAID.target,
        placement=Placement(height=100, width=80, left=-1 / 3, top=2.5, side=90.1, size=32),
        provenance=SOURCE,
    )


def maps(*names: str) -> tuple[Map, ...]:
    generator = np.random.default_rng(len(names))
    sizes = ((4, 4), (8, 2), (1, 1))
    shapes = (sizes[place % 3] for place in range(len(names)))
    return tuple(
        Map(name, generator.normal(size=shape).astype(np.float32))
        for name, shape in zip(names, shapes, strict=True)
    )


BARE = bare_attribution()
LABELS = np.arange(16).reshape(4, 4) // 3
ATTRIBUTIONS = {
    "nothing": BARE,
    "one map": replace(BARE, maps=maps("image")),
    # By name the tenth would come before the second; by place it does not.
    "twelve maps": replace(BARE, kind="attention", maps=maps(*(f"head {n}" for n in range(12)))),
    "two maps of one name": replace(BARE, maps=maps("image", "image")),
    "a map called regions": replace(BARE, maps=maps("regions", "header", "map 0")),
    "regions of int64": replace(BARE, regions=LABELS),
    "regions of int32": replace(BARE, regions=LABELS.astype(np.int32)),
    "regions and maps": replace(BARE, maps=maps("image"), regions=LABELS),
    "players": replace(BARE, kind="contribution", players=(("image", 0.25), ("age", -0.0))),
    "zero is not nothing": replace(BARE, reference=0.0, value=0.0, gap=0.0),
    "figures": replace(BARE, figures=(("R²", 1 / 3), ("spread", 5e-324)), passes=4096),
    "a difference": replace(BARE, target=PREDICTIONS["a difference"].target),
    "maps that are not finite": replace(
        BARE, maps=(Map("image", np.array([[np.nan, -np.inf, -0.0]], np.float32)),)
    ),
}
EVERY: dict[str, Prediction | Attribution] = {
    **PREDICTIONS,
    **{f"attribution: {name}": one for name, one in ATTRIBUTIONS.items()},
}


def told(result: Prediction | Attribution) -> dict[str, object]:
    """Each field, arrays as type, shape and bytes; repr tells −0 from 0 and int from float."""

    def plain(value: object) -> object:
        if isinstance(value, np.ndarray):
            return value.dtype.str, value.shape, value.tobytes()
        if isinstance(value, tuple):
            return tuple(plain(entry) for entry in value)
        if isinstance(value, Map):
            return value.name, plain(value.values)
        return repr(value)

    return {entry.name: plain(getattr(result, entry.name)) for entry in fields(result)}


@pytest.mark.parametrize("result", EVERY.values(), ids=list(EVERY))
def test_a_record_comes_back_whole_and_packs_to_the_same_bytes(result):
    content = packing.pack(result)
    back = packing.unpack(content)
    assert type(back) is type(result)
    assert told(back) == told(result)
    assert packing.pack(back) == content
    assert packing.pack(replace(result)) == content


def test_different_records_are_different_bytes():
    assert len({packing.pack(result) for result in EVERY.values()}) == len(EVERY)


@pytest.mark.parametrize("name", [entry.name for entry in fields(Prediction)])
def test_each_field_of_a_prediction_counts(name):
    other = replace(PREDICTIONS["a difference"], value=1.5, probability=0.1, prevalence=0.2)
    other = replace(other, reference=9.0, image_only=8.0, form_only=7.0, jitter=(6.0,), every=())
    other = replace(other, provenance=SOURCE)
    changed = replace(SAID, **{name: getattr(other, name)})
    assert packing.pack(changed) != packing.pack(SAID)


def test_the_layout_of_an_array_in_memory_is_not_part_of_a_record():
    values = np.arange(48, dtype=np.float32).reshape(6, 8)
    contents = {
        packing.pack(replace(BARE, maps=(Map("image", one),), regions=other))
        for one, other in (
            (values, LABELS),
            (np.asfortranarray(values), np.asfortranarray(LABELS)),
            (np.repeat(values, 2, axis=1)[:, ::2], LABELS[::-1][::-1]),
        )
    }
    assert len(contents) == 1


def test_a_number_that_json_has_no_word_for_is_never_written():
    for wrong in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="not JSON compliant"):
            packing.pack(replace(SAID, value=wrong))


def headed(header: object, **arrays: np.ndarray) -> bytes:
    return save({**arrays, "header": np.frombuffer(json.dumps(header).encode(), np.uint8)})


def test_what_is_no_record_is_refused():
    whole = packing.pack(ATTRIBUTIONS["regions and maps"])
    arrays = load(whole)
    plain = json.loads(arrays.pop("header").tobytes())["attribution"]
    said = json.loads(json.dumps(asdict(SAID)))
    broken = [b"", b"nothing", whole[:-1], whole[:40], save(arrays)]
    broken += [headed(header) for header in ([], 5, {}, {"attribution": {}}, {"prediction": []})]
    # Its map is gone, a field is not known, a field is missing, a pair is none.
    broken += [
        headed({"attribution": plain}),
        headed({"attribution": {**plain, "more": 1}}, **arrays),
    ]
    broken += [headed({"prediction": {**said, "target": {"name": "x"}}})]
    broken += [headed({"prediction": {**said, "every": [["malignant"]]}})]
    for content in broken:
        with pytest.raises(ArchiveError, match="computed again") as refusal:
            packing.unpack(content)
        assert refusal.value.__suppress_context__
    assert isinstance(packing.unpack(headed({"prediction": said})), Prediction)


def test_what_is_no_placement_or_no_entry_is_refused_alike():
    plain = json.loads(load(packing.pack(BARE))["header"].tobytes())["attribution"]
    nowhere = {**plain, "placement": {**plain["placement"], "side": 0}}
    for header in ({"prediction": None}, {"attribution": "text"}, {"attribution": nowhere}):
        with pytest.raises(ArchiveError, match="computed again"):
            packing.unpack(headed(header))
