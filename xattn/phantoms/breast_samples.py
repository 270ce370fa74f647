"""The breast cases that are shipped with the app: phantoms with their form and the lesion's box."""

from dataclasses import dataclass
from pathlib import Path

from xattn.phantoms.breast import Settings, draw, sample_world
from xattn.phantoms.breast_file import breast_file
from xattn.phantoms.samples import write_case

ROWS = 1280
"""Height of a sample's film in pixels: 0.19 mm each."""


@dataclass(frozen=True, slots=True)
class BreastSample:
    """A seed, and which fields the reader left unknown."""

    name: str
    seed: int
    unknown: tuple[str, ...] = ()
    is_boxed: bool = True


BREAST_SAMPLES = (
    BreastSample("1-spiculated-mass", 30_000_347),
    BreastSample("2-circumscribed-mass", 30_000_291),
    BreastSample("3-pleomorphic-calcifications", 30_000_008),
    BreastSample("4-mass-hidden-in-dense-tissue", 30_000_226),
    BreastSample("5-film-against-form", 30_000_315),
    BreastSample(
        "6-film-without-form", 30_000_178, unknown=("density", "mass_shape", "mass_margins")
    ),
    BreastSample("7-whole-view-without-box", 30_000_218, is_boxed=False),
)
"""From the test part, which training never saw, chosen for what their causes show."""


def write_breast_samples(folder: Path) -> None:
    """Write every sample below the folder."""
    for sample in BREAST_SAMPLES:
        write_breast_sample(sample, folder)


def write_breast_sample(sample: BreastSample, folder: Path) -> None:
    """Write a case below the folder: its box only where the reader boxed the lesion."""
    world = sample_world(sample.seed, Settings())
    phantom = draw(world, size=ROWS)
    form = {"lesion_type": phantom.lesion_type, **phantom.form}
    kept = {name: value for name, value in form.items() if name not in sample.unknown}
    film = breast_file(phantom, world)
    write_case(folder / sample.name, film, kept, phantom.box if sample.is_boxed else ())
