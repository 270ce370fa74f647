"""What a folder says of its methods: read, refused, and put in the place of a verdict."""

import json
from pathlib import Path

import pytest

from xattn.errors import CheckpointError
from xattn.trust import dependence
from xattn.trust.dependence import Dependence, marked
from xattn.trust.randomisation import Level, Randomisation
from xattn.trust.verdict import LIMIT, Evidence, Verdict


def record(correlation: float) -> Randomisation:
    levels = (Level("backbone", correlation, correlation - 0.1, correlation + 0.1),)
    return Randomisation(
        method="gradcam", label="Grad-CAM", cases=20, cascade=levels, independent=levels
    )


def written(folder: Path, found: Randomisation) -> Path:
    plain = {"model_id": "abc", "methods": {found.method: found.plain}}
    (folder / dependence.FILE).write_text(json.dumps(plain))
    return folder


def test_without_the_file_nothing_is_said(tmp_path: Path) -> None:
    assert dependence.load(tmp_path, "abc") == {}


@pytest.mark.parametrize(("mean", "answer"), [(0.9, "unfit"), (0.5, "unclear"), (0.1, "fit")])
def test_the_answer_is_that_of_the_test(tmp_path: Path, mean: float, answer: str) -> None:
    found = dependence.load(written(tmp_path, record(mean)), "abc")
    assert found == {"gradcam": Dependence(answer, record(mean).sentence)}


def test_another_models_result_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="made of another"):
        dependence.load(written(tmp_path, record(0.1)), "abd")


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        '{"model_id": "abc", "methods": {"gradcam": {"verdict": "good", "sentence": ""}}}',
        '{"model_id": "abc", "methods": {"gradcam": {"verdict": ["fit"], "sentence": ""}}}',
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / dependence.FILE).write_text(text)
    with pytest.raises(CheckpointError, match="cannot be read"):
        dependence.load(tmp_path, "abc")


def test_only_the_unfit_are_marked() -> None:
    fine = Verdict(
        method="x", answer="yes", sentence="This map tracks.", evidence=Evidence(method="x")
    )
    known = {
        "gradcam": Dependence("unfit", "Grad-CAM: it is unfit."),
        "lime": Dependence("unclear", "LIME: it is unclear."),
    }
    told = marked({"gradcam": fine, "lime": fine, "joint": fine}, known)
    assert (told["gradcam"].answer, told["gradcam"].sentence) == (
        "unfit",
        f"Grad-CAM: it is unfit; {LIMIT}",
    )
    assert told["lime"] is told["joint"] is fine
