"""The table of plausible errors against the schemas: kinds, pairs, sizes."""

from itertools import pairwise

import pytest

from xattn.data.fields import Choice, Number
from xattn.systems import SYSTEMS
from xattn.trust.plausible import PLAUSIBLE, Slack

ENTRIES = [(system, name) for system, table in PLAUSIBLE.items() for name in table]


def test_every_system_has_its_table():
    assert set(PLAUSIBLE) == set(SYSTEMS)


@pytest.mark.parametrize(("system", "name"), ENTRIES)
def test_numbers_have_an_amount_and_choices_have_neighbours(system, name):
    slack, field = PLAUSIBLE[system][name], SYSTEMS[system].schema[name]
    assert not slack.neighbours or isinstance(field, Choice)
    # An amount of a whole standard deviation would be another patient, not an error.
    assert slack.within == 0 or (isinstance(field, Number) and 0 < slack.within < field.spread)


@pytest.mark.parametrize(("system", "name"), ENTRIES)
def test_each_pair_of_neighbours_stands_once(system, name):
    pairs = [frozenset(pair) for pair in PLAUSIBLE[system][name].neighbours]
    assert all(len(pair) == 2 for pair in pairs)
    assert len(set(pairs)) == len(pairs)


@pytest.mark.parametrize(("system", "name"), ENTRIES)
def test_being_taken_for_one_another_is_symmetric(system, name):
    slack, codes = PLAUSIBLE[system][name], getattr(SYSTEMS[system].schema[name], "codes", ())
    for code in codes:
        for other in slack.neighbours_of(code):
            assert code in slack.neighbours_of(other)
    # Each pair is seen from both of its ends.
    assert sum(len(slack.neighbours_of(code)) for code in codes) == 2 * len(slack.neighbours)


def test_ordered_answers_are_neighbours_of_the_next_alone():
    density, smoking = PLAUSIBLE["breast"]["density"], PLAUSIBLE["hip"]["smoking"]
    assert density.neighbours == tuple(pairwise("1234"))
    assert set(density.neighbours_of("2")) == {"1", "3"}
    assert smoking.neighbours_of("NEVER") == ("EX",)
    assert set(smoking.neighbours_of("EX")) == {"NEVER", "CURRENT"}


def test_body_mass_index_may_be_off_by_what_height_and_weight_explain():
    # kg/m² at 65 kg and 165 cm: weight up by its slack, height down by its own, each alone.
    table, bmi = PLAUSIBLE["hip"], 65 / 1.65**2
    by_weight = (65 + table["weight"].within) / 1.65**2 - bmi
    by_height = 65 / (1.65 - table["height"].within / 100) ** 2 - bmi
    # 0.73 and 0.44: the table's 0.8 covers the larger, and less than both.
    assert max(by_weight, by_height) < table["bmi"].within < by_weight + by_height


@pytest.mark.parametrize("name", ["sex", "age_at_xray", "age_at_scan"])
def test_what_the_record_says_is_exact(name):
    slack = PLAUSIBLE["hip"][name]
    assert (slack.within, slack.neighbours) == (0.0, ())


def test_an_answer_that_is_in_no_pair_has_no_neighbour():
    slack = Slack(neighbours=(("a", "b"), ("c", "a")), source="a test")
    assert slack.neighbours_of("a") == ("b", "c")
    assert slack.neighbours_of("b") == ("a",)
    assert slack.neighbours_of("d") == ()
