"""What a checkpoint is judged by is written beside it, and comes back."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests import tiny
from xattn.systems import LoadedModel
from xattn.training.cases import Cases
from xattn.training.furnish import furnish
from xattn.training.sureness import fit_sureness
from xattn.trust.gate import embed
from xattn.trust.novelty import Reference, load_reference
from xattn.trust.strata import STRATA
from xattn.trust.sureness import SurenessTable

CALIBRATION, HELD_OUT = 12, 7


def cases(model: LoadedModel, count: int, seed: int) -> Cases:
    """Films of noise of different brightness, with every form partly known."""
    draw, schema = torch.Generator().manual_seed(seed), model.system.schema
    levels = torch.rand(count, 1, 1, 1, generator=draw)
    films = levels * torch.rand(count, 1, tiny.SIZE, tiny.SIZE, generator=draw)
    unknown = torch.full((count, 3, 1), torch.nan)
    return Cases(
        images=(255 * films).to(torch.uint8),
        values=torch.randn(count, sum(schema.sizes), generator=draw),
        known=torch.rand(count, len(schema.names), generator=draw) < 0.7,
        labels=(torch.arange(count) % 2).float()[:, None],
        expected=unknown,
        causes=unknown[:, 0],
    )


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return tiny.breast_model()


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("checkpoint")
    furnish(place, model, cases(model, CALIBRATION, 0), cases(model, HELD_OUT, 1))
    return place


@pytest.fixture(scope="module")
def reference(folder) -> Reference:
    found = load_reference(folder)
    assert found is not None
    return found


def test_two_files_are_written_and_nothing_else(folder):
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["reference.safetensors", "sureness.json"]


def test_the_table_of_the_calibration_cases_comes_back(folder, model):
    table = SurenessTable.load(folder)
    assert table.model_id == model.checkpoint.model_id
    assert [row.stratum for row in table.rows] == [stratum.name for stratum in STRATA]
    again = fit_sureness(model, cases(model, CALIBRATION, 0))
    assert [row.plain for row in table.rows] == [row.plain for row in again.rows]


def test_the_reference_is_centred_on_the_calibration_cases(reference, model):
    fitted = cases(model, CALIBRATION, 0)
    known = fitted.known.numpy()
    pooled = embed(model, fitted.images, values=fitted.values.numpy(), known=known).pooled
    # Stored as float32: half a unit in the last of 24 bits.
    np.testing.assert_allclose(reference.film_mean, pooled.mean(axis=0), rtol=1e-6, atol=1e-7)


def test_distances_and_forms_are_those_of_the_held_out_cases(reference, model):
    held, sizes = cases(model, HELD_OUT, 1), model.system.schema.sizes
    assert len(reference.film_distances) == HELD_OUT
    assert (np.diff(reference.film_distances) >= 0).all()
    np.testing.assert_array_equal(reference.form_values, held.values.numpy())
    stated = np.repeat(held.known.numpy(), sizes, axis=1)
    np.testing.assert_array_equal(reference.form_stated, stated)


def test_of_each_patient_one_case_is_used(model, tmp_path):
    fitted = cases(model, CALIBRATION, 0)
    patients = np.arange(CALIBRATION) // 3
    furnish(tmp_path, model, fitted, cases(model, HELD_OUT, 1), patients=patients)
    rows = SurenessTable.load(tmp_path).rows
    # Four patients of three films each: no stratum has more cases than patients.
    assert max(sum(row.counts) for row in rows) == 4


def test_a_folder_that_is_not_there_is_no_place_to_write(model, tmp_path):
    few = cases(model, 4, 2)
    with pytest.raises(FileNotFoundError):
        furnish(tmp_path / "missing", model, few, few)
