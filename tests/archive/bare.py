"""Cases and predictions made by hand, without a model, so that these tests never load torch."""

import numpy as np

from xattn.archive.people import LOCAL, Person
from xattn.archive.store import Archive
from xattn.data.placement import Placement
from xattn.data.radiograph import Radiograph
from xattn.data.schemas import BREAST
from xattn.records import Case, Film, Prediction, Provenance, Target

MASS: dict[str, object] = {"lesion_type": "mass", "density": 2, "mass_shape": "OVAL"}
ANN = Person("Ann", ("reader",))
BEN = Person("Ben", ("reader",))
CLEO = Person("Cleo", ("adjudicator",))


def case(seed: int = 0, form: dict[str, object] | None = None) -> Case:
    """A film of noise, 32 × 32, read whole."""
    radiograph = Radiograph(np.random.default_rng(seed).integers(0, 4096, (32, 32)))
    placement = Placement.whole(radiograph.shape, 32)
    pixels = placement.to_model(radiograph.model_values(), fill=0.0)
    film = Film(radiograph, placement, pixels, jittered=np.zeros((0, 32, 32), np.float32))
    return Case("breast", (film,), BREAST.check(MASS if form is None else form))


def prediction(of: Case, value: float = 0.5, *, model: str = "m" * 64) -> Prediction:
    """A prediction of a case with this value in log-odds."""
    source = Provenance(
        system="breast",
        model_id=model,
        model_version="0",
        preset="compact",
        training_data="nothing",
        case_digest=of.digest,
        file_sha256="",
        method="prediction",
        settings=(),
        device="cpu",
        threads=1,
        versions=(("xattn", "0"),),
    )
    return Prediction(
        target=Target(name="malignant", unit="log-odds"),
        value=value,
        probability=float(1 / (1 + np.exp(-value))),
        prevalence=0.4,
        reference=-0.25,
        image_only=0.25,
        form_only=0.125,
        jitter=(),
        every=(("malignant", value),),
        provenance=source,
    )


def listed(archive: Archive, *, name: str = "mine", is_read_first: bool = True) -> int:
    """A new list of breast cases."""
    return archive.worklist(LOCAL, name, "breast", is_read_first=is_read_first)


def stored(archive: Archive, worklist: int, seed: int = 0, *, title: str = "") -> int:
    """A case with its prediction, in a list."""
    made = case(seed)
    number = archive.add(LOCAL, worklist, made, title=title or f"case {seed}", form=MASS)
    archive.keep(LOCAL, number, "prediction", prediction(made))
    return number
