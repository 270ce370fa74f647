"""The chest cases that are shipped with the app: phantoms with their form."""

from dataclasses import dataclass
from pathlib import Path

from xattn.phantoms.chest import Settings, draw, sample_world
from xattn.phantoms.chest_file import chest_file
from xattn.phantoms.samples import write_case

ROWS = 1000
"""Height of a sample's film in pixels: 0.4 mm each."""


@dataclass(frozen=True, slots=True)
class ChestSample:
    """A seed of the test part."""

    name: str
    seed: int


CHEST_SAMPLES = (
    ChestSample("1-no-finding", 30_000_006),
    ChestSample("2-heart-failure", 30_000_507),
    ChestSample("3-pneumothorax-and-fracture", 30_001_108),
    ChestSample("4-intensive-care", 30_000_275),
    ChestSample("5-nodule", 30_001_849),
    ChestSample("6-fracture-that-the-film-hides", 30_002_474),
)
"""From the test part, which training never saw, chosen for what their causes show."""


def write_chest_samples(folder: Path) -> None:
    """Write every sample below the folder."""
    for sample in CHEST_SAMPLES:
        world = sample_world(sample.seed, Settings())
        film = chest_file(draw(world, size=ROWS), world)
        write_case(folder / sample.name, film, world.form)
