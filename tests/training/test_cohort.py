"""From a manifest of patients to a checkpoint: what is read, who is where, what the card says."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import xattn
from tests import tiny
from tests.data.datasets.trees import write_csv, write_png
from xattn.data.datasets import Dataset, parts_of, read_manifest
from xattn.data.schemas import BREAST
from xattn.errors import CheckpointError, SchemaError, XattnError
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Worker
from xattn.systems import SYSTEMS
from xattn.training import table_cases as table_module
from xattn.training.cohort import evaluate_on, seed_of, train_on
from xattn.training.fit import Parts, Plan, fit
from xattn.training.loop import TrainingConfig
from xattn.training.pretrain import PretrainingConfig
from xattn.training.table_cases import table_cases

PLAN = Plan(
    system=SYSTEMS["breast"],
    changes=(("size", 64),),
    training=TrainingConfig(epochs=1, batch=16),
    pretraining=PretrainingConfig(epochs=1),
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Two films each of 30 patients; every third is malignant, and one row has no label."""
    folder = tmp_path_factory.mktemp("cohort")
    generator = np.random.default_rng(0)
    rows = [["image", "patient", "lesion_type", "density", "mass_shape", "malignant", "box"]]
    for number in range(60):
        name, patient = f"films/{number:02}.png", number // 2
        write_png(folder / name, generator.integers(0, 255, (80, 60)).astype(np.uint8))
        label = "" if number == 7 else str(int(patient % 3 == 0))
        rows.append(
            [name, f"P{patient:02}", "mass", str(1 + number % 4), "OVAL", label, "10 10 30 40"]
        )
    return read_manifest(write_csv(folder / "own.csv", rows), BREAST)


def test_cases_are_read_as_the_app_reads_them(dataset: Dataset):
    engine = Engine(tiny.breast_model(), Worker())
    table = table_cases(dataset.entries[:3], SYSTEMS["breast"], tiny.SIZE)
    for row, entry in enumerate(dataset.entries[:3]):
        case = engine.read(entry.images[0], entry.form, box=entry.box)
        shown = np.rint(255 * case.film.pixels).astype(np.uint8)
        np.testing.assert_array_equal(table.cases.images[row, 0].numpy(), shown)
        encoding = BREAST.encode(entry.form)
        np.testing.assert_array_equal(table.cases.values[row].numpy(), encoding.values)
        np.testing.assert_array_equal(table.cases.known[row].numpy(), encoding.known)
    assert table.cases.labels[:, 0].tolist() == [1, 1, 0]
    assert table.cases.expected.isnan().all()
    assert table.cases.causes.isnan().all()
    # Without an expectation, the label is what training aims at.
    assert torch.equal(table.cases.targets, table.cases.labels[:, None].expand(-1, 2, -1))


def test_rows_without_a_label_are_left_out(dataset: Dataset):
    table = table_cases(dataset.entries, SYSTEMS["breast"], 16)
    assert len(table.cases) == len(table.patients) == 59
    assert table.people == 30
    assert not table.cases.labels.isnan().any()
    with pytest.raises(SchemaError, match="Rows with a label were expected"):
        table_cases(dataset.entries[7:8], SYSTEMS["breast"], 16)


@pytest.mark.slow
def test_several_processes_read_the_same(dataset: Dataset):
    one, two = (
        table_cases(dataset.entries[:20], SYSTEMS["breast"], 16, workers=count) for count in (1, 2)
    )
    assert torch.equal(one.cases.images, two.cases.images)
    assert one.patients.tolist() == two.patients.tolist()


def test_mapped_films_are_those_in_memory_and_are_read_once(dataset, tmp_path, monkeypatch):
    some, system = dataset.entries[:5], SYSTEMS["breast"]
    held = table_cases(some, system, 16).cases
    mapped = table_cases(some, system, 16, folder=tmp_path).cases
    (file,) = tmp_path.iterdir()
    assert file.read_bytes() == held.images.numpy().tobytes()
    assert torch.equal(mapped.images, held.images)
    monkeypatch.setattr(table_module, "read_entry", None)
    assert torch.equal(table_cases(some, system, 16, folder=tmp_path).cases.images, held.images)
    with pytest.raises(TypeError):  # another size is not the file that was kept
        table_cases(some, system, 24, folder=tmp_path)


