"""Contributions as they are shown: sums are kept, and correlated fields stand as one."""

import pytest

from xattn.data.schemas import BREAST, HIP
from xattn.explain.grouping import Share, grouped

PLAYERS = (
    ("age_at_xray", -0.02),
    ("age_at_scan", -0.01),
    ("height", 0.004),
    ("weight", 0.05),
    ("bmi", -0.014),
    ("sex", -0.03),
    ("image", 0.01),
)


def test_the_film_stands_first_and_the_rest_by_size():
    labels = [share.label for share in grouped(PLAYERS, HIP)]
    assert labels[0] == "Film"
    assert set(labels[1:]) == {"Body size", "Age", "Sex"}
    sizes = [abs(share.value) for share in grouped(PLAYERS, HIP)[1:]]
    assert sizes == sorted(sizes, reverse=True)


def test_a_group_is_the_sum_of_its_parts_and_nothing_is_lost():
    shares = {share.label: share for share in grouped(PLAYERS, HIP)}
    assert shares["Body size"].parts == (("height", 0.004), ("weight", 0.05), ("bmi", -0.014))
    # Sums of three and of seven float64 terms.
    assert shares["Body size"].value == pytest.approx(0.04, abs=1e-15)
    total = sum(share.value for share in shares.values())
    assert total == pytest.approx(sum(value for _, value in PLAYERS), abs=1e-15)


def test_a_group_of_which_one_field_is_known_is_that_field():
    assert grouped((("weight", 0.05),), HIP) == (Share("Weight", (("weight", 0.05),)),)


def test_a_schema_without_groups_keeps_every_field():
    players = (("density", 0.1), ("mass_shape", -0.4))
    assert [share.label for share in grouped(players, BREAST)] == ["Mass shape", "Breast density"]
