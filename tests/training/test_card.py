"""The card: every number that it is given stands in it, and its warnings always do."""

import re
from dataclasses import replace

import pytest
import torch

from tests import tiny
from xattn.models.checkpoint import Calibration, Checkpoint, Description
from xattn.systems import SYSTEMS, LoadedModel
from xattn.training.card import card
from xattn.training.evaluate import Evaluation, Row
from xattn.training.metrics import Estimate

DESCRIPTION = Description(
    system="breast",
    preset="compact",
    version="1.2",
    config={"backbone": "compact", "size": 96},
    training_data="40,000 phantoms",
    is_phantom_trained=True,
    label_means=(0.4137,),
)
ROW = Row("film and form", 512, (("AUC", Estimate(0.875, 0.85, 0.9)),))
EVALUATION = Evaluation(
    main="AUC",
    rows=(ROW,),
    bounds=(("film and form", Estimate(0.95, 0.94, 0.96)),),
    prior=(0.405,),
    means=(0.4137,),
)
MODULE = tiny.breast_module()
FAILURES = ("It sees no colour.", "It hears nothing.")


def written(description: Description = DESCRIPTION) -> str:
    checkpoint = Checkpoint(MODULE, description, Calibration(), "")
    model = LoadedModel(SYSTEMS["breast"], checkpoint, torch.device("cpu"))
    return card(model, EVALUATION, FAILURES)


@pytest.fixture
def text() -> str:
    return written()


def test_the_title_names_the_model_and_the_next_line_its_use(text):
    lines = text.splitlines()
    assert lines[0] == "# Breast lesion: compact 1.2"
    assert lines[2].startswith("**Research use, not for diagnosis.** ")


def test_the_table_holds_what_describes_the_model(text):
    rows = dict(re.findall(r"^\| ([a-z ]+) \| (.+) \|$", text, flags=re.MULTILINE))
    assert rows["training data"] == "40,000 phantoms"
    assert rows["mean label in training"] == "malignant 0.414"
    assert rows["parameters"] == f"{sum(p.numel() for p in MODULE.parameters()):,}"
    assert rows["configuration"] == "`{'backbone': 'compact', 'size': 96}`"
    assert "diagnosis" not in rows["intended use"]
    assert "any decision about a patient" in rows["not intended"]


def test_the_evaluation_stands_in_it_word_for_word(text):
    after = text.split("## Evaluation")[1].split("## Known failures")[0]
    assert EVALUATION.text in after
    assert "| film and form | 512 | 0.875 [0.850, 0.900] |" in after
    assert "Gap of the model to it: 0.075." in after
    assert "v(nothing known): 0.405." in after


def test_known_failures_are_always_told(text):
    failures = text.split("## Known failures")[1].strip().splitlines()
    assert failures[1:] == [f"- {line}" for line in FAILURES]
    assert "no figure on this card holds for them" in failures[0]


def test_it_says_that_no_patient_was_seen_only_where_none_was():
    of_patients = replace(DESCRIPTION, is_phantom_trained=False)
    phantom, patient = (written(d) for d in (DESCRIPTION, of_patients))
    said = "Trained on synthetic phantoms alone; no patient's film was seen."
    assert said in phantom
    assert said not in patient
    assert "Its training data are named below." in patient


def test_braces_in_what_is_filled_in_are_kept():
    odd = replace(DESCRIPTION, training_data="{0} and {training_data}")
    assert "| training data | {0} and {training_data} |" in written(odd)


def test_the_same_evaluation_gives_the_same_card(text):
    assert written() == text
    assert text.endswith("hears nothing.\n")
