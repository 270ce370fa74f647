"""Folds: no patient in two, the same labels in each, and what a round may look at."""

import numpy as np
import pytest
from scipy.stats import rankdata

from xattn.errors import XattnError
from xattn.training.folds import Spread, across, assign, binned, split


def cohort(patients: int = 150, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels near 0.9 and patients of one to three films each, whose films are alike."""
    generator = np.random.default_rng(seed)
    groups = np.repeat(np.arange(patients), generator.integers(1, 4, patients))
    own = generator.normal(0.9, 0.15, patients)
    return own[groups] + generator.normal(0, 0.02, len(groups)), groups


def test_no_patient_is_in_two_folds_and_each_case_in_one():
    labels, groups = cohort()
    folds = assign(labels, groups, k=10)
    assert sorted(set(folds.tolist())) == list(range(10))
    assert max(len(set(folds[groups == patient])) for patient in np.unique(groups)) == 1


def test_names_of_patients_do_not_matter():
    labels, groups = cohort()
    names = np.array([f"P{patient:04d}" for patient in groups])
    assert np.array_equal(assign(labels, names), assign(labels, groups))


@pytest.mark.parametrize("seed", range(5))
def test_each_fold_has_its_share_of_each_bin(seed: int):
    labels, groups = cohort(seed=seed)
    folds, strata = assign(labels, groups, k=5, seed=seed), binned(labels, 5)
    counts = np.array([np.bincount(strata[folds == fold], minlength=5) for fold in range(5)])
    # A patient is whole: a fold is off its share by one patient of three films and a rounding.
    assert np.abs(counts - np.bincount(strata) / 5).max() <= 4
    chance = np.random.default_rng(seed).permutation(150)[groups] % 5
    spread = np.array([np.bincount(strata[chance == fold], minlength=5) for fold in range(5)])
    assert counts.std(axis=0).sum() < spread.std(axis=0).sum()


def test_one_film_each_gives_folds_that_differ_by_a_case_a_bin():
    labels = np.random.default_rng(0).normal(0.9, 0.15, 233)
    folds = assign(labels, np.arange(233), k=10)
    counts = np.array([np.bincount(binned(labels, 5)[folds == f], minlength=5) for f in range(10)])
    assert counts.sum() == 233
    assert counts.max() - counts.min() == 1  # 46 or 47 in a bin, 4 or 5 of them in a fold


def test_a_seed_gives_its_folds_again_and_another_does_not():
    labels, groups = cohort()
    assert np.array_equal(assign(labels, groups, seed=3), assign(labels, groups, seed=3))
    assert not np.array_equal(assign(labels, groups, seed=3), assign(labels, groups, seed=4))


def test_few_values_are_their_own_bins_and_many_are_cut_at_quantiles():
    assert binned(np.array([3.0, 1, 1, 3]), 5).tolist() == [1, 0, 0, 1]
    # All quantiles of these are 1: a rare class is still a bin of its own.
    assert binned(np.array([0.0, 1, 1, 1, 1, 1, 1]), 5).tolist() == [0, 1, 1, 1, 1, 1, 1]
    labels = np.random.default_rng(0).normal(size=100)
    expected = (rankdata(labels) - 1) // 20
    assert np.array_equal(binned(labels, 5), expected)
    heaped = np.concatenate([np.zeros(90), np.arange(1, 11)])
    # Four cuts at 0 leave the bins between them empty: they are not counted as bins.
    assert np.bincount(binned(heaped, 5)).tolist() == [90, 10]


@pytest.mark.parametrize(
    ("labels", "groups", "sentence"),
    [
        (np.arange(40.0), np.arange(40) % 4, "4 patients and 8 cases"),
        (np.array([0] * 37 + [1] * 3), np.arange(40), "40 patients and 3 cases"),
        (np.array([0.5, np.nan] * 20), np.arange(40), "a known label for every case"),
    ],
)
def test_what_cannot_be_stratified_is_refused(labels, groups, sentence):
    with pytest.raises(XattnError, match=sentence):
        assign(labels, groups, k=5)


def test_a_round_stops_on_another_fold_than_it_is_scored_on():
    labels, groups = cohort()
    folds = assign(labels, groups, k=10)
    scored = []
    for fold in range(10):
        part = split(folds, fold)
        assert set(folds[part.scored]) == {fold}
        assert set(folds[part.stopping]) == {(fold + 1) % 10}
        rows = np.concatenate([part.training, part.stopping, part.scored])
        assert np.array_equal(np.sort(rows), np.arange(len(labels)))
        patients = [set(groups[index]) for index in (part.training, part.stopping, part.scored)]
        assert sum(map(len, patients)) == len(set.union(*patients))
        scored.append(part.scored)
    assert np.array_equal(np.sort(np.concatenate(scored)), np.arange(len(labels)))


def test_two_folds_leave_nothing_to_train_on():
    with pytest.raises(AssertionError):
        split(np.array([0, 1]), 0)


def test_mean_and_sd_over_folds():
    # (1 + 2 + 3 + 6) / 4 = 3; squares 4 + 1 + 0 + 9 over n − 1 = 3.
    assert across([1.0, 2, 3, 6]) == Spread(3.0, np.sqrt(14 / 3))
    assert str(Spread(0.12345, 0.0056)) == "0.123 ± 0.006"
