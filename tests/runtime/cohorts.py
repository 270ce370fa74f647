"""Finished cases of a cohort made by hand: a form, what was said, what is true, shares."""

import math
from dataclasses import replace

import numpy as np

from tests.archive import bare
from xattn.archive.store import Grades
from xattn.data.placement import Placement
from xattn.data.radiograph import Radiograph
from xattn.data.schemas import BREAST
from xattn.records import Attribution
from xattn.runtime.cohort import CohortCase, Where
from xattn.runtime.cohort_keeping import Checks
from xattn.runtime.cohort_members import Member

FORM = {"lesion_type": "mass", "density": 2, "mass_shape": "OVAL"}
PLACE = Placement.whole((32, 32), 32)


def film() -> Radiograph:
    return Radiograph(np.zeros((32, 32), np.uint16))


def finished(
    number: int = 0,
    *,
    value: float = 0.0,
    truth: float = math.nan,
    form: dict[str, object] | None = None,
    shares: dict[str, float] | None = None,
    cluster: str = "",
    shows_truth: bool = True,
    where: Where | None = None,
) -> CohortCase:
    """Said in log-odds; the shares are of density, shape and film unless given."""
    said = bare.prediction(bare.case(), value)
    players = shares or {"density": 0.25, "mass_shape": -0.5, "image": 1.0}
    member = Member(
        name=f"row {number}",
        form=BREAST.check(FORM if form is None else form),
        box=None,
        content=f"content {number}",
        cluster=cluster or f"patient {number}",
        read=film,
        truth=truth,
        shows_truth=shows_truth,
    )
    attribution = Attribution(
        method="Shapley",
        kind="contribution",
        unit="log-odds",
        target=said.target,
        placement=PLACE,
        provenance=replace(said.provenance, method="Shapley"),
        players=tuple(players.items()),
    )
    return CohortCase(
        member=member,
        prediction=said,
        shares=attribution,
        checks=Checks(Grades(level="pass", novelty=40.0)),
        where=where,
    )
