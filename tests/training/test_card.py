"""The card: every number that it is given stands in it, and its warnings always do."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests import tiny
from xattn.data.schemas import BREAST
from xattn.errors import CheckpointError
from xattn.models.checkpoint import Calibration, Checkpoint, Description, save
from xattn.systems import SYSTEMS, LoadedModel, load
from xattn.training.card import card, renew, training_file
from xattn.training.cases import Cases
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
    after = text.split("## Evaluation")[1].split("## Explanations")[0]
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


def test_what_the_form_held_in_training_stands_in_it():
    assert "Not recorded." in written()
    support = {"density": ["1", "3"], "mass_shape": ["OVAL"], "calc_type": []}
    text = written(replace(DESCRIPTION, support=support))
    table = text.split("## Entries in training")[1].split("## Evaluation")[0]
    assert "| Breast density | 1 almost fat, 3 heterogeneous |" in table
    assert "| Mass shape | oval |" in table
    assert "| Calcification type | never known |" in table
    assert "| Mass margins | never known |" in table


def test_a_number_stands_with_its_range_and_unit():
    model = tiny.model_of("hip")
    description = replace(model.checkpoint.description, support={"age_at_xray": [50.0, 86.5]})
    model = replace(model, checkpoint=replace(model.checkpoint, description=description))
    row = "| Age at X-ray | 50 to 86.5 years (99 % of cases) |"
    assert row in card(model, EVALUATION, FAILURES)


def test_no_figure_of_patients_is_said_to_be_of_phantoms():
    text = written(replace(DESCRIPTION, is_phantom_trained=False, training_data="12 films"))
    assert "phantom" not in text
    assert "On patients whom training, stopping and calibration did not see" in text


@pytest.fixture
def folder(tmp_path):
    """A checkpoint of the kind that is shipped, with the phantoms that it was trained on."""
    model = tiny.breast_model()
    description = replace(model.checkpoint.description, config={"size": tiny.SIZE})
    save(tmp_path / "model", replace(model.checkpoint, description=description), half=True)
    settings = {"Amounts": {"training": 6}, "World": {"size": tiny.SIZE}}
    (tmp_path / "model" / "training.json").write_text(json.dumps(settings))
    cases().save(tmp_path / "cache" / f"breast-confounded-{tiny.SIZE}-0-6.safetensors")
    return tmp_path


def cases():
    """Six films; the density is 2 or 3, and known of all but one."""
    forms = [BREAST.check({"density": 2 + place % 2} if place else {}) for place in range(6)]
    encodings = [BREAST.encode(form) for form in forms]
    labels = torch.arange(6)[:, None] % 2.0
    grey = torch.arange(6, dtype=torch.uint8).view(-1, 1, 1, 1) * 40
    return Cases(
        grey.expand(-1, 1, tiny.SIZE, tiny.SIZE).contiguous(),
        torch.from_numpy(np.stack([each.values for each in encodings])),
        torch.from_numpy(np.stack([each.known for each in encodings])),
        labels,
        labels[:, None].expand(-1, 3, -1).contiguous(),
        torch.zeros(6, 2),
    )


def test_a_renewed_card_leaves_the_weights_and_learns_what_was_trained_on(folder):
    place = folder / "model"
    weights = (place / "weights.safetensors").read_bytes()
    before = load(place, device="cpu")
    training = training_file(place, "breast", folder / "cache")
    text = renew(before, place, cases(), training)
    after = load(place, device="cpu").checkpoint
    assert (place / "weights.safetensors").read_bytes() == weights
    assert after.card == text
    assert after.description.support["density"] == ["2", "3"]
    assert after.description.support["mass_shape"] == []
    assert after.model_id != before.checkpoint.model_id
    # Once more, without the phantoms of training: what was learnt stays.
    assert renew(load(place, device="cpu"), place, cases(), None) == text
    assert load(place, device="cpu").checkpoint.model_id == after.model_id


def test_the_result_of_random_weights_stands_in_the_card(folder):
    place = folder / "model"
    model = load(place, device="cpu")
    assert "Not tried" in renew(model, place, cases(), None)
    said = {"verdict": "unfit", "sentence": "Grad-CAM: it is unfit for this model."}
    plain = {"model_id": load(place, device="cpu").checkpoint.model_id, "methods": {"cam": said}}
    (place / "evidence.json").write_text(json.dumps(plain))
    assert "- Grad-CAM: it is unfit for this model.\n" in renew(
        load(place, device="cpu"), place, cases(), None
    )


def test_phantoms_that_are_not_kept_are_not_found(folder):
    place = folder / "model"
    assert training_file(place, "breast", folder) is None
    assert training_file(place, "hip", folder / "cache") is None
    (place / "training.json").write_text("[]")
    assert training_file(place, "breast", folder / "cache") is None


def test_a_card_of_patients_is_not_renewed_from_phantoms(tmp_path):
    model = tiny.breast_model()
    described = replace(model.checkpoint.description, is_phantom_trained=False)
    model = replace(model, checkpoint=replace(model.checkpoint, description=described))
    with pytest.raises(CheckpointError, match="was trained on patients"):
        renew(model, tmp_path, cases(), None)
    assert list(tmp_path.iterdir()) == []