def test_a_film_that_was_written_again_is_read_again(tmp_path: Path):
    rows = [["image", "patient", "lesion_type", "malignant"], ["0.png", "P", "mass", "1"]]
    write_png(tmp_path / "0.png", np.full((32, 32), 100, np.uint8))
    (entry,) = read_manifest(write_csv(tmp_path / "own.csv", rows), BREAST).entries
    kept = tmp_path / "kept"
    first = table_cases((entry,), SYSTEMS["breast"], 16, folder=kept).cases
    ramp = np.arange(1024).reshape(32, 32).astype(np.uint8)
    write_png(tmp_path / "0.png", ramp)
    second = table_cases((entry,), SYSTEMS["breast"], 16, folder=kept).cases
    assert not torch.equal(first.images, second.images)


@pytest.fixture(scope="module")
def folder(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a model trained on the cohort."""
    place = tmp_path_factory.mktemp("trained")
    evaluation = train_on(PLAN, dataset, place)
    assert evaluation is not None
    (place / "printed.txt").write_text(evaluation.text)
    return place


def test_a_checkpoint_of_patients_says_so(folder: Path, dataset: Dataset):
    model = xattn.load(folder, device="cpu").model
    description, card = model.checkpoint.description, model.checkpoint.card
    assert not description.is_phantom_trained
    parts = parts_of(dataset)
    labelled = [entry for entry in parts["training"] if not np.isnan(entry.labels).all()]
    people = len({entry.patient for entry in labelled})
    assert description.training_data == f"{len(labelled)} films of {people} patients, own"
    assert description.support["density"] == ["1", "2", "3", "4"]
    assert description.support["calc_type"] == []
    assert "Its training data are named below." in card
    assert "On patients whom training, stopping and calibration did not see" in card
    assert "| Calcification type | never known |" in card
    assert (folder / "printed.txt").read_text() in card
    # What is known of phantoms alone is not said of it.
    for phrase in ("phantom", "latent causes", "Gap of the model"):
        assert phrase not in card
    assert "Density 1 to 4 is DDSM's older scale." in card
    assert not any(patient in card for patient in dataset.patients)
    assert sorted(path.name for path in folder.iterdir()) == [
        "calibration.json", "card.md", "model.json", "printed.txt", "reference.safetensors",
        "sureness.json", "training.json", "weights.safetensors",
    ]  # fmt: skip
    assert set(json.loads((folder / "training.json").read_text())) == {
        "PretrainingConfig",
        "TrainingConfig",
    }


def test_evaluating_it_on_its_own_test_patients_prints_what_its_card_says(folder, dataset):
    model = xattn.load(folder, device="cpu").model
    evaluation = evaluate_on(model, dataset, parts_of(dataset)["test"])
    assert evaluation.text == (folder / "printed.txt").read_text()


def test_the_seed_that_parted_the_patients_is_found_again(folder: Path, tmp_path: Path):
    assert seed_of(tmp_path) == 0
    (tmp_path / "training.json").write_text('{"TrainingConfig": {"seed": 7}}')
    assert seed_of(tmp_path) == 7
    assert seed_of(folder) == PLAN.training.seed


def test_a_state_of_another_plan_is_not_gone_on_with(dataset: Dataset, tmp_path: Path):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("xattn.training.cohort.fit", stop)
        with pytest.raises(KeyboardInterrupt):
            train_on(PLAN, dataset, tmp_path)
    other = replace(PLAN, training=replace(PLAN.training, rate=1e-4))
    with pytest.raises(XattnError, match="a run of the same cases and settings"):
        train_on(other, dataset, tmp_path)


def test_a_cohort_without_a_part_is_refused(dataset: Dataset, tmp_path: Path):
    tests = tuple(replace(entry, split="test") for entry in dataset.entries)
    with pytest.raises(SchemaError, match="however one part has none"):
        train_on(PLAN, replace(dataset, entries=tests), tmp_path)


def test_an_encoder_is_started_from_and_another_systems_is_refused(dataset, folder, tmp_path):
    some = table_cases(dataset.entries[:6], SYSTEMS["breast"], 64).cases
    none = replace(PLAN.training, epochs=1, rate=0.0, decay=0.0)
    plan = replace(PLAN, encoder=folder, training=none)
    started = fit(plan, Parts(some, some, some), tmp_path / "a").module.backbone
    source = xattn.load(folder, device="cpu").model.module.backbone
    # At a rate of 0 nothing but the running means of batch statistics moves.
    for (name, one), (_, other) in zip(
        started.named_parameters(), source.named_parameters(), strict=True
    ):
        assert torch.equal(one, other), name
    chest = replace(plan, system=SYSTEMS["chest"])
    with pytest.raises(CheckpointError, match="the same system and preset"):
        fit(chest, Parts(some, some, some), tmp_path / "b")
