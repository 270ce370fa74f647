"""When nothing is shown: each reason by itself, and none where all is well."""

import numpy as np
import pytest

from xattn.data.radiograph import Radiograph
from xattn.phantoms import MAKER
from xattn.trust.validity import is_phantom, why_not_valid


def reasons(**changes: object) -> tuple[str, ...]:
    sound: dict[str, object] = {"is_phantom_trained": True, "is_phantom_film": True}
    return why_not_valid(**{**sound, **changes})  # type: ignore[arg-type]


def test_a_phantom_that_nobody_warns_of_is_valid():
    assert reasons(novelty=(("film", 95.0), ("form", 3.0))) == ()


def test_each_warning_is_a_reason():
    assert reasons(warnings=("The film is inverted.",)) == ("The film is inverted.",)


def test_what_is_farther_than_nearly_all_training_data_is_not_valid():
    found = reasons(novelty=(("film", 95.1), ("form", 50.0)))
    assert found == ("The film lies farther from the training data than 95 % of it.",)


def test_a_real_film_under_phantom_calibration_is_not_valid():
    assert len(reasons(is_phantom_film=False)) == 1
    assert reasons(is_phantom_film=False, is_phantom_trained=False) == ()


@pytest.mark.parametrize(
    ("facts", "is_ours"),
    [
        ((("manufacturer", MAKER),), True),
        ((("manufacturer", "other"),), False),
        ((), False),
    ],
)
def test_a_phantom_is_known_by_its_maker(facts: tuple[tuple[str, str], ...], is_ours: bool):
    assert is_phantom(Radiograph(np.eye(32), facts=facts)) is is_ours
