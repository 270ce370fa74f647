"""How much of a map lies on what part of the film, as enrichment over the part's area.

A model that reads a marker, a frame or the air betrays itself here: its maps are rich where there
is no patient. Shares are of absolute contribution, of the mass for it (relative), or of attention.
"""

from dataclasses import asdict, dataclass
from functools import reduce

import numpy as np

from xattn.explain.overlay import lowers
from xattn.records import Attribution, Film
from xattn.trust.agreement import per_pixel
from xattn.trust.segment_breast import breast
from xattn.trust.segment_chest import HEART, LUNGS, thorax_parts
from xattn.trust.segment_film import FilmParts, Segment, film_parts
from xattn.trust.segment_hip import FEMUR, NECK, femur

PARTS = ("body", "background", "border", "markers", "padding")
"""What every square is divided into; the system's anatomy lies in the body, parts in parts."""
NOT_PATIENT = ("background", "border", "markers", "padding")
ON_PHANTOMS: dict[str, tuple[float, float]] = {
    NECK: (0.88, 0.77),
    FEMUR: (0.96, 0.94),
    "breast": (0.99, 0.98),
    LUNGS: (0.92, 0.89),
    HEART: (0.94, 0.89),
    "border": (0.95, 0.86),
    "markers": (0.42, 0.19),
}
"""Mean and 10th percentile of the Dice coefficient on 100 phantoms: `python -m benchmarks.anatomy`.

Of hips where the outline was found, 90 of 100.

Where several systems have a part, the worst of them; a marker's Dice is low because it is found as
its strokes, a little widened, and the phantoms' truth is the rectangle about them.

Of real films no outlines are known; how they look there is told in the documentation.
"""


@dataclass(frozen=True, slots=True)
class PartShare:
    """One part: its share of the map and of the square's area; None where it was not found.

    `dice` is what its segmentation reaches on phantoms, (mean, 10th percentile).
    """

    name: str
    share: float | None
    area: float | None
    dice: tuple[float, float] | None
    reason: str = ""

    @property
    def enrichment(self) -> float | None:
        """Share over area: 1 for a map that is spread evenly; None for what is not there."""
        if self.share is None or not self.area:
            return None
        return self.share / self.area


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Where a map lies. The parts of `PARTS` sum to 1; the system's anatomy is among the body."""

    method: str
    parts: tuple[PartShare, ...]
    is_empty: bool = False
    """Whether the map holds nothing that could lie anywhere."""

    def __getitem__(self, name: str) -> PartShare:
        return next(part for part in self.parts if part.name == name)

    @property
    def off_patient(self) -> float | None:
        """The share that lies on background, border, markers and padding; None if empty."""
        shares = [self[name].share for name in NOT_PATIENT]
        known = [share for share in shares if share is not None]
        return sum(known) if len(known) == len(shares) else None

    @property
    def plain(self) -> dict[str, object]:
        """Every number, ready for JSON."""
        rows = [{**asdict(part), "enrichment": part.enrichment} for part in self.parts]
        return {"method": self.method, "parts": rows, "off_patient": self.off_patient}


def segments(film: Film, system: str) -> tuple[Segment, ...]:
    """The parts of what a model reads of a film: the five of every square, then the anatomy's.

    For systems without an anatomy of their own the five alone.
    """
    parts = film_parts(film)
    anatomy = _anatomy(film, parts, system)
    found = [entry.mask for entry in anatomy if entry.is_found]
    if found:
        parts = parts.without_markers_in(reduce(np.logical_or, found) & ~parts.border)
    general = tuple(Segment(name, getattr(parts, name)) for name in PARTS)
    return general + anatomy


def _anatomy(film: Film, parts: FilmParts, system: str) -> tuple[Segment, ...]:
    if system == "hip":
        return femur(film.pixels, parts.padding)
    if system == "breast":
        return (breast(parts, is_crop=film.box is not None),)
    if system == "chest":
        return thorax_parts(film.pixels, parts.background, parts.padding)
    return ()


def anatomy(attribution: Attribution, parts: tuple[Segment, ...], *, number: int = 0) -> Anatomy:
    """Where one map of an attribution lies, its first unless told otherwise."""
    mass = mass_per_pixel(attribution, parts[0].mask.shape[0], number=number)
    return Anatomy(
        attribution.method,
        tuple(_share(mass, part) for part in parts),
        is_empty=not mass.any(),
    )


def mass_per_pixel(attribution: Attribution, size: int, *, number: int = 0) -> np.ndarray:
    """What is shared out, (S, S), never negative.

    Contributions count for and against by their size; a relative map by the side that is drawn;
    attention as it is. A region's number is shared out over its pixels.
    """
    values = per_pixel(attribution, number, size)
    if attribution.kind == "contribution":
        return np.asarray(np.abs(values))
    return np.asarray(np.maximum(-values if lowers(attribution) else values, 0))


def _share(mass: np.ndarray, part: Segment) -> PartShare:
    dice = ON_PHANTOMS.get(part.name)
    if not part.is_found:
        return PartShare(part.name, None, None, dice, part.reason)
    total = float(mass.sum())
    share = float(mass[part.mask].sum()) / total if total else None
    return PartShare(part.name, share, float(part.mask.mean()), dice)


__all__ = [
    "FEMUR",
    "HEART",
    "LUNGS",
    "NECK",
    "Anatomy",
    "PartShare",
    "anatomy",
    "mass_per_pixel",
    "segments",
]
