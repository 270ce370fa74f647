"""How each calcification type and distribution of the breast phantom looks; lengths in mm."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from xattn.phantoms.physics import Floats, Grid, Point, Stroke, add_stroke

Particle = Callable[[np.random.Generator, Point, float], list[Stroke]]
"""The strokes of one particle from chance, its place and the direction of its duct."""


def calcium_layer(grid: Grid, strokes: list[Stroke]) -> Floats:
    """Attenuation of all particles, (H, W)."""
    layer = np.zeros(grid.shape, np.float32)
    for stroke in strokes:
        add_stroke(layer, grid, stroke)
    return layer


@dataclass(frozen=True, slots=True)
class Spread:
    """Where particles lie: `count` of them about a centre, with the direction of the duct."""

    count: int
    centre: Point
    size_mm: float
    towards: float

    def places(self, rng: np.random.Generator, distribution: str) -> list[Point]:
        """A cluster, a wedge that narrows to the nipple, a line, a region, or all over."""
        match distribution:
            case "LINEAR":
                along = (rng.random(self.count) - 0.5) * 1.3 * self.size_mm
                across = rng.normal(size=self.count) * 0.5
            case "SEGMENTAL":
                share = np.sqrt(rng.random(self.count))
                along = (0.6 - share) * 1.7 * self.size_mm
                across = (rng.random(self.count) - 0.5) * share * 0.85 * self.size_mm
            case "CLUSTERED":
                along, across = self._disc(rng, 0.5 * self.size_mm, 0.65)
            case "REGIONAL":
                along, across = self._disc(rng, 0.95 * self.size_mm, 0.5)
            case _:
                along, across = self._disc(rng, max(26.0, 1.3 * self.size_mm), 0.5)
        cos, sin = np.cos(self.towards), np.sin(self.towards)
        xs = self.centre[0] + along * cos - across * sin
        ys = self.centre[1] + along * sin + across * cos
        return list(zip(xs.tolist(), ys.tolist(), strict=True))

    def _disc(
        self, rng: np.random.Generator, reach: float, power: float
    ) -> tuple[np.ndarray, np.ndarray]:
        distance = reach * rng.random(self.count) ** power
        turn = rng.random(self.count) * 2 * np.pi
        return distance * np.cos(turn), distance * np.sin(turn)


def _line(start: Point, angle: float, *, length: float, radius: float, depth: float) -> Stroke:
    end = (start[0] + length * float(np.cos(angle)), start[1] + length * float(np.sin(angle)))
    return Stroke(start, end, radius, depth)


def _chunk(
    rng: np.random.Generator, place: Point, *, parts: int, radius: float, depth: float
) -> list[Stroke]:
    strokes = []
    for x, y in rng.normal(size=(parts, 2)) * 0.85 * radius:
        centre = (place[0] + float(x), place[1] + float(y))
        size, strength = 0.45 + 0.6 * rng.random(), 0.6 + 0.4 * rng.random()
        strokes.append(Stroke(centre, centre, radius * size, depth * strength))
    return strokes


def _pleomorphic(rng: np.random.Generator, place: Point, _: float) -> list[Stroke]:
    radius, depth = 0.16 + 0.4 * rng.random(), 0.5 + rng.random()
    return _chunk(rng, place, parts=3, radius=radius, depth=depth)


def _punctate(_: np.random.Generator, place: Point, __: float) -> list[Stroke]:
    return [Stroke(place, place, 0.22, 0.7)]


def _amorphous(rng: np.random.Generator, place: Point, _: float) -> list[Stroke]:
    return [Stroke(place, place, 0.7 + 0.4 * rng.random(), 0.26)]


def _round(rng: np.random.Generator, place: Point, _: float) -> list[Stroke]:
    return [Stroke(place, place, 0.5 + 0.1 * rng.random(), 1.0)]


def _lucent(rng: np.random.Generator, place: Point, _: float) -> list[Stroke]:
    return [Stroke(place, place, 0.3, 0.75, ring=0.9 + 0.5 * rng.random())]


def _skin(_: np.random.Generator, place: Point, __: float) -> list[Stroke]:
    return [Stroke(place, place, 0.25, 0.8, ring=0.6)]


def _eggshell(rng: np.random.Generator, place: Point, _: float) -> list[Stroke]:
    return [Stroke(place, place, 0.3, 0.8, ring=2.5 + 2.5 * rng.random())]


def _coarse(rng: np.random.Generator, place: Point, _: float) -> list[Stroke]:
    return _chunk(rng, place, parts=8, radius=1.1, depth=1.5)


def _dystrophic(rng: np.random.Generator, place: Point, _: float) -> list[Stroke]:
    return _chunk(rng, place, parts=4, radius=0.8, depth=1.1)


def _milk(rng: np.random.Generator, place: Point, _: float) -> list[Stroke]:
    half = 0.5 + 0.3 * rng.random()
    return [Stroke((place[0] - half, place[1]), (place[0] + half, place[1]), 0.25, 0.5)]


def _rod(rng: np.random.Generator, place: Point, towards: float) -> list[Stroke]:
    angle, length = towards + 0.25 * float(rng.normal()), 4 + 4 * rng.random()
    return [_line(place, angle, length=length, radius=0.55, depth=1.1)]


def _branches(rng: np.random.Generator, place: Point, towards: float) -> list[Stroke]:
    angle = towards + 0.5 * float(rng.normal())
    stem = _line(place, angle, length=1.5 + 2 * rng.random(), radius=0.18, depth=0.9)
    strokes = [stem]
    for side in (-1, 1)[: 1 + int(rng.random() < 0.6)]:
        turn = angle + side * (0.4 + 0.3 * rng.random())
        strokes.append(_line(stem.end, turn, length=0.8 + rng.random(), radius=0.16, depth=0.75))
    return strokes


def _tram_track(rng: np.random.Generator, place: Point, towards: float) -> list[Stroke]:
    """Two broken parallel lines: the walls of an artery."""
    strokes = []
    angle, bend = towards + 0.6 * float(rng.normal()), 0.12 * float(rng.normal())
    for _ in range(9):
        angle += bend + 0.12 * float(rng.normal())
        wall = (-0.8 * float(np.sin(angle)), 0.8 * float(np.cos(angle)))
        for side in (-1, 1):
            start = (place[0] + side * wall[0], place[1] + side * wall[1])
            depth = 0.45 + 0.4 * rng.random()
            if rng.random() < 0.85:
                strokes.append(_line(start, angle, length=2.2, radius=0.25, depth=depth))
        place = _line(place, angle, length=2.4, radius=0.0, depth=0.0).end
    return strokes


PARTICLES: dict[str, tuple[int, int, Particle]] = {
    "PLEOMORPHIC": (14, 26, _pleomorphic),
    "PUNCTATE": (14, 26, _punctate),
    "AMORPHOUS": (18, 30, _amorphous),
    "LUCENT_CENTER": (4, 8, _lucent),
    "ROUND_AND_REGULAR": (7, 14, _round),
    "FINE_LINEAR_BRANCHING": (6, 10, _branches),
    "VASCULAR": (1, 3, _tram_track),
    "COARSE": (1, 4, _coarse),
    "LUCENT_CENTERED": (4, 8, _lucent),
    "EGGSHELL": (1, 3, _eggshell),
    "DYSTROPHIC": (3, 6, _dystrophic),
    "LARGE_RODLIKE": (5, 10, _rod),
    "SKIN": (5, 9, _skin),
    "MILK_OF_CALCIUM": (6, 11, _milk),
}
"""Fewest particles, one more than the most, and how one is drawn; twice as many if spread wide."""


def calcification_strokes(
    rng: np.random.Generator, kind: str, distribution: str, *, centre: Point, size_mm: float,
    towards: float,
) -> list[Stroke]:  # fmt: skip
    """All strokes of one finding of a type and distribution."""
    fewest, most, make = PARTICLES[kind]
    count = int(rng.integers(fewest, most))
    if distribution in {"REGIONAL", "DIFFUSELY_SCATTERED"}:
        count *= 2
    places = Spread(count, centre, size_mm, towards).places(rng, distribution)
    return [stroke for place in places for stroke in make(rng, place, towards)]
