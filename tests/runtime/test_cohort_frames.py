"""Maps laid onto a frame: identity, kept sums, mirror images, boxes, outlines that do not fit."""

from dataclasses import replace

import numpy as np
import pytest

from tests import tiny
from xattn.data.placement import Box
from xattn.runtime.cohort_frames import (
    BOX,
    BREAST,
    SIDE,
    areas,
    frame,
    overlaps,
    register,
)
from xattn.trust.segment_chest import LUNGS
from xattn.trust.segment_film import Segment
from xattn.trust.segment_hip import FEMUR


def parts(mask, name, reason=""):
    """Five parts of a square that is all body, and one of anatomy."""
    none = np.zeros_like(mask)
    general = [Segment("body", ~none)]
    general += [Segment(each, none) for each in ("background", "border", "markers", "padding")]
    return (*general, Segment(name, mask, reason))


def film(size=SIDE):
    return tiny.case(size=size).film


def test_the_standard_outline_itself_is_laid_where_it_is():
    outline = frame(LUNGS).outline
    found = register(film(), parts(outline, LUNGS), "chest")
    density = np.random.default_rng(0).normal(size=(SIDE, SIDE))
    # Weights are ones and zeros: nothing is rounded but the sums of a matrix product.
    np.testing.assert_allclose(found.lay(density), density, atol=1e-12)
    assert found.dice == 1.0


@pytest.mark.parametrize(("rows", "columns"), [(1, 2), (2, 1), (3, 3)])
def test_a_stretched_film_gives_the_same_sums_in_the_frame(rows, columns):
    """Each pixel of the frame becomes rows × columns pixels, its amount shared out over them."""
    outline = frame(LUNGS).outline
    size = SIDE * max(rows, columns)
    wide = np.zeros((size, size), bool)
    big = np.kron(outline, np.ones((rows, columns), bool))
    wide[: big.shape[0], : big.shape[1]] = big
    density = np.random.default_rng(1).normal(size=(SIDE, SIDE))
    laid = np.zeros((size, size))
    shared = np.kron(density, np.ones((rows, columns))) / (rows * columns)
    laid[: big.shape[0], : big.shape[1]] = shared
    found = register(film(size), parts(wide, LUNGS), "chest")
    np.testing.assert_allclose(found.lay(laid), density, atol=1e-12)
    assert found.dice == 1.0


def test_overlaps_share_out_every_pixel_once():
    weights = overlaps(-3.3, 1.37, 100)
    inside = np.arange(100) + 1 <= -3.3 + 1.37 * SIDE
    np.testing.assert_allclose(weights.sum(axis=0)[inside], 1.0, atol=1e-12)
    slowly = [
        max(0.0, min(-3.3 + 1.37 * (i + 1), j + 1) - max(-3.3 + 1.37 * i, j))
        for i in range(SIDE)
        for j in range(100)
    ]
    np.testing.assert_allclose(weights.ravel(), slowly, atol=1e-12)


def test_a_mirrored_hip_is_turned_back_and_a_chest_is_not():
    outline = frame(FEMUR).outline
    found = register(film(), parts(outline[:, ::-1], FEMUR), "hip")
    density = np.random.default_rng(2).normal(size=(SIDE, SIDE))
    np.testing.assert_allclose(found.lay(density[:, ::-1]), density, atol=1e-12)
    lungs = frame(LUNGS).outline
    found = register(film(), parts(lungs[:, ::-1], LUNGS), "chest")
    assert found.dice < 1.0


def test_a_breast_at_either_side_of_the_film_is_laid_alike():
    outline = frame(BREAST).outline
    density = outline * np.random.default_rng(3).random((SIDE, SIDE))
    left = register(film(), parts(outline, BREAST), "breast").lay(density)
    right = register(film(), parts(outline[:, ::-1], BREAST), "breast").lay(density[:, ::-1])
    np.testing.assert_allclose(left, right, atol=1e-12)


def test_what_was_not_found_or_does_not_fit_is_left_out_with_its_reason():
    outline = frame(LUNGS).outline
    found = register(film(), parts(outline, LUNGS, "outline not found: ragged"), "chest")
    assert (found.reason, found.dice) == ("outline not found: ragged", None)
    diagonal = np.eye(SIDE, dtype=bool)
    assert "unlike the standard" in register(film(), parts(diagonal, LUNGS), "chest").reason
    assert "no outline is known" in register(film(), parts(outline, "knee"), "knee").reason


def boxed(box):
    given = film()
    return replace(given, box=box)


def test_a_boxed_lesion_lies_in_the_middle_third():
    """A box of 30 × 20 of 96 pixels: a square of 30 about its middle fills the middle third."""
    given = boxed(Box(10, 40, 30, 20))
    found = register(given, parts(np.ones((SIDE, SIDE), bool), BREAST), "breast")
    density = np.zeros((SIDE, SIDE))
    density[35:65, 10:40] = 1 / 900
    laid = found.lay(density)
    assert found.frame == BOX
    assert found.dice is None
    assert laid[frame(BOX).outline].sum() == pytest.approx(1.0, abs=1e-12)
    assert laid.sum() == pytest.approx(1.0, abs=1e-12)


def test_areas_are_the_square_each_pixel_once():
    outline = frame(LUNGS).outline
    split = areas(film(), parts(outline, LUNGS), "chest")
    assert [name for name, _ in split] == [LUNGS, "rest of the body", "off the patient"]
    assert (np.sum([mask for _, mask in split], axis=0) == 1).all()
    given = boxed(Box(10, 40, 30, 20))
    split = dict(areas(given, parts(np.ones((SIDE, SIDE), bool), BREAST), "breast"))
    assert list(split) == ["in the box", "around the box", "off the patient"]
    assert split["in the box"].sum() == 600
    assert np.sum(list(split.values())) == SIDE * SIDE
