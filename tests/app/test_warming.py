"""The shipped case that is read behind the first page."""

import sys

from pages.parts import resources, warming
from xattn.runtime.engine import Engine


def test_a_shipped_case_is_predicted_ahead(engine: Engine) -> None:
    sample = resources.sample_cases("breast")[0]
    warming.read_once(engine, sample)
    case = resources.read_sample(engine, sample)
    assert engine.start_prediction(case).done
    assert engine.start_assessment(case).done
    assert engine.start_explanation(case, "shapley").done
    assert "xattn.data.dicom" in sys.modules  # what takes longest to load
