"""The table of a model on cases: values by the plain way, one row per target and stratum."""

import numpy as np
import torch

from tests import tiny
from xattn.training.cases import Cases
from xattn.training.sureness import fit_sureness, said_by_stratum
from xattn.trust.strata import STRATA, withhold


def chest_cases(count: int) -> Cases:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, 1, tiny.SIZE, tiny.SIZE), generator=generator)
    values = torch.randn(count, 7, generator=generator)
    labels = (torch.rand(count, 14, generator=generator) < 0.5).float()
    labels[0, 3] = torch.nan
    unknown = torch.full((count, 3, 14), torch.nan)
    known = torch.ones(count, 4, dtype=torch.bool)
    return Cases(images.to(torch.uint8), values, known, labels, unknown, unknown[:, 0, :1])


def test_what_is_said_is_the_model_on_the_withheld_case():
    model, cases = tiny.model_of("chest"), chest_cases(5)
    found = said_by_stratum(model, cases, seed=3)
    for stratum in STRATA:
        kept = torch.from_numpy(withhold(cases.known.numpy(), stratum, seed=3))
        films = cases.images.float() / 255
        films = films if stratum.has_film else torch.full_like(films, model.module.config.fill)
        with torch.no_grad():
            scores = model.module(films, cases.values, kept).scores.double().numpy()
        # Batches of another make-up round float32 differently.
        np.testing.assert_allclose(found[stratum.name], scores / 1.25, atol=2e-5)


def test_each_target_and_stratum_has_a_row():
    model, cases = tiny.model_of("chest"), chest_cases(12)
    table = fit_sureness(model, cases)
    assert {(row.target, row.stratum) for row in table.rows} == {
        (target.name, stratum.name) for target in model.targets for stratum in STRATA
    }
    assert table.model_id == "tiny"
    sizes = [sum(row.counts) for row in table.rows if row.target == model.targets[3].name]
    assert sizes == [11] * 4


def test_one_case_of_each_patient_is_used():
    model, cases = tiny.model_of("chest"), chest_cases(12)
    table = fit_sureness(model, cases, patients=np.arange(12) // 3)
    assert sum(table.rows[0].counts) == 4
