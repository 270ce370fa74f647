"""The encoded film: absence is one state, and the pool is the same whatever was asked before."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch

from tests import tiny
from xattn.explain.film import CHUNK, EncodedFilm, Fill
from xattn.explain.sampling import draw_masks
from xattn.records import Case
from xattn.systems import LoadedModel

FILLS: tuple[Fill, ...] = get_args(Fill)


@pytest.fixture
def film(tiny_model: LoadedModel, tiny_case: Case) -> EncodedFilm:
    return EncodedFilm(tiny_model, tiny_case.film)


def test_all_regions_filled_is_the_absent_film(film: EncodedFilm) -> None:
    filled = film.encode(np.zeros((1, film.region_count), dtype=bool))
    assert torch.equal(filled.tokens, film.nothing.tokens)
    batch = film.encode(np.zeros((CHUNK, film.region_count), dtype=bool))
    # a batch of 32 may add in another order than a batch of one
    torch.testing.assert_close(batch.tokens[5:6], film.nothing.tokens, rtol=0, atol=1e-5)


def test_no_region_filled_is_the_film(film: EncodedFilm) -> None:
    whole = film.encode(np.ones((1, film.region_count), dtype=bool))
    assert torch.equal(whole.tokens, film.tokens.tokens)


def test_the_absent_film_is_the_same_for_every_film(film: EncodedFilm) -> None:
    other = tiny.case().film
    dark = EncodedFilm(film.model, replace(other, pixels=other.pixels / 2))
    assert torch.equal(dark.nothing.tokens, film.nothing.tokens)


def test_absent_regions_take_the_fill_and_others_stay() -> None:
    film = EncodedFilm(tiny.loaded(tiny.SumModel()), tiny.case().film)
    masks = draw_masks(film.region_count, 3, seed=4)
    cells = film.encode(masks).tokens
    for mask, tokens in zip(masks, cells, strict=True):
        pixels = np.where(mask[film.regions], tiny.case().film.pixels, 0.25)
        means = pixels.reshape(4, 24, 4, 24).mean(axis=(1, 3))
        # float32 means of 576 pixels
        np.testing.assert_allclose(tokens.reshape(4, 4).numpy(), means, rtol=0, atol=1e-6)


def test_the_pool_does_not_depend_on_earlier_requests(
    tiny_model: LoadedModel, tiny_case: Case
) -> None:
    at_once, in_parts = (EncodedFilm(tiny_model, tiny_case.film) for _ in range(2))
    list(at_once.grow(3 * CHUNK))
    for count in (CHUNK, CHUNK, 3 * CHUNK):
        list(in_parts.grow(count))
    (masks, films), (masks_again, films_again) = at_once.pool(96), in_parts.pool(96)
    assert np.array_equal(masks, masks_again)
    assert [torch.equal(a.tokens, b.tokens) for a, b in zip(films, films_again, strict=True)] == [
        True
    ] * 3


def test_the_pool_grows_only_by_what_is_missing(film: EncodedFilm) -> None:
    assert list(film.grow(2 * CHUNK)) == [0.5, 1.0]
    assert list(film.grow(2 * CHUNK)) == []
    masks, films = film.pool(CHUNK)
    assert (masks.shape, len(films)) == ((CHUNK, film.region_count), 1)


def test_a_mask_that_keeps_nothing_is_the_absent_film_in_any_batch(film: EncodedFilm) -> None:
    masks = draw_masks(film.region_count, CHUNK, seed=0)
    masks[7] = False
    for fill in FILLS:
        encoded = film.encode(masks, fill)
        assert torch.equal(encoded.tokens[7:8], film.absent(fill).tokens)


def test_absent_regions_take_the_fill_that_is_asked_for() -> None:
    film = EncodedFilm(tiny.loaded(tiny.SumModel()), tiny.case().film)
    pixels = tiny.case().film.pixels
    assert float(film.background("trained").mean()) == 0.25
    # float32 sums of 9,216 pixels
    assert float(film.background("mean")[0, 0, 0, 0]) == pytest.approx(pixels.mean(), abs=1e-6)
    blurred = film.background("blurred")[0, 0].numpy()
    assert np.abs(np.diff(blurred)).max() < 0.1 * np.abs(np.diff(pixels)).max()
    mask = np.zeros((1, film.region_count), dtype=bool)
    mask[0, 3] = True
    cells = film.encode(mask, "blurred").tokens.reshape(1, 4, 4).numpy()
    means = np.where(mask[0][film.regions], pixels, blurred).reshape(4, 24, 4, 24)
    np.testing.assert_allclose(cells[0], means.mean(axis=(1, 3)), rtol=0, atol=1e-6)


def test_every_fill_has_the_same_masks_and_a_pool_of_its_own(film: EncodedFilm) -> None:
    list(film.grow(2 * CHUNK))
    assert list(film.grow(CHUNK, "mean")) == [1.0]
    (masks, trained), (again, mean) = film.pool(CHUNK), film.pool(CHUNK, "mean")
    assert np.array_equal(masks, again)
    assert np.array_equal(masks, film.masks(2 * CHUNK)[:CHUNK])
    assert not torch.equal(trained[0].tokens, mean[0].tokens)
