"""The femur's trabecular groups, which vanish one after another as bone is lost.

Singh, Nagrath and Maini (1970): the secondary groups fade first, then the principal tensile group,
and the principal compressive group last, while Ward's triangle between them opens.
"""

from dataclasses import dataclass

import numpy as np

from xattn.phantoms.hip_anatomy import Femur, Frame, femur_mineral, neck_region
from xattn.phantoms.physics import Floats, Point

FADES_AT = {"compressive": 1.4, "tensile": 3.2, "secondary": 4.3, "trochanteric": 4.8}
"""Singh's grade at which half of a group is gone."""
FADING = 0.55
"""Grades over which it goes."""
REACH = ((-30.0, -30.0), (74.0, 84.0))
"""Corners, left top and right bottom, of a box that holds all groups."""
LINES_MM = 2.9
"""From one line of a group to the next."""


@dataclass(frozen=True, slots=True)
class Band:
    """Where a group lies on a frame: its envelope in [0, 1] and mm across its lines; (H, W)."""

    envelope: Floats
    across: Floats


def visibility(group: str, grade: float) -> float:
    """How much of a group is left at a grade, in (0, 1)."""
    return float(1 / (1 + np.exp((FADES_AT[group] - grade) / FADING)))


def trabecular_pattern(frame: Frame, femur: Femur, noise: Floats) -> Floats:
    """What multiplies the trabecular mineral, about 1: groups' lines over a grain; (H, W)."""
    bands = {
        "compressive": _fan(frame, _calcar_foot(femur), (-5.0, -30.0), (4.5, 13.0)),
        "tensile": _arc(frame, _tensile_points(femur), 7.0),
        "secondary": _fan(frame, *_secondary_ends(femur), (5.0, 10.0)),
        "trochanteric": _arc(frame, _trochanter_points(femur), 5.0),
    }
    pattern = 1 + 0.13 * noise - 0.045 * np.float32(femur.trabeculae)
    for group, band in bands.items():
        left = np.float32(visibility(group, femur.trabeculae))
        lines = np.cos(band.across * np.float32(2 * np.pi / LINES_MM) + np.float32(0.8) * noise)
        pattern += left * band.envelope * (0.62 + 0.50 * lines)
    pattern -= np.float32(0.9 - 0.1 * femur.trabeculae) * _ward(frame, femur)
    return np.asarray(np.maximum(pattern, 0.08), np.float32)


def _fan(frame: Frame, start: Point, end: Point, widths: tuple[float, float]) -> Band:
    """Lines that spread from `start` to `end` over these half-widths."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = float(np.hypot(dx, dy))
    ux, uy = np.float32(dx / length), np.float32(dy / length)
    x, y = frame[0] - np.float32(start[0]), frame[1] - np.float32(start[1])
    along, aside = x * ux + y * uy, x * uy - y * ux
    share = np.clip(along / np.float32(length), 0, 1)
    width = widths[0] + share * np.float32(widths[1] - widths[0])
    beyond = np.maximum(np.abs(along - np.float32(length / 2)) - np.float32(length / 2), 0)
    aside /= width
    envelope = np.exp(-np.square(aside * aside) - np.square(beyond / 5))
    return Band(envelope, aside * np.float32(max(widths)))


def _arc(frame: Frame, points: tuple[Point, Point, Point], width: float) -> Band:
    """Lines along the circle through three points, from the first to the last."""
    centre, radius = circle_through(*points)
    x, y = frame[0] - np.float32(centre[0]), frame[1] - np.float32(centre[1])
    away = np.hypot(x, y)
    aside = away - np.float32(radius)
    middle = np.array(points[1]) - centre
    ends = [np.array(point) - centre for point in (points[0], points[2])]
    cosine = min(float(middle @ end) / radius**2 for end in ends)
    turned = (x * np.float32(middle[0]) + y * np.float32(middle[1])) / np.float32(radius)
    turned /= away + np.float32(1e-3)
    inside = 1 / (1 + np.exp(np.clip((np.float32(cosine) - turned) * 25, -30, 30)))
    share = np.square(aside / np.float32(width))
    return Band(np.exp(-share * share) * inside, aside)


def circle_through(first: Point, second: Point, third: Point) -> tuple[Point, float]:
    """Centre and radius of the circle through three points."""
    points = np.array([first, second, third])
    squares = (points**2).sum(axis=1)
    matrix = 2 * (points[1:] - points[0])
    x, y = np.linalg.solve(matrix, squares[1:] - squares[0])
    return (float(x), float(y)), float(np.hypot(first[0] - x, first[1] - y))


def _calcar_foot(femur: Femur) -> Point:
    x, y = femur.junction
    return x - 19, y + 10


def _tensile_points(femur: Femur) -> tuple[Point, Point, Point]:
    x, y = femur.junction
    return (x + 17, y + 22), (x - 17, y - 27), (-17, 6)


def _secondary_ends(femur: Femur) -> tuple[Point, Point]:
    x, y = femur.junction
    return (x - 15, y + 24), (x + 14, y - 16)


def _trochanter_points(femur: Femur) -> tuple[Point, Point, Point]:
    x, y = femur.junction
    return (x + 20, y + 14), (x + 22, y - 8), (x + 14, y - 28)


def _ward(frame: Frame, femur: Femur) -> Floats:
    """Ward's triangle, in [0, 1]: the neck's void between the groups."""
    dx, dy = femur.towards_shaft
    x, y = frame[0] - np.float32(40 * dx + 3 * dy), frame[1] - np.float32(40 * dy - 3 * dx)
    along, across = x * np.float32(dx) + y * np.float32(dy), x * np.float32(dy) - y * np.float32(dx)
    return np.asarray(np.exp(-((along / 10) ** 2) - (across / 7) ** 2), np.float32)


def neck_mean(femur: Femur) -> float:
    """Mean mineral of the neck region before scaling, g/cm2, whatever the film's sampling."""
    axis = np.arange(0.0, 50.0, 1.0, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    even = trabecular_pattern((x, y), femur, np.zeros_like(x))
    mineral, depth = femur_mineral((x, y), femur, even)
    return float(mineral[neck_region((x, y), femur, depth)].mean())
