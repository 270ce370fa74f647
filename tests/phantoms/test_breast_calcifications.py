"""Calcifications: where each distribution puts them, and what one particle of each type is."""

import numpy as np
import pytest

from xattn.data.schemas import BREAST
from xattn.phantoms.breast_calcifications import (
    PARTICLES,
    Spread,
    calcification_strokes,
    calcium_layer,
)
from xattn.phantoms.physics import FieldOfView, Stroke, sample_grid

CENTRE = (50.0, 60.0)
SIZE = 20.0
DUCT = 0.7
STROKES = {"PLEOMORPHIC": 3, "COARSE": 8, "DYSTROPHIC": 4}
"""Strokes of a particle that has more than one, where their number is fixed."""
VARIED = {"FINE_LINEAR_BRANCHING": (2, 3), "VASCULAR": (0, 18)}
RINGED = {
    "LUCENT_CENTER": (0.9, 1.4),
    "LUCENT_CENTERED": (0.9, 1.4),
    "SKIN": (0.6, 0.6),
    "EGGSHELL": (2.5, 5.0),
}


def places(distribution, *, towards=DUCT, count=400, size_mm=SIZE, seed=0):
    """Places about the origin in the duct's frame, (N,) along and (N,) across."""
    spread = Spread(count, CENTRE, size_mm, towards)
    found = np.array(spread.places(np.random.default_rng(seed), distribution)) - CENTRE
    cos, sin = np.cos(towards), np.sin(towards)
    return found[:, 0] * cos + found[:, 1] * sin, found[:, 1] * cos - found[:, 0] * sin


def strokes(kind, distribution="CLUSTERED", *, seed=0, towards=DUCT):
    return calcification_strokes(
        np.random.default_rng(seed),
        kind,
        distribution,
        centre=CENTRE,
        size_mm=SIZE,
        towards=towards,
    )


def particle(kind, seed=0, towards=DUCT):
    return PARTICLES[kind][2](np.random.default_rng(seed), CENTRE, towards)


def length(stroke):
    return np.hypot(stroke.end[0] - stroke.start[0], stroke.end[1] - stroke.start[1])


def test_every_type_of_the_form_is_drawn():
    assert tuple(PARTICLES) == BREAST["calc_type"].codes
    assert all(0 < fewest < most for fewest, most, _ in PARTICLES.values())


@pytest.mark.parametrize(
    ("distribution", "reach"),
    [("CLUSTERED", 10.0), ("REGIONAL", 19.0), ("DIFFUSELY_SCATTERED", 26.0)],
)
def test_discs_reach_as_far_as_they_say(distribution, reach):
    along, across = places(distribution)
    distance = np.hypot(along, across)
    # The farthest of 400 is within 1 % of the rim but with probability (0.99^1.5)^400 = 0.002.
    assert 0.99 * reach < distance.max() <= reach
    # distance = reach u^p has the median reach 0.5^p; 400 draws place it within 10 %.
    power = 0.65 if distribution == "CLUSTERED" else 0.5
    assert np.median(distance) == pytest.approx(reach * 0.5**power, rel=0.1)


def test_a_scatter_of_a_large_lesion_grows_with_it():
    along, across = places("DIFFUSELY_SCATTERED", size_mm=40.0)
    assert 0.99 * 52 < np.hypot(along, across).max() <= 52


def test_a_line_lies_along_the_duct():
    along, across = places("LINEAR")
    assert np.abs(along).max() <= 0.65 * SIZE
    # Half a millimetre of deviation, estimated from 400: within four of its errors, 7 % each side.
    assert across.std() == pytest.approx(0.5, rel=0.15)
    assert along.std() == pytest.approx(1.3 * SIZE / 12**0.5, rel=0.15)


def test_a_segment_narrows_to_the_nipple():
    along, across = places("SEGMENTAL")
    share = 0.6 - along / (1.7 * SIZE)
    assert (share >= 0).all()
    assert (share <= 1 + 1e-12).all()
    assert (np.abs(across) <= 0.425 * SIZE * share + 1e-9).all()
    # Even over the wedge: P(share < s) = s^2, so a quarter lies in the half towards the nipple.
    assert np.mean(share < 0.5) == pytest.approx(0.25, abs=0.09)  # four binomial deviations


@pytest.mark.parametrize("distribution", BREAST["calc_distribution"].codes)
def test_places_turn_with_the_duct_and_belong_to_their_seed(distribution):
    first, turned = places(distribution), places(distribution, towards=2.9)
    np.testing.assert_allclose(first, turned, atol=1e-12)  # rotations of float64 mm
    assert not np.array_equal(first, places(distribution, seed=1))


