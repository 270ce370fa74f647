"""What a checkpoint was trained on, and what is said of forms that are not like it."""

import numpy as np
import pytest

from xattn.data.clinical import Schema
from xattn.data.fields import Flag, Number
from xattn.data.schemas import CHEST, HIP
from xattn.models.checkpoint import Description, Support
from xattn.models.support import UNSAID, applicability, support_of

WRIST = Schema(
    name="wrist",
    fields=(
        Number(name="age", label="Age", unit="years", low=0, high=120, centre=40, spread=20),
        Flag(name="fall", label="Fell on the hand"),
    ),
)


def described(support: Support, system: str = "hip") -> Description:
    return Description(
        system=system,
        preset="compact",
        version="0",
        config={},
        training_data="",
        is_phantom_trained=True,
        label_means=(0.9,),
        support=support,
    )


def support(schema: Schema, forms: list[dict[str, object]]) -> Support:
    encodings = [schema.encode(schema.check(form)) for form in forms]
    return support_of(
        schema,
        np.stack([each.values for each in encodings]),
        np.stack([each.known for each in encodings]),
    )


def test_numbers_are_ranges_and_choices_are_the_answers_given():
    forms = [
        {"age_at_xray": 61.5, "sex": "F"},
        {"age_at_xray": 61.5, "sex": "F", "smoking": "EX", "diet": -1.25},
    ]
    found = support(HIP, forms)
    assert list(found) == list(HIP.names)
    # Outwards to whole years, and to tenths of a standard deviation.
    assert found["age_at_xray"] == [61, 62]
    assert found["diet"] == [-1.3, -1.2]
    assert found["sex"] == ["FEMALE"]
    assert found["smoking"] == ["EX"]
    assert found["height"] == []


def test_a_range_holds_the_middle_99_percent():
    forms = [{"age_at_xray": 40 + place / 5} for place in range(201)]
    # Of 201 ordered values the half-per-cent points are the second and the second last: 40.2, 79.8.
    assert support(HIP, forms)["age_at_xray"] == [40, 80]
    strays = [{"age_at_xray": 20}, *forms, {"age_at_xray": 118}]
    assert support(HIP, strays)["age_at_xray"] == [40, 80]


def test_a_whole_number_at_an_end_is_the_end():
    for age in range(50, 90):
        assert support(HIP, [{"age_at_xray": age}])["age_at_xray"] == [age, age]


def test_flags_are_the_answers_given():
    assert support(WRIST, [{"fall": "yes"}, {}])["fall"] == [True]
    assert support(WRIST, [{"fall": "yes"}, {"fall": "no"}])["fall"] == [False, True]
    warned = applicability(
        described({"fall": [True], "age": [3.0, 90.0]}), WRIST, WRIST.check({"fall": "no"})
    )
    assert warned == ("Fell on the hand: no was not met in training.",)


SEEN: Support = {
    **{name: [0.0, 300.0] for name in HIP.names},
    "age_at_xray": [55.0, 80.0],
    "sex": ["FEMALE"],
    "smoking": ["NEVER", "EX", "CURRENT"],
    "diet": [],
}


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"age_at_xray": 55, "age_at_scan": 60, "sex": "F"}, ()),
        ({}, ()),
        (
            {"age_at_xray": 81, "age_at_scan": 60},
            (
                (
                    "Age at X-ray lies outside 55 to 80 years, where the training data lie: "
                    "the result is an extrapolation."
                ),
            ),
        ),
        ({"sex": "M", "smoking": "EX"}, ("Sex: male was not met in training.",)),
        (
            {"diet": 1},
            ("Diet quality was never known in training: the model has not learnt to use it.",),
        ),
    ],
)
def test_what_training_did_not_hold_is_warned_of(entries, said):
    assert applicability(described(SEEN), HIP, HIP.check(entries)) == said


def test_the_checkpoints_range_counts_and_not_the_schemas():
    form = HIP.check({"age_at_xray": 45, "age_at_scan": 60})
    assert HIP.warnings(form) != ()
    wide = {**SEEN, "age_at_xray": [20.0, 100.0]}
    assert applicability(described(wide), HIP, form) == ()


def test_what_is_derived_is_not_warned_of_twice():
    narrow = {**SEEN, "age_at_scan": [55.0, 80.0]}
    assert len(applicability(described(narrow), HIP, HIP.check({"age_at_xray": 90}))) == 1


def test_a_view_that_was_never_seen_is_warned_of():
    found = support(CHEST, [{"view": "FRONTAL", "age": 60, "sex": "F", "projection": "AP"}])
    lateral = CHEST.check({"view": "LATERAL", "age": 60})
    warned = applicability(described(found, "chest"), CHEST, lateral)
    assert warned == ("View: lateral was not met in training.",)


def test_a_checkpoint_that_does_not_say_says_so():
    assert applicability(described({}), HIP, HIP.check({})) == (UNSAID,)
