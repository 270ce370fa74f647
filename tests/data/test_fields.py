"""Number, choice and flag alone: what each reads, refuses, encodes and says."""

import math

import pytest

from xattn.data.fields import Choice, Flag, Number, Option, normalised
from xattn.errors import SchemaError

AGE = Number(name="age", label="Age", unit="years", low=18, high=110, centre=60, spread=10)
SMOKING = Choice(
    name="smoking",
    label="Smoking",
    options=(
        Option("NEVER", "has never smoked", ("no",)),
        Option("EX_SMOKER", "stopped smoking"),
        Option("1", "one a day"),
    ),
)
SIGNS = Choice(
    name="signs",
    label="Signs",
    multiple=True,
    options=(Option("OVAL", "oval"), Option("WELL_DEFINED", "well-defined"), Option("RIM", "rim")),
)
DIABETES = Flag(name="diabetes", label="Diabetes mellitus", aliases=("dm", "Diabetes-Mellitus"))


@pytest.mark.parametrize(
    ("spelling", "one"),
    [
        ("  Lucent  Center ", "LUCENT_CENTER"),
        ("lucent-center", "LUCENT_CENTER"),
        ("lucent_-\t center", "LUCENT_CENTER"),
        ("-a-", "_A_"),
        ("", ""),
    ],
)
def test_blanks_hyphens_and_underscores_are_one(spelling, one):
    assert normalised(spelling) == one
    assert normalised(one) == one


def test_a_question_is_known_by_name_label_and_aliases_once_each():
    assert sorted(DIABETES.spellings) == ["DIABETES", "DIABETES_MELLITUS", "DM"]


@pytest.mark.parametrize(
    ("raw", "value"), [(18, 18.0), ("110", 110.0), (" 6.05e1 ", 60.5), (60.5, 60.5)]
)
def test_a_number_is_read_up_to_its_limits(raw, value):
    parsed = AGE.parse(raw)
    assert parsed == value
    assert isinstance(parsed, float)


@pytest.mark.parametrize(
    "raw", [math.nextafter(18, 0), math.nextafter(110, 200), "nan", math.inf, "60 years", "", None]
)
def test_a_number_beyond_its_limits_or_none_at_all_is_refused(raw):
    with pytest.raises(SchemaError, match=r"^Age must lie in 18 to 110 years, however: .*unit\.$"):
        AGE.parse(raw)


def test_a_number_is_standardised_and_said_with_its_unit():
    assert AGE.size == 1
    assert [AGE.encode(value) for value in (60.0, 75.0, 18.0)] == [[0.0], [1.5], [-4.2]]
    assert [AGE.describe(value) for value in (60.0, 60.5)] == ["60 years", "60.5 years"]


@pytest.mark.parametrize("raw", ["ex_smoker", "Ex smoker", "EX-SMOKER", "stopped  smoking"])
def test_a_choice_is_read_by_code_and_label(raw):
    assert SMOKING.parse(raw) == ("EX_SMOKER",)


def test_a_choice_is_read_by_alias_and_by_number():
    assert SMOKING.parse("No") == ("NEVER",)
    assert [SMOKING.parse(raw) for raw in (1, 1.0, "1")] == [("1",)] * 3


@pytest.mark.parametrize(
    "raw", ["RIM-oval", ["oval", "rim"], ("RIM", "OVAL", "rim"), ["oval-rim"], "oval-RIM-oval"]
)
def test_several_options_come_once_each_in_the_order_of_the_field(raw):
    assert SIGNS.parse(raw) == ("OVAL", "RIM")


def test_a_hyphen_inside_an_options_own_name_does_not_split_it():
    assert SIGNS.parse("well-defined") == ("WELL_DEFINED",)
    assert SIGNS.parse(["well-defined", "oval"]) == ("OVAL", "WELL_DEFINED")


def test_one_option_where_one_is_allowed():
    with pytest.raises(SchemaError, match=r"^Smoking takes one option, however: NEVER, 1\.$"):
        SMOKING.parse("1-no")
    assert SMOKING.parse("no-never") == ("NEVER",)  # two names of one option


@pytest.mark.parametrize("raw", ["pipe", "oval-pipe", ["rim", "pipe"], 1.5, True])
def test_an_unknown_option_is_refused_with_the_known_ones(raw):
    with pytest.raises(SchemaError, match=r"^Signs must be one of OVAL, WELL_DEFINED, RIM, "):
        SIGNS.parse(raw)


def test_what_a_refusal_repeats_is_cut():
    with pytest.raises(SchemaError) as caught:
        SIGNS.parse("x" * 500)
    assert str(caught.value).count("x") == 60
    with pytest.raises(SchemaError) as caught:
        AGE.parse("x" * 500)
    assert str(caught.value).count("x") == 40


def test_a_choice_is_one_slot_per_option_and_said_by_label():
    assert (SIGNS.size, SIGNS.codes) == (3, ("OVAL", "WELL_DEFINED", "RIM"))
    assert SIGNS.encode(("OVAL", "RIM")) == [1.0, 0.0, 1.0]
    assert SIGNS.encode(()) == [0.0, 0.0, 0.0]
    assert SIGNS.describe(("RIM", "OVAL")) == "oval, rim"


@pytest.mark.parametrize("code", SIGNS.codes)
def test_a_choices_own_code_comes_back_through_its_encoding(code):
    slots = SIGNS.encode(SIGNS.parse(code))
    assert [name for name, slot in zip(SIGNS.codes, slots, strict=True) if slot] == [code]


@pytest.mark.parametrize("raw", [True, 1, 1.0, "1", "yes", " Yes ", "TRUE"])
def test_what_is_yes(raw):
    assert DIABETES.parse(raw) is True


@pytest.mark.parametrize("raw", [False, 0, 0.0, "0", "no", "No", "false"])
def test_what_is_no(raw):
    assert DIABETES.parse(raw) is False


@pytest.mark.parametrize("raw", ["maybe", 2, 0.5, -1, "", None, [True]])
def test_what_is_neither_is_refused(raw):
    with pytest.raises(SchemaError, match=r"^Diabetes mellitus must be yes or no, however: "):
        DIABETES.parse(raw)


def test_a_flag_is_one_slot():
    assert DIABETES.size == 1
    assert [DIABETES.encode(value) for value in (True, False)] == [[1.0], [0.0]]
    assert [DIABETES.describe(value) for value in (True, False)] == ["yes", "no"]
