"""The real evaluation: nobody in two folds, scores out of fold alone, chance where chance is."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from benchmarks import real_lesions, real_sets
from benchmarks.real_folds import Round, interval, out_of_fold, rounds
from benchmarks.real_forms import CESM_FORM, KNEE_FORM
from benchmarks.real_heads import AttentionHead, RidgeHead
from benchmarks.real_sets import RealSet
from benchmarks.real_tuned import TunedHead
from xattn.data.clinical import Schema
from xattn.data.fields import Number
from xattn.errors import SchemaError
from xattn.systems import find
from xattn.training.folds import assign

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / os.environ.get("XATTN_DATA", "../shared/data")
FILMS, VERSIONS, CHANNELS = 40, 2, 16
TWO_NUMBERS = Schema(
    name="two",
    fields=tuple(
        Number(name=name, label=name, unit="", low=-9, high=9, centre=0, spread=1)
        for name in ("first", "second")
    ),
)


@pytest.fixture(name="cohort")
def make_cohort() -> dict[str, np.ndarray]:
    """Forty films of twenty people; the label follows the form's first slot."""
    generator = np.random.default_rng(0)
    values = generator.normal(size=(FILMS, 2)).astype(np.float32)
    groups = np.repeat(np.arange(20), 2)
    labels = (values[:, :1] + generator.normal(size=(FILMS, 1)) > 0).astype(np.float64)
    return {
        "maps": generator.normal(size=(FILMS, VERSIONS, CHANNELS, 7, 7)).astype(np.float32),
        "values": values,
        "known": np.ones((FILMS, 2), dtype=bool),
        "labels": labels,
        "groups": groups,
        "folds": assign(labels[:, 0], groups, k=5),
    }


def ridge(cohort: dict[str, np.ndarray]) -> RidgeHead:
    return RidgeHead(
        cohort["labels"],
        cohort["groups"],
        films=cohort["maps"].mean(axis=(3, 4)),
        forms=cohort["values"],
    )


def attention(cohort: dict[str, np.ndarray]) -> AttentionHead:
    names = ("maps", "values", "known", "labels")
    return AttentionHead(
        *(cohort[name] for name in names),
        sizes=(1, 1),
        fusion="cross-attention",
        is_regression=False,
    )


def tuned(cohort: dict[str, np.ndarray]) -> TunedHead:
    """All weights of a small network; a film's grey is its first channel, enlarged."""
    torch.manual_seed(0)
    start = find("breast").build({"size": 64, "dim": 16})
    grey = torch.from_numpy(cohort["maps"][:, :, 0]).sigmoid()
    real = RealSet(
        schema=TWO_NUMBERS,
        films=interpolate(grey, size=(64, 64)).numpy(),
        names=("label",),
        strata=cohort["labels"][:, 0],
        **{name: cohort[name] for name in ("values", "known", "labels", "groups")},
    )
    return TunedHead(start, real, is_regression=False)


def test_no_group_is_on_two_sides_and_every_case_is_scored_once(cohort):
    groups = cohort["groups"]
    turns = list(rounds(cohort["folds"]))
    for turn in turns:
        assert not set(groups[turn.training]) & set(groups[turn.scored])
        for stop in turn.stops:
            assert set(stop) <= set(turn.training)
            assert not set(groups[stop]) & set(groups[np.setdiff1d(turn.training, stop)])
    assert sorted(np.concatenate([turn.scored for turn in turns])) == list(range(FILMS))


@pytest.mark.parametrize("make", [ridge, attention, tuned])
def test_a_scored_case_gives_nothing_to_its_own_score_but_its_film_and_form(cohort, make):
    """Other labels, films and forms of the scored fold: the scores of the rest of it stay."""
    turn = next(rounds(cohort["folds"]))
    before = make(cohort)(turn)
    asked, others = turn.scored[:1], turn.scored[1:]
    changed = {name: array.copy() for name, array in cohort.items()}
    changed["labels"][turn.scored] = 1 - changed["labels"][turn.scored]
    changed["maps"][others] += 5
    changed["values"][others] += 5
    after = make(changed)(turn)
    # The same arithmetic on the same numbers; a batch of another content may round the last bit.
    np.testing.assert_allclose(after[:1], before[:1], rtol=0, atol=1e-5)
    assert np.abs(after[1:] - before[1:]).min() > 1e-3
    assert len(asked) == 1


