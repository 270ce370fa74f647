"""Entries and splits: what they show, what they refuse, and that no patient is cut in two."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from xattn.data.datasets.entries import Dataset, Entry, check_splits, settle_missing
from xattn.data.datasets.splits import split_by_patient
from xattn.data.schemas import CHEST
from xattn.errors import IntakeError, SchemaError

FORM = CHEST.check({"age": 50})


def entry(row, patient="P4711", split="train", images=("a.png",), table=""):
    return Entry(
        images=tuple(Path("/home/jane") / name for name in images),
        patient=patient,
        study=patient,
        form=FORM,
        labels=np.array([row, np.nan]),
        split=split,
        row=row,
        table=table,
    )


def cohort(patients=40):
    """Patient n has n % 5 + 1 films."""
    pairs = [(patient, film) for patient in range(patients) for film in range(patient % 5 + 1)]
    return [entry(row, f"P{patient}", "none") for row, (patient, _) in enumerate(pairs, start=2)]


def test_an_entry_and_a_cohort_show_neither_patient_nor_path():
    one = entry(7, table="train.csv")
    dataset = Dataset(name="made up", labels=("a", "b"), entries=(one,))
    assert repr(one) == "Entry(Row 7 of train.csv)"
    assert repr(dataset) == "Dataset(made up, 1 entries)"


def test_labels_are_float32_and_read_only():
    one = entry(7)
    assert one.labels.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        one.labels[0] = 1


def test_a_cohort_knows_its_parts_patients_and_labels():
    entries = (entry(2, "A"), entry(3, "B", "test"), entry(4, "A"))
    dataset = Dataset(name="made up", labels=("a", "b"), entries=entries)
    assert [e.row for e in dataset.part("train")] == [2, 4]
    assert dataset.patients == {"A", "B"}
    np.testing.assert_array_equal(dataset.label_matrix(), [[2, np.nan], [3, np.nan], [4, np.nan]])
    with pytest.raises(SchemaError, match="at least one film"):
        Dataset(name="made up", labels=("a", "b"), entries=())


def test_a_patient_in_two_splits_is_refused_by_the_rows():
    entries = (entry(2, table="train.csv"), entry(3, "B"), entry(9, split="test", table="t.csv"))
    with pytest.raises(SchemaError) as refusal:
        Dataset(name="made up", labels=("a", "b"), entries=entries)
    assert str(refusal.value) == (
        "Row 9 of t.csv: each patient must be in one split, however this one is in test and in "
        "train (Row 2 of train.csv); split by patient."
    )


def test_missing_films_are_refused_left_out_or_kept():
    entries = [entry(2), entry(3, images=()), entry(4, images=())]
    with pytest.raises(IntakeError, match=r"^Row 3: .* one of 2 that are not there"):
        settle_missing(entries, "refuse")
    there, left_out = settle_missing(entries, "leave out")
    assert [e.row for e in there] == [2]
    assert left_out == (("film not in the folder", 2),)
    assert settle_missing(entries, "keep") == (tuple(entries), ())
    assert settle_missing(entries[:1], "refuse") == ((entries[0],), ())


@pytest.mark.parametrize("seed", range(5))
def test_a_split_keeps_patients_whole_and_gives_each_part_its_share(seed):
    shares = {"train": 0.7, "validation": 0.1, "test": 0.2}
    entries = split_by_patient(cohort(), shares, seed=seed)
    homes = {}
    for one in entries:
        homes.setdefault(one.patient, set()).add(one.split)
    assert all(len(home) == 1 for home in homes.values())
    counts = {split: sum(home == {split} for home in homes.values()) for split in shares}
    assert counts == {"train": 28, "validation": 4, "test": 8}
    assert [one.row for one in entries] == [one.row for one in cohort()]


def test_a_split_depends_on_patients_and_seed_alone():
    shares = {"train": 0.5, "test": 0.5}
    plain = {e.patient: e.split for e in split_by_patient(cohort(), shares, seed=1)}
    # Neither the order of rows nor the number of films per patient moves anyone.
    reordered = [cohort()[0], *cohort()[::-1]]
    assert plain == {e.patient: e.split for e in split_by_patient(reordered, shares, seed=1)}
    assert plain != {e.patient: e.split for e in split_by_patient(cohort(), shares, seed=2)}


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({}, "sum to 1"),
        ({"train": 0.7, "test": 0.2}, "sum to 1 were expected, however: 0.7, 0.2"),
        ({"train": 1.2, "test": -0.2}, "at least 0"),
        ({"train": 0.999, "test": 0.001}, "however 40 cannot"),
    ],
)
def test_impossible_shares_are_refused(shares, message):
    with pytest.raises(SchemaError, match=message):
        split_by_patient(cohort(), shares, seed=0)


def test_a_share_of_nothing_is_no_part():
    entries = split_by_patient(cohort(), {"train": 1.0, "test": 0.0}, seed=0)
    assert {one.split for one in entries} == {"train"}
    check_splits(entries)
    with pytest.raises(SchemaError):
        check_splits([*entries, replace(entries[0], split="test")])
