"""The cases that are shipped with the app: phantoms with their form and the lesion's box."""

import json
from dataclasses import dataclass
from pathlib import Path

from xattn.phantoms.breast import Settings, draw, sample_world
from xattn.phantoms.mammogram_file import mammogram_file

ROWS = 1280
"""Height of a sample's film in pixels: 0.19 mm each."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A seed, and which fields the reader left unknown."""

    name: str
    seed: int
    unknown: tuple[str, ...] = ()
    is_boxed: bool = True


BREAST_SAMPLES: tuple[Sample, ...] = ()
"""Chosen by eye among the first seeds of the test part, which training never saw."""


def write_sample(sample: Sample, folder: Path) -> None:
    """Write film.dcm, form.json and, where the lesion is boxed, box.json below the folder."""
    world = sample_world(sample.seed, Settings())
    phantom = draw(world, size=ROWS)
    form = {"lesion_type": phantom.lesion_type, **phantom.form}
    kept = {name: value for name, value in form.items() if name not in sample.unknown}
    place = folder / sample.name
    place.mkdir(parents=True, exist_ok=True)
    (place / "film.dcm").write_bytes(mammogram_file(phantom, world))
    (place / "form.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    if sample.is_boxed:
        (place / "box.json").write_text(json.dumps(list(phantom.box)) + "\n", encoding="utf-8")
