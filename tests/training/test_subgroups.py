"""Subgroups: who is in which, and which groups get no number."""

import numpy as np
import pytest
import torch

from xattn.data.clinical import Schema
from xattn.data.schemas import BREAST, CHEST, HIP
from xattn.systems import SYSTEMS
from xattn.training.cases import Cases
from xattn.training.judges import FOURTEEN_FINDINGS, TWO_CLASSES
from xattn.training.metrics import Estimate
from xattn.training.recipes import RECIPES
from xattn.training.subgroups import FEWEST, ByBand, ByDescriptors, ByOption, subgroups


def cases_of(schema: Schema, forms: list[dict[str, object]], labels: np.ndarray) -> Cases:
    encodings = [schema.encode(schema.check(form)) for form in forms]
    count, width = labels.shape
    return Cases(
        torch.zeros(count, 1, 8, 8, dtype=torch.uint8),
        torch.from_numpy(np.stack([each.values for each in encodings])),
        torch.from_numpy(np.stack([each.known for each in encodings])),
        torch.from_numpy(labels).float(),
        torch.full((count, 3, width), torch.nan),
        torch.full((count, 1), torch.nan),
    )


def members(grouping, schema: Schema, forms: list[dict[str, object]]) -> dict[str, list[int]]:
    cases = cases_of(schema, forms, np.zeros((len(forms), 1)))
    return {name: np.flatnonzero(rows).tolist() for name, rows in grouping(schema, cases)}


def test_a_number_on_a_cut_lies_in_the_band_above_it():
    forms = [{"age_at_xray": age} for age in (59.9, 60, 69.9, 70, 85)] + [{}]
    assert members(ByBand("age_at_xray", (60, 70)), HIP, forms) == {
        "Age at X-ray: below 60 years": [0],
        "Age at X-ray: 60 to below 70 years": [1, 2],
        "Age at X-ray: 70 years or above": [3, 4],
        "Age at X-ray: unknown": [5],
    }


def test_every_cut_of_the_recipes_is_met_exactly_by_the_number_on_it():
    for name, recipe in RECIPES.items():
        for grouping in recipe.judge.groupings:
            if isinstance(grouping, ByBand):
                schema = SYSTEMS[name].schema
                forms = [{grouping.field: cut} for cut in grouping.cuts]
                found = list(members(grouping, schema, forms).values())
                assert found == [[], *([place] for place in range(len(forms))), []]


def test_answers_are_groups_and_the_unknown_is_one_of_its_own():
    forms = [{"sex": "M"}, {"sex": "F"}, {}, {"sex": "M", "projection": "AP"}]
    assert members(ByOption("sex"), CHEST, forms) == {
        "Sex: female": [1],
        "Sex: male": [0, 3],
        "Sex: unknown": [2],
    }
    # A lateral has no projection: it is in neither group.
    forms = [{"projection": "AP"}, {"projection": "PA"}, {"view": "LATERAL"}]
    assert list(members(ByOption("projection"), CHEST, forms).values()) == [[0], [1], [2]]


def test_the_type_of_a_lesion_is_told_by_its_descriptors():
    grouping = RECIPES["breast"].judge.groupings[1]
    assert isinstance(grouping, ByDescriptors)
    forms = [
        {"lesion_type": "mass", "mass_shape": "OVAL"},
        {"lesion_type": "calcification", "calc_type": "COARSE", "density": 2},
        {"lesion_type": "both", "mass_margins": "OBSCURED", "calc_distribution": "LINEAR"},
        {"lesion_type": "mass", "density": 4},
    ]
    assert members(grouping, BREAST, forms) == {
        "Lesion: mass and calcification": [2],
        "Lesion: mass": [0],
        "Lesion: calcification": [1],
        "Lesion: unknown": [3],
    }


def test_the_figure_within_a_group_is_that_of_its_cases_alone():
    """Women are ranked rightly, men wrongly, and over all nothing is known of it."""
    labels = np.tile([[0.0], [1.0]], (FEWEST, 1))
    forms = [{"sex": "F"}] * FEWEST + [{"sex": "M"}] * FEWEST
    said = np.where(np.arange(2 * FEWEST)[:, None] < FEWEST, labels, 1 - labels)
    cases = cases_of(HIP, forms, labels)
    found = subgroups((ByOption("sex"),), HIP, cases, said, figure=TWO_CLASSES.main_figure)
    assert [(group.name, group.cases, group.estimate) for group in found] == [
        ("Sex: female", FEWEST, Estimate(1.0, 1.0, 1.0)),
        ("Sex: male", FEWEST, Estimate(0.0, 0.0, 0.0)),
    ]
    assert str(found[0]) == f"| Sex: female | {FEWEST} | 1.000 [1.000, 1.000] |"


@pytest.mark.parametrize(
    ("count", "is_varied", "remark"),
    [(FEWEST - 1, True, "too few to be judged"), (FEWEST, False, "one label only")],
)
def test_a_group_too_small_or_of_one_class_gets_no_number(count, is_varied, remark):
    labels = (np.arange(count)[:, None] % 2 * float(is_varied)).astype(np.float64)
    cases = cases_of(HIP, [{"sex": "F"}] * count, labels)
    (group,) = subgroups(
        (ByOption("sex"),), HIP, cases, labels, figure=lambda *_: pytest.fail("judged")
    )
    assert group.estimate is None
    assert remark in str(group)
    assert f"| {count} |" in str(group)


def test_an_average_over_fewer_findings_says_so():
    labels = np.zeros((FEWEST, 14))
    labels[::2, :3] = 1
    labels[:, 13] = np.nan
    cases = cases_of(CHEST, [{"sex": "F"}] * FEWEST, labels)
    (group,) = subgroups(
        (ByOption("sex"),), CHEST, cases, labels, figure=FOURTEEN_FINDINGS.main_figure
    )
    assert str(group).endswith("| 1.000 [1.000, 1.000] (3 of 14 labels) |")
