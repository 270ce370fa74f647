"""Novelty: distances against plain formulas, percentiles of held-out cases, and the file."""

import numpy as np
import pytest
import torch

from tests import tiny
from xattn.errors import CheckpointError
from xattn.trust.gate import case_novelty, embed
from xattn.trust.novelty import (
    FILE,
    Embedded,
    Novelty,
    Reference,
    check_novelty,
    fit_reference,
    load_reference,
    novelty,
    save_reference,
    slots_stated,
)


def embedded(seed: int, count: int = 400, *, known: float = 0.8) -> Embedded:
    """Correlated tokens of 5 numbers, and forms of 4 slots in 3 fields, some unknown."""
    draw = np.random.default_rng(seed)
    pooled = draw.normal(size=(count, 5)) @ np.array([[2.0, 1, 0, 0, 0]] + [[0, 1, 0.5, 0, 1]] * 4)
    pooled += 0.1 * draw.normal(size=(count, 5))
    stated = slots_stated(draw.random((count, 3)) < known, (1, 2, 1))
    values = draw.normal(size=(count, 4)) + draw.normal(size=(count, 1))
    return Embedded(pooled, np.where(stated, values, 0.0), stated)


@pytest.fixture(scope="module")
def reference() -> Reference:
    return fit_reference(embedded(0), embedded(1))


def test_slots_are_stated_with_their_field():
    found = slots_stated(np.array([[True, False, True]]), (1, 2, 3))
    assert found.tolist() == [[True, False, False, True, True, True]]


def test_the_film_distance_is_mahalanobis_with_a_shrunk_covariance(reference):
    pooled = embedded(0).pooled
    covariance = 0.9 * np.cov(pooled.T)
    covariance += 0.1 * np.eye(5) * np.trace(np.cov(pooled.T)) / 5
    offset = np.array([1.0, -2, 0.5, 3, 1]) - pooled.mean(axis=0)
    expected = np.sqrt(offset @ np.linalg.inv(covariance) @ offset)
    found = np.linalg.norm(reference.film_whitening @ offset)
    # Two ways to invert one covariance of condition below 1e4.
    assert found == pytest.approx(expected, rel=1e-9)


def test_held_out_films_get_their_own_rank(reference):
    held = embedded(1)
    percentiles = [
        novelty(reference, row, values=held.values[0], stated=held.stated[0]).film
        for row in held.pooled
    ]
    # Of 400, none below the nearest and 399 below the farthest, in 401 places; a case that meets
    # itself may round to the other side of itself.
    np.testing.assert_allclose(np.sort(percentiles), 100 * np.arange(400) / 401, atol=100.1 / 401)


def test_fresh_cases_of_the_same_kind_spread_evenly_and_others_are_novel(reference):
    fresh = embedded(2)
    found = [
        novelty(reference, p, values=v, stated=s)
        for p, v, s in zip(fresh.pooled, fresh.values, fresh.stated, strict=True)
    ]
    for side in ("film", "form"):
        share = np.mean([getattr(each, side) > 95 for each in found])
        # 5 % of 400, both samples drawn: 4 standard errors of sqrt(2 · 0.05 · 0.95 / 400) = 0.015.
        assert abs(share - 0.05) < 0.06
    far = novelty(
        reference,
        fresh.pooled[0] + 9,
        values=np.full(4, 9.0) * [1, -1, 1, -1],
        stated=np.ones(4, bool),
    )
    assert far == Novelty(100 * 400 / 401, 100 * far_share(reference, np.ones(4, bool)))


def far_share(reference: Reference, stated: np.ndarray) -> float:
    same = reference.form_stated[:, stated].all(axis=1).sum()
    return same / (same + 1)


def test_a_form_is_compared_with_the_held_out_forms_that_state_the_same(reference):
    stated = np.array([True, False, False, True])
    values = np.array([1.5, 99.0, -99.0, -1.5])
    rows = reference.form_stated[:, stated].all(axis=1)
    precision = np.linalg.inv(reference.form_covariance[[0, 3]][:, [0, 3]])

    def distance(row: np.ndarray) -> float:
        offset = row - reference.form_mean[[0, 3]]
        return float(offset @ precision @ offset)

    others = [distance(row[[0, 3]]) for row in reference.form_values[rows]]
    expected = 100 * sum(other < distance(values[[0, 3]]) for other in others) / (len(others) + 1)
    found = novelty(reference, np.zeros(5), values=values, stated=stated)
    # The unknown fields hold wild numbers, which must not count; ranks are exact.
    assert found.form == pytest.approx(expected, abs=1e-9)
    assert 200 < rows.sum() < 400


def test_an_empty_form_is_no_distance(reference):
    assert novelty(reference, np.zeros(5), values=np.zeros(4), stated=np.zeros(4, bool)).form == 0


def test_a_combination_that_hardly_anyone_states_is_compared_with_all():
    held = embedded(1, known=0.2)
    rare = fit_reference(embedded(0), held)
    found = novelty(rare, np.zeros(5), values=np.full(4, 50.0), stated=np.ones(4, bool))
    assert held.stated.all(axis=1).sum() < 50
    assert found.form == 100 * 400 / 401


def test_beyond_the_95th_percentile_is_a_warning_with_its_number():
    film, form = check_novelty(Novelty(95.1, 95.0))
    assert (film.level, form.level) == ("warn", "pass")
    assert "95 %" in film.reason
    assert film.check == "novelty of the film"


def test_a_reference_comes_back_from_its_folder(reference, tmp_path):
    assert load_reference(tmp_path) is None
    save_reference(tmp_path, reference)
    back = load_reference(tmp_path)
    assert back is not None
    # float32 of numbers near 1.
    np.testing.assert_allclose(back.film_whitening, reference.film_whitening, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(back.form_stated, reference.form_stated)
    fresh = embedded(2)
    for place in range(5):
        row = fresh.pooled[place], fresh.values[place], fresh.stated[place]
        one, two = (
            novelty(each, row[0], values=row[1], stated=row[2]) for each in (reference, back)
        )
        # One place among 400 may change hands by rounding.
        assert one.film == pytest.approx(two.film, abs=0.3)
        assert one.form == pytest.approx(two.form, abs=0.5)


def test_a_damaged_reference_is_refused(tmp_path):
    (tmp_path / FILE).write_bytes(b"no tensors")
    with pytest.raises(CheckpointError, match="reference"):
        load_reference(tmp_path)


def test_a_case_is_embedded_as_the_model_reads_it():
    model, case = tiny.model_of("hip"), tiny.case_of("hip")
    encoding = model.system.schema.encode(case.form)
    images = torch.from_numpy(case.film.pixels)[None, None].repeat(40, 1, 1, 1)
    draw = np.random.default_rng(0)
    noisy = (images + 0.1 * torch.from_numpy(draw.normal(size=images.shape)).float()).clamp(0, 1)
    films = noisy.mul(255).byte()
    values = np.repeat(encoding.values[None], 40, axis=0) + draw.normal(size=(40, 13))
    rows = embed(model, films, values=values, known=np.repeat(encoding.known[None], 40, axis=0))
    with torch.no_grad():
        tokens = model.module.encode_image(films[7:8].float() / 255).tokens
    # A batch of 32 against one: 1.4e-6 relative (DESIGN 3), on tokens up to some tens.
    np.testing.assert_allclose(rows.pooled[7], tokens.mean(dim=1)[0].numpy(), rtol=1e-4, atol=1e-4)
    found = case_novelty(model, case, fit_reference(rows, rows))
    assert found.film > 95
    assert found.form < 10
