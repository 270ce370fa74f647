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


BREAST_SAMPLES = (
    Sample("1-spiculated-mass", 30_000_347),
    Sample("2-circumscribed-mass", 30_000_291),
    Sample("3-pleomorphic-calcifications", 30_000_008),
    Sample("4-mass-hidden-in-dense-tissue", 30_000_226),
    Sample("5-film-against-form", 30_000_315),
    Sample("6-film-without-form", 30_000_178, unknown=("density", "mass_shape", "mass_margins")),
    Sample("7-whole-view-without-box", 30_000_218, is_boxed=False),
)
"""From the test part, which training never saw, chosen for what their causes show."""


def write_samples(folder: Path) -> None:
    """Write every sample below the folder."""
    for sample in BREAST_SAMPLES:
        write_sample(sample, folder)


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