@pytest.mark.parametrize("kind", [k for k in PARTICLES if k not in VARIED])
def test_a_finding_has_its_number_of_particles_and_twice_when_spread(kind):
    fewest, most, _ = PARTICLES[kind]
    each = STROKES.get(kind, 1)
    counts = {len(strokes(kind, seed=seed)) // each for seed in range(60)}
    assert counts <= set(range(fewest, most))
    for distribution in ("REGIONAL", "DIFFUSELY_SCATTERED"):
        assert len(strokes(kind, distribution)) == 2 * len(strokes(kind))
    assert len(strokes(kind, "LINEAR")) == len(strokes(kind, "SEGMENTAL")) == len(strokes(kind))


@pytest.mark.parametrize("kind", PARTICLES)
def test_a_finding_belongs_to_its_seed(kind):
    assert strokes(kind) == strokes(kind)
    assert strokes(kind) != strokes(kind, seed=1)


@pytest.mark.parametrize("kind", PARTICLES)
def test_only_hollow_types_have_a_ring(kind):
    low, high = RINGED.get(kind, (0.0, 0.0))
    rings = [stroke.ring for seed in range(30) for stroke in particle(kind, seed)]
    assert min(rings) >= low
    assert max(rings) <= high


@pytest.mark.parametrize("kind", ["PUNCTATE", "AMORPHOUS", "ROUND_AND_REGULAR", *RINGED])
def test_round_types_lie_on_their_place(kind):
    (stroke,) = particle(kind)
    assert stroke.start == stroke.end == CENTRE


def test_a_round_particle_is_larger_than_a_point_and_an_amorphous_one_fainter():
    (point,), (round_one,), (haze,) = map(particle, ("PUNCTATE", "ROUND_AND_REGULAR", "AMORPHOUS"))
    assert round_one.radius > 2 * point.radius
    assert haze.depth < 0.4 * point.depth
    assert haze.radius > 3 * point.radius


def test_milk_of_calcium_lies_level_whatever_the_duct():
    (stroke,) = particle("MILK_OF_CALCIUM", towards=1.5)
    assert stroke.start[1] == stroke.end[1] == CENTRE[1]
    assert 1.0 <= length(stroke) <= 1.6


def test_a_rod_is_long_and_lies_along_its_duct():
    rods = [particle("LARGE_RODLIKE", seed)[0] for seed in range(100)]
    assert all(4 <= length(rod) <= 8 for rod in rods)
    angles = [np.arctan2(r.end[1] - r.start[1], r.end[0] - r.start[0]) - DUCT for r in rods]
    # A deviation of 0.25 rad: its error over 100 draws is 7 %, the mean's 0.025.
    assert np.std(angles) == pytest.approx(0.25, rel=0.25)
    assert np.mean(angles) == pytest.approx(0, abs=0.1)


def test_branches_leave_the_end_of_their_stem():
    counts = set()
    for seed in range(30):
        stem, *daughters = particle("FINE_LINEAR_BRANCHING", seed)
        counts.add(len(daughters))
        assert stem.start == CENTRE
        assert all(daughter.start == stem.end for daughter in daughters)
        assert 1.5 <= length(stem) <= 3.5
        assert all(0.8 <= length(daughter) <= 1.8 for daughter in daughters)
        assert all(daughter.depth < stem.depth for daughter in daughters)
    assert counts == {1, 2}


def test_a_vessel_has_two_walls_with_gaps():
    counts = [len(particle("VASCULAR", seed)) for seed in range(60)]
    # Eighteen pieces, each there with probability 0.85: a mean of 15.3, error 0.2.
    assert max(counts) <= 18
    assert np.mean(counts) == pytest.approx(15.3, abs=0.8)
    first, second = particle("VASCULAR", seed=3)[:2]
    apart = np.subtract(second.start, first.start)
    assert np.hypot(*apart) == pytest.approx(1.6, abs=1e-9)
    assert all(length(piece) == pytest.approx(2.2) for piece in particle("VASCULAR"))


def test_calcium_does_not_add_up_where_particles_meet():
    grid = sample_grid(FieldOfView(CENTRE, (8.0, 8.0)), 80)
    dot = Stroke(CENTRE, CENTRE, 0.5, 1.0)
    other = Stroke((51.0, 60.0), (51.0, 60.0), 0.5, 0.6)
    once, twice = calcium_layer(grid, [dot]), calcium_layer(grid, [dot, dot])
    assert np.array_equal(once, twice)
    both = calcium_layer(grid, [dot, other])
    assert np.array_equal(both, np.maximum(once, calcium_layer(grid, [other])))
    assert not calcium_layer(grid, []).any()
