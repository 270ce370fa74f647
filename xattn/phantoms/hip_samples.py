"""The hip cases that are shipped with the app: phantoms with their form."""

from dataclasses import dataclass
from pathlib import Path

from xattn.phantoms.hip import Settings, draw, sample_world
from xattn.phantoms.hip_file import hip_file
from xattn.phantoms.samples import write_case

ROWS = 1040
"""Height of a sample's film in pixels: 0.2 mm each."""


@dataclass(frozen=True, slots=True)
class HipSample:
    """A seed, and which fields are left unknown; the densitometry lies in the future of all."""

    name: str
    seed: int
    unknown: tuple[str, ...] = ("age_at_scan",)


HIP_SAMPLES = (
    HipSample("1-dense-bone", 30_000_706),
    HipSample("2-thin-bone", 30_000_973),
    HipSample("3-large-body", 30_000_160),
    HipSample("4-thin-smoker", 30_000_867),
    HipSample("5-film-against-form", 30_000_039),
    HipSample(
        "6-form-partly-unknown",
        30_000_394,
        unknown=("age_at_scan", "weight", "bmi", "alcohol", "activity", "diet"),
    ),
)
"""From the test part, which training never saw, chosen for what their causes show."""


def write_hip_samples(folder: Path) -> None:
    """Write every sample below the folder."""
    for sample in HIP_SAMPLES:
        write_hip_sample(sample, folder)


def write_hip_sample(sample: HipSample, folder: Path) -> None:
    """Write a case below the folder."""
    world = sample_world(sample.seed, Settings())
    kept = {name: value for name, value in world.form.items() if name not in sample.unknown}
    write_case(folder / sample.name, hip_file(draw(world, size=ROWS), world), kept)
