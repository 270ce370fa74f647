"""How many films and forms are as novel as to be warned of: `python -m benchmarks.gate_novelty`.

Phantoms that nothing was fitted on, of which 5 % should be, and real films where they are there.
"""

from collections.abc import Iterator

import numpy as np
import torch

import xattn
from benchmarks.gate import CACHE, DATA, TEST
from benchmarks.gate_content import SYSTEMS
from xattn.data.intake import read_image
from xattn.runtime.engine import Engine
from xattn.training.cases import Cases
from xattn.trust.gate import case_novelty, embed
from xattn.trust.novelty import Embedded, Reference, load_reference, novelty
from xattn.trust.validity import MOST_NOVEL

PHANTOMS, FILMS = 200, 40
REAL: dict[str, tuple[tuple[str, str], ...]] = {
    "hip": (("dicom_xray/hip", "RG2_UNC.dcm"),),
    "breast": (("cdd_cesm_mammo/lesion_512/images", "*_DM_*.jpg"),),
    "chest": (("nih_chestxray/images", "*.jpg"),),
}
"""By system, folders of `data/` and the films in them."""


def main() -> None:
    """Print a row per system."""
    print("| system | phantom films | phantom forms | real films | n real | median percentile |")
    print("|---|---|---|---|---|---|")
    for system in SYSTEMS:
        engine = xattn.load(system)
        reference = load_reference(engine.model.folder) if engine.model.folder else None
        assert reference is not None
        cases = Cases.load(CACHE / f"{system}-confounded-224-{TEST}-3000.safetensors")
        part = cases.take(torch.arange(PHANTOMS))
        values, known = part.values.numpy(), part.known.numpy()
        told = percentiles(reference, embed(engine.model, part.images, values=values, known=known))
        real = np.array(list(real_percentiles(engine, reference, system)))
        cells = [f"{share:.1%}" for share in (told > MOST_NOVEL).mean(axis=0)]
        cells += _of_real(real)
        print(f"| {system} | {' | '.join(cells)} |", flush=True)


def percentiles(reference: Reference, embedded: Embedded) -> np.ndarray:
    """Percentiles (N, 2) of films and of forms."""
    rows = zip(embedded.pooled, embedded.values, embedded.stated, strict=True)
    found = [novelty(reference, pooled, values=v, stated=s) for pooled, v, s in rows]
    return np.array([[entry.film, entry.form] for entry in found])


def real_percentiles(engine: Engine, reference: Reference, system: str) -> Iterator[float]:
    """The percentile of each of up to FILMS evenly chosen real films."""
    for folder, pattern in REAL[system]:
        paths = sorted((DATA / folder).glob(pattern))
        for path in paths[:: max(1, len(paths) // FILMS)][:FILMS]:
            yield case_novelty(engine.model, engine.case(read_image(path)), reference).film


def _of_real(films: np.ndarray) -> list[str]:
    if not len(films):
        return ["·", "0", "·"]
    return [f"{(films > MOST_NOVEL).mean():.0%}", str(len(films)), f"{np.median(films):.1f}"]


if __name__ == "__main__":
    main()
