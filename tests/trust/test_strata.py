"""Strata of what is unknown: where a form falls, and draws that fall where they should."""

import numpy as np
import pytest

from xattn.data.schemas import BREAST, CHEST, HIP
from xattn.trust.strata import STRATA, Stratum, share_unknown, stratum_of, withhold


@pytest.mark.parametrize(("share", "place"), [(0.0, 0), (0.01, 1), (0.5, 1), (0.51, 2), (1.0, 2)])
def test_every_share_falls_in_one_stratum(share: float, place: int):
    assert stratum_of(share) is STRATA[place]
    assert stratum_of(share, has_film=False) is STRATA[3]


def test_fields_that_do_not_apply_are_not_missing():
    mass = BREAST.check({"lesion_type": "mass", "density": 2, "mass_shape": "OVAL"})
    assert share_unknown(mass) == pytest.approx(1 / 3)
    assert share_unknown(CHEST.check({"age": 60, "sex": "M", "view": "LATERAL"})) == 0


def test_what_follows_is_known():
    # Age at the scan and BMI follow: 5 of 10 are known.
    form = HIP.check({"age_at_xray": 70, "height": 160, "weight": 60})
    assert share_unknown(form) == pytest.approx(0.5)


@pytest.mark.parametrize("stratum", STRATA)
def test_a_draw_falls_in_its_stratum_and_takes_only_what_was_known(stratum: Stratum):
    known = np.tile([True, True, False, True, True], (300, 1))
    kept = withhold(known, stratum, seed=1)
    shares = 1 - kept.sum(axis=1) / 4
    assert stratum.holds(shares).all()
    assert not (kept & ~known).any()
    np.testing.assert_array_equal(kept, withhold(known, stratum, seed=1))


def test_the_draws_are_those_of_training_within_the_stratum():
    known = np.ones((20_000, 4), dtype=bool)
    lost = 4 - withhold(known, STRATA[1], seed=5).sum(axis=1)
    # A rate from U(0, 1) makes every count from 0 to 4 equally likely, so 1 and 2 are too.
    share = float((lost == 1).mean())
    # Four standard errors of a share of one half.
    assert share == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(20_000))


def test_a_form_too_small_for_a_stratum_is_not_taken_and_left_as_it_is():
    known = np.array([[True, False, False], [True, True, False], [False, False, False]])
    # Of one field half cannot be lost, of two it can; of none nothing is said.
    assert STRATA[1].takes(known).tolist() == [False, True, False]
    assert STRATA[2].takes(known).tolist() == [True, True, False]
    kept = withhold(known, STRATA[1])
    assert kept[[0, 2]].tolist() == known[[0, 2]].tolist()
    assert kept[1].sum() == 1
