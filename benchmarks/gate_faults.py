"""Simulated faults of films: to fit the content classifiers on phantoms, and to test them."""

from collections.abc import Callable

import numpy as np
from scipy import ndimage

GRID = 96
"""Side of a varied film in pixels; its thumbnail has 64."""
Draw = np.random.Generator


def vary(film: np.ndarray, draw: Draw) -> np.ndarray:
    """The film turned, scaled, stretched, shaded, blurred, noisy or collimated, within reason."""
    turn, stretch = np.deg2rad(draw.uniform(-10, 10)), np.exp(draw.uniform(-0.2, 0.2))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = rotation @ np.diag([stretch, 1 / stretch]) / draw.uniform(0.75, 1.25)
    matrix = matrix * len(film) / GRID
    offset = len(film) * (0.5 + draw.uniform(-0.08, 0.08, 2)) - matrix @ np.full(2, GRID / 2)
    varied = ndimage.affine_transform(film, matrix, offset, (GRID, GRID), order=1)
    varied = np.clip(varied, 0, 1) ** np.exp(0.4 * draw.normal())
    shading = ndimage.zoom(draw.normal(size=(3, 3)), GRID / 3, order=1)
    varied = varied + shading * draw.choice([0, 0.05, 0.12])
    if draw.random() < 0.5:
        varied = ndimage.gaussian_filter(varied, draw.uniform(0, 1.5))
    varied = varied + draw.normal(size=varied.shape) * draw.choice([0, 0.02, 0.05])
    return collimated(varied, draw) if draw.random() < 0.4 else varied


def collimated(film: np.ndarray, draw: Draw) -> np.ndarray:
    """The film with borders of the darkest or the brightest grey."""
    framed = film.copy()
    top, bottom, left, right = draw.integers(0, len(film) // 7, 4)
    frame = np.ones(film.shape, dtype=bool)
    frame[top : len(film) - bottom, left : film.shape[1] - right] = False
    framed[frame] = draw.choice([film.min(), film.max()])
    return framed


def photographed(film: np.ndarray, draw: Draw, side: int = 128) -> np.ndarray:
    """The film as photographed from a screen: askew, bezel, room, moiré, glare."""
    half = draw.uniform(0.45, 0.8) * side / 2
    corners = side / 2 + half * np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]])
    corners += draw.uniform(-0.08, 0.08, (4, 2)) * side
    rows, columns = film.shape
    there = _projected(corners, np.array([[0, 0], [0, columns], [rows, columns], [rows, 0]]), side)
    inside = ((there >= 0) & (there < np.array([[rows], [columns]]))).all(axis=0)
    inside = inside.reshape(side, side)
    screen = ndimage.map_coordinates(film, there, order=1, mode="nearest").reshape(side, side)
    down, across = np.mgrid[:side, :side]
    waves = draw.uniform(0.4, 1.8, 2)
    screen = 0.1 + 0.7 * screen + 0.04 * np.sin(waves[0] * across + waves[1] * down)
    spot = draw.uniform(0, side, 2)
    reach = 2 * draw.uniform(8, 25) ** 2
    screen += 0.25 * np.exp(-((down - spot[0]) ** 2 + (across - spot[1]) ** 2) / reach)
    room = draw.uniform(0.2, 0.8) + ndimage.zoom(0.15 * draw.normal(size=(4, 4)), side / 4, order=1)
    bezel = ndimage.binary_dilation(inside, iterations=int(draw.integers(2, 7)))
    photo = np.where(inside, screen, np.where(bezel, 0.05, room))
    return np.clip(photo + 0.02 * draw.normal(size=photo.shape), 0, 1)


def _projected(here: np.ndarray, there: np.ndarray, side: int) -> np.ndarray:
    """Where each pixel of a square comes from (2, side²), by the projection of four corners."""
    lines, wanted = [], []
    for (u, v), (y, x) in zip(here, there, strict=True):
        lines += [[u, v, 1, 0, 0, 0, -u * y, -v * y], [0, 0, 0, u, v, 1, -u * x, -v * x]]
        wanted += [y, x]
    matrix = np.append(np.linalg.solve(np.array(lines), np.array(wanted)), 1).reshape(3, 3)
    places = np.vstack([np.indices((side, side)).reshape(2, -1), np.ones(side * side)])
    moved = matrix @ places
    return np.asarray(moved[:2] / moved[2])


def white_noise(draw: Draw) -> np.ndarray:
    """Greys that know nothing of each other."""
    return draw.random((GRID, GRID))


def clouds(draw: Draw) -> np.ndarray:
    """Smooth noise."""
    return np.asarray(ndimage.gaussian_filter(draw.random((GRID, GRID)), draw.uniform(1, 12)))


def slope(draw: Draw) -> np.ndarray:
    """Grey that grows one way."""
    down, across = np.mgrid[:GRID, :GRID] / GRID
    turn = draw.uniform(0, 2 * np.pi)
    return np.asarray(np.cos(turn) * across + np.sin(turn) * down + 0.02 * white_noise(draw))


def shapes(draw: Draw) -> np.ndarray:
    """Ellipses and rectangles over one another."""
    down, across = np.mgrid[:GRID, :GRID]
    picture = np.full((GRID, GRID), draw.random())
    for _ in range(draw.integers(1, 12)):
        (y, x), sides, turn = draw.uniform(0, GRID, 2), draw.uniform(4, 40, 2), draw.uniform(0, 3)
        u = (across - x) * np.cos(turn) + (down - y) * np.sin(turn)
        v = (down - y) * np.cos(turn) - (across - x) * np.sin(turn)
        is_round = draw.random() < 0.5
        ellipse = (u / sides[0]) ** 2 + (v / sides[1]) ** 2 < 1
        block = (abs(u) < sides[0]) & (abs(v) < sides[1])
        picture = np.where(ellipse if is_round else block, picture + 0.4 * draw.normal(), picture)
    return np.asarray(ndimage.gaussian_filter(picture, draw.uniform(0.3, 3)))


def limbs(draw: Draw) -> np.ndarray:
    """One or two tubes of soft tissue with a bone each: any other part of the body."""
    down, across = np.mgrid[:GRID, :GRID]
    picture = np.zeros((GRID, GRID))
    for _ in range(draw.integers(1, 3)):
        turn, middle, width = 0.25 * draw.normal(), draw.uniform(0.25, 0.75), draw.uniform(8, 22)
        from_axis = (across - middle * GRID) * np.cos(turn) + (down - GRID / 2) * np.sin(turn)
        bone = width * draw.uniform(0.25, 0.5)
        tissue = np.sqrt(np.clip(1 - (from_axis / width) ** 2, 0, 1))
        core = np.sqrt(np.clip(1 - (from_axis / bone) ** 2, 0, 1))
        picture = np.maximum(picture, 0.6 * tissue) + 0.4 * core
    turned = np.rot90(picture, int(draw.integers(4)))
    return np.asarray(turned + 0.03 * white_noise(draw))


STRANGERS: tuple[Callable[[Draw], np.ndarray], ...] = (white_noise, clouds, slope, shapes, limbs)
"""Pictures that are no film of any system."""