def test_turned_training_labels_turn_the_ridge_scores(cohort):
    turn = next(rounds(cohort["folds"]))
    turned = {**cohort, "labels": 1 - cohort["labels"]}
    # Regression on 1 − y gives 1 − ŷ; films are float32.
    np.testing.assert_allclose(ridge(turned)(turn), 1 - ridge(cohort)(turn), rtol=0, atol=1e-5)


def test_out_of_fold_puts_scores_where_they_belong():
    folds = np.array([0, 1, 2, 3, 4, 0, 1])

    def own_number(turn: Round) -> np.ndarray:
        return turn.scored[:, None].astype(float)

    assert out_of_fold(folds, own_number)[:, 0].tolist() == list(range(7))


def test_the_interval_draws_groups_and_not_cases():
    """Ten people with ten equal films each: as wide as for ten films, not for a hundred."""
    values = np.arange(10.0)
    alone = interval(lambda rows: float(values[rows].mean()), np.arange(10))
    films = np.repeat(values, 10)
    ten_each = interval(lambda rows: float(films[rows].mean()), np.repeat(np.arange(10), 10))
    assert (ten_each.low, ten_each.high) == pytest.approx((alone.low, alone.high))
    assert alone.value == 4.5


def test_a_point_is_a_hit_and_an_even_map_hits_by_area():
    masks = np.zeros((3, 4, 4), dtype=bool)
    masks[:, 1, :] = True
    maps = np.zeros((3, 4, 4))
    maps[0, 1, 2], maps[1, 2, 2] = 3, 3
    assert real_lesions.hits(maps, masks).tolist() == [1, 0, 0.25]
    assert real_lesions.shares(maps, masks).tolist() == [1, 0, 0.25]


def test_the_rarest_finding_names_the_stratum():
    labels = np.array([[1, 1, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1], [0, 0, 0]], dtype=float)
    assert real_sets.rarest(labels).tolist() == [1, 0, 2, 2, 3]


def test_shifts_move_the_square_and_the_first_does_not():
    film = np.zeros((300, 300), dtype=np.float32)
    film[150, 150] = 1
    versions = real_sets.shifted(film)
    rows, columns = np.array([np.argwhere(v == v.max()).mean(axis=0) for v in versions]).T
    # A square moved right by 4 % of 224 pixels shows the same point 9 pixels further left.
    assert columns - columns[0] == pytest.approx([0, -0.04 * 224, 0.04 * 224], abs=1)
    assert rows - rows[0] == pytest.approx([0, -0.03 * 224, 0.03 * 224], abs=1)


@pytest.mark.parametrize("column", ["t_score", "z_score", "diagnosis"])
def test_the_knee_form_refuses_what_gives_the_label_away(column: str):
    with pytest.raises(SchemaError, match="never an input"):
        KNEE_FORM.check({column: 1})


@pytest.mark.parametrize("column", ["birads_max", "birads_raw", "findings", "tags", "pathology"])
def test_the_contrast_form_refuses_what_a_reader_concluded(column: str):
    with pytest.raises(SchemaError, match="never an input"):
        CESM_FORM.check({column: 1})


def test_without_data_the_command_refuses_in_a_sentence(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.real_eval"],
        cwd=ROOT,
        env={**os.environ, "XATTN_DATA": str(tmp_path / "nothing")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip().endswith("names no folder")


@pytest.mark.real
@pytest.mark.skipif(not DATA.is_dir(), reason="no folder of real data")
def test_real_sets_keep_near_duplicates_and_patients_together(monkeypatch):
    monkeypatch.setattr(real_sets, "read_image", lambda _: Blank())
    for read, films in ((real_sets.knee, 137), (real_sets.cesm, 325), (real_sets.chest, 401)):
        real = read(DATA)
        assert len(real) == films
        folds = real.folds
        assert set(folds) == set(range(real_sets.FOLDS))
        for group in np.unique(real.groups):
            assert len(set(folds[real.groups == group])) == 1


class Blank:
    """A film that costs nothing to read."""

    def model_values(self) -> np.ndarray:
        return np.zeros((8, 8), dtype=np.float32)
