"""Agreement and benefit against the same numbers worked out by hand."""

import numpy as np
import pytest

from tests.archive import bare
from tests.archive.bare import ANN, BEN, CLEO
from xattn.archive.people import LOCAL
from xattn.archive.readers import Paired, agreement, benefit, compare, kappa
from xattn.archive.reading import Opinion, record_read, revealed
from xattn.archive.store import Archive
from xattn.training.metrics import auc
from xattn.training.regression_metrics import mean_absolute_error


@pytest.fixture
def archive(tmp_path):
    with Archive(f"sqlite:///{tmp_path / 'archive.sqlite'}", str(tmp_path / "files")) as opened:
        yield opened


def read(archive, person, number, alone, with_ai):
    record_read(archive, person, number, Opinion(alone, 0.5))
    revealed(archive, person, number)
    record_read(archive, person, number, Opinion(with_ai, 0.5), decision="change", reason="so")


def test_kappa_of_a_table_worked_by_hand():
    # 20 both yes, 5 and 10 apart, 15 both no: (0.7 − 0.5) / (1 − 0.5), the textbook example.
    first = np.repeat([0.9, 0.9, 0.1, 0.1], [20, 5, 10, 15])
    second = np.repeat([0.8, 0.2, 0.5, 0.4], [20, 5, 10, 15])
    assert kappa(first, second) == pytest.approx(0.4, abs=1e-12)
    assert np.isnan(kappa(np.ones(3), np.ones(3)))
    assert kappa(first, first) == 1


def test_agreement_of_a_list_counts_the_last_read_alone(archive):
    listed = bare.listed(archive)
    alone = {ANN: (0.9, 0.8, 0.2, 0.6), BEN: (0.7, 0.3, 0.1, 0.9)}
    for seed in range(4):
        number = bare.stored(archive, listed, seed)
        record_read(archive, ANN, number, Opinion(0.5, 0.5))  # she thinks again before she sees it
        for person in (ANN, BEN):
            read(archive, person, number, alone[person][seed], 0.75)
    late = bare.stored(archive, listed, 4)
    read(archive, ANN, late, 0.9, 0.9)
    (pair,) = agreement(archive, CLEO, listed, draws=50)
    assert (pair.first, pair.second, pair.cases) == ("Ann", "Ben", (1, 2, 3, 4))
    assert np.array_equal(pair.findings, np.array([alone[ANN], alone[BEN]]).T)
    ((name, figure),) = pair.figures
    # Three of four agree; yes 3 and 2 of 4: chance is (3·2 + 1·2)/16 = 0.5.
    assert name == "kappa"
    assert figure.value == pytest.approx(0.5, abs=1e-12)
    assert figure.low <= 0.5 <= figure.high
    (with_ai,) = agreement(archive, CLEO, listed, stage="with AI", draws=5)
    assert np.isnan(with_ai.figures[0][1].value)
    # Ann sees the points: what she thinks of these cases from here on is no longer her own.
    agreement(archive, ANN, listed, draws=5)
    later = record_read(archive, ANN, 1, Opinion(0.5, 0.5), decision="accept")
    assert later.stage == "with readers"
    assert record_read(archive, ANN, late, Opinion(0.5, 0.5), decision="accept").stage == "with AI"


def test_a_reader_learns_nothing_from_agreement_before_their_own_decision(archive):
    listed = bare.listed(archive)
    number = bare.stored(archive, listed)
    read(archive, BEN, number, 0.9, 0.9)
    record_read(archive, ANN, number, Opinion(0.2, 0.5))
    assert agreement(archive, ANN, listed) == ()
    assert agreement(archive, CLEO, listed) == ()


def test_numbers_are_compared_as_bland_and_altman_do(archive):
    listed = archive.worklist(LOCAL, "hips", "hip", is_read_first=False)
    first, second = (0.8, 0.9, 1.0), (0.9, 0.9, 1.3)
    for seed in range(3):
        number = archive.add(LOCAL, listed, bare.case(seed), title="", form={})
        archive.keep(LOCAL, number, "prediction", bare.prediction(bare.case(seed)))
        for person, values in ((ANN, first), (BEN, second)):
            read(archive, person, number, values[seed], values[seed])
    (pair,) = agreement(archive, CLEO, listed, draws=20)
    figures = dict(pair.figures)
    spread = np.std([0.1, 0, 0.3], ddof=1)
    # Means and SD of three numbers in float64.
    assert figures["bias"].value == pytest.approx(0.4 / 3, abs=1e-12)
    assert figures["upper limit"].value == pytest.approx(0.4 / 3 + 1.96 * spread, abs=1e-12)


def test_benefit_is_the_paired_difference_of_the_mean_over_readers(archive):
    listed = bare.listed(archive)
    truth = (0, 0, 1, 1)
    alone = {ANN: (0.1, 0.6, 0.5, 0.9), BEN: (0.6, 0.4, 0.5, 0.3)}
    with_ai = {ANN: (0.1, 0.2, 0.8, 0.9), BEN: (0.4, 0.2, 0.5, 0.3)}
    for seed in range(4):
        number = bare.stored(archive, listed, seed)
        archive.set_truth(LOCAL, number, truth[seed])
        for person in (ANN, BEN):
            read(archive, person, number, alone[person][seed], with_ai[person][seed])
    read(archive, ANN, bare.stored(archive, listed, 9), 0.5, 0.5)  # without a reference standard
    found = benefit(archive, CLEO, listed, draws=50)
    # Pairs in the right order, of four: Ann 3 then 4, Ben 1 then 3.
    assert (found.metric, found.cases, found.readers) == ("AUC", 4, 2)
    assert found.alone.value == pytest.approx((3 / 4 + 1 / 4) / 2, abs=1e-12)
    assert found.with_ai.value == pytest.approx((4 / 4 + 3 / 4) / 2, abs=1e-12)
    assert found.difference.value == pytest.approx(3 / 8, abs=1e-12)


def test_without_truth_or_with_one_class_there_is_no_figure(archive):
    listed = bare.listed(archive)
    for person in (ANN, BEN):
        read(archive, person, bare.stored(archive, listed), 0.5, 0.5)
    assert benefit(archive, ANN, listed) is None
    archive.set_truth(LOCAL, 1, 1)
    assert benefit(archive, ANN, listed) is None


def test_the_interval_draws_the_readers_of_a_case_together():
    """A twin: cases drawn with the same stream, every read of a drawn case counted as often."""
    chance = np.random.default_rng(3)
    case, reader = np.repeat(np.arange(12), 2), np.tile([0, 1], 12)
    truth = np.repeat(chance.integers(0, 2, 12), 2)
    paired = Paired(case, reader, truth, chance.random(24), chance.random(24))
    for metric in (auc, mean_absolute_error):
        found = compare(paired, "x", metric, draws=200, seed=1)
        generator, drawn = np.random.default_rng(1), []
        for _ in range(200):
            numbers = generator.integers(0, 12, 12)
            gains = []
            for one in (0, 1):
                rows = [i for n in numbers for i in range(24) if (case[i], reader[i]) == (n, one)]
                both = [metric(truth[rows], side[rows]) for side in (paired.with_ai, paired.alone)]
                gains.append(both[0] - both[1])
            drawn.append(np.mean(gains))
        low, high = np.nanpercentile(drawn, [2.5, 97.5])
        # Means of two numbers in another order of operations.
        assert found.difference.low == pytest.approx(low, abs=1e-12)
        assert found.difference.high == pytest.approx(high, abs=1e-12)
